"""How a dialog makes a change: errors one can mend stay in it, the rest is said on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from errors import BadInput, SangdamError

__all__ = ["attempt", "close_when_done", "flash", "forget_problem", "problem", "show_flash"]

_FLASH = "sangdam_flash"
_PROBLEM = "sangdam_dialog_problem"
_CLOSE = "sangdam_dialog_close"


def flash(kind: Literal["done", "refused"], text: str) -> None:
    """Leave a sentence for the redrawn page."""
    st.session_state[_FLASH] = (kind, text)


def show_flash(*, toast: bool = False) -> None:
    """Show the sentence left behind, once; ``toast``: over the page too, for one far down."""
    found = st.session_state.pop(_FLASH, None)
    if found is None:
        return
    kind, text = found
    if toast:
        looks = "check_circle" if kind == "done" else "info"
        st.toast(text, icon=f":material/{looks}:", duration="long")
    if kind == "done":
        st.success(text, icon=":material/check_circle:")
    else:
        st.warning(text, icon=":material/info:")


def attempt(work: Callable[[], Any], done: str) -> None:
    """Run a change from a dialog's button (a callback).

    What the rules refuse, or what changed meanwhile, closes the dialog and is said on the
    redrawn page; what the customer can mend stays in the dialog (:func:`problem`). A second
    click on the same button finds the first one's end and does nothing.
    """
    if st.session_state.get(_CLOSE):
        return
    forget_problem()
    try:
        work()
    except BadInput as error:
        st.session_state[_PROBLEM] = error.message
    except SangdamError as error:
        flash("refused", error.message)
        st.session_state[_CLOSE] = True
    else:
        flash("done", done)
        st.session_state[_CLOSE] = True


def close_when_done() -> None:
    """First line of a dialog: after a change the page is drawn again without it."""
    if st.session_state.pop(_CLOSE, None):
        st.rerun()


def problem() -> None:
    """Say what the customer can still mend."""
    if text := st.session_state.pop(_PROBLEM, None):
        st.warning(text, icon=":material/info:")


def forget_problem() -> None:
    """A dialog opens or tries again with nothing wrong yet."""
    st.session_state.pop(_PROBLEM, None)
