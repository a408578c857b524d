"""Money that can be followed: customers' payment methods, the ledger's method, claim dates.

``payment_methods.balance_krw`` is NULL unless the method is stored value (a gift card, the
shop's own points), which is debited and credited at once.
"""

from __future__ import annotations

from store.database import Tx

_COLUMNS = (
    ("payments", "method_id", "text"),
    ("claims", "method_id", "text"),
    ("claims", "noticed_on", "text"),
    ("claims", "collected_at", "text"),
    ("claims", "completed_at", "text"),
    ("orders", "option_changes", "integer not null default 0"),
)


def apply(tx: Tx) -> None:
    """Add the table, the columns and the index of a customer's methods."""
    tx.tables.table("payment_methods").create(
        {
            "method_id": str, "user_id": str, "kind": str, "label": str, "last_four": str,
            "balance_krw": int, "position": int,
        },
        pk="method_id",
        not_null={"method_id", "user_id", "kind", "label"},
        foreign_keys=[("user_id", "users", "user_id")],
    )  # fmt: skip
    tx.execute("create index ix_payment_methods_user on payment_methods (user_id, position)")
    for table, column, kind in _COLUMNS:
        tx.execute(f'alter table "{table}" add column "{column}" {kind}')
    # What is under way keeps its clock: the last change is the best that is known.
    tx.execute(
        "update claims set collected_at = updated_at where kind <> 'cancel' "
        "and status in ('collected', 'reshipping', 'completed')"
    )
    tx.execute("update claims set completed_at = updated_at where status = 'completed'")
