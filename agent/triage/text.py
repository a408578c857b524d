"""What of a ticket's text the customer said: a chat's transcript holds others' words as well."""

from __future__ import annotations

import re

__all__ = ["MAX_CHARS", "customer_lines", "customer_words", "sentences"]

MAX_CHARS = 4000  # of a text that are looked at; no ticket's is longer
_CUSTOMER = re.compile(r"^\s*고객\s*:\s*")
_OTHERS = re.compile(r"^\s*(?:상담\s?도우미|상담원|상담)\s*:")
_END = re.compile(r"(?<=[.!?…。！？])\s+|(?<=[。！？])|\n+")


def customer_lines(text: str) -> list[str]:
    """The customer's turns of a transcript ("고객: …"); of any other text the whole."""
    lines: list[str] = []
    others = False
    for line in text[:MAX_CHARS].splitlines():
        if _OTHERS.match(line):
            others = True
        elif named := _CUSTOMER.match(line):
            others = False
            lines.append(line[named.end() :])
        elif not others and lines:
            lines[-1] += f"\n{line}"
        elif not others:
            lines.append(line)
    return [stripped for line in lines if (stripped := line.strip())]


def customer_words(text: str) -> str:
    """Everything the customer said, in their order, a line a turn."""
    return "\n".join(customer_lines(text))


def sentences(text: str) -> list[str]:
    """The sentences of what the customer said, each on one line; none is empty."""
    found = (" ".join(piece.split()) for piece in _END.split(customer_words(text)))
    return [piece for piece in found if piece]
