"""What a tool found as a model reads it: few plain fields, nobody's name, number or address."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.guardrails import mask_pii
from agent.shop import words
from agent.shop.calendar import SEOUL
from agent.tools.calculator import Calculation
from agent.tools.orders import OrderState
from agent.tools.products import ProductsFound
from agent.tools.recommend import Recommendation
from agent.tools.weather import Weather
from store.models import Order, OrderPage, Product, from_text

__all__ = ["MOST_CHARS", "as_text", "for_model", "view_of"]

MOST_CHARS = 4000
MOST_OPTIONS, MOST_ATTRIBUTES = 30, 20
SHORT, LONG = 160, 600  # characters of a description in a list, and of one product's own
_CUTS = (400, 150, 60, 20)  # characters a string keeps where the whole is still too long
_IDS = frozenset({"product_id", "order_id", "chunk_id"})
_RETURNABLE = {"made_to_order": "주문 제작 상품", "hygiene": "위생 상품", "digital": "디지털 상품"}


def view_of(name: str, result: Any) -> dict[str, Any]:
    """A tool's result for the model, masked, at most :data:`MOST_CHARS` as JSON.

    What is left out of a list is counted under ``left_out``. Nothing the model itself sent is
    in it: a number it made up must not come back as a fact.
    """
    return for_model(_VIEWS[name](result))


def for_model(view: dict[str, Any]) -> dict[str, Any]:
    """A view made elsewhere, masked and cut in the same way."""
    masked: dict[str, Any] = _masked(view)
    return _fitted(masked)


def as_text(view: Mapping[str, Any]) -> str:
    """Compact JSON."""
    return json.dumps(view, ensure_ascii=False, separators=(",", ":"))


def _search(found: ProductsFound) -> dict[str, Any]:
    view: dict[str, Any] = {"products": [_brief(match.product) for match in found.matches]}
    if not found.confident:
        view["note"] = "딱 맞는 상품은 없어요. 비슷할 수 있는 상품이에요."
    return view


def _recommended(found: Sequence[Recommendation]) -> dict[str, Any]:
    return {"products": [{**_brief(one.product), "why": one.reason} for one in found]}


def _brief(product: Product) -> dict[str, Any]:
    options = [option.name for option in product.options if option.stock > 0]
    return {
        "product_id": product.product_id,
        "name": product.name,
        "category": product.category,
        "price_krw": product.price_krw,
        "in_stock": product.in_stock,
        "options_in_stock": options[:8],
        **({"stars": product.reviews.average} if product.reviews else {}),
        "description": product.description[:SHORT],
    }


def _product(product: Product) -> dict[str, Any]:
    reviews = product.reviews
    said = reviews and {
        "count": reviews.count, "stars": reviews.average,
        "praised": list(reviews.praised), "criticised": list(reviews.criticised),
    }  # fmt: skip
    view = {
        "product_id": product.product_id,
        "name": product.name,
        "category": product.category,
        "brand": product.brand,
        "price_krw": product.price_krw,
        "description": product.description[:LONG],
        "attributes": dict(list(product.attributes.items())[:MOST_ATTRIBUTES]),
        "note": _RETURNABLE.get(product.returnable, ""),
        "reviews": said,
        "options": [
            {"name": o.name, "price_krw": product.price_krw + o.extra_krw, "stock": o.stock}
            for o in product.options[:MOST_OPTIONS]
        ],
    }
    return {name: value for name, value in view.items() if value}


def _clauses(found: Any) -> dict[str, Any]:
    clauses = [
        {"chunk_id": hit.chunk.chunk_id, "title": hit.chunk.title, "section": hit.chunk.section,
         "text": hit.chunk.text}
        for hit in found.hits
    ]  # fmt: skip
    note = {} if found.confident else {"note": "질문에 꼭 맞는 조항은 찾지 못했어요."}
    return {"clauses": clauses, **note}


def _orders(page: OrderPage) -> dict[str, Any]:
    more = {"note": "더 오래된 주문이 있어요."} if page.next_cursor else {}
    return {"orders": [_order(order) for order in page.items], **more}


def _order(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "ordered_at": _moment(order.created_at),
        "status": words.ORDER_STATUS[order.status],
        "total_krw": order.total_krw,
        "items": [
            {"name": line.product_name, "option": line.option_name, "quantity": line.quantity,
             "amount_krw": line.amount_krw}
            for line in order.lines
        ],
        **({"delivered_at": _moment(order.delivered_at)} if order.delivered_at else {}),
    }  # fmt: skip


def _state(state: OrderState) -> dict[str, Any]:
    view: dict[str, Any] = {"order_id": state.order_id, "status": state.status_ko}
    if state.shipment:
        times = {
            "shipped_at": state.shipment.shipped_at,
            "delivered_at": state.shipment.delivered_at,
        }
        view |= {name: _moment(at) for name, at in times.items() if at}
        view["carrier"] = state.shipment.carrier
        if state.shipment.events:
            last = state.shipment.events[-1]
            view["last_event"] = {"at": _moment(last.at), "text": last.text}
    view["customer_may"] = [words.ACTION[action] for action in state.allowed_actions]
    return view


def _weather(seen: Weather) -> dict[str, Any]:
    return {
        "place": seen.place,
        "at": _at(seen.at),
        "temperature_c": round(seen.temperature_c),
        "condition": seen.condition,
        "precipitation_mm": seen.precipitation_mm,
        "wind_ms": seen.wind_ms,
        "warning": seen.warning,
    }


def _sum(worked: Calculation) -> dict[str, Any]:
    return {"result": worked.text}


_VIEWS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "search_products": _search,
    "get_product": _product,
    "recommend_products": _recommended,
    "list_categories": lambda names: {"categories": list(names)},
    "search_policies": _clauses,
    "calculate": _sum,
    "get_weather": _weather,
    "list_orders": _orders,
    "get_order_status": _state,
}


def _moment(text: str) -> str:
    return _at(from_text(text))


def _at(moment: datetime) -> str:
    """Korean time, as a reply would say it."""
    return f"{moment.astimezone(SEOUL):%Y-%m-%d %H:%M}"


def _masked(value: Any, name: str = "") -> Any:
    """The same with personal data replaced; the shop's own numbers of things stay."""
    if isinstance(value, str):
        return value if name in _IDS else mask_pii(value, for_cloud=True).text
    if isinstance(value, dict):
        return {key: _masked(child, key) for key, child in value.items()}
    return [_masked(child, name) for child in value] if isinstance(value, list) else value


def _fitted(view: dict[str, Any]) -> dict[str, Any]:
    """Fewer items first, then shorter strings, until the text is short enough."""
    items = max((v for v in view.values() if isinstance(v, list)), key=len, default=[])
    left_out = 0
    while len(as_text(view)) > MOST_CHARS and len(items) > 1:
        items.pop()
        left_out += 1
        view["left_out"] = left_out
    for chars in _CUTS:
        if len(as_text(view)) <= MOST_CHARS:
            return view
        view = _cut(view, chars)
    return view if len(as_text(view)) <= MOST_CHARS else {"error": "결과가 너무 길어요."}


def _cut(value: Any, chars: int, name: str = "") -> Any:
    if isinstance(value, str):
        return value if name in _IDS or len(value) <= chars else value[: chars - 1] + "…"
    if isinstance(value, dict):
        return {key: _cut(child, chars, key) for key, child in value.items()}
    return [_cut(child, chars, name) for child in value] if isinstance(value, list) else value
