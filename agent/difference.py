"""How two plays of one turn differ, side by side, word by word in the reply."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

__all__ = ["Difference", "Word", "compare", "words"]

Kind = Literal["same", "gone", "new"]
Word = tuple[Kind, str]
_PIECES = re.compile(r"\s+|[^\s]+")
# What was masked before the message was stored is masked no second time.
_OF_INPUT = re.compile(r"pii_")


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect of a turn as it was and as it is now; ``known`` False: it was not kept then."""

    name: str
    before: Any
    after: Any
    known: bool = True

    @property
    def same(self) -> bool:
        """Whether nothing has changed, as far as is known."""
        return not self.known or self.before == self.after


def compare(
    before: Mapping[str, Any], old: Mapping[str, Any] | None,
    after: Mapping[str, Any], new: Mapping[str, Any],
) -> tuple[Difference, ...]:  # fmt: skip
    """Every aspect of two plays: ``before`` and ``after`` are replies as JSON (empty: none came),
    ``old`` and ``new`` their traces (None: not kept)."""
    found = [
        Difference(name, of(before), of(after))
        for name, of in (
            ("intent", lambda reply: reply.get("intent", "")),
            ("tools", lambda reply: list(reply.get("tools_used", ()))),
        )
    ]
    found += [
        Difference(name, of(old) if old else None, of(new), known=bool(old))
        for name, of in (("arguments", _arguments), ("evidence", _evidence))
    ]
    found += [
        Difference("citations", _cited(before), _cited(after)),
        Difference("cards", _cards(before), _cards(after)),
        Difference("proposal", _proposal(before), _proposal(after)),
        Difference("handoff", bool(before.get("handoff")), bool(after.get("handoff"))),
        Difference("guards", _guards(before), _guards(after)),
        Difference("reply", before.get("content", ""), after.get("content", "")),
    ]
    return tuple(found)


def words(before: str, after: str) -> list[Word]:
    """Both texts as one run of words: those both have, those gone, those new."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    found: list[Word] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(old[a:b])))
            continue
        found += [("gone", "".join(old[a:b]))] if a < b else []
        found += [("new", "".join(new[c:d]))] if c < d else []
    return found


def _arguments(trace: Mapping[str, Any]) -> list[list[Any]]:
    return [[run["name"], run["arguments"]] for run in trace.get("tools", ())]


def _evidence(trace: Mapping[str, Any]) -> list[str]:
    """The clauses of every search, best first; nothing of a search that was not sure."""
    return [
        clause["chunk_id"]
        for search in trace.get("evidence", ())
        if search["confident"]
        for clause in search["clauses"]
    ]


def _cited(reply: Mapping[str, Any]) -> list[str]:
    return [one["chunk_id"] for one in reply.get("citations", ())]


def _cards(reply: Mapping[str, Any]) -> list[str]:
    """Cards by kind and title, or the buttons of one without."""
    return [f"{card['type']}: {card['title'] or _buttons(card)}" for card in reply.get("cards", ())]


def _buttons(card: Mapping[str, Any]) -> str:
    actions: Sequence[Mapping[str, str]] = card.get("actions", ())
    return " / ".join(action["label"] for action in actions)


def _proposal(reply: Mapping[str, Any]) -> list[Any]:
    found = reply.get("pending_action")
    return [found["summary"], *(list(row) for row in found["rows"])] if found else []


def _guards(reply: Mapping[str, Any]) -> list[str]:
    return sorted(flag for flag in reply.get("guardrails", ()) if not _OF_INPUT.match(flag))
