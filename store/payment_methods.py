"""A customer's registered payment methods; stored value has a balance."""

from __future__ import annotations

from store.database import Row, Tx
from store.models import PaymentMethod

__all__ = ["add", "get", "move", "of_user"]


def of_user(tx: Tx, user_id: str) -> list[PaymentMethod]:
    """A customer's methods in their own order."""
    rows = tx.rows(
        "select * from payment_methods where user_id = ? order by position, method_id", (user_id,)
    )
    return [_method(row) for row in rows]


def get(tx: Tx, method_id: str, *, user_id: str) -> PaymentMethod | None:
    """One method; None when there is none or it is somebody else's."""
    row = tx.row(
        "select * from payment_methods where method_id = ? and user_id = ?", (method_id, user_id)
    )
    return None if row is None else _method(row)


def add(tx: Tx, method: PaymentMethod, *, position: int = 0) -> None:
    """Register a method."""
    names = ("method_id", "user_id", "kind", "label", "last_four", "balance_krw")
    row = {name: getattr(method, name) for name in names}
    tx.insert("payment_methods", {**row, "position": position})


def move(tx: Tx, method_id: str, amount_krw: int) -> bool:
    """Add ``amount_krw`` (negative: take) to stored value; a card's row has none to change.

    False, and nothing changed, when the balance is too small.
    """
    row = tx.row("select balance_krw from payment_methods where method_id = ?", (method_id,))
    if row is None or row["balance_krw"] is None:
        return True
    if row["balance_krw"] + amount_krw < 0:
        return False
    tx.update(
        "payment_methods",
        {"method_id": method_id},
        {"balance_krw": row["balance_krw"] + amount_krw},
    )
    return True


def _method(row: Row) -> PaymentMethod:
    return PaymentMethod(
        row["method_id"], row["user_id"], row["kind"], row["label"], row["last_four"] or "",
        row["balance_krw"],
    )  # fmt: skip
