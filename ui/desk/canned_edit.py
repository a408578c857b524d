"""The window where staff add, change and remove canned replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import Services
from services.canned import VARIABLES, fill
from ui.desk import ticket_windows
from ui.format import plain

__all__ = ["show"]

NEW = ""
ANY = ""
_SAID = "sangdam_canned_said"
_CHOSEN = "canned-chosen"
_GENERATION = "sangdam_canned_generation"


def show(desk: Services, caller: Caller, ticket: Any) -> None:
    """Draw the window while it is open; call it once, at a page's end."""
    if ticket_windows.is_open(ticket.ticket_id, "manage"):
        _window(desk, caller, ticket)


@st.dialog(
    "자주 쓰는 답변 관리", width="medium", icon=":material/quickreply:",
    on_dismiss=ticket_windows.close,
)  # fmt: skip
def _window(desk: Services, caller: Caller, ticket: Any) -> None:
    found = {one.reply_id: one for one in desk.tool(caller, "list_canned_replies")}
    if said := st.session_state.pop(_SAID, None):
        (st.success if said[0] == "done" else st.warning)(plain(said[1]))
    if st.session_state.get(_CHOSEN, NEW) not in found:
        st.session_state[_CHOSEN] = NEW
    chosen = st.selectbox(
        "문구 고르기", [NEW, *found], key=_CHOSEN,
        format_func=lambda one: "새로 만들기" if one == NEW else found[one].title,
    )  # fmt: skip
    _editor(desk, caller, ticket, found.get(chosen))
    st.divider()
    st.button(
        "기본 문구 되돌리기", key="canned-restore", icon=":material/restart_alt:", type="tertiary",
        help="처음부터 있던 문구만 원래대로 돌려요. 직접 만든 문구는 그대로예요.",
        on_click=_try, args=(lambda: _restored(desk, caller),),
    )  # fmt: skip


def _editor(desk: Services, caller: Caller, ticket: Any, one: Any) -> None:
    # Another reply, another version of it or a saved new one begins with its own text.
    begun = (one.reply_id, one.version) if one else ("new", st.session_state.get(_GENERATION, 0))
    key = f"canned-{begun[0]}-{begun[1]}"
    st.text_input("제목", value=one.title if one else "", key=f"{key}-title", max_chars=40)
    kinds = [ANY, *words.ISSUE_TYPE]
    st.selectbox(
        "어떤 문의에 먼저 보일까요", kinds, key=f"{key}-kind",
        index=kinds.index(one.issue_type) if one else 0,
        format_func=lambda name: words.ISSUE_TYPE.get(name, "모든 문의"),
    )  # fmt: skip
    text = st.text_area(
        "내용", value=one.text if one else "", key=f"{key}-text", height=150, max_chars=2000
    )
    with st.expander("쓸 수 있는 변수"):
        for name, meaning in VARIABLES.items():
            st.markdown(f"`{{{name}}}` {plain(meaning)}")
        st.caption("{상품명:을/를}처럼 적으면 알맞은 조사가 붙어요.")
    _preview(desk, caller, ticket, text)
    with st.container(horizontal=True, gap="small"):
        st.button("저장", key="canned-save", type="primary", on_click=_try,
                  args=(lambda: _saved(desk, caller, key, one),))  # fmt: skip
        if one:
            st.button("지우기", key="canned-delete", icon=":material/delete:", on_click=_try,
                      args=(lambda: _deleted(desk, caller, one),))  # fmt: skip


def _preview(desk: Services, caller: Caller, ticket: Any, text: str) -> None:
    """The text as it would go into the open ticket's answer."""
    if not text.strip():
        return
    filled = fill(desk, caller, text, ticket)
    with st.container(border=True, key="canned-preview", gap="xsmall"):
        st.caption("지금 열린 문의에 넣으면 이렇게 보여요")
        st.text(filled.text)
        if filled.missing:
            st.caption(f":orange[이 문의에서는 못 채워요: {plain(', '.join(filled.missing))}]")


def _saved(desk: Services, caller: Caller, key: str, one: Any) -> str:
    """Save what the fields hold now: the last letters may have come with the click itself."""
    given: dict[str, Any] = {
        name: str(st.session_state.get(f"{key}-{field}") or "")
        for name, field in (("title", "title"), ("text", "text"), ("issue_type", "kind"))
    }
    saved = desk.tool(
        caller, "save_canned_reply", **given, reply_id=one.reply_id if one else None,
        version=one.version if one else 0,
    )  # fmt: skip
    st.session_state[_GENERATION] = st.session_state.get(_GENERATION, 0) + 1
    st.session_state[_CHOSEN] = saved.reply_id
    return "문구를 저장했어요."


def _deleted(desk: Services, caller: Caller, one: Any) -> str:
    desk.tool(caller, "delete_canned_reply", reply_id=one.reply_id, version=one.version)
    st.session_state[_CHOSEN] = NEW
    return "문구를 지웠어요."


def _restored(desk: Services, caller: Caller) -> str:
    number = desk.tool(caller, "restore_canned_replies")
    return f"문구 {number}개를 원래대로 돌렸어요." if number else "바뀐 기본 문구가 없어요."


def _try(work: Callable[[], str]) -> None:
    """Do it and say how it went; what was written stays in the window (a callback)."""
    try:
        st.session_state[_SAID] = ("done", work())
    except SangdamError as error:
        st.session_state[_SAID] = ("refused", error.message)
