"""OpenAI's chat.completions, and the many servers that speak it.

OpenAI, OpenRouter, vLLM, llama-server, ``transformers serve``, Ollama's ``/v1``.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from agent.llm.adapters._base import BaseAdapter, Pieces
from agent.llm.adapters._http import PROBE, address, bare, bounds, http_client, key_of
from agent.llm.adapters._pieces import Reply, arguments_of, count, whole
from agent.llm.types import Ask, ChatMessage, Finish, TextDelta, ToolSpec, Usage

__all__ = ["OpenAICompatible"]

_FINISH: dict[str, Finish] = {
    "stop": "stop", "length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls",
    "content_filter": "content_filter",
}  # fmt: skip


class OpenAICompatible(BaseAdapter):
    """Kind "openai". ``schema`` goes out as ``response_format`` where the endpoint can."""

    kind: ClassVar[str] = "openai"
    needs: ClassVar[frozenset[str]] = frozenset({"base_url", "model"})
    default_base_url: ClassVar[str] = ""
    local: ClassVar[bool] = False

    def _open(self) -> Any:
        # The SDK would import these two within the first call.
        import openai.resources.chat.completions.completions
        import openai.resources.models  # noqa: F401
        from openai import AsyncOpenAI

        client = AsyncOpenAI(
            base_url=address(self.endpoint),
            api_key=key_of(self.endpoint),
            max_retries=0,
            http_client=http_client(self.endpoint),
        )
        client.organization = client.project = client.admin_api_key = None
        return bare(client, self.endpoint)

    async def _reply(self, ask: Ask, reply: Reply) -> Pieces:
        stream = await self.client.chat.completions.create(
            **self._body(ask), stream=True, timeout=_timeout(ask)
        )
        async with stream:
            reply.answered(stream.response.headers)
            async for chunk in stream:
                for delta in _take(chunk, reply):
                    yield delta
        for piece in reply.end():
            yield piece

    def _body(self, ask: Ask) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": ask.model,
            "messages": [_message(message) for message in ask.messages],
            _limit_name(self.endpoint.base_url): ask.max_tokens,
        }
        if ask.tools:
            body["tools"] = [_tool(tool) for tool in ask.tools]
        if ask.schema is not None and self.endpoint.schema == "native":
            named = {"name": "reply", "schema": dict(ask.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        elif ask.schema is not None and self.endpoint.schema == "json_object":
            body["response_format"] = {"type": "json_object"}
        if ask.temperature is not None and self.endpoint.temperature:
            body["temperature"] = ask.temperature
        if ask.stop:
            body["stop"] = list(ask.stop)
        if self.endpoint.usage_in_stream:
            body["stream_options"] = {"include_usage": True}
        return body

    async def _models(self) -> list[Any]:
        page = await self.client.models.list(timeout=_timeout(PROBE))
        return [row.id for row in page.data]


def _timeout(ask: Ask) -> Any:
    import httpx2

    return httpx2.Timeout(**bounds(ask))


def _limit_name(base_url: str) -> str:
    """OpenAI's own newer models refuse the name that every other server knows."""
    own = urlsplit(base_url).hostname == "api.openai.com"
    return "max_completion_tokens" if own else "max_tokens"


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    return {"type": "function", "function": function}


def _message(message: ChatMessage) -> dict[str, Any]:
    told: dict[str, Any] = {"role": message.role, "content": whole(message.text)}
    if message.pictures:
        told["content"] = [
            *([{"type": "text", "text": told["content"]}] if message.text else []),
            *({"type": "image_url", "image_url": {"url": url}} for url in _data_urls(message)),
        ]
    if message.calls:
        told["tool_calls"] = [
            {"id": call.call_id, "type": "function",
             "function": {"name": call.name,
                          "arguments": json.dumps(arguments_of(call), ensure_ascii=False)}}
            for call in message.calls
        ]  # fmt: skip
    if message.role == "tool":
        told["tool_call_id"] = message.call_id
    return told


def _data_urls(message: ChatMessage) -> Iterator[str]:
    for picture in message.pictures:
        yield f"data:{picture.media_type};base64,{b64encode(picture.data).decode()}"


def _take(chunk: Any, reply: Reply) -> Iterator[TextDelta]:
    """The words of one chunk; the rest is told to ``reply``."""
    reply.usage = _usage(chunk.usage) or reply.usage
    reply.model = chunk.model if isinstance(chunk.model, str) else reply.model
    for choice in (chunk.choices or ())[:1]:
        if reply.finish is not None:  # some servers say their end twice
            return
        delta = choice.delta
        if delta is not None:
            for part in delta.tool_calls or ():
                function = part.function
                name, arguments = getattr(function, "name", ""), getattr(function, "arguments", "")
                reply.fragment(part.index, part.id, name, arguments)
            yield from reply.say(delta.content)
        if choice.finish_reason:
            reply.finish = _FINISH.get(str(choice.finish_reason), "stop")


def _usage(told: Any) -> Usage | None:
    """What the server counted; None unless it is two counts."""
    given = count(getattr(told, "prompt_tokens", None))
    made = count(getattr(told, "completion_tokens", None))
    if given is None or made is None:
        return None
    details = getattr(told, "prompt_tokens_details", None)
    read = count(getattr(details, "cached_tokens", None)) or 0
    written = count(getattr(details, "cache_write_tokens", None)) or 0
    return Usage(given, made, cached_tokens=read, cache_write_tokens=written)
