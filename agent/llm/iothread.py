"""The one thread on which all model traffic runs, and the way from a turn's thread to it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, ParamSpec, TypeVar, cast

from agent.llm.types import Cancelled

__all__ = ["Closed", "IOThread", "in_a_thread"]

T = TypeVar("T")
P = ParamSpec("P")
log = logging.getLogger("sangdam.llm")
_LOOK_S = 0.08  # between two looks at whether the asker has gone
_LEAVE_S = 0.1  # for a task that was given up to clean up
_CLOSE_S = 5.0


class Closed(Exception):
    """The thread has been closed: nothing can be asked any more."""


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


@dataclass(slots=True)
class _Job(Generic[T]):
    """A task of the loop and what it hands out; ``task`` is the loop's own business."""

    run: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]
    pieces: SimpleQueue[T | _End] = field(default_factory=SimpleQueue)
    task: asyncio.Task[None] | None = None
    ended: bool = False

    def start(self) -> None:
        self.task = asyncio.get_running_loop().create_task(self.run(self.pieces.put))
        self.task.add_done_callback(self._done)

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        gone = asyncio.CancelledError() if task.cancelled() else task.exception()
        self.pieces.put(_End(gone))


class IOThread:
    """A daemon thread with an event loop, started by the first call. Any thread may ask.

    ``leave`` runs on the loop when it closes, after every task has been cancelled.
    """

    def __init__(self, name: str, leave: Callable[[], Awaitable[None]]) -> None:
        self._name = name
        self._leave = leave
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._shutting: asyncio.Task[None] | None = None  # the loop itself holds it weakly

    def stream(
        self,
        run: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]],
        *,
        until: float,
        cancel: threading.Event | None = None,
    ) -> Generator[T, None, None]:
        """What ``run`` hands to its argument, as it comes; its exception is raised at the end.

        Leaving the generator cancels the task. Raises Cancelled within 0.2 s of ``cancel``,
        TimeoutError when nothing came until ``until`` (time.monotonic()), Closed.
        """
        job = _Job(run)
        self._call(job.start)
        try:
            while True:
                piece = _next(job, until, cancel)
                if isinstance(piece, _End):
                    _raise(piece.error)
                    return
                yield piece
        finally:
            if not job.ended:
                self._give_up(job)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of ``work``, which bounds its own time. Raises what it raises, Closed."""
        results: list[T] = []

        async def job(hand_out: Callable[[T], None]) -> None:
            hand_out(await work())

        results.extend(self.stream(job, until=float("inf")))
        return results[0]

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._closed

    def close(self) -> None:
        """Cancel everything, close what is open, end the thread. May be called again."""
        with self._lock:
            loop, thread, self._closed = self._loop, self._thread, True
            self._loop = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(self._begin_shut)
        thread.join(_CLOSE_S)

    def _call(self, function: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                raise Closed
            if self._loop is None:
                self._loop = self._started()
            self._loop.call_soon_threadsafe(function)

    def _started(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(_unobserved)
        self._thread = threading.Thread(target=_serve, args=(loop,), name=self._name, daemon=True)
        self._thread.start()
        return loop

    def _give_up(self, job: _Job[T]) -> None:
        """Cancel a task and wait a moment for its end."""
        try:
            self._call(job.cancel)
        except Closed:
            return
        give_up_at = time.monotonic() + _LEAVE_S
        try:
            while (left := give_up_at - time.monotonic()) > 0:
                if isinstance(job.pieces.get(timeout=left), _End):
                    return
        except Empty:
            log.warning("a call that was given up has not ended yet")

    def _begin_shut(self) -> None:
        self._shutting = asyncio.get_running_loop().create_task(self._shut())

    async def _shut(self) -> None:
        loop = asyncio.get_running_loop()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=_CLOSE_S / 5)
        try:
            await asyncio.wait_for(self._leave(), _CLOSE_S / 2)
            await asyncio.wait_for(loop.shutdown_asyncgens(), _CLOSE_S / 5)
        except Exception as error:
            log.warning("the models' clients did not close: %s", type(error).__name__)
        finally:
            loop.stop()


async def in_a_thread(work: Callable[[], T], name: str) -> T:
    """``work``'s result from a thread of its own, so that the loop goes on meanwhile."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if result.done():
            return
        if error is None:
            result.set_result(cast(T, value))
        else:
            result.set_exception(error)

    def job() -> None:
        value, failed = None, None
        try:
            value = work()
        except BaseException as error:
            failed = error
        try:
            loop.call_soon_threadsafe(settle, value, failed)
        except RuntimeError:  # the loop was closed meanwhile: nobody waits
            log.debug("%s ended after its loop", name)

    threading.Thread(target=job, name=name, daemon=True).start()
    return await result


class _Lookups(ThreadPoolExecutor):
    """A thread for each host name: the one thing asyncio needs threads for.

    A resolver may hang for half a minute, whoever has given up meanwhile. In a pool eight such
    lookups keep every other provider's waiting, and the program's end too.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> futures.Future[T]:
        """``fn``'s result to come. A pool's own threads are never started."""
        found: futures.Future[T] = futures.Future()

        def look() -> None:
            if not found.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                found.set_exception(error)
            else:
                found.set_result(result)

        threading.Thread(target=look, name="llm-lookup", daemon=True).start()
        return found


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.set_default_executor(_Lookups(1))
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _next(job: _Job[T], until: float, cancel: threading.Event | None) -> T | _End:
    while True:
        if cancel is not None and cancel.is_set():
            raise Cancelled
        left = until - time.monotonic()
        wait_s = left if cancel is None else min(_LOOK_S, left)
        try:
            piece = job.pieces.get(timeout=None if wait_s == float("inf") else max(0.0, wait_s))
        except Empty:
            if left <= wait_s:
                raise TimeoutError from None
            continue
        job.ended = isinstance(piece, _End)
        return piece


def _raise(error: BaseException | None) -> None:
    if isinstance(error, asyncio.CancelledError):
        raise Closed
    if error is not None:
        raise error


def _unobserved(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    log.debug("left over on the loop: %s (%s)", context.get("message"), type(error).__name__)
