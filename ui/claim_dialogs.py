"""Return, exchange and withdrawal dialogs of the order page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import cards
from ui.dialogs import attempt, close_when_done, problem
from ui.format import plain, won

__all__ = ["ask_withdraw", "new_claim", "option_label", "options_of", "show_withdraw"]

_WITHDRAW = "sangdam_withdraw"
REASONS = (
    "change_of_mind",
    "wrong_option",
    "defect",
    "damaged",
    "wrong_item",
    "missing_item",
    "not_as_described",
    "other",
)
# A claim that ended so leaves the line free for another one.
_FREE = (None, "rejected", "withdrawn")


def options_of(desk: Services, caller: Caller, product_id: str) -> list[Any]:
    """A product's options; none when it is no longer sold."""
    try:
        return list(desk.tool(caller, "get_product", product_id=product_id).options)
    except SangdamError:
        return []


def option_label(option: Any) -> str:
    """An option with its extra price, and whether it is sold out."""
    extra = f" (+{won(option.extra_krw)})" if option.extra_krw else ""
    return f"{option.name}{extra}" + ("" if option.stock > 0 else " · 품절")


def ask_withdraw(claim_id: str) -> None:
    """Open the withdrawal's question on the next run (a callback)."""
    st.session_state[_WITHDRAW] = claim_id


def show_withdraw(desk: Services, caller: Caller, order: Any) -> None:
    """Draw that question when it was asked for."""
    claim_id = st.session_state.pop(_WITHDRAW, None)
    claim = next((one for one in order.claims if one.claim_id == claim_id), None)
    if claim is not None:
        _withdraw(desk, caller, claim)


def new_claim(desk: Services, caller: Caller, order: Any, kind: str) -> None:
    """The dialog of a return or an exchange."""
    (_return if kind == "return" else _exchange)(desk, caller, order, kind)


@st.dialog("반품 신청", width="medium")
def _return(desk: Services, caller: Caller, order: Any, kind: str) -> None:
    _form(desk, caller, order, kind)


@st.dialog("교환 신청", width="medium")
def _exchange(desk: Services, caller: Caller, order: Any, kind: str) -> None:
    _form(desk, caller, order, kind)


@st.dialog("신청을 철회할까요?", width="small")
def _withdraw(desk: Services, caller: Caller, claim: Any) -> None:
    close_when_done()
    word = words.CLAIM_KIND[claim.kind]
    st.write(f"{word} 신청을 거두고 주문을 그대로 유지해요. 기간 안이면 다시 신청할 수 있어요.")
    problem()

    def work() -> None:
        desk.tool(caller, "withdraw_claim", claim_id=claim.claim_id, version=claim.version)

    st.button(
        "신청 철회하기", key="withdraw-yes", type="primary", width="stretch",
        on_click=attempt, args=(work, f"{word} 신청을 철회했어요."),
    )  # fmt: skip


def _form(desk: Services, caller: Caller, order: Any, kind: str) -> None:
    close_when_done()
    reason = st.selectbox(
        "사유", REASONS, format_func=lambda code: words.REASON[code], key=f"{kind}-reason"
    )
    st.markdown("**상품**")
    free = [line for line in order.lines if line.claim_status in _FREE]
    picked = [_pick(desk, caller, line, kind, alone=len(free) == 1) for line in free]
    lines = [line for line in picked if line is not None]
    st.text_area(
        "자세한 내용 (선택)", key=f"{kind}-note", max_chars=500, height=80,
        placeholder="어떤 점이 문제였는지 적어 주시면 더 빨리 처리돼요.",
    )  # fmt: skip
    quote = _quote(desk, caller, order, kind, lines, reason)
    problem()

    def work() -> None:
        # The note may come with the very click: read it now, not when drawn.
        note = str(st.session_state.get(f"{kind}-note") or "")
        desk.tool(
            caller, "create_claim", order_id=order.order_id, kind=kind, lines=lines,
            reason_code=reason, reason_text=note.strip(), version=order.version,
        )  # fmt: skip

    word = words.CLAIM_KIND[kind]
    st.button(
        f"{word} 신청하기", key=f"{kind}-yes", type="primary", width="stretch",
        disabled=quote is None, on_click=attempt,
        args=(work, f"{word} 신청을 접수했어요. 진행 상황을 여기서 볼 수 있어요."),
    )  # fmt: skip


def _pick(
    desk: Services, caller: Caller, line: Any, kind: str, *, alone: bool
) -> tuple[str, int, str | None] | None:
    """One line of the form: taken or not, how many, and for an exchange the new option."""
    key = f"{kind}-{line.line_id}"
    label = f"{plain(line.product_name)} · {plain(line.option_name)}"
    if not st.checkbox(label, key=key, value=alone):
        return None
    quantity = 1
    if line.quantity > 1:
        choices = list(range(1, line.quantity + 1))
        quantity = st.selectbox("수량", choices, index=len(choices) - 1, key=f"{key}-quantity")
    if kind == "return":
        return line.line_id, quantity, None
    options = options_of(desk, caller, line.product_id)
    wanted = st.selectbox(
        "받으실 옵션", options, index=None, key=f"{key}-option", format_func=option_label,
        placeholder="옵션을 골라 주세요",
    )  # fmt: skip
    return line.line_id, quantity, wanted.sku if wanted else None


def _quote(
    desk: Services,
    caller: Caller,
    order: Any,
    kind: str,
    lines: list[tuple[str, int, str | None]],
    reason: str,
) -> dict[str, Any] | None:
    """Show what it pays back or costs; None while it cannot be asked for."""
    if not lines:
        st.caption("신청할 상품을 골라 주세요.")
        return None
    if kind == "exchange" and any(sku is None for _, _, sku in lines):
        st.caption("받으실 옵션을 고르면 비용을 알려 드릴게요.")
        return None
    try:
        found: dict[str, Any] = desk.tool(
            caller, "quote_claim", order_id=order.order_id, kind=kind, lines=lines,
            reason_code=reason,
        )  # fmt: skip
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        return None
    with st.container(border=True):
        cards.bill(found)
    return found
