"""Conversations as resources of the API: begun empty, listed page by page, looked at."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.conversations import guest_hash, owned
from agent.tools.base import place_of
from agent.types import Caller
from errors import NotFound, NotSignedIn
from store import accounts, conversations
from store.models import Conversation, ConversationPage

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["NewSession", "Sessions"]


@dataclass(frozen=True, slots=True)
class NewSession:
    """A conversation, with a guest's new token and the seconds it lasts where one was made."""

    conversation: Conversation
    token: str | None = None
    expires_in: int | None = None


class Sessions:
    """The conversations of one shop."""

    def __init__(self, desk: Services) -> None:
        self._desk = desk

    def open(self, caller: Caller, metadata: dict[str, Any]) -> NewSession:
        """A new, empty conversation of the caller; nobody becomes a guest with a token."""
        token, seconds = None, None
        if caller.user_id is None and not caller.guest_key:
            token, seconds = self._desk.accounts.guest_token()
            caller = self._desk.accounts.identify(token).caller
        with self._desk.database.write() as tx:
            made = conversations.create(
                tx,
                conversation_id=f"s_{secrets.token_urlsafe(12)}",
                user_id=caller.user_id,
                guest_hash=guest_hash(caller),
                at=self._desk.clock(),
                metadata=metadata,
            )
        return NewSession(made, token, seconds)

    def get(self, caller: Caller, session_id: str) -> Conversation:
        """One conversation. Raises NotFound for a missing one and somebody else's alike."""
        with self._desk.database.read() as tx:
            return owned(tx, caller, session_id)

    def is_open(self, session_id: str) -> bool:
        """Whether it is a chat that began without a token: whoever knows its id holds it."""
        try:
            self.get(Caller(), session_id)
        except NotFound:
            return False
        return True

    def page(
        self, caller: Caller, *, user_id: str | None = None, limit: int, cursor: str | None
    ) -> ConversationPage:
        """The caller's conversations, last used first; for staff any account's.

        ``limit`` is 1 to 100. Raises NotSignedIn for nobody, NotFound for another's account,
        BadInput for a cursor that is none.
        """
        hashed = guest_hash(caller)
        if caller.user_id is None and hashed is None:
            raise NotSignedIn("로그인이 필요한 일이에요. 로그인한 뒤 다시 시도해 주세요.")
        after = place_of(cursor)
        with self._desk.database.read() as tx:
            if user_id not in (None, caller.user_id) and not (
                caller.is_staff and accounts.get(tx, user_id or "")
            ):
                raise NotFound("해당 고객을 찾을 수 없어요. 고객 번호를 다시 확인해 주세요.")
            found = conversations.page(
                tx, user_id=user_id or caller.user_id, guest_hash=hashed, after=after,
                limit=limit + 1,
            )  # fmt: skip
        shown = tuple(found[:limit])
        more = len(found) > limit
        return ConversationPage(
            shown, f"{shown[-1].updated_at}~{shown[-1].conversation_id}" if more else None
        )
