"""The titles of the dashboard's charts: whole Korean sentences, whatever the slice is called."""

from __future__ import annotations

import re

import pytest

from services.dashboard_table import FIGURES
from services.dashboard_words import WORDS
from store.figures import Cost, Flow, Point, Spread
from ui.dashboard import charts, headlines

DAYS = ["2026-11-19", "2026-11-20"]
BIGGEST = ("resolution_how", "handoff_reasons", "intents", "issue_types", "opinions", "guards",
           "fallback_reasons", "claim_reasons")  # fmt: skip


def title(key: str, answer: tuple[object, ...]) -> str:
    return headlines.headline(FIGURES[key], answer, DAYS)


@pytest.mark.parametrize("key", BIGGEST)
def test_every_slice_can_be_the_biggest(key):
    assert key in charts.CHARTS
    for slice_ in WORDS[FIGURES[key].slices]:
        said = title(key, (Point(0.25, 1, 4, slice_), Point(0.75, 3, 4, slice_)))
        assert re.search(r"요$", said), said
        # No particle hangs on a name: it would have to fit a vowel and a consonant.
        assert not re.search(
            r"’(이|가|은|는|을|를|로|으로|과|와)(?=\s)", said.replace("됐어요’를", "")
        ), said


def test_sentences():
    assert title("handoff_reasons", (Point(0.5, 2, 4, "asked"),)) == (
        "상담원 연결의 50.0%는 고객이 처음부터 원했어요"
    )
    assert title("satisfaction_by_day", (Point(0.5, 1, 2, DAYS[0]), Point(1.0, 2, 2, DAYS[1]))) == (
        "평가 4개 가운데 3개(75.0%)가 ‘좋아요’였어요"
    )
    assert title("promises_by_priority", (
        Point(1.0, 2, 2, "resolution|low"), Point(0.25, 1, 4, "first_response|urgent"),
    )) == "긴급 티켓의 첫 답변 기한은 25.0%만 지켰어요"  # fmt: skip
    assert title("promises_by_priority", (Point(0.0, 0, 2, "resolution|high"),)) == (
        "높음 티켓의 해결 기한은 한 번도 지키지 못했어요"
    )
    slow = (Spread(3600, 7200, 3, "high"), Spread(60, 60, 1, "low"))
    assert title("first_response_by_priority", slow) == (
        "첫 답변까지 ‘높음’ 티켓이 보통 1시간으로 가장 오래 걸려요"
    )
    assert title("latency_by_day", (Spread(16, 42, 9, DAYS[1]),)) == (
        "11월 20일(금)에는 보통 16ms, 느려도 95%는 42ms 안에 답했어요"
    )
    assert title("cost_by_provider", (Cost("cloud", 3.0, 9, 0, 0), Cost("x", 1.0, 1, 0, 0))) == (
        "$4.00 가운데 $3.00는 ‘cloud’에 들었어요"
    )
    assert title("backlog_by_day", (Flow(DAYS[0], 3, 1, 5), Flow(DAYS[1], 1, 2, 4))) == (
        "4건 들어오고 3건 해결해, 4건 남았어요"
    )


def test_a_mark_of_the_flow_says_which_tickets_it_stands_for():
    figure = FIGURES["backlog_by_day"]
    chart = charts.CHARTS["backlog_by_day"](figure, (Flow(DAYS[1], 3, 1, 5),), DAYS)
    assert [trace.customdata[0][0] for trace in chart.data] == [
        "2026-11-20|opened", "2026-11-20|resolved", "2026-11-20|left",
    ]  # fmt: skip
