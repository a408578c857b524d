"""What a photo is about: an order and one of its lines, a product, or nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from ui.format import plain, short, when

__all__ = ["About", "ask", "of_order", "product_names"]

_WAYS: Mapping[str, str] = {"order": "주문", "product": "상품", "none": "정하지 않음"}
FOUND = 8
ALL_LINES, ANY_OPTION = "전체 상품", "고르지 않음 (대표 사진과 견주기)"


@dataclass(frozen=True, slots=True)
class About:
    """What was chosen; ``owner_id`` is the order's customer."""

    order_id: str | None = None
    line_id: str | None = None
    product_id: str | None = None
    sku: str = ""
    owner_id: str | None = None

    def check(self, desk: Services, caller: Caller, image_id: str) -> str:
        """Have a stored photo judged with it; the report's id. Raises as ``Photos.check``."""
        return desk.photos.check(
            caller, image_id, order_id=self.order_id, line_id=self.line_id,
            product_id=self.product_id, sku=self.sku,
        ).report_id  # fmt: skip


def ask(desk: Services, caller: Caller) -> About | None:
    """The fields; None while something is still to be chosen."""
    way = st.segmented_control(
        "무엇에 대한 사진인가요?", list(_WAYS), default="order", required=True,
        key="defects-about", format_func=lambda name: _WAYS[name],
    )  # fmt: skip
    if way == "product":
        return _product(desk, caller)
    if way == "none":
        st.caption("견주어 볼 상품 사진이 없으면 판단이 약해지고, 신청 초안은 만들 수 없어요.")
        return About()
    return of_order(desk, caller)


def product_names(desk: Services, caller: Caller) -> dict[str, str]:
    """Every product's id and name, in order of the ids."""
    names: dict[str, str] = {}
    while True:
        found = desk.tool(caller, "list_products", limit=100, offset=len(names))
        names |= {one.product_id: one.name for one in found}
        if len(found) < 100:
            return names


def _product(desk: Services, caller: Caller) -> About | None:
    names = product_names(desk, caller)
    chosen = st.selectbox(
        "상품", list(names), index=None, key="defects-product",
        placeholder="상품 이름이나 번호로 찾아 주세요",
        format_func=lambda one: f"{names[one]} ({one})",
    )  # fmt: skip
    return About(product_id=chosen, sku=_option(desk, caller, chosen)) if chosen else None


def _option(desk: Services, caller: Caller, product_id: str) -> str:
    """The option that was sent: another colour's picture would differ all over. "" for none."""
    options = {
        one.sku: one.name for one in desk.tool(caller, "get_product", product_id=product_id).options
    }
    if len(options) < 2:
        return ""
    chosen: str = st.selectbox(
        "옵션", ["", *options], key=f"defects-option-{product_id}",
        format_func=lambda one: options.get(one, ANY_OPTION),
        help="색이나 모양이 다른 옵션은 그 옵션의 사진과 견주어요.",
    )  # fmt: skip
    return chosen


def of_order(desk: Services, caller: Caller) -> About | None:
    """An order and one of its lines; None while none is chosen."""
    text = st.text_input(
        "주문 찾기", key="defects-find", max_chars=100,
        placeholder="주문번호, 고객 이름, 상품 이름",
    )  # fmt: skip
    orders = _orders(desk, caller, text.strip())
    if text.strip() and len(orders) == 1:  # the one that was meant
        st.session_state["defects-order"] = next(iter(orders))
    order_id = st.selectbox(
        "주문", list(orders), index=None, key="defects-order",
        placeholder="주문을 골라 주세요" if orders else "찾은 주문이 없어요",
        format_func=lambda one: _label(orders[one]), disabled=not orders,
    )  # fmt: skip
    order = orders.get(order_id or "")
    if order is None:
        return None
    if len(order.lines) == 1:
        return About(order.order_id, order.lines[0].line_id, owner_id=order.user_id)
    names = {line.line_id: line for line in order.lines}
    line_id = st.selectbox(
        "상품", ["", *names], key=f"defects-line-{order.order_id}",
        format_func=lambda one: _line(names[one]) if one else ALL_LINES,
    )  # fmt: skip
    return About(order.order_id, line_id or None, owner_id=order.user_id)


def _orders(desk: Services, caller: Caller, text: str) -> dict[str, Any]:
    """The newest that match; without a text those that were delivered."""
    statuses = () if text else ("delivered",)
    try:
        found = desk.tool(caller, "list_orders", text=text, statuses=statuses, limit=FOUND).items
    except SangdamError:
        return {}
    return {one.order_id: one for one in found}


def _label(order: Any) -> str:
    return f"{order.recipient} · {short(order.title, 28)} · {when(order.created_at)} " \
           f"· {order.order_id}"  # fmt: skip


def _line(line: Any) -> str:
    return f"{plain(short(line.product_name, 40))} · {plain(line.option_name)}"
