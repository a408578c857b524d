"""What a customer may do with an order, as buttons; cancel, address and option dialogs.

Every dialog shows exactly what will happen and what it costs, runs the same tools as the
chat with the version that was shown, and leaves the redrawn page a sentence.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import cards, claim_dialogs
from ui.dialogs import attempt, close_when_done, forget_problem, problem
from ui.format import plain, won

__all__ = ["buttons", "show"]

_OPEN = "sangdam_order_dialog"
# Tracking and refunds need no button: the page shows them. Withdrawing is beside its claim.
_ICONS = {
    "cancel": "cancel",
    "request_cancel": "cancel",
    "change_address": "home_pin",
    "change_option": "tune",
    "return": "assignment_return",
    "exchange": "swap_horiz",
}
CANCEL_REASONS = ("change_of_mind", "wrong_option", "late_delivery", "other")


def buttons(desk: Services, caller: Caller, order: Any) -> None:
    """One button for each thing the shop's rules allow now."""
    for name in desk.allowed_actions(order):
        if name in _ICONS:
            st.button(
                words.ACTION[name], key=f"act-{name}", icon=f":material/{_ICONS[name]}:",
                on_click=_ask, args=(name,),
            )  # fmt: skip


def show(desk: Services, caller: Caller, order: Any) -> None:
    """Draw the dialog that was asked for; call it once, at the page's end."""
    name = st.session_state.pop(_OPEN, None)
    if name in ("cancel", "request_cancel"):
        _cancel(desk, caller, order, name)
    elif name == "change_address":
        _address(desk, caller, order)
    elif name == "change_option":
        _option(desk, caller, order)
    elif name in ("return", "exchange"):
        claim_dialogs.new_claim(desk, caller, order, name)
    else:
        claim_dialogs.show_withdraw(desk, caller, order)


def _ask(name: str) -> None:
    st.session_state[_OPEN] = name
    forget_problem()


@st.dialog("주문 취소", width="small")
def _cancel(desk: Services, caller: Caller, order: Any, name: str) -> None:
    close_when_done()
    at_once = name == "cancel"
    try:
        quote = desk.tool(caller, "quote_cancel", order_id=order.order_id)
    except SangdamError as error:
        st.warning(error.message)
        return
    first = order.lines[0]
    cards.thing(first.emoji, order.title, [f"주문번호 {plain(order.order_id)}"])
    reason = st.selectbox(
        "취소 사유", CANCEL_REASONS, format_func=lambda code: words.REASON[code],
        key="cancel-reason",
    )  # fmt: skip
    if order.paid_krw:
        with st.container(border=True):
            cards.bill(quote)
    st.caption(_cancel_note(order, at_once))
    problem()

    def work() -> None:
        desk.tool(
            caller, "cancel_order" if at_once else "request_cancel", order_id=order.order_id,
            reason_code=reason, version=order.version,
        )  # fmt: skip

    refund = quote["refund_krw"]
    done = "주문을 취소했어요." if at_once else "취소를 요청했어요. 확인되는 대로 알려 드릴게요."
    if at_once and refund:
        done += f" {won(refund)}을 {quote['method_label']}로 환불해 드려요."
    st.button(
        "주문 취소하기" if at_once else "취소 요청하기", key="cancel-yes", type="primary",
        width="stretch", on_click=attempt, args=(work, done),
    )  # fmt: skip


def _cancel_note(order: Any, at_once: bool) -> str:
    if not at_once:
        return (
            "배송을 준비하고 있어서 먼저 확인이 필요해요. 이미 출발했다면 취소되지 않을 수 있어요."
        )
    if not order.paid_krw:
        return "아직 결제 전이라 환불할 금액이 없어요. 취소하면 되돌릴 수 없어요."
    return "취소하면 바로 환불이 시작되고 되돌릴 수 없어요."


@st.dialog("배송지 변경", width="small")
def _address(desk: Services, caller: Caller, order: Any) -> None:
    close_when_done()
    st.caption(f"지금 배송지: {plain(order.road)} {plain(order.detail)}")
    st.text_input("도로명 주소", key="road", placeholder="서울 중구 세종대로 110", max_chars=200)
    st.text_input("상세 주소", key="detail", placeholder="101동 1203호", max_chars=100)
    st.text_input("우편번호 (선택)", key="zip", placeholder="04524", max_chars=5)
    problem()

    def work() -> None:
        # What was typed last may come with the very click: read it now, not when drawn.
        typed = {name: str(st.session_state.get(name) or "") for name in ("road", "detail", "zip")}
        desk.tool(
            caller, "change_address", order_id=order.order_id, road=typed["road"],
            detail=typed["detail"], zip_code=typed["zip"], version=order.version,
        )  # fmt: skip

    st.button(
        "이 주소로 바꾸기", key="address-yes", type="primary", width="stretch",
        on_click=attempt, args=(work, "배송지를 바꿨어요."),
    )  # fmt: skip


@st.dialog("옵션 변경", width="small")
def _option(desk: Services, caller: Caller, order: Any) -> None:
    close_when_done()
    by_id = {line.line_id: line for line in order.lines}
    line = by_id[
        st.selectbox(
            "상품", list(by_id), key="option-line",
            format_func=lambda i: f"{by_id[i].product_name} ({by_id[i].option_name})",
        )
    ]  # fmt: skip
    choices = claim_dialogs.options_of(desk, caller, line.product_id)
    others = [option for option in choices if option.sku != line.sku]
    if not others:
        st.info("바꿀 수 있는 다른 옵션이 없어요.")
        return
    wanted = st.radio(
        "바꿀 옵션", others, key=f"option-{line.line_id}", format_func=claim_dialogs.option_label
    )
    st.caption("가격이 같고 재고가 있는 옵션으로 바로 바꿔 드려요.")
    problem()

    def work() -> None:
        desk.tool(
            caller, "change_option", order_id=order.order_id, line_id=line.line_id,
            sku=wanted.sku if wanted else "", version=order.version,
        )  # fmt: skip

    st.button(
        "이 옵션으로 바꾸기", key="option-yes", type="primary", width="stretch",
        on_click=attempt, args=(work, "옵션을 바꿨어요."),
    )  # fmt: skip
