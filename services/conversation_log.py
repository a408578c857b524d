"""Conversations as JSON lines for other programs: masked, rotated, and only where it is wanted.

The log follows the store: every message that was written since the log's last line is appended,
whoever wrote it, in the order of writing. So no line is lost or doubled by a crash between the
two. A deleted chat frees the numbers of its messages for later ones: the log stands at its last
line whose message is still in the store. A log that cannot be written never breaks a turn: it is
said once, counted, and caught up with when there is room again.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agent.guardrails import mask_pii
from agent.types import Event
from errors import SangdamError
from services.line_file import LineFile
from store import message_feed
from store.database import Database, Tx
from store.models import StoredMessage, to_text

if TYPE_CHECKING:
    from settings import Settings

__all__ = ["ConversationLog"]

log = logging.getLogger("sangdam.conversation_log")
_BATCH = 500
_MB = 1_000_000
_LEFT_OUT = ("receipt",)  # told to programs, shown to nobody
_ON, _OFF = "on", "off"


class ConversationLog:
    """The shop's log of conversations. Safe to share between threads.

    ``failed`` is told of every time it could not be written.
    """

    def __init__(
        self, settings: Settings, database: Database, *, failed: Callable[[], None] = lambda: None
    ) -> None:
        self.on = settings.conversation_log == "on"
        self._file = LineFile(
            settings.data_path / "logs" / "conversations.jsonl",
            max_bytes=settings.conversation_log_mb * _MB,
            files=settings.conversation_log_files,
        )
        self._database, self._failed = database, failed
        self._lock = threading.Lock()
        self._from: int | None = None  # where the log stands if its lines do not tell
        self._broken = False

    def start(self, now: datetime) -> None:
        """Take the log up where it ended, or from now on where it is new or was switched off.

        Its lines say from where it is on, and that it is off.
        """
        with self._guarded():
            if self.on:
                with self._database.read() as tx:
                    self._from = message_feed.last(tx)
                with self._lock, self._file.locked():
                    if self._switched() != _ON:
                        line = {"at": to_text(now), "event": _ON, "seq": self._from}
                        self._file.append([_line(line)])
            elif self._file.exists() and self._switched() != _OFF:
                with self._file.locked():
                    self._file.append([_line({"at": to_text(now), "event": _OFF})])
        self.follow()

    def follow(self) -> None:
        """Append every message that is not in the log yet."""
        if not self.on:
            return
        with self._lock, self._guarded(), self._file.locked():
            seq: int | None = None
            while True:
                with self._database.read() as tx:
                    seq = self._position(tx) if seq is None else seq
                    found = message_feed.after(tx, seq, limit=_BATCH)
                if not found:
                    return
                seq = found[-1][0]
                lines = [
                    _line(_told(number, message)) for number, message in found
                    if message.role not in _LEFT_OUT
                ]  # fmt: skip
                if lines:
                    self._file.append(lines)
                self._from = seq

    def along(self, events: Iterator[Event]) -> Iterator[Event]:
        """``events`` of a turn; what was said in it is in the log at their end."""
        self.follow()
        try:
            yield from events
        finally:
            self.follow()

    def rated(self, message_id: str, *, good: bool, reason: str, now: datetime) -> None:
        """Append what somebody thinks of a reply."""
        if not self.on:
            return
        self.follow()  # the reply's own line comes before its rating
        with self._lock, self._guarded(), self._file.locked():
            line = {"at": to_text(now), "event": "feedback", "message": message_id, "good": good,
                    "reason": _masked(reason)}  # fmt: skip
            self._file.append([_line(line)])

    def _position(self, tx: Tx) -> int:
        """The number of the log's last message, of those that are still in the store."""
        places = [message_feed.last(tx)]
        for line in self._lines():
            if line.get("event") == _OFF:
                break
            if line.get("event") == _ON:
                places.append(line["seq"])
                break
            seq: int | None = line.get("seq")
            if seq is not None and message_feed.holds(tx, seq, line.get("message", "")):
                self._from = seq
                return seq
        if self._from is not None:
            places.append(self._from)
        self._from = min(places)
        return self._from

    def _switched(self) -> str:
        """Whether the log ends on or off; "" where it has not begun."""
        found = (line.get("event", _ON) for line in self._lines())
        return next((one for one in found if one in (_ON, _OFF)), "")

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The log's lines, the last one first; one that is none is passed over."""
        for text in self._file.newest():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict):
                yield line

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever goes wrong is told, counted and let be."""
        try:
            yield
        except (OSError, sqlite3.Error, SangdamError) as error:
            self._failed()
            if not self._broken:
                log.error("the log of conversations cannot be written: %s", error)
            self._broken = True
        else:
            self._broken = False


def _told(seq: int, message: StoredMessage) -> dict[str, Any]:
    """One message as a line: what was said, masked, and what the desk knows of it."""
    payload = message.payload
    told: dict[str, Any] = {
        "seq": seq,
        "at": message.created_at,
        "conversation": message.conversation_id,
        "turn": message.turn_id,
        "message": message.message_id,
        "role": message.role,
        "text": _masked(message.content),
    }
    photos = len(payload.get("image_ids") or ())
    if photos:
        told["photos"] = photos
    if message.role == "assistant":
        told |= {
            "intent": payload.get("intent", ""),
            "confidence": payload.get("confidence", 0.0),
            "tools": payload.get("tools_used") or [],
            "guardrails": payload.get("guardrails") or [],
            "handoff": bool(payload.get("handoff")),
            "provider": payload.get("provider", ""),
            "model": payload.get("model", ""),
            "latency_ms": payload.get("latency_ms", 0.0),
        }
    return told


def _masked(text: str) -> str:
    return mask_pii(text, for_cloud=True).text


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"
