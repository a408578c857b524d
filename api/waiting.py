"""Waiting for a model, or for a photo's turn, without holding up anybody else: threads of their
own, and a way to leave."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fastapi import Request

from api.problems import TurnFailed
from errors import Unavailable

__all__ = ["MOST_PHOTOS_WAITING", "in_model_thread", "in_photo_thread"]

LOOK_S = 1.0  # how soon a client that left is noticed
# Not Streamlit's 28 threads, in which every other request waits for the store.
_THREADS = ThreadPoolExecutor(16, thread_name_prefix="models")
# Two of them decode or judge (the setting ``photo_workers``); the others wait for these, or for
# a language model that looks, with no more than an upload in memory each.
_PHOTOS = ThreadPoolExecutor(16, thread_name_prefix="photos")
MOST_PHOTOS_WAITING = 200  # with those in a thread; an upload that waits lies on the disk
_room = threading.BoundedSemaphore(MOST_PHOTOS_WAITING)
_BUSY = "지금 사진을 확인하는 분이 많아요. 잠시 뒤 다시 올려 주세요."
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


async def in_photo_thread(work: Callable[[], T]) -> T:
    """What ``work``, which decodes or judges photos, returns. Raises what it raises, and
    Unavailable ("busy") where too many wait already."""
    if not _room.acquire(blocking=False):
        raise Unavailable(_BUSY, code="busy")
    try:
        running = _PHOTOS.submit(contextvars.copy_context().run, work)
    except BaseException:
        _room.release()
        raise
    running.add_done_callback(lambda _: _room.release())
    return await asyncio.wrap_future(running)


def _seen(running: asyncio.Future[T]) -> None:
    """Take the failure of work that nobody waits for any more."""
    if not running.cancelled():
        running.exception()
