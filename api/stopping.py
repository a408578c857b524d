"""A safe stop: on SIGTERM every answer under way is finished, and the process leaves with 0.

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


class SafeStop:
    """Made when the server starts, in its main thread; ``finish()`` is its last act."""

    def __init__(self, desk: Services) -> None:
        self._turns = desk.turns
        self._grace_s = float(desk.settings.shutdown_grace_s)
        self._deadline: float | None = None
        # uvicorn's handler is a method of its server; another server stops in its own way.
        server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        if isinstance(server, uvicorn.Server):
            self._server = server
            server.config.timeout_graceful_shutdown = desk.settings.shutdown_grace_s
            signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Take no more turns from now on; open streams go on."""
        if self._deadline is None:
            self._deadline = monotonic() + self._grace_s
            threading.Thread(
                target=self._turns.drain, args=(self._grace_s,), name="drain", daemon=True
            ).start()
        self._server.should_exit = True

    async def finish(self) -> None:
        """Wait for the turns nobody's connection waits for (the pages'), until the grace ends.

        A turn that waits for a language model cannot be ended; then the process goes without
        it. What customers were told is in the store by that time.
        """
        left_s = self._grace_s if self._deadline is None else self._deadline - monotonic()
        left = await asyncio.to_thread(self._turns.drain, max(left_s, 0.0))
        if left:
            _log.warning("left %d turns that had not finished", left)
            logging.shutdown()
            os._exit(0)
