"""Conversations: what customers asked the desk about their own orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from store.database import Row, dump
from store.models import Order, Shipment, from_text, to_text
from store.seed.catalogue import TicketText
from store.seed.shop import Shop

__all__ = ["SCRIPTS", "ChatBook", "build"]

# The agent has the same words, but the store does not know the agent.
_STATUS = {
    "pending_payment": "입금대기", "paid": "결제완료", "preparing": "배송준비중",
    "shipped": "배송중", "delivered": "배송완료", "cancelled": "취소완료",
}  # fmt: skip
_CLAIM_STATUS = {
    "requested": "신청", "approved": "승인", "collecting": "수거 중", "collected": "수거 완료",
    "reshipping": "재배송", "completed": "완료", "rejected": "거절",
}  # fmt: skip
Script = Callable[[Order], list[str]]
HANDED_OFF = TicketText(
    "delivery",
    "배송중으로 바뀐 뒤로 배송 조회가 그대로예요. 언제쯤 받을 수 있을까요?",
    "",
)


@dataclass(slots=True)
class ChatBook:
    """Rows of ``conversations`` and ``messages``; ``handed_off`` is where a ticket came from."""

    conversations: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    handed_off: tuple[str, datetime, TicketText] = ("", datetime.min, HANDED_OFF)


def _won(amount_krw: int) -> str:
    """An amount as people read it: 12,900원."""
    return f"{amount_krw:,}원"


def build(shop: Shop, orders: Sequence[Order]) -> ChatBook:
    """18 conversations of ordinary customers, three of user_001, one of user_002."""
    random = shop.random("chats")
    book = ChatBook()
    strangers = [o for o in orders if o.user_id not in ("user_001", "user_002")]
    for status, intent, script, count in SCRIPTS:
        fitting = [o for o in strangers if status in (o.status, _claim_of(o))]
        for order in random.sample(fitting, min(count, len(fitting))):
            _enter(shop, random, book, order, intent, script(order))
    _demo(shop, random, book, orders)
    book.conversations.sort(key=lambda row: (row["created_at"], row["conversation_id"]))
    book.messages.sort(key=lambda row: row["created_at"])
    return book


def _demo(shop: Shop, random: Random, book: ChatBook, orders: Sequence[Order]) -> None:
    minji = [order for order in orders if order.user_id == "user_001"]
    jihun = [order for order in orders if order.user_id == "user_002"]
    parcel = next(order for order in minji if order.status == "shipped")
    returned = next(order for order in minji if _claim_of(order) == "requested")
    old = next(order for order in minji if order.status == "cancelled")
    _enter(shop, random, book, returned, "return_exchange", _return(returned))
    _enter(shop, random, book, old, "refund_status", _refund(old))
    _enter(shop, random, book, jihun[-1], "order_status", _status(jihun[-1]))
    at = shop.at(1, 15, 10)
    lines = [HANDED_OFF.text, *_delivery(parcel)[1:], "상담원 연결해 주세요.", _HANDOFF]
    book.handed_off = (_enter(shop, random, book, parcel, "handoff", lines, at), at, HANDED_OFF)


_HANDOFF = "상담원에게 내용을 전달했어요. 남겨 주신 문의는 '내 문의'에서 볼 수 있어요."


def _enter(
    shop: Shop, random: Random, book: ChatBook, order: Order, intent: str,
    lines: Sequence[str], at: datetime | None = None,
) -> str:  # fmt: skip
    """Write a chat: the lines in turn by customer and desk. Returns its id."""
    changed = from_text(max([order.updated_at, *(c.updated_at for c in order.claims)]))
    latest = shop.end - timedelta(minutes=40)
    start = at or min(changed + timedelta(minutes=random.randrange(20, 900)), latest)
    chat_id = f"conv_{random.getrandbits(64):016x}"
    moments = [start + timedelta(seconds=35 * n + (2 if n % 2 else 0)) for n in range(len(lines))]
    for number, (text, moment) in enumerate(zip(lines, moments, strict=True)):
        customer = number % 2 == 0
        book.messages.append(
            {
                "message_id": f"msg_{random.getrandbits(64):016x}",
                "conversation_id": chat_id,
                "turn_id": None,
                "role": "user" if customer else "assistant",
                "content": text,
                "payload": dump({} if customer else {"intent": intent}),
                "created_at": to_text(moment),
            }
        )
    book.conversations.append(
        {
            "conversation_id": chat_id, "user_id": order.user_id, "guest_hash": None,
            "title": lines[0][:30], "context": "{}", "context_at": None,
            "created_at": to_text(start), "updated_at": to_text(moments[-1]),
        }
    )  # fmt: skip
    return chat_id


def _claim_of(order: Order) -> str:
    return order.claims[0].status if order.claims and order.status != "cancelled" else ""


def _status(order: Order) -> list[str]:
    return [
        "주문한 거 어떻게 됐어요?",
        f"{order.title} 주문({order.order_id})은 지금 '{_STATUS[order.status]}' 상태예요.",
        "네 감사합니다",
        "도움이 되어 기뻐요. 더 궁금한 점이 있으면 말씀해 주세요.",
    ]


def _delivery(order: Order) -> list[str]:
    parcel = order.shipment or Shipment("", "", None, None)
    last = f" 마지막 위치: {parcel.events[-1].place}" if parcel.events else ""
    return [
        "택배 어디쯤이에요?",
        f"주문 {order.order_id} 상품은 {parcel.carrier} {parcel.tracking_no}번으로 "
        f"가고 있어요.{last}",
    ]


def _return(order: Order) -> list[str]:
    claim = order.claims[0]
    kind = {"return": "반품", "exchange": "교환", "cancel": "취소"}[claim.kind]
    return [
        f"{kind} 신청한 거 어떻게 되고 있나요?",
        f"{kind} 신청({claim.claim_id})은 지금 '{_CLAIM_STATUS[claim.status]}' 상태예요. "
        "상태가 바뀌면 바로 알려드릴게요.",
    ]


def _refund(order: Order) -> list[str]:
    paid = order.payments[0]
    return [
        "환불 언제 들어와요?",
        f"주문 {order.order_id} 건으로 {_won(order.refunded_krw)}을 {paid.label} 쪽으로 "
        "돌려드렸어요. 카드는 카드사에 따라 며칠 더 걸릴 수 있어요.",
        "아직 안 보이는데 기다려 볼게요",
        "네, 며칠 뒤에도 보이지 않으면 다시 말씀해 주세요. 바로 확인해 드릴게요.",
    ]


def _address(order: Order) -> list[str]:
    return [
        "배송지 바꿀 수 있나요?",
        f"네, 주문 {order.order_id} 건은 아직 배송 준비 전이라 바꿀 수 있어요. "
        "새 우편번호와 주소를 알려 주세요.",
    ]


# Which order (its state, or its claim's), intent, script, how many.
SCRIPTS: tuple[tuple[str, str, Script, int], ...] = (
    ("preparing", "order_status", _status, 3),
    ("shipped", "delivery", _delivery, 3),
    ("paid", "change_order", _address, 2),
    ("cancelled", "refund_status", _refund, 4),
    ("requested", "claim_status", _return, 2),
    ("collecting", "claim_status", _return, 1),
    ("delivered", "order_status", _status, 3),
)
