"""What a call cost, by the price table of the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from agent.llm.config import Price
from agent.llm.types import Usage

__all__ = ["cost_usd", "price_of"]

_MILLION = 1_000_000


def price_of(prices: Mapping[str, Price], provider: str, *models: str) -> Price | None:
    """The row of the first of ``models`` that has one ("provider:model"), else None."""
    return next((prices[key] for model in models if (key := f"{provider}:{model}") in prices), None)


def cost_usd(usage: Usage, price: Price | None, *, local: bool) -> float | None:
    """USD of ``usage``: 0 for a ``local`` provider, None where no price is known.

    Tokens read from a cache and written to one have prices of their own.
    """
    if local:
        return 0.0
    if price is None:
        return None
    plain = max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens)
    read = price.input if price.cache_read is None else price.cache_read
    write = price.input if price.cache_write is None else price.cache_write
    total = (
        plain * price.input
        + usage.cached_tokens * read
        + usage.cache_write_tokens * write
        + usage.output_tokens * price.output
    )
    return total / _MILLION
