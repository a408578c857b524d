"""The account page's own things: the default address, and the registered payment methods."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from services import Services
from ui.dialogs import attempt, close_when_done, forget_problem, problem, show_flash
from ui.format import plain

__all__ = ["draw"]

_OPEN = "sangdam_address_dialog"
_FIELDS = ("road", "detail", "zip")


def draw(desk: Services, caller: Caller) -> None:
    """What a customer registered, and the dialog for another default address."""
    mine = desk.tool(caller, "get_customer")
    show_flash()
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
