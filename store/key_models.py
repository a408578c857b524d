"""The record of an API key; ``store.models`` hands it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["ApiKey"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A service account's key. The secret is kept nowhere, its hash only in ``store.api_keys``.

    ``created_by`` is an account's id, None for the machine's operator (a terminal);
    ``last_used_at`` is up to a minute old. No ``expires_at`` never runs out.
    """

    key_id: str
    name: str
    scopes: tuple[str, ...]
    created_by: str | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    creator_name: str = ""

    def status(self, now: datetime) -> Literal["active", "expired", "revoked"]:
        """What the key is worth at ``now``; only an active one opens anything."""
        if self.revoked_at:
            return "revoked"
        if self.expires_at and datetime.fromisoformat(self.expires_at) <= now:
            return "expired"
        return "active"
