"""The open ticket as tests drive it: writing, pressing, looking."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from agent.types import Caller
from store.models import Ticket

__all__ = ["OTHER", "choose", "keys", "place", "tap", "write", "written"]

OTHER = Caller("admin", "admin_001", "한관리")


def write(at: AppTest, ticket: Ticket, text: str, *, kind: str = "reply") -> AppTest:
    """Write an answer or a note (``kind``) without sending it."""
    at.text_area(key=f"{kind}-{ticket.ticket_id}").set_value(text)
    return at.run()


def written(at: AppTest, ticket: Ticket) -> str:
    """What stands in the answer's box."""
    return str(at.text_area(key=f"reply-{ticket.ticket_id}").value)


def tap(at: AppTest, key: str) -> AppTest:
    """Press a button."""
    at.button(key=key).click().run()
    assert not at.exception
    return at


def choose(at: AppTest, ticket: Ticket, tab: str) -> AppTest:
    """Turn to the answer or to the note."""
    at.session_state[f"desk-tab-{ticket.ticket_id}"] = tab
    return at.run()


def keys(at: AppTest) -> list[str]:
    """The buttons that are there."""
    return [str(button.key) for button in at.button]


def place(at: AppTest, ticket: Ticket) -> tuple[int, ...]:
    """Where the answer's box stands: an element that moves is drawn anew in the browser, and
    what was typed and not sent yet is gone.
    """
    key = f"reply-{ticket.ticket_id}"

    def _find(block: Any, path: tuple[int, ...]) -> tuple[int, ...] | None:
        for index, child in block.children.items():
            here = (*path, index)
            if getattr(child, "key", None) == key:
                return here
            if hasattr(child, "children") and (found := _find(child, here)):
                return found
        return None

    found = _find(at.main, ())
    assert found is not None
    return found
