"""A shop of two products in their shape, for the judge's own tests."""

from __future__ import annotations

from typing import Any

from tests.tau2.shape import Shop

__all__ = ["AWAY", "HOME", "TINY"]

HOME = {
    "address1": "12 Elm Street", "address2": "Apt 3", "city": "Fort Worth", "state": "TX",
    "country": "USA", "zip": "76165",
}  # fmt: skip
AWAY = HOME | {"address1": "1, The Old Road", "address2": "", "zip": "10001"}
# item → (product, price, available, options)
ITEMS: dict[str, tuple[str, float, bool, dict[str, str]]] = {
    "blue": ("shirt", 10.0, True, {"color": "blue", "bagged/bagless": "M"}),
    "red": ("shirt", 12.5, True, {"color": "red", "bagged/bagless": "M"}),
    "pale": ("shirt", 10.0, True, {"color": "pale", "bagged/bagless": "L"}),
    "green": ("shirt", 11.99, False, {"color": "green", "bagged/bagless": "M"}),
    "lamp": ("light", 30.1, True, {"height": "5.5"}),
    "torch": ("light", 71.96, False, {"height": "0.5"}),
}


def product(product_id: str, name: str) -> dict[str, Any]:
    variants = {
        item: {"item_id": item, "options": options, "available": available, "price": price}
        for item, (of, price, available, options) in ITEMS.items()
        if of == product_id
    }
    return {"name": name, "product_id": product_id, "variants": variants}


def user(user_id: str, *methods: dict[str, Any], orders: tuple[str, ...]) -> dict[str, Any]:
    first, last, _ = user_id.split("_")
    return {
        "user_id": user_id,
        "name": {"first_name": first.title(), "last_name": last.title()},
        "address": HOME,
        "email": f"{first}.{last}@example.com",
        "payment_methods": {method["id"]: method for method in methods},
        "orders": list(orders),
    }


def order(order_id: str, status: str, *items: str, by: str = "card_a") -> dict[str, Any]:
    lines = [
        {
            "name": {"shirt": "T-Shirt", "light": "Lamp"}[ITEMS[item][0]],
            "product_id": ITEMS[item][0], "item_id": item, "price": ITEMS[item][1],
            "options": ITEMS[item][3],
        }
        for item in items
    ]  # fmt: skip
    amount = round(sum(ITEMS[item][1] for item in items), 2)
    kinds = ("payment", "refund") if status == "cancelled" else ("payment",)
    return {
        "order_id": order_id,
        "user_id": "bob_ray_2" if by == "card_b" else "ann_lee_1",
        "address": HOME,
        "items": lines,
        "status": status,
        "fulfillments": []
        if status == "pending"
        else [{"tracking_id": ["357962501027"], "item_ids": list(items)}],
        "payment_history": [
            {"transaction_type": kind, "amount": amount, "payment_method_id": by} for kind in kinds
        ],
    }


def card(method_id: str) -> dict[str, Any]:
    return {"source": "credit_card", "id": method_id, "brand": "visa", "last_four": "9212"}


ORDERS = (
    order("#W1", "pending", "blue", "green", "blue", "lamp"),
    order("#W2", "delivered", "blue", "lamp", "blue"),
    order("#W3", "processed", "blue", "torch"),
    order("#W4", "cancelled", "red"),
    order("#W5", "pending", "blue", "red", by="gift_a"),
    order("#W6", "delivered", "red", by="card_b"),
)
TINY: Shop = {
    "products": {"shirt": product("shirt", "T-Shirt"), "light": product("light", "Lamp")},
    "users": {
        "ann_lee_1": user(
            "ann_lee_1", card("card_a"), {"source": "paypal", "id": "paypal_a"},
            {"source": "gift_card", "id": "gift_a", "balance": 5.0},
            orders=("#W1", "#W2", "#W3", "#W4", "#W5"),
        ),
        "bob_ray_2": user("bob_ray_2", card("card_b"), orders=("#W6",)),
    },
    "orders": {one["order_id"]: one for one in ORDERS},
}  # fmt: skip
