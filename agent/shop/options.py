"""Whether an option is the one that is meant."""

from __future__ import annotations

import re

from store.models import Option, Product

__all__ = ["chosen", "same_option"]

_ALONE = re.compile(r"[0-9a-z]{1,4}|[가-힣]")


def same_option(wanted: str, name: str) -> bool:
    """Whether the option called ``name`` is the one ``wanted`` ("블랙 / L") means.

    Every word wanted must be in it; a size, a bare number and a single letter must stand
    alone ("M" is not in "M촉", "24" not in "240").
    """
    low = name.lower()
    squeezed = low.replace(" ", "")
    return all(
        re.search(rf"(?<![0-9a-z가-힣]){re.escape(word)}(?![0-9a-z가-힣])", low) is not None
        if _ALONE.fullmatch(word)
        else word.replace(" ", "") in squeezed
        for word in (part.strip().lower() for part in wanted.split("/"))
    )


def chosen(product: Product, wanted: str, *, in_stock: bool = False) -> tuple[Option, ...]:
    """The options that ``wanted`` means (all of them when it is ""), the sold out left out
    with ``in_stock``."""
    return tuple(
        option
        for option in product.options
        if (not wanted or same_option(wanted, option.name)) and (option.stock > 0 or not in_stock)
    )
