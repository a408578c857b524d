"""The reply on its way: a turn followed to its end, and OpenAI's chunks as server-sent events.

Chunks come in OpenAI's order: the role, the text, the annotations, exactly one with a
``finish_reason``, the usage where it was asked for, ``[DONE]``. An error midway is one
``{"error": …}`` and the end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from agent.types import Delta, Event, TokenUsage
from api.openai.sources import Annotations, Neutral, closing
from api.problems import TurnFailed, answered
from errors import SangdamError
from services.openai_chat import Begun, Finished, OpenAIChat, Said, usage_of

__all__ = ["Chunks", "Reply", "Tell", "counted", "event", "follow", "reply_chunks", "text_chunks",
           "watched"]  # fmt: skip

PING = ": ping\n\n"
DONE = "data: [DONE]\n\n"
LOOK_S = 1.0  # how soon a client that left is noticed while nothing is sent to it
_END = object()
# The model's pieces are waited for here, so that a slow one holds up nobody else.
_MODEL_THREADS = ThreadPoolExecutor(16, thread_name_prefix="passthrough")
Item = TypeVar("Item")
Tell = Callable[[SangdamError], str]  # an error as a server-sent event


class Chunks:
    """The chunks of one reply: one id, one model, one time."""

    def __init__(self, head: dict[str, Any], *, usage: bool) -> None:
        self._head = {**head, "object": "chat.completion.chunk"}
        self._usage = usage

    def role(self) -> str:
        """The first chunk."""
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, piece: str) -> str:
        """A piece of the reply."""
        return self._chunk({"content": piece})

    def annotations(self, found: Annotations) -> str:
        """Where the sources stand in the text."""
        return self._chunk({"annotations": found})

    def end(self, reason: str, usage: TokenUsage) -> str:
        """The chunk with the reason, the one with the usage, the end."""
        text = self._chunk({}, reason)
        if self._usage:
            text += event({**self._head, "choices": [], "usage": counted(usage)})
        return text + DONE

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": None} if self._usage else {}  # as OpenAI does once usage is asked for
        return event({**self._head, "choices": [choice], **usage})


class Reply:
    """The desk's reply as it goes out, and what is kept of it."""

    def __init__(self, chat: OpenAIChat, begun: Begun, base_url: str) -> None:
        self._chat, self._begun, self._base_url = chat, begun, base_url
        self._plain = Neutral()
        self.text = ""
        self.annotations: Annotations = []

    def add(self, piece: str) -> str:
        """A piece of the desk's words, made safe to draw."""
        shown = self._plain.feed(piece)
        self.text += shown
        return shown

    async def close(self) -> str:
        """What follows the words; the transcript is kept. Raises what the turn ended in."""
        message = answered(self._begun.live)
        # A receipt comes whole: a person has the conversation, and nothing is said meanwhile.
        said = "" if self.text else self.add(message.content)
        rest, self.annotations = closing(message, self.text, self._base_url)
        self.text += rest
        rest = said + rest
        await run_in_threadpool(self._chat.keep, self._begun, message, self.text)
        return rest

    def leave(self) -> None:
        """Stop the turn unless it is over: nobody listens any more."""
        self._begun.live.stop()

    @property
    def usage(self) -> TokenUsage:
        """What the reply took."""
        message = self._begun.live.message
        return usage_of(self._begun.said, self.text, message.token_usage if message else None)


async def follow(
    request: Request, begun: Begun, *, heartbeat_s: float, timeout_s: float
) -> AsyncGenerator[Event | None, None]:
    """The turn's events; None when a heartbeat is due. Whoever leaves stops the turn.

    Raises TurnFailed when the turn takes longer than ``timeout_s`` (seconds).
    """
    live, started = begun.live, monotonic()
    told = started
    try:
        async for one in live.stream(silence_s=min(LOOK_S, heartbeat_s)):
            now = monotonic()
            if one is not None:
                told = now
                yield one
            elif now - started > timeout_s:
                raise TurnFailed.late()
            elif await request.is_disconnected():
                return
            elif now - told >= heartbeat_s:
                told = now
                yield None
    finally:
        live.stop()  # says nothing to a turn that is over


async def reply_chunks(
    reply: Reply, events: AsyncGenerator[Event | None, None], chunks: Chunks, tell: Tell
) -> AsyncGenerator[str, None]:
    """The desk's reply as server-sent events."""
    try:
        yield chunks.role()
        async for one in events:
            if one is None:
                yield PING
            elif isinstance(one, Delta):
                yield chunks.text(reply.add(one.text))
        if rest := await reply.close():
            yield chunks.text(rest)
    except SangdamError as error:
        yield tell(error)
        return
    finally:
        reply.leave()
    if reply.annotations:
        yield chunks.annotations(reply.annotations)
    yield chunks.end("stop", reply.usage)


async def text_chunks(
    pieces: AsyncGenerator[str | Finished | None, None],
    chunks: Chunks,
    said: Sequence[Said],
    tell: Tell,
) -> AsyncGenerator[str, None]:
    """Another text (a model's, a hidden call's answer) as server-sent events."""
    whole, end = "", Finished("stop", None)
    yield chunks.role()
    try:
        async for piece in pieces:
            if piece is None:
                yield PING
            elif isinstance(piece, Finished):
                end = piece
            else:
                whole += piece
                yield chunks.text(piece)
    except SangdamError as error:
        yield tell(error)
        return
    yield chunks.end(end.reason, usage_of(said, whole, end.usage))


async def watched(
    request: Request, items: Iterator[Item], *, heartbeat_s: float, leave: Callable[[], None]
) -> AsyncGenerator[Item | None, None]:
    """A slow iterator from a thread; None when a heartbeat is due (after 1 s at least).

    At the end, also when whoever reads has gone, ``leave`` is called and the iterator closed.
    Raises TurnFailed once the client has left.
    """
    loop, told = asyncio.get_running_loop(), monotonic()
    waiting: asyncio.Future[Any] | None = None
    try:
        while True:
            waiting = waiting or loop.run_in_executor(_MODEL_THREADS, next, items, _END)
            done, _ = await asyncio.wait({waiting}, timeout=LOOK_S)
            if done:
                item, waiting = waiting.result(), None
                if item is _END:
                    return
                told = monotonic()
                yield item
            elif await request.is_disconnected():
                raise TurnFailed.stopped()
            elif monotonic() - told >= heartbeat_s:
                told = monotonic()
                yield None
    finally:
        leave()
        close = getattr(items, "close", lambda: None)
        if waiting is None or waiting.done():
            close()
        else:  # a generator cannot be closed while it runs
            waiting.add_done_callback(lambda over: (over.exception(), close()))


def counted(usage: TokenUsage) -> dict[str, int]:
    """Usage as OpenAI writes it."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }


def event(value: dict[str, Any]) -> str:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
