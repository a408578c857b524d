"""Freed memory back to the system, before a picture needs much of it."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["give_back"]

# glibc keeps what was freed between live blocks, some 25 MB after a few photos were judged;
# other C libraries have no such call and keep less.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def give_back() -> None:
    """Return what is free to the system; a few milliseconds, nothing where it cannot."""
    if _trim is not None:
        _trim(0)
