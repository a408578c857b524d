"""Waiting for a model without holding up anybody else: threads of their own, and a way to leave."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fastapi import Request

from api.problems import TurnFailed

__all__ = ["in_model_thread"]

LOOK_S = 1.0  # how soon a client that left is noticed
# Not Streamlit's 28 threads, in which every other request waits for the store.
_THREADS = ThreadPoolExecutor(16, thread_name_prefix="models")
T = TypeVar("T")


async def in_model_thread(request: Request, work: Callable[[threading.Event], T]) -> T:
    """What ``work`` returns. Its event is set when the client leaves or the server ends.

    Raises what ``work`` raises, and TurnFailed for a client that has left.
    """
    cancel = threading.Event()
    context = contextvars.copy_context()
    running = asyncio.get_running_loop().run_in_executor(_THREADS, context.run, work, cancel)
    running.add_done_callback(_seen)
    try:
        while not running.done():
            await asyncio.wait({running}, timeout=LOOK_S)
            if not running.done() and await request.is_disconnected():
                raise TurnFailed.stopped()
        return running.result()
    finally:
        cancel.set()  # says nothing to work that is over


def _seen(running: asyncio.Future[T]) -> None:
    """Take the failure of work that nobody waits for any more."""
    if not running.cancelled():
        running.exception()
