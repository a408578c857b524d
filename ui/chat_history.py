"""Earlier chats in the sidebar, a new one, and deleting one after asking."""

from __future__ import annotations

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import session
from ui.chat_welcome import open_chat
from ui.format import plain, short, when

__all__ = ["headline", "show_delete", "sidebar"]

_DELETE = "sangdam_delete_chat"
SHOWN = 12


def headline() -> None:
    """The page's one line: what this is, and a fresh start; the welcome is its own title."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown("#### 상담 채팅", anchors=False, width="content")
        st.button("새 상담", key="new-chat", icon=":material/add:", on_click=new_chat)


def sidebar(desk: Services, caller: Caller, opened: str | None) -> None:
    """The caller's chats, last used first; a guest has none."""
    found = desk.conversations(caller, limit=SHOWN)
    if not found:
        return
    with st.sidebar.container(key="chats", gap="xxsmall"):
        st.caption("지난 상담")
        for chat in found:
            with st.container(horizontal=True, wrap=False, gap=None, vertical_alignment="center"):
                st.button(
                    plain(short(chat.title, 22)),
                    key=f"chat-{chat.conversation_id}",
                    help=when(chat.updated_at),
                    type="secondary" if chat.conversation_id == opened else "tertiary",
                    width="stretch",
                    on_click=open_chat,
                    args=(chat.conversation_id,),
                )
                st.button(
                    "", key=f"delete-{chat.conversation_id}", icon=":material/delete:",
                    type="tertiary", help=f"'{plain(short(chat.title, 22))}' 상담 지우기",
                    on_click=_ask_delete, args=(chat.conversation_id, chat.title),
                )  # fmt: skip


def new_chat() -> None:
    """Start a fresh chat (a callback); the old one stays in the list."""
    session.set_conversation_id(None)
    st.query_params.pop("c", None)


def show_delete(desk: Services, caller: Caller) -> None:
    """Draw the question when deleting was asked for; call it once, at the page's end."""
    asked = st.session_state.pop(_DELETE, None)
    if asked is not None:
        _confirm(desk, caller, *asked)


def _ask_delete(conversation_id: str, title: str) -> None:
    st.session_state[_DELETE] = (conversation_id, title)


@st.dialog("상담을 지울까요?", width="small")
def _confirm(desk: Services, caller: Caller, conversation_id: str, title: str) -> None:
    st.markdown(f"**{plain(short(title, 60))}**")
    st.write("나눈 대화와 사진이 모두 지워지고 되돌릴 수 없어요. 접수된 문의는 그대로 남아요.")

    def delete() -> None:
        try:
            desk.delete_conversation(caller, conversation_id)
        except SangdamError as error:
            session.set_notice(error.message)
            return
        if session.conversation_id() == conversation_id:
            new_chat()
        session.set_notice("상담을 지웠어요.")

    with st.container(horizontal=True, gap="small"):
        if st.button("지우기", key="delete-yes", type="primary", width="stretch", on_click=delete):
            st.rerun()
        if st.button("그대로 두기", key="delete-no", width="stretch"):
            st.rerun()
