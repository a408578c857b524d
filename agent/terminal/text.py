"""Text made safe for a terminal: nothing that is said may steer it."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["clean", "json_text", "one_line"]

# C0 but tab and line feed, DEL, C1 (U+009B starts a control sequence of its own), line
# separators, what turns the direction of writing around, and halves of a surrogate pair.
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_STEERS = re.compile(f"[{_CONTROLS}]")


def clean(text: object) -> str:
    """``text`` without control characters; line feeds and tabs stay."""
    return _STEERS.sub("", str(text))


def one_line(text: object) -> str:
    """``text`` on one line, without control characters."""
    return " ".join(clean(text).split())


def json_text(value: Any) -> str:
    """``value`` as JSON text with Korean readable; control characters as ``\\uXXXX``."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return _STEERS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
