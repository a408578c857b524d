"""A safe stop: on SIGTERM or Ctrl+C every answer under way is finished, and the process leaves
with 0.

uvicorn alone would wait for a connection for ever, hear of page's turns only after the last
one, and die of the signal in the end.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from time import monotonic
from types import FrameType

import uvicorn

from services import Services

__all__ = ["SafeStop"]

_log = logging.getLogger("sangdam.stop")
LAST_S = 1.0  # for Streamlit and the interpreter to put things away
# Whoever sends on a connection must be the one that gives it up, or a message is lost on the
# way: longer than nginx (60 s) and the clients keep one that is silent.
KEEP_ALIVE_S = 75


class SafeStop:
    """Made when the server starts, in its main thread; ``finish()`` is its last act."""

    def __init__(self, desk: Services) -> None:
        self._turns, self._models = desk.turns, desk.llm.gateway
        self._grace_s = float(desk.settings.shutdown_grace_s)
        self._deadline: float | None = None
        # uvicorn's handler is a method of its server; another server stops in its own way.
        server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        if isinstance(server, uvicorn.Server):
            self._server = server
            server.config.timeout_graceful_shutdown = desk.settings.shutdown_grace_s
            server.config.timeout_keep_alive = KEEP_ALIVE_S
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """Take no more turns from now on; open streams go on. A second Ctrl+C ends it all."""
        if self._deadline is not None and number == signal.SIGINT:
            os._exit(128 + number)
        if self._deadline is None:
            self._deadline = monotonic() + self._grace_s
            threading.Thread(
                target=self._turns.drain, args=(self._grace_s,), name="drain", daemon=True
            ).start()
        self._server.should_exit = True

    async def finish(self) -> None:
        """Wait for the turns nobody's connection waits for (the pages'), until the grace ends.

        Then language models are asked nothing more; a thread that does not end even so is left
        behind by the process. What customers were told is in the store by that time.
        """
        left_s = self._grace_s if self._deadline is None else self._deadline - monotonic()
        left = await asyncio.to_thread(self._turns.drain, max(left_s, 0.0))
        if left:
            _log.warning("left %d turns that had not finished", left)
        await asyncio.to_thread(self._models.close)
        if left or self._deadline is not None:
            last = threading.Timer(LAST_S, os._exit, (0,))
            last.daemon = True  # the interpreter waits for other threads, not for this one
            last.start()
