"""The order page's list: filters kept in the URL, cards, more on demand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from agent.types import Caller, Card, CardAction
from services import Services
from ui import cards, session, url
from ui.format import local
from ui.states import STATES

__all__ = ["ask_about", "back_to_list", "card_of", "draw", "wants_chat"]

HERE = "orders"
PAGE = 8
ALL = "all"
PERIODS: Mapping[str, tuple[str, int | None]] = {
    "week": ("1주", 7),
    "month": ("1개월", 31),
    "quarter": ("3개월", 92),
    ALL: ("전체", None),
}
_SHOWN = "sangdam_orders_shown"
_GO_CHAT = "sangdam_go_chat"
DETAIL = CardAction("상세 보기", "detail")
ASK = CardAction("상담하기", "ask")


def draw(desk: Services, caller: Caller) -> None:
    """Filters and the caller's orders, newest first."""
    st.markdown("#### 주문 내역", anchors=False)
    st.caption("주문을 눌러 배송을 보고, 취소·반품·교환을 신청할 수 있어요.")
    status, period, text = _filters()
    filters = (status, period, text)
    shown = _shown(filters)
    days = PERIODS[period][1]
    since = (datetime.now(UTC) - timedelta(days=days)).astimezone() if days else None
    found, more = _first(
        desk,
        caller,
        shown,
        statuses=() if status == ALL else (status,),
        since=local(since.isoformat()).date() if since else None,
        text=text.strip(),
    )
    if not found:
        _empty(caller, filtered=filters != (ALL, ALL, ""))
        return
    _grid(found)
    if more:
        st.button(
            "더 보기", key="more-orders", icon=":material/expand_more:", width="stretch",
            on_click=_show_more, args=(filters, shown),
        )  # fmt: skip


def _first(desk: Services, caller: Caller, count: int, **filters: Any) -> tuple[list[Any], bool]:
    """The first ``count`` of the caller's orders, and whether there are more."""
    found: list[Any] = []
    cursor = None
    while len(found) < count:
        page = desk.tool(
            caller, "list_orders", customer_id=caller.user_id, limit=count - len(found),
            cursor=cursor, **filters,
        )  # fmt: skip
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found, cursor is not None


def card_of(order: Any) -> Card:
    """An order as the card the chat shows as well."""
    lines = [
        {
            "name": line.product_name,
            "option": line.option_name,
            "quantity": line.quantity,
            "amount_krw": line.amount_krw,
            "claim": [line.claim_kind, line.claim_status] if line.claim_status else None,
        }
        for line in order.lines
    ]
    data = {
        "order_id": order.order_id,
        "status": order.status,
        "created_at": order.created_at,
        "emoji": order.lines[0].emoji if order.lines else "📦",
        "total_krw": order.total_krw,
        "delivered_at": order.delivered_at,
        "lines": lines,
    }
    return Card("order", order.order_id, order.title, data, (DETAIL, ASK))


def ask_about(order_id: str) -> None:
    """Take a question about an order to a fresh chat (a callback leaves it for the page)."""
    session.set_conversation_id(None)
    session.set_prefill(f"{order_id} 주문 문의할게요")
    st.session_state[_GO_CHAT] = True


def back_to_list() -> None:
    """Leave the detail for the list; its filters are still in the URL (a callback)."""
    st.query_params.pop("order", None)


def wants_chat() -> bool:
    """Whether a button asked for the chat (a callback cannot change the page itself)."""
    return bool(st.session_state.pop(_GO_CHAT, False))


def _filters() -> tuple[str, str, str]:
    states = STATES["order"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filters"):
        text = st.text_input(
            "주문 검색", key=url.take(HERE, "q", ""), placeholder="상품 이름이나 주문번호",
            label_visibility="collapsed", icon=":material/search:", type="search", width=300,
        )  # fmt: skip
        period = st.segmented_control(
            "기간", list(PERIODS), key=url.take(HERE, "period", ALL, allowed=PERIODS),
            required=True, format_func=lambda name: PERIODS[name][0],
            label_visibility="collapsed",
        )  # fmt: skip
    status = st.pills(
        "주문 상태", [ALL, *states], key=url.take(HERE, "status", ALL, allowed=states),
        required=True, label_visibility="collapsed",
        format_func=lambda name: "전체" if name == ALL else states[name].word,
    )  # fmt: skip
    return (
        url.give(HERE, "status", ALL, status),
        url.give(HERE, "period", ALL, period),
        url.give(HERE, "q", "", text),
    )


def _shown(filters: tuple[str, str, str]) -> int:
    asked = st.session_state.get(_SHOWN)
    return asked[1] if asked and asked[0] == filters else PAGE


def _show_more(filters: tuple[str, str, str], shown: int) -> None:
    st.session_state[_SHOWN] = (filters, shown + PAGE)


def _grid(found: list[Any]) -> None:
    for row in range(0, len(found), 2):
        pair = found[row : row + 2]
        for place, order in zip(st.columns(2), pair, strict=False):
            with place:
                one = card_of(order)

                def press(action: CardAction, order_id: str = order.order_id) -> None:
                    if action is ASK or action.message == ASK.message:
                        ask_about(order_id)
                    else:
                        st.query_params["order"] = order_id

                cards.card(one, key=order.order_id, press=press, fill=True)


def _empty(caller: Caller, *, filtered: bool) -> None:
    with st.container(border=True, key="no-orders"):
        if filtered:
            st.markdown("**조건에 맞는 주문이 없어요**")
            st.caption("기간이나 상태를 넓혀 보세요. 주문번호는 앞부분만 적어도 찾을 수 있어요.")
            st.button("조건 지우기", key="clear-filters", on_click=_clear)
        elif caller.is_staff:
            st.markdown("**내 이름으로 한 주문이 없어요**")
            st.caption("고객의 주문은 주문번호로 바로 열 수 있어요.")
            st.text_input(
                "주문번호", key="staff-order", placeholder="20261103-0000042", on_change=_open_typed
            )
        else:
            st.markdown("**아직 주문이 없어요**")
            st.caption("주문하시면 배송과 환불 상태를 여기서 한눈에 볼 수 있어요.")


def _clear() -> None:
    for name, value in (("q", ""), ("period", ALL), ("status", ALL)):
        url.reset(HERE, name, value)


def _open_typed() -> None:
    typed = str(st.session_state.get("staff-order", "")).strip()
    if typed:
        st.query_params["order"] = typed
