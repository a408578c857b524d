"""Ollama's own API: options for the context, JSON lines, tool results by the tool's name."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any, ClassVar

from agent.llm.adapters._base import BaseAdapter, Pieces
from agent.llm.adapters._failures import refused
from agent.llm.adapters._http import (
    POOL_SPARE,
    PROBE,
    address,
    bounded_body,
    bounds,
    drain,
    key_of,
    own_headers,
)
from agent.llm.adapters._pieces import Reply, arguments_of, count, whole
from agent.llm.types import Ask, ChatMessage, Finish, TextDelta, ToolSpec, Usage

__all__ = ["Ollama"]

# The SDK's calls take no timeout and hide the reply's headers: its HTTP client's hooks look here.
_CALL: ContextVar[tuple[Ask, Reply]] = ContextVar("ollama_call")
_importing = threading.Lock()
SCHEMA_DEPTH = 5


class Ollama(BaseAdapter):
    """Kind "ollama". ``context_tokens`` is asked for as ``num_ctx``: its own default is small."""

    kind: ClassVar[str] = "ollama"
    needs: ClassVar[frozenset[str]] = frozenset({"base_url", "model"})
    default_base_url: ClassVar[str] = "http://127.0.0.1:11434"
    local: ClassVar[bool] = True

    def _open(self) -> Any:
        import httpx

        key = {"authorization": f"Bearer {key_of(self.endpoint)}"}
        own = {name.lower(): value for name, value in own_headers(self.endpoint).items()}
        return _import_sdk().AsyncClient(
            host=address(self.endpoint),
            headers=key | own,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=self.endpoint.concurrency + POOL_SPARE),
            event_hooks={"request": [_bound], "response": [bounded_body(httpx), self._look]},
        )

    async def _look(self, response: Any) -> None:
        """Take what the SDK loses: that the server answered, and a refusal's headers."""
        if response.status_code >= 300:
            body = await response.aread()
            raise refused(response.status_code, body, response.headers, self.endpoint)
        _CALL.get()[1].answered(response.headers)

    async def _reply(self, ask: Ask, reply: Reply) -> Pieces:
        _CALL.set((ask, reply))
        parts = await self.client.chat(**self._body(ask), stream=True)
        async for part in parts:
            for delta in _take(part, reply):
                yield delta
            if part.done:
                await drain(parts)
                break
        await parts.aclose()
        for piece in reply.end():
            yield piece

    def _body(self, ask: Ask) -> dict[str, Any]:
        options: dict[str, Any] = {"num_predict": ask.max_tokens}
        if self.endpoint.context_tokens:
            options["num_ctx"] = self.endpoint.context_tokens
        if ask.temperature is not None and self.endpoint.temperature:
            options["temperature"] = ask.temperature
        if ask.stop:
            options["stop"] = list(ask.stop)
        body: dict[str, Any] = {
            "model": ask.model,
            "messages": [_message(message) for message in ask.messages],
            "options": options,
        }
        if ask.tools:
            body["tools"] = [_tool(tool) for tool in ask.tools]
        if ask.schema is not None and self.endpoint.schema != "none":
            body["format"] = dict(ask.schema) if self.endpoint.schema == "native" else "json"
        return body

    async def _models(self) -> list[Any]:
        _CALL.set((PROBE, Reply(self.endpoint.name)))
        return [row.model for row in (await self.client.list()).models]


async def _bound(request: Any) -> None:
    request.extensions["timeout"] = bounds(_CALL.get()[0])


def _import_sdk() -> ModuleType:
    """The SDK's client module without the package around it.

    The package opens a client of its own from OLLAMA_HOST and the proxy variables as it is
    imported, and fails on what it does not understand there (a SOCKS proxy, a bad port).
    """
    with _importing:
        if "ollama" in sys.modules:
            return importlib.import_module("ollama._client")
        spec = importlib.util.find_spec("ollama")
        if spec is None:
            raise ModuleNotFoundError("ollama")
        sys.modules["ollama"] = importlib.util.module_from_spec(spec)
        try:
            return importlib.import_module("ollama._client")
        finally:  # whoever else imports it gets the whole package
            del sys.modules["ollama"]


def _tool(tool: ToolSpec) -> dict[str, Any]:
    parameters = dict(tool.parameters)
    defs = parameters.pop("$defs", {})
    parameters["properties"] = {
        name: _plain(schema, defs) for name, schema in parameters.get("properties", {}).items()
    }
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _plain(
    schema: Mapping[str, Any], defs: Mapping[str, Any], depth: int = SCHEMA_DEPTH
) -> dict[str, Any]:
    """A property with its references and "or null" resolved.

    The SDK lets only type, items, description and enum through, so without this an optional
    property would reach the model without its type.
    """
    told = dict(schema)
    if depth and isinstance(ref := told.pop("$ref", None), str):
        told = _plain(defs.get(ref.rpartition("/")[2], {}), defs, depth - 1) | told
    options = [one for one in told.pop("anyOf", ()) if one.get("type") != "null"]
    if depth and options:
        told = _plain(options[0], defs, depth - 1) | told
    if depth and isinstance(told.get("items"), Mapping):
        told["items"] = _plain(told["items"], defs, depth - 1)
    return told


def _message(message: ChatMessage) -> dict[str, Any]:
    told: dict[str, Any] = {"role": message.role, "content": whole(message.text)}
    if message.pictures:
        told["images"] = [picture.data for picture in message.pictures]
    if message.calls:
        told["tool_calls"] = [
            {"function": {"name": call.name, "arguments": arguments_of(call)}}
            for call in message.calls
        ]
    if message.role == "tool":
        told["tool_name"] = message.name
    return told


def _take(part: Any, reply: Reply) -> Iterator[TextDelta]:
    """The words of one line; its tool calls, also the last line's, are told to ``reply``."""
    reply.model = part.model or reply.model
    for call in part.message.tool_calls or ():
        arguments = json.dumps(dict(call.function.arguments), ensure_ascii=False)
        reply.fragment(None, "", call.function.name, arguments)
    yield from reply.say(part.message.content)
    if part.done:
        ended: Finish = "length" if part.done_reason == "length" else "stop"
        reply.finish = ended
        given, made = count(part.prompt_eval_count), count(part.eval_count)
        reply.usage = None if given is None or made is None else Usage(given, made)
