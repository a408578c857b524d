"""The tools: READ looks, WRITE changes. To add one, write one function in a module here."""

from agent.tools import (
    audit,
    calculator,
    cancels,
    changes,
    claim_desk,
    claims,
    customers,
    order_desk,
    order_lists,
    orders,
    policies,
    products,
    recommend,
    ticket_desk,
    tickets,
    weather,
)
from agent.tools.base import REGISTRY, Tool, ToolContext, run

__all__ = [
    "REGISTRY",
    "Tool",
    "ToolContext",
    "audit",
    "calculator",
    "cancels",
    "changes",
    "claim_desk",
    "claims",
    "customers",
    "order_desk",
    "order_lists",
    "orders",
    "policies",
    "products",
    "recommend",
    "run",
    "ticket_desk",
    "tickets",
    "weather",
]
