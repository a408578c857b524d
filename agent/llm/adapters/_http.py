"""HTTP for the adapters: clients that take nothing from the environment, and their bounds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from agent.llm.types import Ask, Endpoint
from errors import LLMError

__all__ = [
    "POOL_SPARE",
    "PROBE",
    "address",
    "bare",
    "bounded_body",
    "bounds",
    "drain",
    "http_client",
    "key_of",
    "own_headers",
    "quiet",
]

DRAIN_S = 0.1
MOST_LINE_BYTES = 8 * 2**20  # a model list comes as one line, of some 1 MB
POOL_SPARE = 4  # connections beside the replies', for model lists
PROBE = Ask("", (), read_s=10.0)  # bounds of asking for the model list
_LOGGERS = ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def quiet() -> None:
    """Keep SDKs and HTTP clients from logging what is said: variables can turn that on."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def http_client(endpoint: Endpoint) -> Any:
    """An ``httpx2.AsyncClient`` without proxies, redirects or certificates of the environment."""
    import httpx2

    return httpx2.AsyncClient(
        trust_env=False,
        follow_redirects=False,  # what a customer said goes to the configured host only
        limits=httpx2.Limits(max_connections=endpoint.concurrency + POOL_SPARE),
        event_hooks={"response": [bounded_body(httpx2)]},
    )


def bounded_body(http: Any) -> Any:
    """A response hook for a client of ``http`` (httpx or httpx2): no line beyond MOST_LINE_BYTES.

    The SDKs keep a line until its end. One without an end took 250 MB a second of memory.
    """

    class Bounded(http.AsyncByteStream):  # type: ignore[misc]  # of which package is known late
        def __init__(self, whole: Any) -> None:
            self._whole = whole

        async def __aiter__(self) -> AsyncIterator[bytes]:
            line = 0
            async for part in self._whole:
                rest = len(part) - part.rfind(b"\n") - 1
                line = rest if rest < len(part) else line + rest
                if line > MOST_LINE_BYTES:
                    raise ValueError("a line without end")
                yield part

        async def aclose(self) -> None:
            await self._whole.aclose()

    async def bound(response: Any) -> None:
        response.stream = Bounded(response.stream)

    return bound


def bounds(ask: Ask) -> dict[str, float]:
    """Seconds that one connect, one silent read or write, and waiting for a connection take."""
    return {
        "connect": ask.connect_s,
        "read": ask.read_s,
        "write": ask.read_s,
        "pool": ask.connect_s,
    }


def address(endpoint: Endpoint) -> str:
    """The base URL without a slash at its end. Raises LLMError unreachable where it is none."""
    url = endpoint.base_url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return url
    except ValueError:  # half a bracket, a port that is no number
        pass
    detail = "the address is not of the form http://host:port"
    raise LLMError("unreachable", provider=endpoint.name, detail=detail)


def key_of(endpoint: Endpoint) -> str:
    """The key as a header carries it (what else was pasted with it left out), or "none"."""
    return "".join(letter for letter in endpoint.api_key if "!" <= letter <= "~") or "none"


def own_headers(endpoint: Endpoint) -> dict[str, str]:
    """The endpoint's further headers, as far as HTTP can carry them."""
    return {
        name: "".join(letter for letter in value if " " <= letter <= "~").strip()
        for name, value in endpoint.headers.items()
        if _HEADER.fullmatch(name)
    }


def bare(client: Any, endpoint: Endpoint) -> Any:
    """An SDK's client without the headers it took from the environment.

    The SDKs offer no other way: OPENAI_CUSTOM_HEADERS and its like are read whenever a client
    is made, and replace even an explicit key. A test looks at what arrives.
    """
    client._custom_headers = own_headers(endpoint)
    client._platform = "Unknown"  # else a thread is started to ask the machine what it is
    return client


async def drain(parts: AsyncIterator[object]) -> None:
    """Read on after the end, a moment at most: a connection read to its end is used again."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(DRAIN_S):
            async for _ in parts:
                pass
