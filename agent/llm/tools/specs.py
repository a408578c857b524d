"""What a model may call, and how what it sends is read: pydantic on the tools' own signatures."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from agent.llm.types import ToolSpec
from agent.shop.words import ORDER_STATUS
from agent.tools import REGISTRY
from agent.tools.recommend import KINDS

__all__ = ["MOST_ARGUMENT_CHARS", "OFFERED", "PROPOSES", "BadArguments", "Offer", "offer_of"]

PROPOSES = "cancel_order"
MOST_ARGUMENT_CHARS = 4000  # longer arguments are refused unread
MOST_TEXT_CHARS = 200
MOST_ITEMS = 20
# Who it is about comes from the session; pages of a list and other modes are not a model's.
# What goes and why, of a cancellation, is what the customer said, never what a model says.
HIDDEN = frozenset(
    "customer_id user_id cursor offset with_total mode include_superseded version "
    "lines reason_code reason_text".split()
)
_NARROWED: Mapping[str, Any] = {
    "kind": Literal[KINDS],
    "statuses": list[Literal[tuple(ORDER_STATUS)]],  # type: ignore[misc]  # a table's keys
}
_BOUNDS = {"limit": (1, 10), "top_k": (1, 8)}
_ANY_INT = (0, 1_000_000_000)
_STATUSES = ", ".join(f"{name}={word}" for name, word in ORDER_STATUS.items())
_ABOUT_PARAMETER: Mapping[str, str] = {
    "query": "찾을 말. 고객의 표현을 짧게 그대로",
    "category": "카테고리 이름. list_categories가 알려 주는 이름 그대로",
    "min_price_krw": "가장 낮은 가격(원)",
    "max_price_krw": "가장 높은 가격(원)",
    "option": "옵션 이름. 여러 개는 ' / '로 이어서",
    "in_stock": "재고가 있는 것만",
    "limit": "몇 개까지 볼지",
    "top_k": "조항을 몇 개까지 볼지",
    "product_id": "도구가 알려 준 상품 번호 그대로",
    "order_id": "주문번호 그대로. 예: 20261118-0000001",
    "kind": "similar=비슷한 상품, together=함께 산 상품, popular=인기, personal=내 주문 기준",
    "expression": "계산식. 고객이 말했거나 도구가 알려 준 숫자만. 예: 12,900 × 3 + 3,000",
    "place": "시나 도 이름. 예: 서울",
    "statuses": f"주문 상태: {_STATUSES}",
    "since": "이날부터(YYYY-MM-DD)",
    "until": "이날까지(YYYY-MM-DD)",
    "text": "주문번호나 상품 이름의 일부",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as it is offered: ``about`` for the model, ``doing`` for the customer's page."""

    spec: ToolSpec
    arguments: type[_Arguments]
    doing: str
    account: bool

    def read(self, text: str) -> dict[str, Any]:
        """The arguments of ``text`` (JSON), only those that were sent. Raises BadArguments."""
        if len(text) > MOST_ARGUMENT_CHARS:
            raise BadArguments(self, ("너무 긴 인자",))
        try:
            sent = self.arguments.model_validate_json(text.strip() or "{}")
        except ValidationError as error:
            places = (".".join(str(part)[:40] for part in e["loc"]) for e in error.errors()[:5])
            raise BadArguments(self, tuple(filter(None, places))) from None
        except ValueError:  # a lone surrogate is no text at all
            raise BadArguments(self, ()) from None
        return {name: getattr(sent, name) for name in sent.model_fields_set}


class BadArguments(ValueError):
    """What a model sent does not fit: ``wrong`` names the places, ``accepts`` what would do."""

    def __init__(self, offer: Offer, wrong: Sequence[str]) -> None:
        super().__init__(offer.spec.name)
        self.wrong = list(wrong)
        self.accepts = offer.spec.parameters


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, sent: Any) -> Any:
        """Leave out what says nothing: many models fill in every parameter they are shown."""
        if not isinstance(sent, dict):
            return sent
        return {
            name: value
            for name, value in sent.items()
            if name not in cls.model_fields
            or cls.model_fields[name].is_required()
            or not (value is None or value == "")
        }


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _day(value: Any) -> Any:
    if not isinstance(value, str | date):  # a bare number would be read as a time stamp
        raise ValueError("a day is written YYYY-MM-DD")
    return value


def _type_of(name: str, hint: Any, required: bool) -> Any:
    """A parameter's type with its bounds; a type that is not in the table is a bug here."""
    if get_origin(hint) in (Union, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if name in _NARROWED:
        bounded = get_origin(_NARROWED[name]) is list
        return Annotated[_NARROWED[name], Field(max_length=MOST_ITEMS if bounded else None)]
    if hint is bool:
        return bool
    if hint is int:
        low, high = _BOUNDS.get(name, _ANY_INT)
        return Annotated[int, Field(ge=low, le=high)]
    if hint is str:
        least = 1 if required else None
        text = Field(min_length=least, max_length=MOST_TEXT_CHARS)
        return Annotated[str, text, AfterValidator(_printable)]
    if hint is date:
        return Annotated[date, BeforeValidator(_day)]
    raise TypeError(f"no model is offered a parameter like {name}: {hint}")


def offer_of(name: str) -> Offer:
    """A tool of :data:`OFFERED` as models see it. Raises KeyError for any other."""
    return _OFFERS[name]


def _offer(name: str, about: str, doing: str, *, account: bool = False) -> Offer:
    function = REGISTRY[name].function
    hints = get_type_hints(function)
    fields: dict[str, Any] = {}
    for one in list(inspect.signature(function).parameters.values())[1:]:
        if one.name in HIDDEN:
            continue
        required = one.default is inspect.Parameter.empty
        told = Field(... if required else None, description=_ABOUT_PARAMETER[one.name])
        fields[one.name] = (_type_of(one.name, hints[one.name], required), told)
    arguments: type[_Arguments] = create_model(name, __base__=_Arguments, **fields)
    schema = arguments.model_json_schema()
    parameters = {
        "type": "object",
        "properties": {key: _plain(value) for key, value in schema.get("properties", {}).items()},
        "required": schema.get("required", []),
        "additionalProperties": False,
    }
    return Offer(ToolSpec(name, about, parameters), arguments, doing, account)


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing to a model."""
    return {key: value for key, value in schema.items() if key not in ("title", "default")}


_FINDS, _ORDERS = "상품을 찾아보고 있어요", "주문을 확인하고 있어요"
_OFFERS: Mapping[str, Offer] = {
    offer.spec.name: offer
    for offer in (
        _offer("search_products", "상품을 설명이나 이름, 가격, 옵션으로 찾아요.", _FINDS),
        _offer("get_product", "상품 하나의 가격, 옵션별 재고, 설명, 후기 요약을 봐요.", _FINDS),
        _offer("recommend_products", "재고 있는 상품을 이유와 함께 추천해요.", _FINDS),
        _offer("list_categories", "상품 카테고리 이름을 모두 봐요.", _FINDS),
        _offer("search_policies", "배송, 교환, 반품, 환불 같은 이용 규정의 조항을 찾아요.",
               "규정을 찾아보고 있어요"),
        _offer("calculate", "금액을 정확하게 계산해요.", "계산하고 있어요"),
        _offer("get_weather", "지역의 지금 날씨와 배송이 늦어질 수 있는지 봐요.",
               "날씨를 확인하고 있어요"),
        _offer("list_orders", "고객 본인의 주문을 새것부터 봐요.", _ORDERS, account=True),
        _offer("get_order_status", "고객 본인의 주문 하나가 어떤 상태인지 봐요.", _ORDERS,
               account=True),
        _offer(PROPOSES, "고객이 취소하고 싶다고 말했을 때만, 주문 취소를 제안해요. 바로 취소되지 "
               "않고 고객이 확인 버튼을 눌러야 해요.", _ORDERS, account=True),
    )
}  # fmt: skip
OFFERED: tuple[str, ...] = tuple(_OFFERS)
