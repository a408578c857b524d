"""Their 16 tools, each asked of ours.

A tool here only translates: which lines are meant, how an address or a reason is written. What
is allowed is for the engine to say; ``errors.SangdamError`` is a refusal.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from errors import BadInput
from store.models import Order
from tests.tau2.shape import road_of

__all__ = ["TOOLS", "WRITES", "call"]

Ask = Callable[..., Any]  # Services.tool with the caller filled in

# Their reasons and our codes; the text itself is kept with the claim.
_REASONS = {"no longer needed": "change_of_mind", "ordered by mistake": "other"}
# Ours reads "12,900원 × 3" as well; their tool promises to take nothing but these.
_SIGNS = frozenset("0123456789+-*/(). ")


def calculate(ask: Ask, expression: str) -> Any:
    if not _SIGNS.issuperset(expression):
        raise BadInput(f"not a plain sum: {expression!r}")
    return ask("calculate", expression=expression)


def cancel_pending_order(ask: Ask, order_id: str, reason: str) -> Any:
    code = _REASONS.get(reason, "")
    return ask("cancel_order", order_id=order_id, reason_code=code, reason_text=reason)


def exchange_delivered_order_items(
    ask: Ask,
    order_id: str,
    item_ids: Sequence[str],
    new_item_ids: Sequence[str],
    payment_method_id: str,
) -> Any:
    order = ask("get_order", order_id=order_id)
    pairs = _pairs(_line_ids(order, item_ids), new_item_ids)
    return ask(
        "create_claim", order_id=order_id, kind="exchange",
        lines=[(line_id, 1, sku) for line_id, sku in pairs], reason_code="change_of_mind",
        method_id=payment_method_id,
    )  # fmt: skip


def find_user_id_by_email(ask: Ask, email: str) -> Any:
    return ask("find_customer", email=email).user_id


def find_user_id_by_name_zip(ask: Ask, first_name: str, last_name: str, zip: str) -> Any:
    return ask("find_customer", name=f"{first_name} {last_name}", zip_code=zip).user_id


def get_item_details(ask: Ask, item_id: str) -> Any:
    return ask("get_option", sku=item_id)


def get_order_details(ask: Ask, order_id: str) -> Any:
    return ask("get_order", order_id=order_id)


def get_product_details(ask: Ask, product_id: str) -> Any:
    return ask("get_product", product_id=product_id)


def get_user_details(ask: Ask, user_id: str) -> Any:
    return ask("get_customer", customer_id=user_id)


def list_all_product_types(ask: Ask) -> Any:
    return ask("list_products")


def modify_pending_order_address(
    ask: Ask,
    order_id: str,
    address1: str,
    address2: str,
    city: str,
    state: str,
    country: str,
    zip: str,
) -> Any:
    return ask(
        "change_address", order_id=order_id, road=road_of(address1, city, state, country),
        detail=address2, zip_code=zip,
    )  # fmt: skip


def modify_pending_order_items(
    ask: Ask,
    order_id: str,
    item_ids: Sequence[str],
    new_item_ids: Sequence[str],
    payment_method_id: str,
) -> Any:
    order = ask("get_order", order_id=order_id)
    return ask(
        "change_options", order_id=order_id, method_id=payment_method_id,
        changes=_pairs(_line_ids(order, item_ids), new_item_ids),
    )  # fmt: skip


def modify_pending_order_payment(ask: Ask, order_id: str, payment_method_id: str) -> Any:
    return ask("change_payment", order_id=order_id, method_id=payment_method_id)


def modify_user_address(
    ask: Ask,
    user_id: str,
    address1: str,
    address2: str,
    city: str,
    state: str,
    country: str,
    zip: str,
) -> Any:
    return ask(
        "change_customer_address", customer_id=user_id,
        road=road_of(address1, city, state, country), detail=address2, zip_code=zip,
    )  # fmt: skip


def return_delivered_order_items(
    ask: Ask, order_id: str, item_ids: Sequence[str], payment_method_id: str
) -> Any:
    order = ask("get_order", order_id=order_id)
    return ask(
        "create_claim", order_id=order_id, kind="return",
        lines=[(line_id, 1, None) for line_id in _line_ids(order, item_ids)],
        reason_code="change_of_mind", method_id=payment_method_id,
    )  # fmt: skip


def transfer_to_human_agents(ask: Ask, summary: str) -> Any:
    # Names no customer: the matter is opened in the caller's own name.
    return ask("create_ticket", issue_type="other", description=summary)


_READS = (
    calculate, find_user_id_by_email, find_user_id_by_name_zip, get_item_details,
    get_order_details, get_product_details, get_user_details, list_all_product_types,
)  # fmt: skip
_WRITES = (
    cancel_pending_order, exchange_delivered_order_items, modify_pending_order_address,
    modify_pending_order_items, modify_pending_order_payment, modify_user_address,
    return_delivered_order_items, transfer_to_human_agents,
)  # fmt: skip
TOOLS: Mapping[str, Callable[..., Any]] = {tool.__name__: tool for tool in (*_READS, *_WRITES)}
WRITES = frozenset(tool.__name__ for tool in _WRITES)


def call(ask: Ask, name: str, arguments: Mapping[str, Any]) -> Any:
    """Run one of their tools; what it returns is our tool's own answer.

    Raises SangdamError for a refusal: the engine's, or BadInput for an unknown tool and for
    arguments that are not the tool's.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise BadInput(f"no tool named {name!r}")
    try:
        inspect.signature(tool).bind(ask, **arguments)
    except TypeError as error:
        raise BadInput(f"{name}: {error}") from error
    return tool(ask, **arguments)


def _line_ids(order: Order, item_ids: Sequence[str]) -> list[str]:
    """One line for each item, an item named twice taking two lines.

    An item the order does not hold (so often) becomes a line it does not have.
    """
    waiting: dict[str, list[str]] = {}
    for line in order.lines:
        waiting.setdefault(line.sku, []).append(line.line_id)
    found = []
    for item_id in item_ids:
        lines = waiting.get(item_id)
        found.append(lines.pop(0) if lines else f"no line of {item_id}")
    return found


def _pairs(line_ids: Sequence[str], new_item_ids: Sequence[str]) -> list[tuple[str, str]]:
    if len(line_ids) != len(new_item_ids):
        raise BadInput("as many new items as old ones are needed")
    return list(zip(line_ids, new_item_ids, strict=True))
