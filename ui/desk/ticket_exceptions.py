"""Exceptions at a claim, and a claim filed for the customer; each says what it will cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import cards
from ui.claim_dialogs import REASONS, options_of
from ui.desk import ticket_save
from ui.desk.ticket_save import Deed
from ui.dialogs import flash
from ui.format import plain, short, won

__all__ = ["new_claim", "override"]

FAULT: Mapping[str, str] = {"buyer": "고객 사정", "seller": "판매자 책임"}
WAIVED = "배송비 면제"  # as the quote says it; a test compares the two
KINDS = ("return", "exchange")


def override(desk: Services, caller: Caller, claim: Any) -> None:
    """Another fault or no fee, with the new sum before it is saved."""
    key = f"override-{claim.claim_id}-{claim.version}"
    with st.expander("예외 적용", icon=":material/rule_settings:", key=f"{key}-open"):
        left, right = st.columns(2, vertical_alignment="bottom")
        with left:
            fault = claim.fault
            if claim.kind != "cancel":
                fault = st.selectbox(
                    "책임", list(FAULT), key=f"{key}-fault", format_func=lambda one: FAULT[one],
                    index=list(FAULT).index(claim.fault),
                )  # fmt: skip
        with right:
            waived = st.checkbox("배송비를 받지 않기", key=f"{key}-waive",
                                 value=claim.quote.get("fee_label") == WAIVED)  # fmt: skip
        given = {"claim_id": claim.claim_id, "fault": fault, "waive_fee": waived}
        _difference(desk, caller, claim, given)
        st.text_input(
            "예외를 적용하는 이유", key=f"{key}-reason", max_chars=300,
            placeholder="예: 택배사 과실로 파손된 것을 확인함",
            help="감사 기록에 남아요. 고객에게는 바뀐 금액만 보여요.",
        )  # fmt: skip
        st.button("예외 적용하기", key=f"{key}-save", on_click=_override,
                  args=(desk, caller, claim, given, f"{key}-reason"))  # fmt: skip


def _difference(desk: Services, caller: Caller, claim: Any, given: dict[str, Any]) -> None:
    try:
        shown = desk.tool(caller, "quote_override", **given)
    except SangdamError as error:
        st.caption(plain(error.message))
        return
    pairs = [("환불 금액", claim.quote.get("refund_krw"), shown["refund_krw"]),
             ("고객이 낼 배송비", claim.quote.get("fee_krw"), shown["fee_krw"]),
             ("고객이 더 낼 금액", claim.quote.get("to_pay_krw"), shown["to_pay_krw"])]  # fmt: skip
    changed = [
        f"{name} {won(was or 0)} → **{won(now)}**" for name, was, now in pairs if (was or 0) != now
    ]
    st.markdown(" · ".join(changed) or ":gray[지금과 금액이 같아요.]")


def _override(
    desk: Services, caller: Caller, claim: Any, given: dict[str, Any], reason: str
) -> None:
    """Save the exception as it was shown (a callback); a refusal keeps what was typed."""
    try:
        saved = desk.tool(
            caller, "override_claim", **given, version=claim.version,
            reason=str(st.session_state.get(reason) or ""),
        )  # fmt: skip
    except SangdamError as error:
        flash("refused", error.message)
    else:
        flash("done", f"예외를 적용했어요. 환불 금액은 {won(saved.refund_krw)}이에요.")


# ── a claim for the customer ─────────────────────────────────────────────────────────────


def new_claim(desk: Services, caller: Caller, order: Any, base: Any) -> None:
    """File a return or an exchange for the customer, beyond the rules with a reason.

    The ticket ``base`` is about it from then on, unless it is about a claim already.
    """
    lines = [line for line in order.lines if line.free > 0]
    if order.status != "delivered" or not lines:
        return
    key = f"new-claim-{order.order_id}-{order.version}"
    with st.expander(
        "고객 대신 반품·교환 신청하기", icon=":material/add_circle:", key=f"{key}-open"
    ):
        chosen = st.selectbox(
            "상품", lines, key=f"{key}-line",
            format_func=lambda one: short(f"{one.product_name} · {one.option_name}", 60),
        )  # fmt: skip
        left, right = st.columns(2)
        with left:
            kind = st.selectbox("종류", KINDS, key=f"{key}-kind",
                                format_func=lambda one: words.CLAIM_KIND[one])  # fmt: skip
            pieces = st.number_input("수량", 1, chosen.free, key=f"{key}-pieces")
        with right:
            why = st.selectbox("사유", REASONS, key=f"{key}-why",
                               format_func=lambda one: words.REASON[one])  # fmt: skip
            sku = _option(desk, caller, chosen, key) if kind == "exchange" else None
        given = {
            "order_id": order.order_id, "kind": kind, "reason_code": why,
            "lines": [(chosen.line_id, int(pieces), sku)],
        }  # fmt: skip
        exception = _rules(desk, caller, given)
        reason = f"{key}-reason"
        if exception:
            st.text_input("그래도 접수하는 이유", key=reason, max_chars=300,
                          help="감사 기록에 남아요.")  # fmt: skip
        st.button(
            "예외로 접수하기" if exception else "접수하기", key=f"{key}-save", on_click=_file,
            args=(desk, caller, order, base, given, reason if exception else ""),
        )  # fmt: skip


def _option(desk: Services, caller: Caller, line: Any, key: str) -> str | None:
    options = [one for one in options_of(desk, caller, line.product_id) if one.stock > 0]
    if not options:
        st.caption("교환해 드릴 옵션의 재고가 없어요.")
        return None
    found = st.selectbox("새 옵션", options, key=f"{key}-sku",
                         format_func=lambda one: str(one.name))  # fmt: skip
    return str(found.sku)


def _rules(desk: Services, caller: Caller, given: dict[str, Any]) -> bool:
    """What the rules say of it: the sum, or why they refuse (True)."""
    try:
        shown = desk.tool(caller, "quote_claim", **given)
    except SangdamError as error:
        st.warning(plain(error.message), icon=":material/gavel:")
        return True
    cards.bill(shown)
    return False


def _file(
    desk: Services, caller: Caller, order: Any, base: Any, given: dict[str, Any], reason: str
) -> None:
    """File it as it was shown (a callback)."""
    more: dict[str, Any] = {"version": order.version}
    if reason:
        more["reason"] = str(st.session_state.get(reason) or "")
    tool = "open_claim" if reason else "create_claim"
    try:
        claim = desk.tool(caller, tool, **given, **more)
    except SangdamError as error:
        flash("refused", error.message)
    else:
        done = f"{words.CLAIM_KIND[claim.kind]} 신청({claim.claim_id})을 접수했어요."
        flash("done", done)
        if base.claim_id is None and base.status != "closed":
            about = {"order_id": order.order_id, "claim_id": claim.claim_id}
            tie = Deed("edit_ticket", "이 문의에 신청을 연결했어요.", arguments=about)
            ticket_save.save(desk, caller, base, tie)
