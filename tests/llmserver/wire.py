"""Frames of the two stream encodings: server-sent events and lines of JSON."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["encoded", "line", "split", "sse"]


def encoded(data: Any) -> bytes:
    """JSON as UTF-8; half a character (a lone surrogate) as its escape, as real servers do."""
    try:
        return json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(data).encode()


def sse(data: Any, event: str = "") -> bytes:
    """One server-sent event; text is sent as it is."""
    name = f"event: {event}\n".encode() if event else b""
    return name + b"data: " + (data.encode() if isinstance(data, str) else encoded(data)) + b"\n\n"


def line(data: Any) -> bytes:
    """One line of JSON."""
    return encoded(data) + b"\n"


def split(text: str, size: int = 7) -> list[str]:
    """``text`` in fragments of ``size`` characters."""
    return [text[at : at + size] for at in range(0, len(text), size)]
