"""What a build of the index would change, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from retrieval.index import PolicyIndex
from retrieval.shelf import EDITION
from retrieval.types import Chunk, Document

__all__ = ["ClauseChange", "changes", "text_difference"]

_WORDS = re.compile(r"\s+|[^\s]+")
MAX_WORDS = 3_000  # SequenceMatcher's time grows with their square
Said = Literal["same", "out", "in"]


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """One clause before and after; ``added`` has no ``before``, ``removed`` no ``after``.

    ``facts`` changed when the text is the same, but not title, days, audience or version.
    ``earlier`` is the same clause in the edition before an added one's.
    """

    kind: Literal["added", "removed", "text", "facts"]
    before: Chunk | None
    after: Chunk | None
    earlier: Chunk | None = None

    @property
    def chunk(self) -> Chunk:
        """The clause as it will be, or as it was."""
        found = self.after or self.before
        assert found is not None
        return found


def changes(index: PolicyIndex, documents: Sequence[Document]) -> list[ClauseChange]:
    """What ``index.build(documents)`` would change: added, changed in text, in facts, removed.

    A clause that is read again but comes out the same is no change.
    """
    before, after = index.difference(documents)
    found = []
    for chunk_id in dict.fromkeys((*after, *before)):
        was, is_now = before.get(chunk_id), after.get(chunk_id)
        if was == is_now:
            continue
        others = (*after.values(), *before.values())
        earlier = _earlier(is_now, others) if is_now and not was else None
        found.append(ClauseChange(_kind(was, is_now), was, is_now, earlier))
    order = ("added", "text", "facts", "removed")
    return sorted(found, key=lambda one: (order.index(one.kind), one.chunk.chunk_id))


def _earlier(chunk: Chunk, others: Iterable[Chunk]) -> Chunk | None:
    """The same clause in the latest edition before: that one ends, so it is read again too."""
    name = _name(chunk)
    older = (one for one in others if one.version < chunk.version and _name(one) == name)
    return max(older, key=lambda one: one.version, default=None)


def _name(chunk: Chunk) -> tuple[str, str]:
    return EDITION.sub("", chunk.doc_id), chunk.chunk_id.partition("#")[2]


def _kind(was: Chunk | None, is_now: Chunk | None) -> Literal["added", "removed", "text", "facts"]:
    if was is None:
        return "added"
    if is_now is None:
        return "removed"
    same = replace(was, text="", asked=(), section="") == replace(
        is_now, text="", asked=(), section=""
    )
    return "text" if was.text != is_now.text or same else "facts"


def text_difference(before: str, after: str) -> list[tuple[Said, str]]:
    """Runs of text that stayed, went out and came in, in reading order."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > MAX_WORDS:
        return [("out", before), ("in", after)]
    runs: list[tuple[Said, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append(("same", "".join(old[a:b])))
            continue
        if a < b:
            runs.append(("out", "".join(old[a:b])))
        if c < d:
            runs.append(("in", "".join(new[c:d])))
    return runs
