"""Exports of other shops and what became of them, for tests of the order import."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store import orders
from store.database import Database, Row
from store.imports.order_mapping import load
from store.imports.orders import import_orders
from store.imports.reading import ImportReport
from store.models import Order

EXPORTS = Path(__file__).parent / "exports"
MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "mappings"
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


def bring(database: Database, path: Path, format: str = "cafe24") -> ImportReport:
    return import_orders(database, path, load(format, MAPPINGS), now=lambda: NOW)


def copied(tmp_path: Path, name: str) -> Path:
    return Path(shutil.copy(EXPORTS / name, tmp_path / name))


def rejected(path: Path) -> list[dict[str, Any]]:
    kept = path.with_name(path.name + ".rejected.jsonl")
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()]


def whole(database: Database, number: str) -> Order:
    with database.read() as tx:
        order = orders.get(tx, number, user_id=None)
    assert order is not None
    return order


def rows(database: Database) -> dict[str, list[Row]]:
    with database.read() as tx:
        names = ("orders", "order_lines", "payments", "shipments", "users", "products",
                 "product_options")  # fmt: skip
        return {name: tx.rows(f"select * from {name} order by 1") for name in names}


def edited(source: Path, target: Path, change: Callable[[dict[str, str]], None]) -> Path:
    """A copy of an export with every row changed in place."""
    reader = csv.DictReader(io.StringIO(source.read_bytes().decode("cp949")))
    out = io.StringIO()
    writer = csv.DictWriter(out, reader.fieldnames or ())
    writer.writeheader()
    for row in reader:
        change(row)
        writer.writerow(row)
    target.write_bytes(out.getvalue().encode("cp949"))
    return target
