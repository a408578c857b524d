"""The first screen of a chat: a greeting, what one can ask, the chat one came from."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from agent.types import Caller
from services import Services
from services.hours import DeskHours
from ui import chat_person, session
from ui.format import plain, short, when

__all__ = ["GUEST_ASKS", "MEMBER_ASKS", "welcome"]

# (what the button says, its icon): pressing one sends it.
MEMBER_ASKS = (
    ("배송 어디쯤 왔어요?", "local_shipping"),
    ("지난주에 산 거 취소하고 싶어요", "undo"),
    ("반품이나 교환하고 싶어요", "swap_horiz"),
    ("환불 언제 들어와요?", "payments"),
    ("배송지를 바꾸고 싶어요", "home_pin"),
)
GUEST_ASKS = (
    ("반품은 며칠 안에 할 수 있어요?", "event_available"),
    ("반품 배송비는 누가 내요?", "payments"),
    ("배송은 얼마나 걸려요?", "local_shipping"),
    ("무선 이어폰 추천해 주세요", "headphones"),
)


def welcome(desk: Services, caller: Caller, send: Callable[[str], None], hours: DeskHours) -> None:
    """Greet, let a customer choose who answers, and offer what people ask most."""
    guest = caller.user_id is None
    with st.container(key="welcome", gap="small"):
        name = f"{plain(caller.name)}님, " if caller.name else ""
        st.markdown(f"### {name}무엇을 도와드릴까요?", anchors=False)
        st.caption(
            "배송, 취소, 반품, 환불까지 여기서 물어보고 바로 처리하세요."
            if not guest
            else "정책과 상품은 바로 답해 드려요. 주문을 보거나 상담원을 찾으시면 로그인해 주세요."
        )
        if not guest and chat_person.choice(hours) == chat_person.PERSON:
            st.info(
                "아래에 무슨 일인지 적어 주시면 바로 상담원에게 전할게요. 주문번호나 사진을 "
                "함께 보내시면 더 빨리 도와드릴 수 있어요.", icon=":material/support_agent:",
            )  # fmt: skip
            return
        asks = GUEST_ASKS if guest else MEMBER_ASKS
        with st.container(horizontal=True, gap="small", key="suggestions"):
            for number, (text, icon) in enumerate(asks):
                st.button(
                    text, key=f"ask-{number}", icon=f":material/{icon}:", on_click=send,
                    args=(text,),
                )  # fmt: skip
        if guest:
            st.page_link("signin.py", label="로그인하기", icon=":material/login:")
        else:
            _last(desk, caller)


def _last(desk: Services, caller: Caller) -> None:
    recent = desk.conversations(caller, limit=1)
    if not recent:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="last-chat"):
        with st.container(gap="xxsmall"):
            st.caption(f"지난 상담 · {when(recent[0].updated_at)}")
            st.markdown(plain(short(recent[0].title, 44)))
        st.button(
            "이어서 보기", key="open-last", on_click=open_chat, args=(recent[0].conversation_id,)
        )


def open_chat(conversation_id: str) -> None:
    """Open an earlier chat (a callback)."""
    session.set_conversation_id(conversation_id)
    st.query_params["c"] = conversation_id
