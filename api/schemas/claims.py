"""Claims: cancellations, returns and exchanges, and what they cost."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, Field, field_validator

from api.schemas.base import (
    BODY,
    WORDS,
    ClaimKind,
    ClaimStatus,
    Id,
    Krw,
    ReasonCode,
    Record,
    Tables,
    Time,
    Version,
)
from services import words

__all__ = [
    "CancelRequest",
    "Claim",
    "ClaimLine",
    "ClaimRequest",
    "Quote",
    "QuotedLine",
    "TransitionRequest",
]


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("날짜(YYYY-MM-DD)로 적어 주세요.") from None
    return text


Day = Annotated[
    str, AfterValidator(_day),
    Field(pattern=r"^\d{4}-\d{2}-\d{2}$", json_schema_extra={"format": "date"},
          examples=["2026-11-20"]),
]  # fmt: skip


class QuotedLine(BaseModel):
    """So many pieces of an order line."""

    line_id: str = Field(examples=["20261116-0000010-1"])
    quantity: int = Field(ge=1, examples=[1])


class Quote(BaseModel):
    """What a claim pays back, from what and how (KRW)."""

    kind: str = Field("", description="cancel, return, exchange", examples=["return"])
    fault: str = Field("", description="buyer, seller", examples=["buyer"])
    lines: list[QuotedLine] = []
    goods_krw: Krw = 0
    coupon_krw: Krw = 0
    shipping_krw: Krw = 0
    fee_krw: Krw = 0
    fee_label: str = Field("", examples=["반품 배송비"])
    refund_krw: Krw = 0
    method: str = Field("", examples=["card"])
    method_label: str = ""
    original_shipping_charged: bool = False
    to_pay_krw: Krw = 0
    difference_krw: Krw = 0
    due_drop_krw: Krw = 0
    more_per_piece: dict[str, int] = Field(
        default={}, description="교환: 주문 상품 하나에 새 옵션이 더 비싼 금액(원)"
    )

    @field_validator("lines", mode="before")
    @classmethod
    def _named(cls, lines: Any) -> Any:
        """The store keeps pairs."""
        return [
            {"line_id": one[0], "quantity": one[1]} if isinstance(one, list | tuple) else one
            for one in lines
        ]


class ClaimLine(Record):
    """What of an order line is claimed; ``new_sku`` for an exchange."""

    line_id: str = Field(examples=["20261116-0000010-1"])
    quantity: int
    new_sku: str | None


class Claim(Record):
    """A cancellation, return or exchange with its quote."""

    KOREAN: ClassVar[Tables] = {
        "kind": words.CLAIM_KIND, "status": words.CLAIM_STATUS, "reason": words.REASON,
    }  # fmt: skip

    claim_id: str = Field(examples=["C20261120-0001"])
    order_id: str = Field(examples=["20261116-0000010"])
    user_id: str = Field(examples=["user_001"])
    kind: ClaimKind
    kind_ko: str = Field("", examples=["반품"])
    status: ClaimStatus
    status_ko: str = Field("", examples=["신청"])
    reason_code: ReasonCode
    reason_ko: str = ""
    reason_text: str
    fault: Literal["buyer", "seller"]
    lines: list[ClaimLine]
    photos: list[str]
    quote: Quote
    refund_krw: Krw
    note: str = Field(description="담당자가 남긴 말. 거절하면 그 까닭이에요")
    noticed_on: str | None
    created_at: Time
    updated_at: Time
    collected_at: str | None
    completed_at: str | None
    version: int

    @property
    def reason(self) -> str:
        """The code, by the name its Korean word goes by."""
        return self.reason_code


class WantedLine(BaseModel):
    """So many pieces of an order line, for an exchange with the new option."""

    model_config = BODY

    line_id: Id
    quantity: int = Field(ge=1, le=1_000_000, examples=[1])
    new_sku: Id | None = Field(None, description="교환할 옵션", examples=[None])


class ClaimRequest(BaseModel):
    """A claim to file, or only to be quoted with ``dry_run``."""

    model_config = BODY

    kind: ClaimKind
    lines: list[WantedLine] | None = Field(
        None, min_length=1, max_length=50, description="취소는 비우면 남은 상품 모두예요"
    )
    reason_code: ReasonCode
    reason_text: str = Field("", max_length=1000, pattern=r"^[^\x00]*$")
    photos: list[Id] | None = Field(None, max_length=5, description="POST /api/images의 image_id")
    noticed_on: Day | None = Field(None, description="하자를 안 날(한국 날짜)")


class TransitionRequest(BaseModel):
    """The next state of a claim; a refusal needs a ``note``."""

    model_config = BODY

    to: ClaimStatus
    note: str = Field("", max_length=500, pattern=r"^[^\x00]*$", examples=["확인했어요."])
    version: Version


class CancelRequest(BaseModel):
    """Why an order is cancelled: one of the reason codes, or free words."""

    model_config = BODY

    reason: str = Field(min_length=1, max_length=500, pattern=WORDS, examples=["change_of_mind"])
