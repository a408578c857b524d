"""The adapters, one file each. To add one: a file here, a line in :data:`ADAPTERS`."""

from __future__ import annotations

from agent.llm.adapters.anthropic import Anthropic
from agent.llm.adapters.midm import Midm
from agent.llm.adapters.ollama import Ollama
from agent.llm.adapters.openai import OpenAICompatible
from agent.llm.types import Adapter

__all__ = ["ADAPTERS"]

ADAPTERS: tuple[type[Adapter], ...] = (OpenAICompatible, Anthropic, Ollama, Midm)
