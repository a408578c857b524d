"""A catalogue of a million products: how fast it comes in, in how much memory, how it answers.

The file is written row by row to a temporary folder and imported by the command a shop would
run, in a process of its own whose peak memory is read from the system.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any

import settings
from agent.shop.rules import Rules
from agent.tools import ToolContext
from agent.tools import run as run_tool
from agent.types import Caller
from store.database import Database

__all__ = ["run"]

PRODUCTS = 1_000_000
REVIEWS_SHARE = 5  # one review to so many products
ROUNDS = 4
ROOT = Path(__file__).resolve().parents[1]
_FEATURES = (
    "무선 블루투스 초경량 프리미엄 휴대용 접이식 방수 대용량 스테인리스 유기농 겨울 여름 남성 여성 "
    "아동용 고급 미니 스마트 캠핑 사무용"
).split()
_KINDS = (
    "이어폰 헤드폰 텀블러 머그컵 키보드 마우스 티셔츠 운동화 양말 수건 이불 베개 책상 의자 조명 "
    "가방 지갑 모자 장갑 우산 충전기 보조배터리 스피커 냄비 프라이팬 도마 샴푸 로션 선크림 커피"
).split()
_CATEGORIES = ("전자기기", "패션", "생활주방", "뷰티", "식품", "디지털·문구")
_SENTENCES = (
    "가볍고 튼튼해서 매일 쓰기 좋은 제품입니다.", "생활 방수를 지원하고 최대 8시간 쓸 수 있어요.",
    "무상 보증은 구매일로부터 1년입니다.", "색상은 세 가지이며 세탁기에 돌려도 됩니다.",
    "선물용으로도 인기가 많아요.", "국내에서 만들었고 주문하신 다음 날 출발합니다.",
)  # fmt: skip
_SAID = (
    "배송이 정말 빨라요. 포장도 꼼꼼했습니다.", "음질은 좋은데 착용감이 별로예요.",
    "가격 대비 만족합니다. 디자인도 예뻐요.", "생각보다 작아요. 색상은 사진이랑 같습니다.",
    "한 달 만에 고장 났어요. 교환은 빨리 해 주셨어요.", "가볍고 튼튼해요. 또 샀습니다.",
)  # fmt: skip
# Words as a customer's message gives them; common, rare, two letters, and no product at all.
_ASKED: tuple[dict[str, Any], ...] = (
    {"query": "이어폰"}, {"query": "무선 이어폰"}, {"query": "양말"}, {"query": "방수"},
    {"query": "보조배터리", "max_price_krw": 30_000}, {"query": "브랜드317 텀블러"},
    {"query": "캠핑의자", "in_stock": True}, {"query": "커피", "category": "식품"},
    {"min_price_krw": 50_000, "max_price_krw": 59_999}, {"query": "냉장고"},
    {"query": "블루투스 스피커요 사무용"}, {"in_stock": True},
    {"query": "이어폰이요"}, {"query": "G-996"}, {"query": "세탁기 이불"},
)  # fmt: skip


def run(products: int = PRODUCTS) -> dict[str, float]:
    """Rows a second and peak memory (MiB) of both imports, the database's size (MiB), and
    milliseconds a search (p50, p95) over all of it. CPU figures hold on a busy machine."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        goods, said = base / "products.jsonl", base / "reviews.jsonl"
        _write(goods, _products(products))
        _write(said, _reviews(products, products // REVIEWS_SHARE))
        took, cpu, peak = _import("import-products", goods, base)
        review_took, review_cpu, review_peak = _import("import-reviews", said, base)
        database = Database(base / "sangdam.db")
        return {
            "import_products": products,
            "import_products_s": took,
            "import_products_cpu_s": cpu,
            "import_products_rows_per_s": products / took,
            "import_products_rows_per_cpu_s": products / cpu,
            "import_products_peak_mib": peak,
            "import_database_mib": database.path.stat().st_size / 2**20,
            "import_reviews_rows_per_s": products // REVIEWS_SHARE / review_took,
            "import_reviews_rows_per_cpu_s": products // REVIEWS_SHARE / review_cpu,
            "import_reviews_peak_mib": review_peak,
            **_search(database),
        }


def _write(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _products(count: int) -> Iterator[dict[str, Any]]:
    random = Random(1)
    for number in range(count):
        kind, brand = random.choice(_KINDS), f"브랜드{random.randrange(500)}"
        first, second = random.sample(_FEATURES, 2)
        product_id = f"B{number:07d}"
        yield {
            "product_id": product_id,
            "name": f"{brand} {first} {second} {kind} {random.choice('ABCDEFG')}-{number % 997}",
            "category": random.choice(_CATEGORIES),
            "brand": brand,
            "price_krw": random.randrange(10, 3000) * 100,
            "description": " ".join(random.sample(_SENTENCES, 3)),
            "keywords": [kind, first + kind],
            "attributes": {"보증": "1년"},
            "returnable": "normal",
            "emoji": "📦",
            "options": [
                {"sku": f"{product_id}-{o}", "name": o, "extra_krw": 0,
                 "stock": random.randrange(5)}
                for o in ("블랙", "화이트")
            ],
        }  # fmt: skip


def _reviews(products: int, count: int) -> Iterator[dict[str, Any]]:
    random = Random(2)
    for number in range(count):
        yield {
            "review_id": f"R{number}",
            "product_id": f"B{random.randrange(products):07d}",
            "rating": random.randint(1, 5),
            "text": random.choice(_SAID),
        }


def _import(command: str, path: Path, data_dir: Path) -> tuple[float, float, float]:
    """Seconds by the clock and of CPU, and the peak resident memory (MiB) of the command."""
    probe = (
        "import resource, sys; from store.__main__ import main; "
        "status = main(sys.argv[1:]); "
        "used = resource.getrusage(resource.RUSAGE_SELF); "
        # Not ru_maxrss: Linux carries the parent's peak over exec.
        "peak = next(x for x in open('/proc/self/status') if x.startswith('VmHWM')).split()[1]; "
        "print(used.ru_utime + used.ru_stime, peak); sys.exit(status)"
    )
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", probe, command, str(path)],
        env={"SANGDAM_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT), "PATH": ""},
        cwd=data_dir, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    took = perf_counter() - started
    cpu, peak = done.stdout.split()[-2:]
    return took, float(cpu), int(peak) / 1024


def _search(database: Database) -> dict[str, float]:
    rules = Rules.of(settings.load({}, env_file=Path("none")).rules())
    spent: list[float] = []
    cpu: list[float] = []
    for number in range(-1, ROUNDS):
        for asked in _ASKED:
            started, used = perf_counter(), process_time()
            with database.read() as tx:
                context = ToolContext(tx, Caller(), rules, datetime.now(UTC))
                run_tool(context, "search_products", **asked)
            if number >= 0:  # the first round warms up
                spent.append((perf_counter() - started) * 1000)
                cpu.append((process_time() - used) * 1000)
    cuts = statistics.quantiles(spent, n=20)
    return {
        "product_search_p50_ms": cuts[9],
        "product_search_p95_ms": cuts[18],
        "product_search_cpu_p95_ms": statistics.quantiles(cpu, n=20)[18],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=PRODUCTS)
    for name, value in run(parser.parse_args().products).items():
        print(f"{name:32} {value:12.2f}")
