"""Policy clauses: small chips under a reply, and the clause itself in a dialog."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from ui.format import day, plain, prose, short

__all__ = ["chips", "dates", "open_clause", "show_opened"]

_KEY = "sangdam_open_clause"


def chips(citations: Sequence[dict[str, Any]], *, key: str) -> None:
    """One small button a source; the same clause cited twice is shown once."""
    seen = {citation["chunk_id"]: citation for citation in citations}
    titles = [citation["title"] for citation in seen.values()]
    with st.container(horizontal=True, gap="xsmall", key=f"sources-{key}"):
        for number, (chunk_id, citation) in enumerate(seen.items()):
            st.button(
                f":small[{plain(short(_name(citation, titles), 22))}]",
                key=f"source-{key}-{number}",
                icon=":material/article:",
                help=plain(citation["section"]),
                on_click=open_clause,
                args=(chunk_id,),
            )


def _name(citation: dict[str, Any], titles: list[str]) -> str:
    """The document's title; its section where two clauses of one document are cited."""
    return str(citation["section" if titles.count(citation["title"]) > 1 else "title"])


def open_clause(chunk_id: str) -> None:
    """Open a clause on this page's next run (a callback)."""
    st.session_state[_KEY] = chunk_id


def show_opened(desk: Services, caller: Caller) -> bool:
    """Draw the dialog when a clause was asked for (True); call it once, at a page's end."""
    chunk_id = st.session_state.pop(_KEY, None)
    if chunk_id is not None:
        _dialog(desk, caller, chunk_id)
    return chunk_id is not None


def dates(begin: date | None, end: date | None) -> str:
    """When a clause is in force, in words."""
    if begin and end:
        return f"{_full(begin)}부터 {_full(end)}까지 시행"
    if begin:
        return f"{_full(begin)}부터 시행 중"
    return f"{_full(end)}까지 시행" if end else "시행 중"


def _full(value: date) -> str:
    text = day(value)
    return text if "년" in text else f"{value.year}년 {text}"


@st.dialog("정책 조항", width="medium", icon=":material/article:")
def _dialog(desk: Services, caller: Caller, chunk_id: str) -> None:
    try:
        clause = desk.clause(caller, chunk_id)
    except SangdamError as error:
        st.info(error.message)
        st.caption("정책이 바뀌었을 수 있어요. 정책 검색에서 지금 조항을 찾아보세요.")
        return
    st.caption(f"{plain(clause.category)} › {plain(clause.title)}")
    if clause.section != clause.title:
        st.markdown(f"**{plain(clause.section)}**")
    st.markdown(prose(clause.text))
    st.caption(dates(clause.effective_from, clause.effective_to))
