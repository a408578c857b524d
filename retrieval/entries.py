"""What the search engine indexes, whatever it stands for: policy clauses, products.

An entry is one thing to be found. A group is what changes together (a document, a product):
its entries are read again only when its content hash is a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Encoded", "Entry", "Filter", "Group", "Part", "hash64", "sql"]

MOST = 2**62
Op = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an entry's text. ``weight`` is how often it counts.

    ``sentence`` parts may answer a question by themselves: each has a vector of its own.
    """

    text: str
    weight: int = 1
    sentence: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be found by its ``parts`` and by ``asked``, other words people use for it.

    ``key`` names it (no other entry has it). ``payload`` is any text that comes
    back with a hit. ``columns`` are for filters: the same names and kinds in every entry,
    whole numbers or short words with few different values.
    """

    key: str
    parts: tuple[Part, ...]
    payload: str = ""
    columns: Mapping[str, int | str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """``entries`` is called only when ``content_hash`` differs from the last build's."""

    key: str
    content_hash: str
    entries: Callable[[], Sequence[Entry]]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a column; several together must all hold. Words know ``=`` and ``!=``."""

    column: str
    op: Op
    value: int | str


@dataclass(frozen=True, slots=True)
class Encoded:
    """An entry ready to be written.

    ``tokens`` are its terms, space-joined. ``vectors`` is (k, dim): the whole entry's, then
    its sentences'; (0, dim) when no word of it is known. An entry that is one sentence has
    one vector. ``asked`` has the tokens and vector (all zero if unknown) of each wording.
    """

    key: str
    group: int
    payload: str
    columns: Mapping[str, int | str]
    tokens: str
    vectors: NDArray[np.float32]
    asked: tuple[tuple[str, NDArray[np.float32]], ...] = ()


def hash64(text: str) -> int:
    """A number of 64 bits that stands for ``text``, the same in every process."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def sql(filters: Sequence[Filter]) -> str:
    """The filters as a condition for LanceDB; empty without any."""
    return " AND ".join(f"{one.column} {one.op} {_literal(one.value)}" for one in filters)


def _literal(value: int | str) -> str:
    if isinstance(value, int):  # a customer may write any number; LanceDB refuses long ones
        return str(max(-MOST, min(int(value), MOST)))
    return "'" + value.replace("'", "''") + "'"
