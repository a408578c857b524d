"""Masking: what is replaced before a text is stored, logged or sent to a model."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from agent.guardrails.pii import CONTACTS, Kind, find_pii

__all__ = ["CONTACTS", "MARKS", "NUMBERED", "Masked", "Vault", "mask_pii"]

LABELS: dict[Kind, str] = {
    "resident": "주민등록번호",
    "card": "카드번호",
    "account": "계좌번호",
    "password": "비밀번호",
    "phone": "전화번호",
    "email": "이메일",
    "address": "주소",
}
MARKS: dict[Kind, str] = {kind: f"[{label} 가림]" for kind, label in LABELS.items()}
NUMBERED = re.compile(rf"\[(?:{'|'.join(LABELS[kind] for kind in sorted(CONTACTS))}) \d{{1,3}}\]")


@dataclass(frozen=True, slots=True)
class Vault:
    """What stands behind numbered marks, for the one field that needs it.

    Lives as long as the call that made it: it is not stored, and its ``repr`` shows nothing.
    It never holds a resident, card or account number or a password.
    """

    values: tuple[tuple[Kind, str, str], ...] = field(default=(), repr=False)

    def restore(self, text: str, kinds: Collection[Kind]) -> str:
        """Put the values of ``kinds`` back where their marks stand; others stay masked."""
        marks = {mark: value for kind, mark, value in self.values if kind in kinds}
        return NUMBERED.sub(lambda found: marks.get(found[0], found[0]), text)


@dataclass(frozen=True, slots=True)
class Masked:
    """``found`` names the kinds that were replaced, each once, in order of appearance."""

    text: str
    found: tuple[Kind, ...]
    vault: Vault = Vault()


def mask_pii(
    text: str, *, for_cloud: bool = False, reversible: Collection[Kind] = frozenset()
) -> Masked:
    """Replace personal data by Korean labels. Nothing else is changed.

    Resident, card and account numbers and passwords always; with ``for_cloud`` (cloud models
    and logs) phone numbers, e-mail and postal addresses too. Kinds of ``reversible`` get
    numbered marks ("[전화번호 1]", the same value the same number), which only the result's
    ``vault`` can undo. Raises ValueError for a kind that may never come back.
    """
    if not CONTACTS.issuperset(reversible):
        raise ValueError(f"never reversible: {sorted(set(reversible) - CONTACTS)}")
    parts: list[str] = []
    kinds: dict[Kind, None] = {}
    kept: dict[tuple[Kind, str], str] = {}
    at = 0
    for pii in find_pii(text, contacts=for_cloud or bool(reversible)):
        # Two findings may lie inside one written character.
        if pii.start < at or not (for_cloud or pii.kind not in CONTACTS or pii.kind in reversible):
            continue
        value = text[pii.start : pii.end]
        mark = MARKS[pii.kind]
        if pii.kind in reversible:
            if (pii.kind, value) not in kept:
                kept[pii.kind, value] = _next_mark(pii.kind, text, kept.values())
            mark = kept[pii.kind, value]
        parts += (text[at : pii.start], mark)
        kinds[pii.kind] = None
        at = pii.end
    parts.append(text[at:])
    values = tuple((kind, mark, value) for (kind, value), mark in kept.items())
    return Masked("".join(parts), tuple(kinds), Vault(values))


def _next_mark(kind: Kind, text: str, taken: Collection[str]) -> str:
    """A mark that the text itself does not contain: a typed one must not be filled in."""
    number = 1
    while (mark := f"[{LABELS[kind]} {number}]") in text or mark in taken:
        number += 1
    return mark
