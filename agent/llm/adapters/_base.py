"""What the adapters share: a client made when first asked, and every failure an LLMError."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any, ClassVar

from agent.llm.adapters._failures import failure_of
from agent.llm.adapters._http import quiet
from agent.llm.adapters._pieces import Reply
from agent.llm.types import Ask, Endpoint, Finished, TextDelta, ToolCall
from errors import LLMError

__all__ = ["BaseAdapter", "Pieces"]

Pieces = AsyncGenerator[TextDelta | ToolCall | Finished, None]


class BaseAdapter(ABC):
    """Implements :class:`agent.llm.types.Adapter`; a provider's file adds its format.

    Making one imports its SDK and reads certificates (0.2–0.9 s): not on the event loop.
    """

    lacks: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, endpoint: Endpoint) -> None:
        """Raises nothing for an address that makes no sense: every call will."""
        self.endpoint = endpoint
        self._client: Any = None
        with suppress(LLMError):
            self._client = self._open()
        quiet()

    @property
    def client(self) -> Any:
        if self._client is None:
            self._client = self._open()
        return self._client

    async def stream(self, ask: Ask) -> Pieces:
        """The reply piece by piece, ``Finished`` last. Raises LLMError; cancelling closes all."""
        reply = Reply(self.endpoint.name)
        try:
            async with aclosing(self._reply(ask, reply)) as pieces:
                async for piece in pieces:
                    yield piece
        except Exception as error:
            failure = failure_of(error, self.endpoint, began=reply.began)
            if reply.finish is None or failure.kind not in ("truncated", "timeout"):
                # The cause may quote a key or a customer: it is not kept.
                raise failure from None
            for piece in reply.end():  # the end was seen: what the connection did then is no loss
                yield piece

    async def models(self) -> list[str]:
        """The names the server offers, in its order. Raises LLMError."""
        try:
            return [name for name in await self._models() if isinstance(name, str) and name]
        except Exception as error:
            raise failure_of(error, self.endpoint, began=False) from None

    async def close(self) -> None:
        """Close the connections; the adapter may be asked again and opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await self._close(client)

    async def _close(self, client: Any) -> None:
        await client.close()

    @abstractmethod
    def _open(self) -> Any:
        """A client that takes nothing from the environment. Raises LLMError unreachable."""

    @abstractmethod
    def _reply(self, ask: Ask, reply: Reply) -> Pieces:
        """Ask, and tell ``reply`` what comes; anything may be raised."""

    @abstractmethod
    async def _models(self) -> list[Any]: ...
