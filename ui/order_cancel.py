"""The cancel dialog of the order page: the whole order, or some pieces of it, with the quote."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import cards
from ui.claim_dialogs import pieces_label
from ui.dialogs import attempt, close_when_done, problem
from ui.format import plain, won

__all__ = ["ask"]

REASONS = ("change_of_mind", "wrong_option", "late_delivery", "other")


@st.dialog("주문 취소", width="small")
def ask(desk: Services, caller: Caller, order: Any, *, at_once: bool) -> None:
    """Ask what goes and why, show the refund, and cancel (``at_once``) or request it."""
    close_when_done()
    lines = [line for line in order.lines if line.free]
    pieces = _pieces(order, lines)
    whole = pieces == [(line.line_id, line.free) for line in lines]
    reason = st.selectbox(
        "취소 사유", REASONS, format_func=lambda code: words.REASON[code], key="cancel-reason"
    )
    quote = _quote(desk, caller, order, None if whole else pieces, reason) if pieces else None
    if not pieces:
        st.caption("취소할 상품을 골라 주세요.")
    elif quote is not None:
        _explain(desk, order, quote, at_once=at_once, whole=whole)
    problem()

    def work() -> None:
        desk.tool(
            caller, "cancel_order" if at_once else "request_cancel", order_id=order.order_id,
            lines=None if whole else pieces, reason_code=reason, version=order.version,
        )  # fmt: skip

    what = "주문" if whole else "고른 상품"
    st.button(
        f"{what} 취소하기" if at_once else "취소 요청하기", key="cancel-yes", type="primary",
        width="stretch", disabled=quote is None, on_click=attempt,
        args=(work, _done(quote or {}, at_once=at_once, what=what)),
    )  # fmt: skip


def _pieces(order: Any, lines: list[Any]) -> list[tuple[str, int]]:
    """(line id, quantity) of what is ticked; everything is, to begin with."""
    if len(lines) == 1 and lines[0].free == 1:
        only = lines[0]
        cards.thing(only.emoji, only.product_name, [f"주문번호 {plain(order.order_id)}"])
        return [(only.line_id, 1)]
    st.markdown("**취소할 상품**")
    found = []
    for line in lines:
        if not st.checkbox(pieces_label(line), key=f"cancel-{line.line_id}", value=True):
            continue
        count = 1
        if line.free > 1:
            choices = list(range(1, line.free + 1))
            count = st.selectbox(
                "수량", choices, index=len(choices) - 1, key=f"cancel-{line.line_id}-quantity",
                format_func=f"{line.free}개 중 {{}}개".format, label_visibility="collapsed",
            )  # fmt: skip
        found.append((line.line_id, count))
    return found


def _quote(
    desk: Services, caller: Caller, order: Any, lines: list[tuple[str, int]] | None, reason: str
) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = desk.tool(
            caller, "quote_cancel", order_id=order.order_id, lines=lines, reason_code=reason
        )
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        return None
    return found


def _explain(
    desk: Services, order: Any, quote: dict[str, Any], *, at_once: bool, whole: bool
) -> None:
    if order.paid_krw or not whole:
        with st.container(border=True):
            cards.bill(quote)
            if not order.paid_krw:
                left = desk.due_krw(order) - quote["due_drop_krw"]
                cards.price_row("입금하실 금액", won(left), strong=True)
    if quote.get("fee_krw"):
        st.caption(
            "남는 상품 금액이 무료배송 기준에 못 미쳐서 처음 배송비를 빼요. "
            "나머지까지 모두 취소하시면 그 배송비는 돌려드려요."
        )
    st.caption(_note(order, at_once=at_once, whole=whole))


def _note(order: Any, *, at_once: bool, whole: bool) -> str:
    if not at_once:
        return (
            "배송을 준비하고 있어서 먼저 확인이 필요해요. 이미 출발했다면 취소되지 않을 수 있어요."
        )
    if not whole:
        return "고른 상품만 취소하고 나머지는 그대로 보내 드려요. 취소하면 되돌릴 수 없어요."
    if not order.paid_krw:
        return "아직 결제 전이라 환불할 금액이 없어요. 취소하면 되돌릴 수 없어요."
    return "취소하면 바로 환불이 시작되고 되돌릴 수 없어요."


def _done(quote: dict[str, Any], *, at_once: bool, what: str) -> str:
    if not at_once:
        return "취소를 요청했어요. 확인되는 대로 알려 드릴게요."
    done = f"{what}을 취소했어요."  # 주문을, 상품을
    if quote.get("refund_krw"):
        done += f" {won(quote['refund_krw'])}을 {quote['method_label']}로 환불해 드려요."
    return done
