"""Reviews: what they praise and criticise, sums that never count twice, bad rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from store_helpers import CATALOGUE

from store import products, reviews
from store.__main__ import main
from store.database import Database
from store.imports import aspects
from store.imports import reviews as importer
from store.imports.products import import_products
from store.imports.reviews import import_reviews
from store.models import ReviewSummary
from store.reviews import Review

KOREAN = Path(__file__).resolve().parents[3] / "shared" / "korean"


@pytest.fixture
def goods(database: Database, tmp_path: Path) -> Database:
    """Two products without reviews."""
    rows = [{"product_id": i, "name": f"상품 {i}", "price_krw": 1000} for i in ("A", "B")]
    import_products(database, lines(tmp_path / "goods.jsonl", *rows))
    return database


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def said(database: Database, product_id: str) -> ReviewSummary | None:
    with database.read() as tx:
        product = products.get(tx, product_id)
    assert product is not None
    return product.reviews


def review(number: int, text: str, rating: int = 5, product_id: str = "A") -> dict[str, Any]:
    return {"review_id": f"R{number}", "product_id": product_id, "rating": rating, "text": text}


@pytest.mark.parametrize(
    ("text", "rating", "read"),
    [
        ("배송이 빨라요. 포장도 꼼꼼해요", 5, {"배송": 1, "포장": 1}),
        ("음질은 좋은데 착용감이 별로예요", 4, {"음질": 1, "착용감": -1}),
        ("배송은 안 좋았지만 품질은 만족합니다", 3, {"배송": -1, "품질": 1}),
        ("맛은 좋고 포장은 엉망이에요", 3, {"맛": 1, "포장": -1}),
        ("시끄럽지 않아요", 2, {"소음": 1}),
        ("착용감은 불편함이 없어요", 3, {"착용감": 1}),
        ("별로 안 비싸요", 3, {"가격": 1}),
        ("디자인이 예쁘지 않아요", 4, {"디자인": -1}),
        ("품질은 추천 안 해요", 4, {"품질": -1}),
        ("발이 덜 아파요", 3, {"착용감": 1}),
        ("포장과 배송 모두 좋아요", 3, {"포장": 1, "배송": 1}),
        ("가격을 보고 실망했어요", 3, {"가격": -1}),
        ("한 달 만에 고장 났어요", 1, {"내구성": -1}),
        ("Great price but delivery was slow", 3, {"가격": 1, "배송": -1}),
        ("배송이 빨라요. 그런데 두 번째 배송은 늦었어요", 4, {}),
        ("그냥 그래요", 5, {}),
        ("", 5, {}),
    ],
)
def test_a_text_is_read_clause_by_clause(text: str, rating: int, read: dict[str, int]) -> None:
    assert aspects.read(text, rating) == read


@pytest.mark.parametrize(("rating", "read"), [(5, 1), (4, 1), (3, None), (2, -1), (1, -1)])
def test_without_a_cue_the_stars_decide(rating: int, read: int | None) -> None:
    assert aspects.read("색상 이야기입니다", rating).get("색상") == read


def test_long_and_strange_texts_are_read_in_no_time() -> None:
    for text in ("배송" * 100_000, "고, " * 50_000, "\u0000😀" * 10_000, "안 " * 50_000):
        aspects.read(text, 5)


def test_reviews_add_up(goods: Database, tmp_path: Path) -> None:
    path = lines(
        tmp_path / "r.jsonl",
        review(1, "음질이 좋아요. 배터리도 오래 가요", 5), review(2, "음질 최고", 5),
        review(3, "음질은 좋은데 착용감이 별로예요", 4), review(4, "그냥 그래요", 4),
    )  # fmt: skip
    report = import_reviews(goods, path)
    assert (report.rows, report.inserted, report.rejected) == (4, 4, 0)
    assert said(goods, "A") == ReviewSummary(
        4, 4.5, (0, 0, 0, 2, 2), ("음질", "배터리"), ("착용감",)
    )
    assert said(goods, "B") is None


def test_a_second_run_counts_nothing_twice(goods: Database, tmp_path: Path) -> None:
    rows = [
        {"product_id": "A", "rating": 5, "text": "배송이 빨라요", "created_at": f"2026-11-0{n}"}
        for n in (1, 2)
    ]
    path = lines(tmp_path / "r.jsonl", *rows, rows[0])  # without ids; one is there twice
    first = import_reviews(goods, path)
    assert (first.inserted, first.unchanged) == (2, 1)
    before = said(goods, "A")
    second = import_reviews(goods, path)
    assert (second.inserted, second.updated, second.unchanged) == (0, 0, 3)
    assert said(goods, "A") == before


def test_a_changed_review_takes_its_old_part_back(goods: Database, tmp_path: Path) -> None:
    import_reviews(goods, lines(tmp_path / "r.jsonl", review(1, "배송이 빨라요", 5)))
    changed = import_reviews(goods, lines(tmp_path / "r.jsonl", review(1, "배송이 늦어요", 1)))
    assert changed.updated == 1
    assert said(goods, "A") == ReviewSummary(1, 1.0, (1, 0, 0, 0, 0), (), ("배송",))
    moved = review(1, "배송이 늦어요", 1, "B")
    import_reviews(goods, lines(tmp_path / "r.jsonl", moved))
    assert said(goods, "A") is None
    assert said(goods, "B") == ReviewSummary(1, 1.0, (1, 0, 0, 0, 0), (), ("배송",))


def test_changes_inside_one_batch_and_over_several_agree(
    goods: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lines(
        tmp_path / "r.jsonl",
        *(review(n % 7, "맛이 좋아요" if n % 3 else "맛이 없어요", n % 5 + 1) for n in range(40)),
    )
    import_reviews(goods, path)
    whole = said(goods, "A")
    assert whole is not None
    assert whole.count == 7
    monkeypatch.setattr(importer, "BATCH", 3)
    import_reviews(goods, path)
    assert said(goods, "A") == whole


def test_the_sum_is_the_sum_of_the_reviews(goods: Database) -> None:
    many = [Review(f"r{n}", "AB"[n % 2], n % 5 + 1, {"배송": 1 - 2 * (n % 2)}) for n in range(100)]
    with goods.write() as tx:
        for start in range(0, 100, 7):
            reviews.add(tx, many[start : start + 7])
        rows = tx.rows("select product_id, rating, count(*) as n from reviews group by 1, 2")
    for product_id in "AB":
        stars = [0] * 5
        for row in rows:
            if row["product_id"] == product_id:
                stars[row["rating"] - 1] = row["n"]
        summary = said(goods, product_id)
        assert summary is not None
        assert summary.histogram == tuple(stars)


def test_no_text_is_kept(goods: Database, tmp_path: Path) -> None:
    secret = "제 번호는 01012345678 배송이 빨라요"
    import_reviews(goods, lines(tmp_path / "r.jsonl", review(1, secret)))
    with goods.read() as tx:
        assert tx.rows("select * from reviews") == [
            {"review_id": "R1", "product_id": "A", "rating": 5, "aspects": '{"배송":1}'}
        ]
    assert b"01012345678" not in goods.path.read_bytes()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (review(1, "좋아요", 0), "1에서 5"),
        (review(1, "좋아요", 6), "1에서 5"),
        ({"product_id": "A", "rating": 4.5}, "정수"),
        ({"product_id": "A", "text": "좋아요"}, "rating"),
        ({"rating": 3}, "product_id"),
        (review(1, "좋아요", product_id="없는 상품"), "없는 상품"),
    ],
)
def test_bad_reviews_are_kept_aside(
    goods: Database, tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    path = lines(tmp_path / "r.jsonl", row, review(2, "좋아요"))
    report = import_reviews(goods, path)
    assert (report.rows, report.inserted, report.rejected) == (2, 1, 1)
    assert report.rejects_path is not None
    kept = json.loads(report.rejects_path.read_text("utf-8"))
    assert (kept["line"], kept["raw"]) == (1, row)
    assert reason in kept["reason"]


def test_sources_keep_equal_ids_apart(goods: Database, tmp_path: Path) -> None:
    path = lines(tmp_path / "r.jsonl", review(1, "좋아요"))
    for source in ("a", "b", "a"):
        import_reviews(goods, path, source=source)
    summary = said(goods, "A")
    assert summary is not None
    assert summary.count == 2


def test_the_command_reads_korean_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path))
    goods = lines(tmp_path / "g.jsonl", {"product_id": "A", "name": "양말", "price_krw": 1})
    path = tmp_path / "r.csv"
    path.write_text("상품코드,별점,내용\nA,5,배송이 빨라요\nZ,1,별로\n", "cp949")
    assert main(["import-products", str(goods)]) == 0
    assert main(["import-reviews", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "후기 가져오기를 마쳤습니다" in out
    assert "3행: 상품 'Z'이(가) 없습니다" in err


def test_the_demonstration_shop_has_its_reviews(seeded: Database) -> None:
    texts = yaml.safe_load(CATALOGUE.read_text("utf-8"))["reviews"]
    with seeded.read() as tx:
        assert tx.value("select count(*) from reviews") == len(texts)
        earphones, book = products.many(tx, ["P1001", "P6001"])
    assert earphones.reviews is not None
    assert earphones.reviews.count == sum(t["product_id"] == "P1001" for t in texts)
    assert "음질" in earphones.reviews.criticised
    assert book.reviews is None


@pytest.mark.skipif(not (KOREAN / "zizun_comments.csv").exists(), reason="no Korean texts here")
def test_real_comments_are_read_without_a_stumble() -> None:
    text = (KOREAN / "zizun_comments.csv").read_text("utf-8", errors="replace")
    for line in text.splitlines()[:3000]:
        for aspect, sign in aspects.read(line, 3).items():
            assert aspect
            assert sign in (1, -1)
