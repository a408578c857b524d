"""What the repositories return: frozen records, one per concept.

Times are UTC ISO-8601 text of fixed width (``2026-11-21T02:03:04.000Z``), money integer KRW.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from store.database import Row, load
from store.key_models import ApiKey
from store.ticket_models import AuditEntry, Ticket, TicketEvent, TicketPage

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Claim",
    "ClaimLine",
    "Conversation",
    "ConversationPage",
    "Option",
    "Order",
    "OrderLine",
    "OrderPage",
    "Payment",
    "PaymentMethod",
    "PendingAction",
    "Product",
    "ReviewSummary",
    "Shipment",
    "ShipmentEvent",
    "StoredMessage",
    "Ticket",
    "TicketEvent",
    "TicketPage",
    "User",
    "from_text",
    "to_text",
]


def to_text(moment: datetime) -> str:
    """An aware datetime as the store writes it. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a stored time needs its zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def from_text(text: str) -> datetime:
    """The aware UTC datetime of a stored time."""
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class User:
    """An account. The password's hash never leaves ``store.accounts``."""

    user_id: str
    email: str
    name: str
    role: str
    phone: str
    zip: str
    road: str
    detail: str
    is_demo: bool
    created_at: str

    @classmethod
    def of(cls, row: Row) -> User:
        """From a row of ``users``."""
        return cls(
            row["user_id"], row["email"], row["name"], row["role"], row["phone"] or "",
            row["zip"] or "", row["road"] or "", row["detail"] or "", bool(row["is_demo"]),
            row["created_at"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a product; ``stock`` in pieces."""

    sku: str
    product_id: str
    name: str
    extra_krw: int
    stock: int


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """What buyers say of a product; there is none where nobody has said anything.

    ``histogram`` counts 1 to 5 stars in this order; ``average`` has one decimal. ``praised``
    and ``criticised`` are names of aspects ("배송"), the most frequent first.
    """

    count: int
    average: float
    histogram: tuple[int, int, int, int, int]
    praised: tuple[str, ...] = ()
    criticised: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its options. ``returnable``: normal, made_to_order, hygiene, digital."""

    product_id: str
    name: str
    category: str
    brand: str
    price_krw: int
    emoji: str
    description: str
    keywords: tuple[str, ...]
    attributes: dict[str, str]
    returnable: str
    options: tuple[Option, ...] = ()
    reviews: ReviewSummary | None = None

    @property
    def in_stock(self) -> bool:
        """Whether any option can be bought."""
        return any(option.stock > 0 for option in self.options)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One product of an order, with the state of its newest claim that counts.

    A refused or withdrawn claim gives the line back the state it had (domain.md).

    ``gone`` pieces are cancelled or sent back, or asked to be; ``in_exchange`` ones are being
    exchanged now.
    """

    line_id: str
    order_id: str
    product_id: str
    sku: str
    product_name: str
    option_name: str
    quantity: int
    unit_price_krw: int
    emoji: str = "📦"
    returnable: str = "normal"
    claim_kind: str | None = None
    claim_status: str | None = None
    gone: int = 0
    in_exchange: int = 0

    @property
    def amount_krw(self) -> int:
        """Quantity times unit price."""
        return self.quantity * self.unit_price_krw

    @property
    def kept(self) -> int:
        """Pieces that no running or completed cancellation or return has taken away."""
        return self.quantity - self.gone

    @property
    def free(self) -> int:
        """Pieces a new claim may still take: kept and not being exchanged."""
        return self.kept - self.in_exchange


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way a customer pays; ``balance_krw`` is None unless it is stored value (KRW)."""

    method_id: str
    user_id: str
    kind: str
    label: str
    last_four: str = ""
    balance_krw: int | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """A row of the ledger, the amount always positive.

    ``kind`` is payment, refund or interest (paid on top for a late refund, 제18조 2항).
    """

    payment_id: str
    order_id: str
    claim_id: str | None
    kind: str
    method: str
    label: str
    amount_krw: int
    created_at: str
    method_id: str | None = None


@dataclass(frozen=True, slots=True)
class ShipmentEvent:
    """One line of a parcel's way."""

    at: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel with its way so far, oldest event first."""

    carrier: str
    tracking_no: str
    shipped_at: str | None
    delivered_at: str | None
    events: tuple[ShipmentEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """An order; lines always there, payments, shipment and claims where it was read whole.

    ``total_krw`` = items − coupon + shipping: what the customer pays or paid. An order that
    was imported has the shop it came from as ``source`` and its number there as
    ``external_id``.
    """

    order_id: str
    user_id: str
    status: str
    created_at: str
    updated_at: str
    recipient: str
    phone: str
    zip: str
    road: str
    detail: str
    memo: str
    items_krw: int
    coupon_krw: int
    shipping_krw: int
    total_krw: int
    delivered_at: str | None
    version: int
    lines: tuple[OrderLine, ...] = ()
    payments: tuple[Payment, ...] = ()
    shipment: Shipment | None = None
    claims: tuple[Claim, ...] = ()
    option_changes: int = 0
    source: str | None = None
    external_id: str | None = None

    @property
    def title(self) -> str:
        """What a person calls the order: its first product and how many more."""
        first = self.lines[0].product_name if self.lines else self.order_id
        return first if len(self.lines) < 2 else f"{first} 외 {len(self.lines) - 1}건"

    @property
    def paid_krw(self) -> int:
        """What was paid, before refunds."""
        return sum(p.amount_krw for p in self.payments if p.kind == "payment")

    @property
    def refunded_krw(self) -> int:
        """What was paid back."""
        return sum(p.amount_krw for p in self.payments if p.kind == "refund")


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders of a list; ``next_cursor`` leads on, None on the last page.

    ``total`` is the number of orders on all pages, None where it was not asked for.
    """

    items: tuple[Order, ...]
    next_cursor: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Some chats of a list; ``next_cursor`` is None on the last page."""

    items: tuple[Conversation, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """What of an order line is claimed; ``new_sku`` for an exchange."""

    line_id: str
    quantity: int
    new_sku: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A cancellation, return or exchange. ``quote`` is the refund quote as it was shown."""

    claim_id: str
    order_id: str
    user_id: str
    kind: str
    reason_code: str
    reason_text: str
    fault: str
    status: str
    photos: tuple[str, ...]
    quote: dict[str, Any]
    refund_krw: int
    note: str
    created_at: str
    updated_at: str
    version: int
    lines: tuple[ClaimLine, ...] = ()
    method_id: str | None = None
    noticed_on: str | None = None
    collected_at: str | None = None
    completed_at: str | None = None

    @classmethod
    def of(cls, row: Row, lines: tuple[ClaimLine, ...]) -> Claim:
        """From a row of ``claims``."""
        return cls(
            row["claim_id"], row["order_id"], row["user_id"], row["kind"], row["reason_code"],
            row["reason_text"] or "", row["fault"], row["status"],
            tuple(load(row["photos"], [])), load(row["quote"], {}), row["refund_krw"] or 0,
            row["note"] or "", row["created_at"], row["updated_at"] or row["created_at"],
            row["version"], lines, row["method_id"], row["noticed_on"], row["collected_at"],
            row["completed_at"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat. ``context`` is what the agent remembers between turns.

    ``metadata`` is what the client that began it over HTTP keeps with it. ``summary`` tells the
    messages up to the one numbered ``summary_upto``, both included ("" and 0 before there is one).
    ``answerer`` is "agent" or "person"; messages numbered ``fresh_from`` and lower belong to a
    matter that is over.
    """

    conversation_id: str
    user_id: str | None
    guest_hash: str | None
    title: str
    context: dict[str, Any]
    context_at: str | None
    created_at: str
    updated_at: str
    metadata: dict[str, Any] = field(default_factory=dict)
    summary: str = ""
    summary_upto: int = 0
    answerer: str = "agent"
    fresh_from: int = 0


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it was shown; ``payload`` is the rest of POST /api/chat's object."""

    message_id: str
    conversation_id: str
    turn_id: str | None
    role: str
    content: str
    payload: dict[str, Any]
    created_at: str


@dataclass(frozen=True, slots=True)
class PendingAction:
    """A proposed change. ``basis`` is what it was based on (order id and version).

    ``status``: pending, executed, declined, expired, refused or superseded.
    """

    action_id: str
    conversation_id: str
    user_id: str
    kind: str
    arguments: dict[str, Any]
    summary: str
    preview: dict[str, Any]
    basis: dict[str, Any]
    status: str
    result: dict[str, Any]
    created_at: str
    expires_at: str
