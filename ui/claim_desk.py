"""The staff's claims: the queue by state, and one claim with what may be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import NotFound, SangdamError
from services import Services
from ui import cards, photo_report, states, url
from ui.dialogs import flash, show_flash
from ui.format import day, plain, short, when, won

__all__ = ["draw", "steps", "what"]

HERE = "claims"
SHOWN = 20
TODO = "todo"
ALL = "all"
RUNNING = ("requested", "approved", "collecting", "collected", "reshipping")
_FILTERS: Mapping[str, tuple[str, ...]] = {
    TODO: RUNNING,
    **{name: (name,) for name in (*RUNNING, "completed", "rejected", "withdrawn")},
    ALL: (),
}
_DO: Mapping[str, str] = {
    "approved": "승인",
    "rejected": "거절",
    "collecting": "수거 시작",
    "collected": "수거 완료",
    "reshipping": "재배송",
    "completed": "완료",
}
_BROKEN = ("defect", "damaged")  # goods that cannot be sold again
_CUT = "sangdam_claims_shown"


def draw(desk: Services, caller: Caller) -> None:
    """The queue; with a claim in the address that claim beside it."""
    st.markdown("#### 신청 처리", anchors=False)
    st.caption("고객이 신청한 취소·반품·교환을 살펴보고 승인하거나 거절해요.")
    show_flash()
    chosen = _filter()
    claim_id = st.query_params.get("claim")
    if not claim_id:
        _queue(desk, caller, chosen, columns=2)
        return
    # The claim comes first, so that a phone shows it above the queue.
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _claim(desk, caller, claim_id)
    with right:
        _queue(desk, caller, chosen, columns=1)


def _filter() -> str:
    looks = states.STATES["claim"]
    names = {TODO: "처리할 신청", ALL: "전체"}
    chosen = st.pills(
        "신청 상태", list(_FILTERS), key=url.take(HERE, "status", TODO, allowed=_FILTERS),
        required=True, label_visibility="collapsed",
        format_func=lambda name: names.get(name) or looks[name].word,
    )  # fmt: skip
    return url.give(HERE, "status", TODO, chosen)


def _queue(desk: Services, caller: Caller, chosen: str, *, columns: int) -> None:
    asked = st.session_state.get(_CUT)
    cut = asked[1] if asked and asked[0] == chosen else SHOWN
    found, more = _found(desk, caller, _FILTERS[chosen], cut)
    if not found:
        with st.container(border=True, key="no-claims"):
            st.markdown("**여기에 해당하는 신청이 없어요**")
            st.caption(
                "고객이 취소·반품·교환을 신청하면 여기에 나타나요." if chosen in (TODO, ALL)
                else "다른 상태를 골라 보세요."
            )  # fmt: skip
        return
    for row in range(0, len(found), columns):
        for place, item in zip(st.columns(columns), found[row : row + columns], strict=False):
            with place:
                _row(item)
    if more:
        st.button("더 보기", key="more-claims", icon=":material/expand_more:", width="stretch",
                  on_click=_show_more, args=(chosen, cut))  # fmt: skip


def _found(
    desk: Services, caller: Caller, statuses: tuple[str, ...], cut: int
) -> tuple[list[Any], bool]:
    """The newest ``cut`` claims, page by page, and whether there are more."""
    found: list[Any] = []
    cursor = None
    while len(found) < cut:
        page = desk.tool(caller, "claim_queue", statuses=statuses, limit=SHOWN, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found, cursor is not None


def _row(item: Any) -> None:
    claim = item.claim
    more = f" 외 {len(claim.lines) - 1}건" if len(claim.lines) > 1 else ""
    is_open = st.query_params.get("claim") == claim.claim_id
    with st.container(border=True, key=f"row-{claim.claim_id}", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            states.badge("claim", claim.status, prefix=f"{words.CLAIM_KIND[claim.kind]} ")
            st.caption(f"{when(claim.created_at)} 신청", width="content")
        st.markdown(f"**{plain(short(item.product_name, 40))}**{more}")
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.caption(
                f"{plain(item.customer_name)} · {words.REASON.get(claim.reason_code, '')}",
                width="content",
            )
            st.button(
                "보는 중" if is_open else "열기", key=f"open-{claim.claim_id}", disabled=is_open,
                on_click=_open, args=(claim.claim_id,),
            )  # fmt: skip


def _claim(desk: Services, caller: Caller, claim_id: str) -> None:
    try:
        claim = desk.tool(caller, "get_claim", claim_id=claim_id)
    except NotFound:
        with st.container(border=True, key="claim-missing"):
            st.markdown("**해당 신청을 찾을 수 없어요**")
            st.caption("목록에서 다시 골라 주세요.")
        return
    order = desk.tool(caller, "get_order", order_id=claim.order_id)
    with st.container(border=True, key="claim", gap="small"):
        _head(claim)
        _who(desk, caller, claim, order)
        what(desk, caller, claim, order)
        cards.bill(claim.quote)
        steps(desk, caller, claim)
    _history(desk, caller, claim_id)


def _head(claim: Any) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        states.badge("claim", claim.status, prefix=f"{words.CLAIM_KIND[claim.kind]} ")
        st.button("닫기", key="close-claim", icon=":material/close:", type="tertiary",
                  on_click=_close)  # fmt: skip
    st.caption(
        f"접수번호 {plain(claim.claim_id)} · {when(claim.created_at)} 신청 · 버전 {claim.version}"
    )


def _who(desk: Services, caller: Caller, claim: Any, order: Any) -> None:
    customer = desk.tool(caller, "get_customer", customer_id=claim.user_id)
    st.markdown(f"**{plain(customer.name)}** :gray[{plain(customer.email)}]")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        states.badge("order", order.status)
        st.page_link(
            "orders.py", label=f"주문 {order.order_id}", icon=":material/package_2:",
            query_params={"order": order.order_id},
        )  # fmt: skip


def what(desk: Services, caller: Caller, claim: Any, order: Any) -> None:
    """What is asked for and why, with the photos."""
    by_id = {line.line_id: line for line in order.lines}
    for part in claim.lines:
        line = by_id.get(part.line_id)
        if line is None:
            continue
        of = f"{line.quantity}개 중 " if part.quantity < line.quantity else ""
        notes = [f"{plain(line.option_name)} · {of}{part.quantity}개"]
        if part.new_sku:
            notes.append(f"보낼 옵션: {plain(_option(desk, caller, part.new_sku))}")
        cards.thing(line.emoji, line.product_name, notes)
    whose = "판매자 책임" if claim.fault == "seller" else "고객 사정"
    st.markdown(f"{words.REASON.get(claim.reason_code, '')} :gray[({whose})]")
    if claim.reason_text:
        st.text(claim.reason_text)
    if claim.noticed_on:
        st.caption(f"문제를 안 날: {day(claim.noticed_on)}")
    line_id = claim.lines[0].line_id if len(claim.lines) == 1 else None
    photo_report.several(
        desk, caller, claim.photos, key=claim.claim_id, order_id=claim.order_id, line_id=line_id
    )
    if claim.note:
        st.info(plain(claim.note), icon=":material/chat:")


def _option(desk: Services, caller: Caller, sku: str) -> str:
    try:
        return str(desk.tool(caller, "get_option", sku=sku).option.name)
    except NotFound:
        return sku


def steps(desk: Services, caller: Caller, claim: Any) -> None:
    """The state of the money and a button for each state that may follow."""
    refunds = desk.tool(caller, "refund_state", order_id=claim.order_id)
    refund = next((one for one in refunds if one.claim_id == claim.claim_id), None)
    if refund is not None and refund.status == "paid":
        st.success(
            f"{day(refund.paid_on)}에 {won(refund.amount_krw)}을 환불했어요.",
            icon=":material/currency_exchange:",
        )
    elif refund is not None and refund.due:
        late = f" · 지연이자 {won(refund.interest_krw)}" if refund.interest_krw else ""
        st.warning(f"{day(refund.due)}까지 환불해 주세요{late}", icon=":material/hourglass_bottom:")
    following = desk.next_states(claim)
    if not following:
        return
    note = f"claim-note-{claim.claim_id}-{claim.version}"
    needed = " (거절하려면 이유를 적어 주세요)" if "rejected" in following else ""
    st.text_area(f"고객에게 보이는 안내{needed}", key=note, max_chars=500, height=80)
    if "completed" in following:
        st.markdown(f":material/info: {_effect(claim, refund)}")
    with st.container(horizontal=True, gap="small", key=f"claim-steps-{claim.claim_id}"):
        for to in following:
            st.button(
                _DO[to], key=f"to-{to}-{claim.claim_id}",
                type="secondary" if to == "rejected" else "primary",
                on_click=_advance, args=(desk, caller, claim, to, note),
            )  # fmt: skip


def _effect(claim: Any, refund: Any) -> str:
    """What completing does: "완료하면: 17,000원 환불 · 신한카드 · 재고 1개 복귀"."""
    parts = []
    if claim.refund_krw:
        parts.append(f"**{won(claim.refund_krw)} 환불** · {plain(claim.quote['method_label'])}")
    if refund is not None and refund.interest_krw:
        parts.append(f"지연이자 {won(refund.interest_krw)}")
    if claim.kind == "exchange":
        parts.append("주문 상품을 새 옵션으로 변경")
    pieces = sum(line.quantity for line in claim.lines)
    broken = claim.kind != "cancel" and claim.reason_code in _BROKEN
    parts.append("재고로 되돌리지 않음" if broken else f"재고 {pieces}개 복귀")
    return f"완료하면: {' · '.join(parts)}"


def _advance(desk: Services, caller: Caller, claim: Any, to: str, note: str) -> None:
    """Move the claim as it was shown; a refusal or a change meanwhile is said on the page."""
    text = str(st.session_state.get(note) or "")
    try:
        desk.tool(
            caller, "advance_claim", claim_id=claim.claim_id, to=to, note=text,
            version=claim.version,
        )  # fmt: skip
    except SangdamError as error:
        flash("refused", error.message)
    else:
        done = f"{words.CLAIM_KIND[claim.kind]} 신청의 상태를 바꿨어요: {words.CLAIM_STATUS[to]}"
        flash("done", done)


def _history(desk: Services, caller: Caller, claim_id: str) -> None:
    found = desk.tool(caller, "list_audit", object_type="claim", object_id=claim_id)
    with st.container(border=True, key="claim-history", gap="small"):
        st.markdown("**처리 기록**")
        for row in found.items:
            who = plain(row.entry.actor_name or "시스템")
            st.markdown(f"{plain(row.action_ko)} · {who} :small[:gray[{when(row.entry.at)}]]")
            changed = [f"{c.field_ko}: {c.before_ko} → {c.after_ko}" for c in row.changes]
            if changed:
                st.caption(plain(short(", ".join(changed), 160)))


def _open(claim_id: str) -> None:
    st.query_params["claim"] = claim_id


def _close() -> None:
    st.query_params.pop("claim", None)


def _show_more(chosen: str, cut: int) -> None:
    st.session_state[_CUT] = (chosen, cut + SHOWN)
