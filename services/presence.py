"""Who has which ticket open right now, so that two members of staff do not answer at once.

It lives in memory: the console is one process, and a sign that is seconds old is worth nothing
after a restart. A tab gives a sign every few seconds; without one it is forgotten.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FORGOTTEN_AFTER_S", "Presence", "Viewer"]

FORGOTTEN_AFTER_S = 10.0
MOST_SIGNS = 5000  # tabs of all tickets together; far beyond a desk of one process


@dataclass(frozen=True, slots=True)
class Viewer:
    """A member of staff at a ticket; ``writing``: with an answer begun and not sent."""

    user_id: str
    name: str
    writing: bool


@dataclass(frozen=True, slots=True)
class _Sign:
    at: float
    name: str
    writing: bool


class Presence:
    """The signs of all open tabs. Safe to share between threads.

    ``clock`` counts seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # ticket → (user, tab) → the newest sign; the oldest sign of all comes first.
        self._signs: dict[tuple[str, str, str], _Sign] = {}

    def seen(
        self, ticket_id: str, user_id: str, name: str, tab: str = "", *, writing: bool = False
    ) -> None:
        """A tab of a member of staff shows the ticket; ``writing``: an answer is begun there."""
        key = (ticket_id, user_id, tab)
        with self._lock:
            self._signs.pop(key, None)  # put in anew at the end: the order is by age
            self._signs[key] = _Sign(self._clock(), name, writing)
            self._forget_old()

    def left(self, ticket_id: str, user_id: str, tab: str = "") -> None:
        """The tab shows something else now."""
        with self._lock:
            self._signs.pop((ticket_id, user_id, tab), None)

    def present(self, ticket_id: str, *, besides: str = "") -> tuple[Viewer, ...]:
        """Who has the ticket open, by name; the member of staff ``besides`` is left out.

        Somebody with several tabs is there once, and writes if one of them does.
        """
        found: dict[str, Viewer] = {}
        with self._lock:
            self._forget_old()
            for (ticket, user_id, _), sign in self._signs.items():
                if ticket != ticket_id or user_id == besides:
                    continue
                before = found.get(user_id)
                writing = sign.writing or (before is not None and before.writing)
                found[user_id] = Viewer(user_id, sign.name, writing)
        return tuple(sorted(found.values(), key=lambda one: (one.name, one.user_id)))

    def viewers(self, ticket_id: str, besides: str = "") -> tuple[str, ...]:
        """The names of those who have the ticket open, ``besides`` left out."""
        return tuple(one.name for one in self.present(ticket_id, besides=besides))

    def _forget_old(self) -> None:
        last = self._clock() - FORGOTTEN_AFTER_S
        for key, sign in list(self._signs.items()):
            if sign.at > last and len(self._signs) <= MOST_SIGNS:
                return
            del self._signs[key]
