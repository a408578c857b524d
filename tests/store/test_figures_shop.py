"""Opinions, the books of the models, claims by product: counted by hand."""

from __future__ import annotations

import pytest
from figures_helpers import Book, at, span

from store import llm_calls
from store.database import Database, Tx
from store.figures import Cell, Cost, Point, claims, money, opinions
from store.llm_calls import LlmCall
from store.models import to_text


@pytest.fixture
def book(tx: Tx) -> Book:
    return Book(tx)


def test_an_empty_store(database: Database) -> None:
    with database.read() as tx:
        week = span(16, 22)
        assert opinions.satisfaction(tx, week) == Point(None, 0, 0)
        assert opinions.reasons(tx, week) == opinions.satisfaction_by_day(tx, week) == ()
        assert money.spent(tx, week) == Cost("", 0.0, 0, 0, 0)
        assert money.by_day(tx, week) == money.by_provider(tx, week) == ()
        assert claims.by_reason(tx, week) == claims.by_product(tx, week) == ()
        assert claims.refunds_by_product(tx, week) == ()


def test_satisfaction_counts_on_the_day_of_the_thumb(book: Book, tx: Tx) -> None:
    first = book.talk(at(16), {}, {})
    second = book.talk(at(16), source="api")
    book.rate(first, 1, at(16, 23, 59, 59))
    book.rate(second, 0, at(17, 0), reason="답이 틀렸어요")
    third = book.talk(at(16))
    book.rate(third, 0, at(17, 9))
    book.rate(third, 1, at(17, 10))  # changed their mind: the last one counts
    assert opinions.satisfaction(tx, span(16, 17)) == Point(2 / 3, 2, 3)
    assert opinions.satisfaction_by_day(tx, span(16, 17)) == (
        Point(1.0, 1, 1, "2026-11-16"), Point(0.5, 1, 2, "2026-11-17"),
    )  # fmt: skip
    assert opinions.reasons(tx, span(16, 17)) == (Point(1.0, 1, 1, "답이 틀렸어요"),)
    assert opinions.satisfaction(tx, span(16, 17, source="api")) == Point(0.0, 0, 1)
    found = opinions.behind(tx, span(16, 17), "reason", "답이 틀렸어요", limit=9)
    assert [(one.id, one.turn_id) for one in found] == [(second, "t5")]
    assert len(opinions.behind(tx, span(16, 17), "good", limit=9)) == 2


def call(when: str, **more: object) -> LlmCall:
    values: dict[str, object] = {"purpose": "compose", "provider": "cloud", "model": "m",
                                 "created_at": when, "cost_usd": 0.25, **more}  # fmt: skip
    return LlmCall(**values)  # type: ignore[arg-type]


def test_the_books_count_what_is_unknown_apart(tx: Tx) -> None:
    llm_calls.add(tx, call(to_text(at(16, 23, 59, 59))))
    llm_calls.add(tx, call(to_text(at(17, 0)), cost_usd=None))
    llm_calls.add(tx, call(to_text(at(17, 9)), provider="local", error="timeout", cost_usd=0.5))
    llm_calls.add(tx, call(to_text(at(18, 0))))
    # 16th: 0.25. 17th: 0.5, one more call of unknown price, one of the two failed.
    assert money.by_day(tx, span(16, 17)) == (
        Cost("2026-11-16", 0.25, 1, 0, 0), Cost("2026-11-17", 0.5, 2, 1, 1),
    )  # fmt: skip
    assert money.spent(tx, span(16, 17)) == Cost("", 0.75, 3, 1, 1)
    assert money.by_provider(tx, span(16, 17)) == (
        Cost("cloud", 0.25, 2, 0, 1), Cost("local", 0.5, 1, 1, 0),
    )  # fmt: skip


def test_claims_by_product_and_refunds_by_price(book: Book, tx: Tx) -> None:
    # 10,000 + 2 × 15,000: a quarter and three quarters of 32,000.
    book.claim(at(16), (("컵", 10_000, 1), ("이불", 15_000, 2)), refund_krw=32_000)
    book.claim(at(17), (("컵", 10_000, 1),), reason_code="change_of_mind", status="requested",
               refund_krw=7_000)  # fmt: skip
    book.claim(at(17), (("컵", 10_000, 1),), status="withdrawn", refund_krw=10_000)
    book.claim(at(18, 0), (("컵", 10_000, 1),), refund_krw=10_000)  # after the span
    assert claims.by_reason(tx, span(16, 17)) == (
        Point(0.5, 1, 2, "change_of_mind"), Point(0.5, 1, 2, "defect"),
    )  # fmt: skip
    assert claims.by_product(tx, span(16, 17)) == (
        Cell("이불", "defect", 1), Cell("컵", "change_of_mind", 1), Cell("컵", "defect", 1),
    )  # fmt: skip
    assert claims.refunds_by_product(tx, span(16, 17)) == (
        Cell("이불", "return", 1, 24_000), Cell("컵", "return", 1, 8_000),
    )  # fmt: skip
    assert len(claims.behind(tx, span(16, 17), "product", "컵|defect", limit=9)) == 1
    assert len(claims.behind(tx, span(16, 17), "refund", "이불|return", limit=9)) == 1
    (one,) = claims.behind(tx, span(16, 17), "reason", "defect", limit=9)
    assert one.title in ("컵,이불", "이불,컵")
