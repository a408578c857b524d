"""What the views of this page share: its name in keys, words, and switching views."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import streamlit as st

from ui import url
from ui.format import day
from ui.states import Colour

__all__ = [
    "AUDIENCE", "DOC", "HERE", "LAST", "STATE", "full_day", "last_question", "open_document",
    "show_view",
    "take_view",
]  # fmt: skip

HERE = "inspection"
DOC = "doc"  # in the address: the edition that is open
LAST = "sangdam_inspected"  # the question that was inspected last
NEW = "new"
_NEXT = "sangdam_inspection_next"
AUDIENCE: Mapping[str, str] = {"public": "모두", "staff": "직원만"}
# State → word, colour, icon.
STATE: Mapping[str, tuple[str, Colour, str]] = {
    "in_force": ("시행 중", "green", ":material/check_circle:"),
    "coming": ("시행 예정", "blue", ":material/schedule:"),
    "ended": ("지난 판", "gray", ":material/history:"),
}


def show_view(view: str) -> None:
    """Open another view on the next run."""
    st.session_state[_NEXT] = view


def take_view() -> None:
    """Before the views' widget is drawn: what :func:`show_view` asked for."""
    if (view := st.session_state.pop(_NEXT, None)) is not None:
        url.reset(HERE, "view", view)


def open_document(doc_id: str | None) -> None:
    """Open an edition in the editor, or None the list, on the next run."""
    if doc_id is None:
        st.query_params.pop(DOC, None)
    else:
        st.query_params[DOC] = doc_id
    show_view("documents")


def last_question() -> str:
    """The question that was inspected last in this tab; "" for none."""
    return str(st.session_state.get(LAST, ""))


def full_day(value: date | None) -> str:
    """A day with its year: "2026년 11월 3일(화)"; "" for none."""
    if value is None:
        return ""
    text = day(value)
    return text if "년" in text else f"{value.year}년 {text}"
