"""How a value of theirs is written in our store, and back; every pair loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "KINDS", "NEVER", "PLENTY", "Address", "Shop", "address_of", "cents", "dollars",
    "join_options", "road_of", "split_options",
]  # fmt: skip

# kind ("products", "users", "orders") → id → the object as their JSON has it
Shop = dict[str, dict[str, dict[str, Any]]]
Address = dict[str, str]
KINDS = ("products", "users", "orders")

# Whether a variant can be had is a flag of theirs that no sale and no return ever changes; ours
# follows from the pieces in stock. So many that none of a task's few moves changes the answer.
PLENTY, NEVER = 1_000_000, -1_000_000

_PAIR, _NEXT = ": ", " / "
_PARTS = ("address1", "city", "state", "country")


def cents(dollars: float) -> int:
    """Dollars as whole cents. Their sums carry float dust (71.96000000000001 for 71.96)."""
    return round(dollars * 100)


def dollars(cents: int) -> float:
    """Whole cents as the dollars their JSON writes."""
    return cents / 100


def join_options(options: Mapping[str, str]) -> str:
    """``{"color": "blue", "size": "M"}`` as an option's name: ``color: blue / size: M``.

    Raises ValueError for a name that could not be split again.
    """
    text = _NEXT.join(f"{name}{_PAIR}{value}" for name, value in options.items())
    if split_options(text) != options:
        raise ValueError(f"options that cannot be written as one name: {options!r}")
    return text


def split_options(text: str) -> dict[str, str]:
    """The options of a name made by :func:`join_options`."""
    pairs = (pair.partition(_PAIR) for pair in text.split(_NEXT) if pair)
    return {name: value for name, _, value in pairs}


def road_of(address1: str, city: str, state: str, country: str) -> str:
    """The street line of an address: everything but ``address2`` and ``zip``."""
    return ", ".join((address1, city, state, country))


def address_of(road: str, detail: str, zip_code: str) -> Address:
    """Their address; the street line is split from the right (a street may hold commas)."""
    parts = (part.strip() for part in road.rsplit(",", len(_PARTS) - 1))
    return {**dict(zip(_PARTS, parts, strict=True)), "address2": detail, "zip": zip_code}
