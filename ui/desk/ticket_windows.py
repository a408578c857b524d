"""The one window over an open ticket; it stays until it is put away, whatever is drawn anew.

A colleague's or the customer's news may come at any time. The page waits with them while a
window is open: what is typed in it would be lost in a redraw.
"""

from __future__ import annotations

from typing import Literal

import streamlit as st

__all__ = ["close", "is_open", "open_window"]

Name = Literal["canned", "manage", "draft"]
_OPEN = "sangdam_desk_window"


def open_window(ticket_id: str, name: Name) -> None:
    """Show a window over a ticket from the next run on (a callback)."""
    st.session_state[_OPEN] = (ticket_id, name)


def close() -> None:
    """Show none any more (a callback)."""
    st.session_state.pop(_OPEN, None)


def is_open(ticket_id: str, name: Name | None = None) -> bool:
    """Whether that window, or any, is to be drawn over that ticket."""
    of, opened = st.session_state.get(_OPEN, ("", None))
    return bool(of == ticket_id and name in (None, opened))
