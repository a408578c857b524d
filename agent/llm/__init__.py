"""The seam to language models. Offline by default: templates phrase every reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from agent.types import TokenUsage

__all__ = ["Phraser", "Phrasing", "chain_of"]


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


def chain_of(settings: Any) -> Phraser | None:
    """The configured model, or None: the desk then works offline."""
    if not settings.llm_base_url or not settings.llm_model:
        return None
    from agent.llm.openai_compat import OpenAICompatible

    return OpenAICompatible(
        base_url=settings.llm_base_url,
        api_key=settings.llm_api_key,
        model=settings.llm_model,
        timeout_s=settings.llm_timeout_s,
    )
