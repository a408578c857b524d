"""Migrations: a list of small functions, run once each, in order.

To change the schema add ``mNNN_name.py`` with ``def apply(tx)`` and put it at the end of
:data:`MIGRATIONS`. A migration that has landed is never edited.
"""

from __future__ import annotations

from datetime import UTC, datetime

from store.database import Tx
from store.migrations import (
    m001_first_schema,
    m002_money,
    m003_catalogue,
    m004_orders,
    m005_tickets,
    m006_order_pause,
    m007_desk_limits,
    m008_quality,
    m009_recommendations,
    m010_http,
    m011_llm,
    m012_staff_desk,
    m013_dashboard,
    m014_policy_desk,
    m015_runs,
    m016_photos,
)

__all__ = ["MIGRATIONS", "apply"]

MIGRATIONS = (
    ("m001_first_schema", m001_first_schema.apply),
    ("m002_money", m002_money.apply),
    ("m003_catalogue", m003_catalogue.apply),
    ("m004_orders", m004_orders.apply),
    ("m005_tickets", m005_tickets.apply),
    ("m006_order_pause", m006_order_pause.apply),
    ("m007_desk_limits", m007_desk_limits.apply),
    ("m008_quality", m008_quality.apply),
    ("m009_recommendations", m009_recommendations.apply),
    ("m010_http", m010_http.apply),
    ("m011_llm", m011_llm.apply),
    ("m012_staff_desk", m012_staff_desk.apply),
    ("m013_dashboard", m013_dashboard.apply),
    ("m014_policy_desk", m014_policy_desk.apply),
    ("m015_runs", m015_runs.apply),
    ("m016_photos", m016_photos.apply),
)


def apply(tx: Tx) -> list[str]:
    """Run what has not run yet inside ``tx``; returns the names of what ran."""
    tx.execute("create table if not exists migrations (name text primary key, applied_at text)")
    done = {row["name"] for row in tx.rows("select name from migrations")}
    ran = []
    for name, migrate in MIGRATIONS:
        if name not in done:
            migrate(tx)
            tx.insert("migrations", {"name": name, "applied_at": datetime.now(UTC).isoformat()})
            ran.append(name)
    return ran
