"""문서: every policy with its editions, and the way to the editor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from services import Services
from ui import url
from ui.format import count, plain, short, when
from ui.inspection import editor
from ui.inspection.names import AUDIENCE, DOC, HERE, NEW, STATE, full_day, open_document

__all__ = ["draw"]

_ORIGIN: Mapping[str, str] = {
    "shop": "기본 정책 파일",
    "written": "화면에서 씀",
    "collected": "가져옴",
}
_FILTERS: Mapping[str, str] = {
    "in_force": "시행 중",
    "coming": "시행 예정",
    "ended": "지난 판",
    "staff": "직원용",
    "mine": "직접 쓰거나 가져온 것",
    "all": "전체",
}
SHOWN = 40
_CUT = "sangdam_policies_shown"


def draw(desk: Services, caller: Caller) -> None:
    """The editor when an edition is in the address, else the list."""
    doc_id = st.query_params.get(DOC)
    if doc_id:
        editor.draw(desk, caller, "" if doc_id == NEW else doc_id[: url.MAX_CHARS])
        return
    text, chosen = _filters()
    listed = desk.policy_desk.listed(caller)
    found = [one for one in listed if _fits(one, text, chosen)]
    st.caption(f"{count(len(found), '개')} · 제목을 누르면 내용을 보고 새 판을 쓸 수 있어요.")
    if not found:
        with st.container(border=True, key="no-policies"):
            st.markdown("**여기에 해당하는 정책이 없어요**")
            st.caption("다른 조건을 고르거나 새 정책을 써 보세요.")
        return
    cut = int(st.session_state.get(_CUT, SHOWN))
    _rows(found[:cut])
    if len(found) > cut:
        st.button("더 보기", key="more-policies", icon=":material/expand_more:", width="stretch",
                  on_click=_more, args=(cut,))  # fmt: skip


def _filters() -> tuple[str, str]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "정책 찾기", key=url.take(HERE, "find", ""), type="search", icon=":material/search:",
            placeholder="제목, 분류, 출처로 찾기", label_visibility="collapsed", max_chars=80,
        )  # fmt: skip
        st.button("새 정책", key="new-policy", icon=":material/add:", type="primary",
                  on_click=open_document, args=(NEW,))  # fmt: skip
    chosen = st.pills(
        "정책 상태", list(_FILTERS), key=url.take(HERE, "state", "in_force", allowed=_FILTERS),
        required=True, format_func=lambda name: _FILTERS[name], label_visibility="collapsed",
    )  # fmt: skip
    return (
        url.give(HERE, "find", "", text).strip().casefold(),
        url.give(HERE, "state", "in_force", chosen),
    )


def _fits(one: Any, text: str, chosen: str) -> bool:
    document = one.document
    said = f"{document.title} {document.category} {document.source} {document.doc_id}".casefold()
    if text and text not in said:
        return False
    if chosen == "staff":
        return bool(document.audience == "staff" and one.state == "in_force")
    if chosen == "mine":
        return bool(one.origin != "shop")
    return chosen in ("all", one.state)


def _rows(found: Sequence[Any]) -> None:
    for first in range(0, len(found), 2):
        pair = found[first : first + 2]
        for column, one in zip(st.columns(2, gap="small"), pair, strict=False):
            with column:
                _row(one)


def _row(one: Any) -> None:
    document = one.document
    word, colour, icon = STATE[one.state]
    with st.container(border=True, key=f"policy-{document.doc_id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small",
                          key=f"clause-policy-{document.doc_id}"):  # fmt: skip
            st.button(
                f"**{plain(short(document.title, 60))}**", key=f"open-{document.doc_id}",
                type="tertiary", on_click=open_document, args=(document.doc_id,),
            )  # fmt: skip
            if one.state != "in_force":
                st.badge(word, icon=icon, color=colour)
            if document.audience == "staff":
                st.badge(AUDIENCE["staff"], icon=":material/lock:", color="orange")
        st.caption(
            f"{plain(document.category)} · 판 {document.version} · 조항 {one.sections}개 · "
            f"{days(document)}"
        )
        st.caption(where(one))


def days(document: Any) -> str:
    """From which day to which, in words."""
    begin, end = full_day(document.effective_from), full_day(document.effective_to)
    if begin and end:
        return f"{begin} ~ {end}"
    return f"{begin}부터" if begin else f"{end}까지" if end else "날짜 없음"


def where(one: Any) -> str:
    """Where an edition comes from, and when."""
    parts = [_ORIGIN[one.origin], plain(short(one.document.source, 60))]
    if one.at:
        parts.append(when(one.at))
    return " · ".join(part for part in parts if part)


def _more(cut: int) -> None:
    st.session_state[_CUT] = cut + SHOWN
