"""Talking to the desk in tests: one turn in, its events and message out."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.types import Caller, ErrorEvent, Event, Message
from services import Services


@dataclass
class Talk:
    """A conversation of one caller with one shop."""

    shop: Services
    caller: Caller
    session_id: str | None = None
    events: list[Event] = field(default_factory=list)

    def say(
        self, text: str, *, confirm: str | None = None, images: tuple[str, ...] = ()
    ) -> Message:
        """One turn; fails the test when it ends in an error."""
        self.events = list(
            self.shop.run_turn(
                self.caller, text, session_id=self.session_id, confirm=confirm, image_ids=images
            )
        )
        errors = [event for event in self.events if isinstance(event, ErrorEvent)]
        assert not errors, errors
        message = next(event for event in self.events if isinstance(event, Message))
        self.session_id = message.session_id
        return message

    def confirm(self, message: Message) -> Message:
        """Press the confirm button of ``message``."""
        assert message.pending_action is not None, message.content
        return self.say("", confirm=message.pending_action.action_id)
