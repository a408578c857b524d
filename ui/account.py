"""The account page's own things: default address, payment methods, another password."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import BadCredentials, BadInput
from services import Services
from ui import session
from ui.dialogs import attempt, close_when_done, forget_problem, problem
from ui.format import plain

__all__ = ["draw", "draw_password"]

_OPEN = "sangdam_address_dialog"
_FIELDS = ("road", "detail", "zip")
_PASSWORD_OPEN = "sangdam_password_dialog"
_PASSWORDS = ("password-now", "password-new", "password-again")


def draw(desk: Services, caller: Caller) -> None:
    """What a customer registered, and the dialog for another default address."""
    mine = desk.tool(caller, "get_customer")
    with st.container(border=True, key="sangdam-home"):
        st.markdown("**기본 배송지**")
        address = mine.address
        lines = [f"({address.zip})" if address.zip else "", address.road, address.detail]
        st.text(" ".join(line for line in lines if line) or "아직 등록하지 않았어요.")
        st.caption("다음 주문부터 쓰여요. 이미 주문하신 건의 배송지는 주문 내역에서 바꿔 주세요.")
        st.button("기본 배송지 변경", icon=":material/home_pin:", on_click=_ask, args=(mine,))
    with st.container(border=True, key="sangdam-methods"):
        st.markdown("**등록한 결제 수단**")
        for method in mine.payment_methods:
            st.text(words.method_text(method))
        if not mine.payment_methods:
            st.caption("아직 등록한 결제 수단이 없어요.")
    if st.session_state.pop(_OPEN, False):
        _change(desk, caller, mine)


def _ask(mine: Any) -> None:
    st.session_state[_OPEN] = True
    for name in _FIELDS:
        st.session_state[f"home-{name}"] = getattr(mine.address, name)
    forget_problem()


@st.dialog("기본 배송지 변경", width="small")
def _change(desk: Services, caller: Caller, mine: Any) -> None:
    close_when_done()
    st.caption(f"지금 기본 배송지: {plain(mine.address.road) or '없음'}")
    st.text_input(
        "도로명 주소", key="home-road", placeholder="서울 중구 세종대로 110", max_chars=200
    )
    st.text_input("상세 주소", key="home-detail", placeholder="101동 1203호", max_chars=100)
    st.text_input("우편번호 (선택)", key="home-zip", placeholder="04524", max_chars=5)
    problem()

    def work() -> None:
        # What was typed last may come with the very click: read it now, not when drawn.
        road, detail, zip_code = (
            str(st.session_state.get(f"home-{name}") or "") for name in _FIELDS
        )
        desk.tool(
            caller, "change_customer_address", road=road, detail=detail, zip_code=zip_code,
            shown_road=mine.address.road,
        )  # fmt: skip

    st.button(
        "이 주소로 바꾸기", key="home-yes", type="primary", width="stretch",
        on_click=attempt, args=(work, "기본 배송지를 바꿨어요."),
    )  # fmt: skip


def draw_password(desk: Services, caller: Caller) -> None:
    """The way to another password, and its dialog."""
    st.button("비밀번호 변경", icon=":material/key:", on_click=_ask_passwords)
    if st.session_state.pop(_PASSWORD_OPEN, False):
        _change_password(desk, caller)


def _ask_passwords() -> None:
    st.session_state[_PASSWORD_OPEN] = True
    for key in _PASSWORDS:
        st.session_state[key] = ""
    forget_problem()


@st.dialog("비밀번호 변경", width="small")
def _change_password(desk: Services, caller: Caller) -> None:
    close_when_done()
    now, new, again = _PASSWORDS
    st.text_input(
        "지금 비밀번호", key=now, type="password", max_chars=200, autocomplete="current-password"
    )
    st.text_input(
        "새 비밀번호", key=new, type="password", max_chars=200, autocomplete="new-password",
        placeholder="10자 이상, 한글 문장도 돼요",
    )  # fmt: skip
    st.text_input(
        "새 비밀번호 확인", key=again, type="password", max_chars=200, autocomplete="new-password"
    )
    st.caption("바꾸면 이 기기만 로그인된 채로 남고, 다른 기기에서는 모두 로그아웃돼요.")
    problem()

    def work() -> None:
        current, wanted, repeated = (str(st.session_state.get(key) or "") for key in _PASSWORDS)
        if wanted != repeated:
            raise BadInput("새 비밀번호 두 개가 서로 달라요. 똑같이 적어 주세요.")
        here = desk.accounts.session_of(session.session_id() or "")
        try:
            desk.accounts.change_password(caller, current, wanted, keep=here)
        except BadCredentials as error:
            raise BadInput(error.message) from error  # can be mended: stays in the dialog

    st.button(
        "비밀번호 바꾸기", key="password-yes", type="primary", width="stretch",
        on_click=attempt, args=(work, "비밀번호를 바꿨어요. 다른 기기에서는 모두 로그아웃했어요."),
    )  # fmt: skip
