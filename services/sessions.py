"""Conversations as resources of the API: begun empty, listed page by page, looked at."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from agent.conversations import guest_hash, owned
from agent.tools.base import place_of
from agent.types import Caller, Source
from errors import NotFound, NotSignedIn
from store import accounts, answering, conversations
from store.answering import Answering
from store.models import Conversation, ConversationPage, StoredMessage

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["Answerer", "Answering", "NewSession", "Sessions"]

Answerer = Literal["agent", "person"]
RECEIPT = "receipt"  # what a program was told instead of a reply: no message to read


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

    def messages(self, caller: Caller, session_id: str, *, limit: int) -> list[StoredMessage]:
        """The last ``limit`` messages that people read, oldest first. Raises NotFound."""
        # Every receipt follows a message of the customer, so twice as many are enough.
        found = self._desk.messages(caller, session_id, limit=2 * limit)
        return [message for message in found if message.role != RECEIPT][-limit:]

    def answering(self, caller: Caller, session_id: str) -> Answering:
        """Who answers the conversation now. Raises NotFound as :meth:`get` does."""
        with self._desk.database.read() as tx:
            owned(tx, caller, session_id)
            return answering.of_conversation(tx, session_id) or Answering()

    def hand(
        self, caller: Caller, session_id: str, to: Answerer, *, source: Source = "page"
    ) -> None:
        """Say who answers the conversation from now on; nothing happens where that one does.

        Raises NotSignedIn for a guest who asks for a person, NotFound, NotAllowedNow for staff
        who ask for a person where no ticket runs.
        """
        if self.answering(caller, session_id).by == to and caller.user_id is not None:
            return
        name = "return_to_agent" if to == "agent" else "ask_person"
        self._desk.tool(caller, name, source=source, conversation_id=session_id)

    def ask_person(self, caller: Caller, session_id: str | None, text: str) -> str:
        """Hand a conversation (None: a new one) to a person with ``text`` as the matter.

        Returns its id. Raises NotSignedIn, NotFound, BadInput for a text too long.
        """
        chat = session_id or self.open(caller, {}).conversation.conversation_id
        self._desk.tool(caller, "ask_person", source="chat", conversation_id=chat, text=text)
        return chat

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
