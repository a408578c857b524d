"""What a customer may do with an order, as buttons; address, option and payment dialogs.

Every dialog shows exactly what will happen and what it costs, runs the same tools as the
chat with the version that was shown, and leaves the redrawn page a sentence.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from services import Services
from ui import claim_dialogs, order_cancel
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
    "change_payment": "credit_card",
    "return": "assignment_return",
    "exchange": "swap_horiz",
}


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
        order_cancel.ask(desk, caller, order, at_once=name == "cancel")
    elif name == "change_address":
        _address(desk, caller, order)
    elif name == "change_option":
        _option(desk, caller, order)
    elif name == "change_payment":
        _payment(desk, caller, order)
    elif name in ("return", "exchange"):
        claim_dialogs.new_claim(desk, caller, order, name)
    else:
        claim_dialogs.show_withdraw(desk, caller, order)


def _ask(name: str) -> None:
    st.session_state[_OPEN] = name
    forget_problem()


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
    by_id = {line.line_id: line for line in order.lines if line.free == line.quantity}
    if not by_id:
        st.info("일부를 취소한 상품은 옵션을 바꿀 수 없어요.")
        return
    line = by_id[
        st.selectbox(
            "상품", list(by_id), key="option-line",
            format_func=lambda i: f"{by_id[i].product_name} ({by_id[i].option_name})",
        )
    ]  # fmt: skip
    choices = claim_dialogs.options_of(desk, caller, line.product_id)
    dearer = claim_dialogs.other_price(desk, choices, line.sku) if order.paid_krw else set()
    others = [option for option in choices if option.sku not in {line.sku, *dearer}]
    if dearer:
        names = [claim_dialogs.option_label(o) for o in choices if o.sku in dearer]
        st.caption(f"가격이 달라요: {plain(', '.join(names))}. 취소하고 다시 주문해 주세요.")
    if not others:
        st.info("바꿀 수 있는 다른 옵션이 없어요.")
        return
    wanted = st.radio(
        "바꿀 옵션", others, key=f"option-{line.line_id}", format_func=claim_dialogs.option_label
    )
    st.caption("재고가 있는 옵션으로 바로 바꿔 드려요.")
    problem()

    def work() -> None:
        desk.tool(
            caller, "change_options", order_id=order.order_id,
            changes=[(line.line_id, wanted.sku if wanted else "")], version=order.version,
        )  # fmt: skip

    st.button(
        "이 옵션으로 바꾸기", key="option-yes", type="primary", width="stretch",
        on_click=attempt, args=(work, "옵션을 바꿨어요."),
    )  # fmt: skip


@st.dialog("결제 수단 변경", width="small")
def _payment(desk: Services, caller: Caller, order: Any) -> None:
    close_when_done()
    paid = order.payments[0]
    st.caption(f"지금 결제 수단: {plain(paid.label)} · {won(paid.amount_krw)}")
    methods = desk.tool(caller, "list_payment_methods", customer_id=order.user_id)
    others = [
        method
        for method in methods
        if method.kind != "bank_transfer" and method.label != paid.label
    ]
    if not others:
        st.info("등록된 다른 결제 수단이 없어요.", icon=":material/info:")
        return
    wanted = st.radio("바꿀 결제 수단", others, key="payment-method", format_func=_method_label)
    st.caption(
        f"{won(paid.amount_krw)}을 새로 결제하고, 먼저 결제하신 금액은 바로 돌려드려요. "
        "카드 취소는 카드사에 따라 며칠 뒤에 보일 수 있어요."
    )
    problem()

    def work() -> None:
        desk.tool(
            caller, "change_payment", order_id=order.order_id, version=order.version,
            method_id=wanted.method_id if wanted else "",
        )  # fmt: skip

    st.button(
        "이 수단으로 바꾸기", key="payment-yes", type="primary", width="stretch",
        on_click=attempt, args=(work, "결제 수단을 바꿨어요."),
    )  # fmt: skip


def _method_label(method: Any) -> str:
    balance = "" if method.balance_krw is None else f" · 잔액 {won(method.balance_krw)}"
    return f"{plain(method.label)}{balance}"
