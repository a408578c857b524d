"""The composition root: everything the pages, the routes and the commands may ask for.

``build(settings)`` wires the parts; ``get()`` is the process's one instance, shared by
pages and routes. :class:`Services` (in ``desk``) is what both answer.
"""

from __future__ import annotations

import threading
from typing import Any

import settings as settings_module
from agent.tools.photos import PhotoReport
from services.accounts import Accounts, Identity, Tokens, caller_of
from services.desk import Services
from services.live_turn import LiveTurn
from services.seeding import seed_demo
from settings import VERSION, Settings
from store.models import Conversation, Order, StoredMessage, User
from store.photos import CorrectedBox, ReportPage, StoredReport

__all__ = [
    "VERSION",
    "Accounts",
    "Conversation",
    "CorrectedBox",
    "Identity",
    "LiveTurn",
    "Order",
    "PhotoReport",
    "ReportPage",
    "Services",
    "StoredMessage",
    "StoredReport",
    "Tokens",
    "User",
    "build",
    "caller_of",
    "get",
    "seed_demo",
]

_lock = threading.Lock()
_instance: Services | None = None


def build(settings: Settings | None = None, **options: Any) -> Services:
    """A new instance; tests give their own settings and clock."""
    return Services(settings or settings_module.load(), **options)


def get() -> Services:
    """The process's one instance."""
    global _instance
    with _lock:
        if _instance is None:
            _instance = build()
        return _instance
