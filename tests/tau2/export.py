"""Our store as their objects, all of it in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from store.database import Database, Row, Tx
from store.database import load as from_json
from tests.tau2.load import STATUS
from tests.tau2.shape import Shop, address_of, dollars, split_options

__all__ = ["export"]

_THEIRS = {ours: theirs for theirs, ours in STATUS.items()}
_ASKED = {"exchange": "exchange requested", "return": "return requested"}
Groups = dict[str, list[Row]]


def export(database: Database) -> Shop:
    """Every product, user and order. Keys without a value are left out.

    Raises KeyError for a state that none of theirs corresponds to.
    """
    with database.read() as tx:
        return {"products": _products(tx), "users": _users(tx), "orders": _orders(tx)}


def _grouped(tx: Tx, sql: str, key: str) -> Groups:
    groups: Groups = defaultdict(list)
    for row in tx.rows(sql):
        groups[row[key]].append(row)
    return groups


def _products(tx: Tx) -> dict[str, dict[str, Any]]:
    options = _grouped(tx, "select * from product_options order by position", "product_id")
    return {
        product["product_id"]: {
            "name": product["name"],
            "product_id": product["product_id"],
            "variants": {
                option["sku"]: {
                    "item_id": option["sku"],
                    "options": split_options(option["name"]),
                    "available": option["stock"] > 0,
                    "price": dollars(product["price_krw"] + option["extra_krw"]),
                }
                for option in options[product["product_id"]]
            },
        }
        for product in tx.rows("select * from products")
    }


def _users(tx: Tx) -> dict[str, dict[str, Any]]:
    methods = _grouped(tx, "select * from payment_methods order by position", "user_id")
    orders = _grouped(tx, "select user_id, order_id from orders order by created_at", "user_id")
    found = {}
    for user in tx.rows("select * from users where role = 'customer'"):
        first, _, last = user["name"].partition(" ")
        found[user["user_id"]] = {
            "user_id": user["user_id"],
            "name": {"first_name": first, "last_name": last},
            "address": address_of(user["road"], user["detail"], user["zip"]),
            "email": user["email"],
            "payment_methods": {
                method["method_id"]: _method(method) for method in methods[user["user_id"]]
            },
            "orders": [order["order_id"] for order in orders[user["user_id"]]],
        }
    return found


def _method(method: Row) -> dict[str, Any]:
    theirs = {"source": method["kind"], "id": method["method_id"]}
    if method["label"] != method["kind"]:
        theirs["brand"] = method["label"]
    if method["last_four"]:
        theirs["last_four"] = method["last_four"]
    if method["balance_krw"] is not None:
        theirs["balance"] = dollars(method["balance_krw"])
    return theirs


def _orders(tx: Tx) -> dict[str, dict[str, Any]]:
    lines = _grouped(tx, "select * from order_lines order by position", "order_id")
    payments = _grouped(tx, "select * from payments order by created_at, rowid", "order_id")
    parcels = _grouped(tx, "select * from shipments", "order_id")
    claims = _grouped(
        tx, "select * from claims where status not in ('rejected', 'withdrawn')", "order_id"
    )
    claimed = _grouped(
        tx, "select cl.*, l.sku from claim_lines cl join order_lines l using (line_id)", "claim_id"
    )
    free = _grouped(tx, _CHANGES, "object_id")
    found = {}
    for order in tx.rows("select * from orders"):
        order_id = order["order_id"]
        found[order_id] = {
            "order_id": order_id,
            "user_id": order["user_id"],
            "address": address_of(order["road"], order["detail"], order["zip"]),
            "items": [_item(line) for line in lines[order_id]],
            "status": _status(order, claims[order_id]),
            "fulfillments": [_parcel(parcel, lines[order_id]) for parcel in parcels[order_id]],
            "payment_history": [
                *(_payment(row) for row in payments[order_id]), *_free(free[order_id])
            ],
        }  # fmt: skip
        for claim in claims[order_id]:
            found[order_id] |= _claim(claim, claimed[claim["claim_id"]])
    return found


_CHANGES = """
select object_id, after from audit_events
where object_type = 'order' and action = 'change_option' order by event_seq
"""


def _free(changes: list[Row]) -> list[dict[str, Any]]:
    """Their history has a row for an option change that costs nothing; our ledger has none.

    It is always the last one: after an option change they allow neither another one, nor
    another payment method, nor a cancellation.
    """
    found = (from_json(change["after"]) for change in changes)
    return [
        {"transaction_type": "refund", "amount": 0.0, "payment_method_id": after["method_id"]}
        for after in found
        if not after["difference_krw"]
    ]


def _status(order: Row, claims: list[Row]) -> str:
    if order["status"] == "paid" and order["option_changes"]:
        return "pending (item modified)"
    asked = (_ASKED[claim["kind"]] for claim in claims if claim["kind"] in _ASKED)
    return next(asked, _THEIRS[order["status"]])


def _item(line: Row) -> dict[str, Any]:
    return {
        "name": line["product_name"],
        "product_id": line["product_id"],
        "item_id": line["sku"],
        "price": dollars(line["unit_price_krw"]),
        "options": split_options(line["option_name"]),
    }


def _parcel(parcel: Row, lines: list[Row]) -> dict[str, Any]:
    return {
        "tracking_id": [parcel["tracking_no"]],
        "item_ids": [line["sku"] for line in lines],
    }


def _payment(row: Row) -> dict[str, Any]:
    return {
        "transaction_type": row["kind"],
        "amount": dollars(row["amount_krw"]),
        "payment_method_id": row["method_id"],
    }


def _claim(claim: Row, lines: list[Row]) -> dict[str, Any]:
    """What a cancellation, return or exchange adds to their order."""
    items = sorted(line["sku"] for line in lines)
    if claim["kind"] == "cancel":
        return {"cancel_reason": claim["reason_text"]}
    if claim["kind"] == "return":
        return {"return_items": items, "return_payment_method_id": claim["method_id"]}
    difference = from_json(claim["quote"])["difference_krw"]
    return {
        "exchange_items": items,
        "exchange_new_items": sorted(line["new_sku"] for line in lines),
        "exchange_payment_method_id": claim["method_id"],
        "exchange_price_difference": dollars(difference),
    }
