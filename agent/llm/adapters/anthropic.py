"""Anthropic's messages: the system apart, roles in turn, tools as blocks, events by name."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from agent.llm.adapters._base import BaseAdapter, Pieces
from agent.llm.adapters._http import PROBE, address, bare, bounds, drain, http_client, key_of
from agent.llm.adapters._pieces import Reply, arguments_of, count, whole
from agent.llm.types import Ask, ChatMessage, Finish, TextDelta, Usage
from errors import LLMError

__all__ = ["Anthropic"]

_FINISH: dict[str, Finish] = {
    "end_turn": "stop", "stop_sequence": "stop", "pause_turn": "stop", "tool_use": "tool_calls",
    "max_tokens": "length", "model_context_window_exceeded": "length", "refusal": "content_filter",
}  # fmt: skip
_COUNTS = (
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip


class Anthropic(BaseAdapter):
    """Kind "anthropic". It takes no temperature; a schema goes out as ``output_config``."""

    kind: ClassVar[str] = "anthropic"
    needs: ClassVar[frozenset[str]] = frozenset({"base_url", "api_key", "model"})
    default_base_url: ClassVar[str] = "https://api.anthropic.com"
    local: ClassVar[bool] = False

    def _open(self) -> Any:
        # The SDK would import these two within the first call.
        import anthropic.resources.messages
        import anthropic.resources.models  # noqa: F401
        from anthropic import AsyncAnthropic

        client = AsyncAnthropic(
            base_url=address(self.endpoint),
            api_key=key_of(self.endpoint),
            max_retries=0,
            open_telemetry=False,
            http_client=http_client(self.endpoint),
        )
        return bare(client, self.endpoint)

    async def _reply(self, ask: Ask, reply: Reply) -> Pieces:
        stream = await self.client.messages.create(
            **self._body(ask), stream=True, timeout=_timeout(ask)
        )
        counts = dict.fromkeys(_COUNTS, None)
        stopped: Finish | None = None
        async with stream:
            reply.answered(stream.response.headers)
            events = aiter(stream)
            async for event in events:
                for delta in _take(event, reply):
                    yield delta
                stopped = _ending(event, counts) or stopped
                if event.type == "message_stop":
                    reply.finish, reply.usage = stopped, _usage(counts)
                    await drain(events)
                    break
        for piece in reply.end():
            yield piece

    def _body(self, ask: Ask) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": ask.model,
            "max_tokens": ask.max_tokens,
            "messages": list(_messages(ask.messages)),
        }
        system = [whole(one.text) for one in ask.messages if one.role == "system" and one.text]
        if system:
            body["system"] = "\n\n".join(system)
        if ask.tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.description,
                 "input_schema": dict(tool.parameters)}
                for tool in ask.tools
            ]  # fmt: skip
        if ask.schema is not None and self.endpoint.schema == "native":
            wanted = {"type": "json_schema", "schema": self._schema(dict(ask.schema))}
            body["output_config"] = {"format": wanted}
        if stops := [stop for stop in ask.stop if stop.strip()]:  # blank ones are refused
            body["stop_sequences"] = stops
        return body

    def _schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema within what Anthropic takes. Raises LLMError bad_request."""
        from anthropic import transform_schema

        try:
            return transform_schema(schema)
        except (ValueError, AssertionError, AttributeError) as error:
            detail = f"schema: {error}"[:200]
            raise LLMError("bad_request", provider=self.endpoint.name, detail=detail) from error

    async def _models(self) -> list[Any]:
        page = await self.client.models.list(limit=1000, timeout=_timeout(PROBE))
        return [row.id for row in page.data]


def _timeout(ask: Ask) -> Any:
    import httpx2

    return httpx2.Timeout(**bounds(ask))


def _messages(messages: Sequence[ChatMessage]) -> Iterator[dict[str, Any]]:
    """The talk without its system messages; neighbours of one role are one message."""
    role, blocks = "", list[dict[str, Any]]()
    for message in messages:
        if message.role == "system" or not (new := list(_blocks(message))):
            continue
        speaker = "assistant" if message.role == "assistant" else "user"
        if blocks and speaker != role:
            yield {"role": role, "content": blocks}
            blocks = []
        role = speaker
        blocks.extend(new)
    if blocks:
        yield {"role": role, "content": blocks}


def _blocks(message: ChatMessage) -> Iterator[dict[str, Any]]:
    """The message's blocks; an empty text is refused and left out."""
    text = whole(message.text)
    if message.role == "tool":
        yield {"type": "tool_result", "tool_use_id": message.call_id, "content": text}
        return
    for picture in message.pictures:
        data = b64encode(picture.data).decode()
        source = {"type": "base64", "media_type": picture.media_type, "data": data}
        yield {"type": "image", "source": source}
    if text.strip():
        yield {"type": "text", "text": text}
    for call in message.calls:
        yield {
            "type": "tool_use", "id": call.call_id, "name": call.name, "input": arguments_of(call),
        }  # fmt: skip


def _take(event: Any, reply: Reply) -> Iterator[TextDelta]:
    """The words of one event; its tool calls are told to ``reply``."""
    if event.type == "message_start":
        reply.model = event.message.model or reply.model
    elif event.type == "content_block_start":
        block = event.content_block
        if block.type == "tool_use":
            given = json.dumps(block.input, ensure_ascii=False) if block.input else ""
            reply.fragment(event.index, block.id, block.name, given)
        elif block.type == "text":
            yield from reply.say(block.text)
    elif event.type == "content_block_delta":
        if event.delta.type == "text_delta":
            yield from reply.say(event.delta.text)
        elif event.delta.type == "input_json_delta":
            reply.fragment(event.index, "", "", event.delta.partial_json)


def _ending(event: Any, counts: dict[str, int | None]) -> Finish | None:
    """Why the reply stopped, where the event tells; its counts go into ``counts``."""
    if event.type not in ("message_start", "message_delta"):
        return None
    told = event.message.usage if event.type == "message_start" else event.usage
    for name in _COUNTS:
        if (number := count(getattr(told, name, None))) is not None:
            counts[name] = number
    reason = event.delta.stop_reason if event.type == "message_delta" else None
    return _FINISH.get(str(reason), "stop") if reason else None


def _usage(counts: dict[str, int | None]) -> Usage | None:
    given, made, read, written = (counts[name] for name in _COUNTS)
    if given is None or made is None:
        return None
    read, written = read or 0, written or 0
    return Usage(given + read + written, made, cached_tokens=read, cache_write_tokens=written)
