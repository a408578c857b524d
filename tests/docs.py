"""The code blocks of a document, as a reader would copy them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.conftest import ROOT

__all__ = ["SERVER", "Block", "blocks", "text"]

SERVER = "http://127.0.0.1:8501"  # where the documents' examples look for the desk
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block: its language, its text, and the line it begins at."""

    language: str
    code: str
    line: int


def text(name: str) -> str:
    """A document of the folder docs."""
    return (ROOT / "docs" / name).read_text("utf-8")


def blocks(name: str, *languages: str, server: str = SERVER) -> list[Block]:
    """The blocks of these languages, in order, with ``server`` in place of the address."""
    found = text(name)
    return [
        Block(match[1], match[2].replace(SERVER, server), found.count("\n", 0, match.start()) + 1)
        for match in _BLOCK.finditer(found)
        if match[1] in languages
    ]
