"""Their ``db.json`` into our store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from store import accounts, orders, payment_methods, products
from store.database import Database, Tx
from store.models import Option, Payment, PaymentMethod, Product, to_text
from tests.tau2.shape import NEVER, PLENTY, Shop, cents, join_options, road_of

__all__ = ["NOW", "STAFF_ID", "STATUS", "load"]

STAFF_ID = "tau2_agent"
# When the replay happens: after every order, whatever their number.
NOW = datetime(2025, 6, 2, 3, 0, tzinfo=UTC)
_FIRST = datetime(2025, 1, 1, tzinfo=UTC)
STATUS = {
    "pending": "paid",
    "processed": "preparing",
    "delivered": "delivered",
    "cancelled": "cancelled",
}


def load(shop: Shop, database: Database) -> None:
    """Write a whole shop of theirs into an empty, prepared store.

    Raises ValueError or KeyError for what the store could not give back unchanged: several
    parcels of an order, an unknown status, options that cannot be told apart.
    """
    with database.write() as tx:
        accounts.create(
            tx, email="agent@tau2.invalid", name="τ² agent", role="staff", password_hash="-",
            at=_FIRST, user_id=STAFF_ID,
        )  # fmt: skip
        products.save(tx, [_product(one) for one in shop["products"].values()])
        for user in shop["users"].values():
            _add_user(tx, user)
        names = {row["user_id"]: row["name"] for row in tx.rows("select user_id, name from users")}
        for place, order in enumerate(shop["orders"].values()):
            # A second apart: their lists of a user's orders are in order of creation.
            _add_order(tx, order, names[order["user_id"]], _FIRST + timedelta(seconds=place))


def _product(theirs: dict[str, Any]) -> Product:
    """The cheapest variant's price is the product's, the rest of a dearer one its extra."""
    variants = theirs["variants"].values()
    price = min(cents(variant["price"]) for variant in variants)
    options = tuple(
        Option(
            variant["item_id"], theirs["product_id"], join_options(variant["options"]),
            cents(variant["price"]) - price, PLENTY if variant["available"] else NEVER,
        )
        for variant in variants
    )  # fmt: skip
    return Product(
        theirs["product_id"], theirs["name"], "retail", "", price, "📦", "", (), {}, "normal",
        options,
    )  # fmt: skip


def _add_user(tx: Tx, theirs: dict[str, Any]) -> None:
    zip_code, road, detail = _address(theirs["address"])
    name = f"{theirs['name']['first_name']} {theirs['name']['last_name']}"
    accounts.create(
        tx, email=theirs["email"], name=name, role="customer", password_hash="-", at=_FIRST,
        user_id=theirs["user_id"], address=(zip_code, road, detail),
    )  # fmt: skip
    for position, method in enumerate(theirs["payment_methods"].values(), 1):
        balance = method.get("balance")
        payment_methods.add(
            tx,
            PaymentMethod(
                method["id"], theirs["user_id"], method["source"],
                method.get("brand") or method["source"], method.get("last_four") or "",
                None if balance is None else cents(balance),
            ),
            position=position,
        )  # fmt: skip


def _add_order(tx: Tx, theirs: dict[str, Any], recipient: str, at: datetime) -> None:
    order_id, total = theirs["order_id"], sum(cents(item["price"]) for item in theirs["items"])
    zip_code, road, detail = _address(theirs["address"])
    status = STATUS[theirs["status"]]
    tx.insert(
        "orders",
        {
            "order_id": order_id, "user_id": theirs["user_id"], "status": status,
            "created_at": to_text(at), "updated_at": to_text(at), "recipient": recipient,
            "zip": zip_code, "road": road, "detail": detail, "items_krw": total, "coupon_krw": 0,
            "shipping_krw": 0, "total_krw": total, "version": 1,
            "delivered_at": to_text(at) if status == "delivered" else None,
        },
    )  # fmt: skip
    for position, item in enumerate(theirs["items"], 1):
        tx.insert("order_lines", _line(order_id, position, item))
    _add_payments(tx, theirs, at)
    _add_parcel(tx, theirs, at)


def _line(order_id: str, position: int, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "line_id": f"{order_id}-{position}", "order_id": order_id, "position": position,
        "product_id": item["product_id"], "sku": item["item_id"], "product_name": item["name"],
        "option_name": join_options(item["options"]), "quantity": 1,
        "unit_price_krw": cents(item["price"]),
    }  # fmt: skip


def _add_payments(tx: Tx, theirs: dict[str, Any], at: datetime) -> None:
    for number, row in enumerate(theirs["payment_history"], 1):
        method = payment_methods.get(tx, row["payment_method_id"], user_id=theirs["user_id"])
        if method is None:
            raise ValueError(f"{theirs['order_id']} is paid with somebody else's method")
        orders.add_payment(
            tx,
            Payment(
                f"{theirs['order_id']}-P{number}", theirs["order_id"], None,
                row["transaction_type"], method.kind, method.label, cents(row["amount"]),
                to_text(at), method.method_id,
            ),
        )  # fmt: skip


def _add_parcel(tx: Tx, theirs: dict[str, Any], at: datetime) -> None:
    """One parcel with everything in it: that is what all of theirs are."""
    every = [item["item_id"] for item in theirs["items"]]
    for parcel in theirs["fulfillments"]:
        if parcel["item_ids"] != every or len(parcel["tracking_id"]) != 1:
            raise ValueError(f"{theirs['order_id']} comes in several parcels")
        orders.add_shipment(
            tx, theirs["order_id"], carrier="-", tracking_no=parcel["tracking_id"][0], at=at
        )


def _address(theirs: dict[str, str]) -> tuple[str, str, str]:
    """(zip, road, detail)."""
    road = road_of(theirs["address1"], theirs["city"], theirs["state"], theirs["country"])
    return theirs["zip"], road, theirs["address2"]
