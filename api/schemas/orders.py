"""Orders: in a list, read whole, and where they stand."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from api.schemas.base import ClaimKind, ClaimStatus, Krw, OrderStatus, Record, Tables, Time
from api.schemas.claims import Claim
from services import words

__all__ = ["OrderDetail", "OrderLine", "OrderState", "OrderSummary", "Payment", "Shipment"]


class OrderLine(Record):
    """One product of an order, with the state of its newest claim that counts."""

    line_id: str = Field(examples=["20261116-0000010-1"])
    product_id: str = Field(examples=["P1001"])
    sku: str = Field(examples=["P1001-BK"])
    product_name: str
    option_name: str
    emoji: str
    quantity: int
    unit_price_krw: Krw
    amount_krw: Krw
    returnable: str = Field(description="normal, made_to_order, hygiene, digital")
    claim_kind: ClaimKind | None
    claim_status: ClaimStatus | None
    claimable: int = Field(validation_alias="free", description="새로 신청할 수 있는 수량")


class OrderSummary(Record):
    """An order as a list shows it."""

    KOREAN: ClassVar[Tables] = {"status": words.ORDER_STATUS}

    order_id: str = Field(examples=["20261116-0000010"])
    user_id: str = Field(examples=["user_001"])
    status: OrderStatus
    status_ko: str = Field("", examples=["결제완료"])
    title: str = Field(description="첫 상품과 나머지 수")
    created_at: Time
    updated_at: Time
    delivered_at: str | None
    items_krw: Krw
    coupon_krw: Krw
    shipping_krw: Krw
    total_krw: Krw
    lines: list[OrderLine]
    source: str | None = Field(description="가져온 주문이면 그 쇼핑몰")
    external_id: str | None = Field(description="그 쇼핑몰의 주문번호")
    version: int


class ShipmentEvent(Record):
    """One line of a parcel's way."""

    at: Time
    place: str
    text: str


class Shipment(Record):
    """A parcel with its way so far, oldest event first."""

    carrier: str
    tracking_no: str
    shipped_at: str | None
    delivered_at: str | None
    events: list[ShipmentEvent]


class Payment(Record):
    """A row of the ledger, the amount always positive."""

    payment_id: str
    claim_id: str | None
    kind: str = Field(description="payment, refund, interest", examples=["payment"])
    method: str = Field(examples=["card"])
    label: str
    amount_krw: Krw
    created_at: Time


class OrderDetail(OrderSummary):
    """An order read whole, with what may be done with it now."""

    recipient: str
    phone: str
    zip: str
    road: str
    detail: str
    memo: str
    paid_krw: Krw
    refunded_krw: Krw
    due_krw: Krw = 0
    payments: list[Payment]
    shipment: Shipment | None
    claims: list[Claim]
    allowed_actions: list[str] = Field(default=[], examples=[["cancel", "change_address"]])


class OrderState(Record):
    """Where an order stands and what may be done with it now."""

    order_id: str = Field(examples=["20261116-0000010"])
    status: OrderStatus
    status_ko: str = Field(examples=["결제완료"])
    shipment: Shipment | None
    allowed_actions: list[str] = Field(examples=[["cancel", "change_address"]])
