"""The rows of a proposed return or exchange: what goes back, what comes instead, the money."""

from __future__ import annotations

from typing import Any

from agent.flows.pieces import Piece
from agent.korean import krw
from agent.shop.words import REASON
from agent.turn import Turn
from store.models import Product

__all__ = ["claim_rows"]


def claim_rows(
    turn: Turn,
    pieces: list[Piece],
    known: dict[str, Any],
    quote: dict[str, Any],
    skus: list[str | None],
) -> list[tuple[str, str]]:
    """(label, value) pairs; ``skus`` are what is sent instead of each piece, or None."""
    rows = []
    for (line, count), sku in zip(pieces, skus, strict=True):
        of = f"{line.free}개 중 " if count < line.free else ""
        rows.append(("상품", f"{line.product_name} ({line.option_name}) {of}{count}개"))
        if sku:
            product: Product = turn.call("get_product", product_id=line.product_id)
            name = next(option.name for option in product.options if option.sku == sku)
            rows.append(("보내 드릴 옵션", name))
    rows.append(("사유", REASON[known["reason"]]))
    rows += _exchange_rows(quote) if known["kind"] == "exchange" else _return_rows(turn, quote)
    if known["photos"]:
        rows.append(("사진", f"{len(known['photos'])}장"))
    return rows


def _exchange_rows(quote: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("배송비", krw(quote["fee_krw"]) if quote["fee_krw"] else quote["fee_label"])]
    if quote["difference_krw"]:
        rows.append(("옵션 가격 차이", krw(quote["difference_krw"])))
    if quote["to_pay_krw"]:
        rows.append(("내실 금액", krw(quote["to_pay_krw"])))
    if quote["refund_krw"]:
        rows.append(("환불 금액", krw(quote["refund_krw"])))
    return rows


def _return_rows(turn: Turn, quote: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("상품 금액", krw(quote["goods_krw"]))]
    if quote["coupon_krw"]:
        rows.append(("쿠폰 할인분", f"-{krw(quote['coupon_krw'])}"))
    if quote["shipping_krw"]:
        rows.append(("처음 배송비", krw(quote["shipping_krw"])))
    fee = f"-{krw(quote['fee_krw'])}" if quote["fee_krw"] else quote["fee_label"]
    rows.append((quote["fee_label"] if quote["fee_krw"] else "반품 배송비", fee))
    rows.append(("환불 금액", krw(quote["refund_krw"])))
    if quote["to_pay_krw"]:
        rows.append(("내실 금액", krw(quote["to_pay_krw"])))
    if quote["refund_krw"]:
        rows.append(("환불 수단", quote["method_label"]))
        days = turn.rules.refund_business_days
        rows.append(("환불 시점", f"상품이 도착하면 {days}영업일 안에"))
    return rows
