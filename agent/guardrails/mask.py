"""Masking: what is replaced before a text is stored, logged or sent to a model."""

from __future__ import annotations

from dataclasses import dataclass

from agent.guardrails.pii import Kind, find_pii

__all__ = ["MARKS", "Masked", "mask_pii"]

MARKS: dict[Kind, str] = {
    "resident": "[주민등록번호 가림]",
    "card": "[카드번호 가림]",
    "account": "[계좌번호 가림]",
    "password": "[비밀번호 가림]",
    "phone": "[전화번호 가림]",
    "email": "[이메일 가림]",
}


@dataclass(frozen=True, slots=True)
class Masked:
    """``found`` names the kinds that were replaced, each once, in order of appearance."""

    text: str
    found: tuple[Kind, ...]


def mask_pii(text: str, *, for_cloud: bool = False) -> Masked:
    """Replace personal data by Korean labels.

    Resident, card and account numbers and passwords always; with ``for_cloud`` (cloud
    models and logs) phone numbers and e-mail addresses too. Nothing else is changed.
    """
    parts: list[str] = []
    kinds: dict[Kind, None] = {}
    at = 0
    for pii in find_pii(text, contacts=for_cloud):
        if pii.start < at:  # two findings inside one written character
            continue
        parts += (text[at : pii.start], MARKS[pii.kind])
        kinds[pii.kind] = None
        at = pii.end
    parts.append(text[at:])
    return Masked("".join(parts), tuple(kinds))
