"""The tools: READ looks, WRITE changes. To add one, write one function in a module here."""

from agent.tools import claims, orders, policies, products, tickets
from agent.tools.base import REGISTRY, Tool, ToolContext, run

__all__ = [
    "REGISTRY",
    "Tool",
    "ToolContext",
    "claims",
    "orders",
    "policies",
    "products",
    "run",
    "tickets",
]
