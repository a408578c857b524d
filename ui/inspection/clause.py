"""One clause in a dialog, between the clauses before and after it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from ui.clauses import dates
from ui.format import plain, prose, short
from ui.inspection.names import AUDIENCE, HERE, open_document

__all__ = ["button", "open_clause", "show_opened"]

_KEY = "sangdam_inspected_clause"


def button(chunk: Any, label: str, *, key: str) -> None:
    """A clause's heading that opens it; ``label`` is data."""
    with st.container(key=f"clause-{key}"):
        st.button(
            plain(label), key=f"{HERE}-{key}", type="tertiary",
            on_click=open_clause, args=(chunk.chunk_id,),
        )  # fmt: skip


def open_clause(chunk_id: str) -> None:
    """Open a clause on the next run (a callback)."""
    st.session_state[_KEY] = chunk_id


def show_opened(desk: Services, caller: Caller) -> None:
    """Draw the dialog when a clause was asked for; once, at the page's end."""
    chunk_id = st.session_state.pop(_KEY, None)
    if chunk_id is not None:
        _dialog(desk, caller, chunk_id)


@st.dialog("정책 조항", width="large", icon=":material/article:")
def _dialog(desk: Services, caller: Caller, chunk_id: str) -> None:
    try:
        before, chunk, after = desk.policy_desk.neighbours(caller, chunk_id)
    except SangdamError as error:
        st.info(error.message)
        st.caption("정책이 바뀌었을 수 있어요. 다시 검사해 보세요.")
        return
    st.caption(
        f"{plain(chunk.category)} › {plain(chunk.title)} · 판 {chunk.version} · "
        f"{AUDIENCE[chunk.audience]} · {dates(chunk.effective_from, chunk.effective_to)}"
    )
    _neighbour("앞 조항", before)
    with st.container(border=True, key="clause-itself", gap="small"):
        if chunk.section != chunk.title:
            st.markdown(f"**{plain(chunk.section)}**")
        st.markdown(prose(chunk.text))
        if chunk.asked:
            st.caption(f"이렇게도 물어요: {plain(short(' / '.join(chunk.asked), 240))}")
    _neighbour("뒤 조항", after)
    if st.button(
        "이 정책 열기", key="open-clause-document", icon=":material/edit_document:",
        on_click=open_document, args=(chunk.doc_id,),
    ):  # fmt: skip
        st.rerun()


def _neighbour(where: str, chunk: Any) -> None:
    if chunk is None:
        st.caption(f"{where} 없음")
        return
    with st.expander(f"{where}: {plain(chunk.section)}"):
        st.markdown(prose(chunk.text))
