"""Small catalogues to import, and what the shop holds then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from store.database import Database
from store.imports import ImportReport
from store.imports.products import import_products
from store.product_index import Filters, candidates

ROOT = Path(__file__).resolve().parents[2]
EARPHONES = {
    "product_id": "E1", "name": "무선 이어폰", "category": "전자기기", "brand": "소닉",
    "price_krw": 59000, "description": "IPX5 생활 방수를 지원합니다.",
    "keywords": ["이어폰", "콩나물"], "attributes": {"방수": "IPX5"}, "returnable": "normal",
    "emoji": "🎧", "options": [
        {"sku": "E1-BK", "name": "블랙", "extra_krw": 0, "stock": 3},
        {"sku": "E1-WH", "name": "화이트", "extra_krw": 1000, "stock": 0},
    ],
}  # fmt: skip
CSV_HEADER = "product_id,name,category,price_krw,keywords,attributes,sku,option,extra_krw,stock\n"


def lines(path: Path, *rows: Any) -> Path:
    """A JSONL file; a row that is text goes in as it is."""
    text = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(line + "\n" for line in text), "utf-8")
    return path


def imported(database: Database, path: Path, **more: Any) -> tuple[int, int, int, int, int]:
    report = import_products(database, path, **more)
    return figures(report)


def figures(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.rows, report.inserted, report.updated, report.unchanged, report.rejected


def rejected(path: Path) -> list[dict[str, Any]]:
    kept = path.with_name(path.name + ".rejected.jsonl")
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()]


def dump(database: Database) -> list[list[dict[str, Any]]]:
    with database.read() as tx:
        return [tx.rows(f"select * from {table} order by 1")
                for table in ("products", "product_options", "product_search_rows")]  # fmt: skip


def found(database: Database, *words: str) -> list[str]:
    with database.read() as tx:
        return candidates(tx, words, Filters(), limit=10)


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path
