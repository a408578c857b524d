"""What differs between two of their shops, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.tau2.shape import KINDS, Shop, cents

__all__ = ["Difference", "canonical", "differences", "expected"]

_MONEY = frozenset({"amount", "balance", "exchange_price_difference", "price"})
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: of which object, where in it, and the two values (money in cents)."""

    kind: str
    object_id: str
    field: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        where = f"{self.kind} {self.object_id} {self.field}".rstrip()
        return f"{where}: expected {_shown(self.expected)}, got {_shown(self.got)}"


def canonical(value: Any, key: str = "") -> Any:
    """A value in the form in which it is compared.

    A key that is null is as good as missing. Money is whole cents, because their floats carry
    dust: a refund of 71.96000000000001 dollars is one of 71.96.
    """
    if isinstance(value, Mapping):
        plain = {k: canonical(v, k) for k, v in value.items() if v is not None}
        # Dust even decides which way nothing at all was moved.
        if "transaction_type" in plain and plain.get("amount") == 0:
            plain["transaction_type"] = "refund"
        return plain
    if isinstance(value, list):
        return [canonical(one) for one in value]
    if key in _MONEY:
        return cents(value)
    return value


def expected(before: Shop, changed: Shop) -> Shop:
    """The final state a task asks for: ``before`` (canonical) with ``changed`` put over it."""
    return {kind: {**before[kind], **canonical(changed.get(kind, {}))} for kind in KINDS}


def differences(wanted: Shop, got: Shop) -> Iterator[Difference]:
    """Every field in which two canonical shops differ."""
    for kind in KINDS:
        for object_id in sorted({*wanted[kind], *got[kind]}):
            pair = wanted[kind].get(object_id, _MISSING), got[kind].get(object_id, _MISSING)
            for field, one, other in _fields(*pair, path=()):
                yield Difference(kind, object_id, field, one, other)


def _fields(one: Any, other: Any, *, path: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    if one == other and type(one) is type(other):
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            pair = one.get(key, _MISSING), other.get(key, _MISSING)
            yield from _fields(*pair, path=(*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from _fields(*pair, path=(*path, str(place)))
    else:
        yield ".".join(path), one, other


def _shown(value: Any) -> str:
    return "nothing" if value is _MISSING else repr(value)
