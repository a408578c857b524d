"""Cards: the shop's objects as plain values a page, a route or a terminal can draw."""

from __future__ import annotations

from collections.abc import Sequence

from agent.shop import words
from agent.shop.claims import allowed_actions
from agent.tools.photos import PhotoReport
from agent.turn import Turn
from agent.types import Card, CardAction
from store.models import Claim, Order, Product, Ticket
from vision.phrases import kind_of
from vision.types import Report

__all__ = [
    "choice_card", "claim_card", "order_card", "photo_card", "product_card", "ticket_card",
]  # fmt: skip

# What pressing a button on an order card says for the customer.
_ORDER_MESSAGES = {
    "cancel": ("주문 취소", "{id} 주문 취소할게요"),
    "request_cancel": ("취소 요청", "{id} 주문 취소 요청할게요"),
    "change_address": ("배송지 변경", "{id} 주문 배송지 변경할게요"),
    "change_option": ("옵션 변경", "{id} 주문 옵션 변경할게요"),
    "change_payment": ("결제 수단 변경", "{id} 주문 결제 수단 변경할게요"),
    "track": ("배송 조회", "{id} 주문 배송 조회해 주세요"),
    "return": ("반품 신청", "{id} 주문 반품할게요"),
    "exchange": ("교환 신청", "{id} 주문 교환할게요"),
    "refund_status": ("환불 확인", "{id} 주문 환불 언제 들어와요?"),
    "withdraw": ("신청 철회", "{id} 주문 신청 철회할게요"),
}


def order_card(turn: Turn, order: Order, *, actions: Sequence[CardAction] | None = None) -> Card:
    """An order; without ``actions`` it offers what the customer may do with it now."""
    if turn.caller.user_id is None:
        actions = ()  # a guest may look only
    elif actions is None:
        allowed = allowed_actions(order, now=turn.now, rules=turn.rules)
        actions = [
            CardAction(_ORDER_MESSAGES[name][0], _ORDER_MESSAGES[name][1].format(id=order.order_id))
            for name in allowed
        ]
    shipment = order.shipment
    data = {
        "order_id": order.order_id,
        "status": order.status,
        "status_ko": words.ORDER_STATUS[order.status],
        "created_at": order.created_at,
        "title": order.title,
        "emoji": order.lines[0].emoji if order.lines else "📦",
        "total_krw": order.total_krw,
        "delivered_at": order.delivered_at,
        "carrier": shipment.carrier if shipment else None,
        "tracking_no": shipment.tracking_no if shipment else None,
        "lines": [
            {
                "line_id": line.line_id,
                "name": line.product_name,
                "option": line.option_name,
                "quantity": line.quantity,
                "amount_krw": line.amount_krw,
                "claim": [line.claim_kind, line.claim_status] if line.claim_status else None,
            }
            for line in order.lines
        ],
    }
    return Card("order", order.order_id, order.title, data, tuple(actions))


def product_card(product: Product, why: str = "") -> Card:
    """A product with its options; ``why`` says in a few words why it is shown."""
    data = {
        "product_id": product.product_id,
        "name": product.name,
        "emoji": product.emoji,
        "category": product.category,
        "price_krw": product.price_krw,
        "in_stock": product.in_stock,
        "why": why,
        "rating": product.reviews.average if product.reviews else None,
        "reviews": product.reviews.count if product.reviews else 0,
        "options": [
            {"name": o.name, "stock": o.stock, "extra_krw": o.extra_krw} for o in product.options
        ],
    }
    return Card("product", product.product_id, product.name, data)


def claim_card(claim: Claim, title: str) -> Card:
    """A claim with where it stands."""
    data = {
        "claim_id": claim.claim_id,
        "order_id": claim.order_id,
        "kind": claim.kind,
        "kind_ko": words.CLAIM_KIND[claim.kind],
        "status": claim.status,
        "status_ko": words.CLAIM_STATUS[claim.status],
        "reason": words.REASON.get(claim.reason_code, ""),
        "refund_krw": claim.refund_krw,
        "created_at": claim.created_at,
        "title": title,
    }
    actions = []
    if claim.status in ("requested", "approved"):
        actions = [CardAction("신청 철회", f"{claim.order_id} 주문 신청 철회할게요")]
    return Card("claim", claim.claim_id, title, data, tuple(actions))


def ticket_card(ticket: Ticket) -> Card:
    """A ticket with where it stands."""
    data = {
        "ticket_id": ticket.ticket_id,
        "subject": ticket.subject,
        "status": ticket.status,
        "status_ko": words.TICKET_STATUS[ticket.status],
        "issue_type": ticket.issue_type,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }
    return Card("ticket", ticket.ticket_id, ticket.subject, data)


def photo_card(kept: PhotoReport, title: str) -> Card:
    """What was found on a photo; ``title`` names the product it should show.

    A finding's ``box`` is (x1, y1, x2, y2) in fractions of the upright picture, confidences and
    the score are 0 to 1.
    """
    from vision.wire import VERDICTS

    report, stored = kept.report, kept.stored
    data = {
        "report_id": kept.report_id,
        "image_id": kept.image_id,
        "order_id": stored.order_id,
        "line_id": stored.line_id,
        "product_id": stored.product_id,
        "sku": stored.sku,
        "verdict": report.verdict,
        "verdict_ko": VERDICTS[report.verdict],
        "score": report.score,
        "reasons": list(report.reasons),
        "advice": list(report.quality.advice),
        "findings": [
            {
                "label": one.label,
                "label_ko": kind_of(one),
                "confidence": one.confidence,
                "box": list(one.box),
                "judges": list(one.judges),
            }
            for one in report.findings
        ],
        "judges": _judges(report),
        "model": report.model,
        "has_reference": any(
            one.judge == "reference" and one.state != "absent" for one in report.opinions
        ),
        "width_px": report.width_px,
        "height_px": report.height_px,
    }
    return Card("photo_report", kept.report_id, title or "보내 주신 사진", data)


def _judges(report: Report) -> list[dict[str, str]]:
    """Each judge that looked: its name, its state, what it weighed, and its model."""
    from vision.wire import report_json

    names = ("judge", "judge_ko", "state", "share_ko", "model")
    rows = report_json(report)["judges"]
    return [{name: str(row[name]) for name in names} for row in rows if row["state"] != "absent"]


def choice_card(title: str, *actions: tuple[str, str]) -> Card:
    """Buttons; each is (label, the message it sends)."""
    return Card("choice", "", title, {}, tuple(CardAction(*action) for action in actions))
