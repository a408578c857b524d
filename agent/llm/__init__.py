"""Language models: a gateway to those the settings name, and what is asked of them.

:class:`Gateway` routes a call to a chain of providers and bounds it; ``adapters`` talk to one
kind of server each. Nothing here decides what may happen to an order: a model understands and
words, the flows decide.
"""

from agent.llm.config import LLMConfig, load_config
from agent.llm.gateway import Gateway, Probe, ProviderState
from agent.llm.types import (
    Call,
    Cancelled,
    ChatMessage,
    Exchange,
    Final,
    Picture,
    Piece,
    Route,
    Spend,
    Tag,
    TextDelta,
    ToolCall,
    Usage,
)

__all__ = [
    "Call",
    "Cancelled",
    "ChatMessage",
    "Exchange",
    "Final",
    "Gateway",
    "LLMConfig",
    "Picture",
    "Piece",
    "Probe",
    "ProviderState",
    "Route",
    "Spend",
    "Tag",
    "TextDelta",
    "ToolCall",
    "Usage",
    "load_config",
]
