"""A Mi:dm-style server: ``/chat/stream`` with events of its own, ended by ``[DONE]``.

It knows neither tools nor pictures nor schemas nor stop words, and has one model.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from agent.llm.adapters._base import BaseAdapter, Pieces
from agent.llm.adapters._failures import refused, reported
from agent.llm.adapters._http import (
    PROBE,
    address,
    bounds,
    drain,
    http_client,
    key_of,
    own_headers,
)
from agent.llm.adapters._pieces import Reply, count, whole
from agent.llm.types import Ask, TextDelta, Usage
from errors import LLMError

__all__ = ["Midm"]

MAX_LINE_BYTES = 4 * 1024 * 1024


class Midm(BaseAdapter):
    """Kind "midm". Tools or pictures in an ask are ``bad_request``; a schema is not sent."""

    kind: ClassVar[str] = "midm"
    needs: ClassVar[frozenset[str]] = frozenset({"base_url"})
    default_base_url: ClassVar[str] = ""
    local: ClassVar[bool] = True
    lacks: ClassVar[frozenset[str]] = frozenset({"tools", "pictures"})

    def _open(self) -> Any:
        return http_client(self.endpoint)

    async def _close(self, client: Any) -> None:
        await client.aclose()

    async def _reply(self, ask: Ask, reply: Reply) -> Pieces:
        async with self._ask("POST", "/chat/stream", ask, self._body(ask)) as response:
            reply.answered(response.headers)
            said = False
            lines = _lines(response)
            async for line in lines:
                if not line.startswith(b"data:"):
                    continue
                data = line[len(b"data:") :].strip()
                if data == b"[DONE]":
                    reply.finish = "stop"
                    await drain(lines)
                    break
                for delta in self._take(json.loads(data), reply, said=said):
                    said = True
                    yield delta
            await lines.aclose()
        for piece in reply.end():
            yield piece

    def _body(self, ask: Ask) -> dict[str, Any]:
        if ask.tools or any(
            one.pictures or one.calls or one.role == "tool" for one in ask.messages
        ):
            detail = "neither tools nor pictures"
            raise LLMError("bad_request", provider=self.endpoint.name, detail=detail)
        warm = self.endpoint.temperature and bool(ask.temperature)
        return {
            "messages": [{"role": one.role, "content": whole(one.text)} for one in ask.messages],
            "max_new_tokens": ask.max_tokens,
            "temperature": ask.temperature if warm else 1.0,
            "do_sample": warm,
        }

    def _take(self, event: Any, reply: Reply, *, said: bool) -> Iterator[TextDelta]:
        """The words of one event. Raises LLMError where it tells of one."""
        kind = event.get("type")
        if kind == "error":
            raise reported(event, self.endpoint)
        if kind == "chunk":
            yield from reply.say(event.get("content"))
        elif kind == "complete":
            reply.usage = _usage(event.get("usage"))
            if not said:  # a server that does not stream after all
                yield from reply.say(event.get("full_response"))

    async def _models(self) -> list[Any]:
        async with self._ask("GET", "/health", PROBE, None) as response:
            health = json.loads(await response.aread())
        if not health.get("model_loaded", True):
            raise LLMError("overloaded", provider=self.endpoint.name, detail="model not loaded")
        told = [health.get(name) for name in ("model", "model_name", "model_id")]
        return [*filter(None, told), self.endpoint.model][:1]

    @asynccontextmanager
    async def _ask(self, method: str, path: str, ask: Ask, body: Any) -> AsyncIterator[Any]:
        """The response to read, refusals raised as LLMError."""
        headers = {"authorization": f"Bearer {key_of(self.endpoint)}"}
        url = address(self.endpoint) + path
        async with self.client.stream(
            method, url, json=body, headers=headers | own_headers(self.endpoint),
            timeout=tuple(bounds(ask)[name] for name in ("connect", "read", "write", "pool")),
        ) as response:  # fmt: skip
            if response.status_code >= 300:
                told = await response.aread()
                raise refused(response.status_code, told, response.headers, self.endpoint)
            yield response


async def _lines(response: Any) -> Any:
    """Lines as bytes: decoded text would also be split at characters that JSON may hold."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > MAX_LINE_BYTES:
            raise ValueError("a line without end")


def _usage(told: Any) -> Usage | None:
    """Two counts or nothing: the sum alone would not say what was given and what was made."""
    if not isinstance(told, dict):
        return None
    given, made = count(told.get("prompt_tokens")), count(told.get("completion_tokens"))
    return None if given is None or made is None else Usage(given, made)
