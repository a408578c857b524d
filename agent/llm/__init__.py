"""The seam to language models. Offline by default: templates phrase every reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from agent.types import TokenUsage

__all__ = ["Phraser", "Phrasing", "ProviderState", "chain_of", "providers_of"]


# State, last error, latency in ms.
ProviderState = tuple[Literal["ok", "down", "unconfigured"], str | None, float | None]


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A model's wording of a reply, with what it used."""

    text: str
    provider: str
    model: str
    usage: TokenUsage


class Phraser(Protocol):
    """Words a reply from its evidence; None when no model answered in time."""

    def phrase(self, instruction: str, question: str, draft: str) -> Phrasing | None: ...


def chain_of(
    settings: Any, failed: Callable[[str, str], None] = lambda provider, kind: None
) -> Phraser | None:
    """The configured model, or None: the desk then works offline.

    ``failed`` hears of every failure: provider and kind.
    """
    if not settings.llm_base_url or not settings.llm_model:
        return None
    from agent.llm.openai_compat import OpenAICompatible

    return OpenAICompatible(
        base_url=settings.llm_base_url,
        api_key=settings.llm_api_key,
        model=settings.llm_model,
        timeout_s=settings.llm_timeout_s,
        failed=failed,
    )


def providers_of(settings: Any, llm: Phraser | None) -> dict[str, ProviderState]:
    """Each provider's state, last error and latency in ms of its last use (None: not used)."""
    offline: ProviderState = ("ok", None, None)
    if not settings.llm_base_url or not settings.llm_model:
        return {"offline": offline, "openai_compat": ("unconfigured", None, None)}
    error, latency_ms = getattr(llm, "last_error", None), getattr(llm, "latency_ms", None)
    return {"offline": offline, "openai_compat": ("down" if error else "ok", error, latency_ms)}
