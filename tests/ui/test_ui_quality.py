"""품질: the state in a line, a row a suite, the chosen one, its cases; for staff only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evals.types import Case, ClassRow, Confusion, SuiteResult
from services import quality as quality_module
from services.quality import Work
from store import eval_runs
from tests.conftest import NOW
from tests.evals.evals_helpers import result
from tests.pages import press, shown
from ui import quality_cases, quality_charts, quality_view

CASES = tuple(
    Case(f"evals/intents/test.tsv:{n}", f"{n}번 **문장** <b>", want, got, 1 - n / 100, "p = .91")
    for n, (want, got) in enumerate([("policy", "delivery")] * 18 + [("delivery", "cancel")] * 2)
)
INTENTS = SuiteResult(
    "intents", "의도", result(93, 100, goal=0.9).metrics,
    (ClassRow("policy", 40, 0.9, 0.55, 0.68), ClassRow("delivery", 40, 0.8, 0.9, 0.85)),
    Confusion(("cancel", "delivery", "policy"), ((20, 0, 0), (2, 38, 0), (0, 18, 22))), CASES,
)  # fmt: skip


@pytest.fixture
def stored(desk, tmp_path, monkeypatch):
    """Three runs without the delivered baseline."""
    monkeypatch.setattr(quality_module, "_FILE", tmp_path / "none.json")

    def _store(day: int, *results: SuiteResult) -> None:
        at = NOW + timedelta(days=day)
        with desk.database.write() as tx:
            eval_runs.add(tx, f"run-{day}", started=at, finished=at, revision="abc1234",
                          results={one.suite: one.as_json() for one in results})  # fmt: skip

    _store(-3, result(90, 100, goal=0.9))
    _store(-2, result(80, 100, goal=0.9), INTENTS)
    return _store


@pytest.mark.parametrize("email", ["minji@example.com", None])
def test_it_is_for_staff_only(open_page, stored, email):
    at = open_page("quality", email)
    assert "목표" not in shown(at)
    assert not [one for one in at.button if one.key and one.key.startswith("quality")]


def test_nothing_measured_says_what_this_is(open_page, desk, tmp_path, monkeypatch):
    monkeypatch.setattr(quality_module, "_FILE", tmp_path / "none.json")
    at = open_page("quality", "staff@example.com")
    assert "아직 측정한 적이 없어요" in shown(at)
    assert [one.label for one in at.button if one.key == "quality-start"] == ["측정 시작"]


def test_the_state_in_a_line_and_a_row_a_suite(open_page, stored):
    at = open_page("quality", "admin@example.com")
    text = shown(at)
    assert "**목표 2개 중 1개 도달**" in text
    assert "나빠진 것: 작은 묶음 −10\\.0%p" in text
    assert "**80\\.0%**" in text
    assert "**93\\.0%**" in text
    assert ":orange-badge[:material/flag: 목표 미달]" in text
    assert "##### 작은 묶음" in text  # what got worse comes first
    press(at, "의도")
    assert "intents" in at.query_params["suite"]
    assert "##### 의도" in shown(at)


def test_cases_by_class_more_of_them_and_where_they_stand(open_page, stored):
    at = open_page("quality", "staff@example.com", suite="intents")
    assert len(at.expander) == quality_cases.STEP
    assert "20건" in shown(at)
    assert "evals/intents/test\\.tsv:0" in shown(at)
    assert "**문장**" not in shown(at)  # as it was typed
    press(at, "더 보기")
    assert len(at.expander) == 20
    at.selectbox(key="quality-class").set_value("cancel").run()
    assert len(at.expander) == 2
    assert "cancel" in at.query_params["class"]
    at = open_page("quality", "staff@example.com", suite="intents", **{"class": "cancel"})
    assert len(at.expander) == 2


def test_an_earlier_run_is_looked_at_by_its_address(open_page, stored):
    at = open_page("quality", "staff@example.com", suite="tiny", run="run--3")
    assert "지난 측정을 보고 있어요" in shown(at)
    press(at, "최근 측정으로")
    assert "지난 측정을 보고 있어요" not in shown(at)
    at = open_page("quality", "staff@example.com", suite="nothing", run="x", shown="-1")
    assert "##### 작은 묶음" in shown(at)


def test_a_skipped_suite_is_calm(open_page, stored):
    stored(-1, SuiteResult("pii", "개인정보", skipped="자료가 이 컴퓨터에 없습니다."))
    at = open_page("quality", "staff@example.com")
    assert "자료가 이 컴퓨터에 없습니다" in shown(at)
    assert [one.disabled for one in at.button if one.label == "개인정보"] == [True]
    assert not at.error


def test_progress_a_second_click_and_the_end(open_page, desk, stored, monkeypatch):
    desk.quality._work = Work("running", ("tiny", "intents"), "intents", 30, 120)
    monkeypatch.setattr(desk.quality, "_look", lambda: desk.quality._work)
    at = open_page("quality", "staff@example.com")
    assert not [one for one in at.button if one.key == "quality-start"]
    press(at, "지금 측정하기")
    assert "이미 측정하고 있어요" in at.warning[0].value
    assert [one.label for one in at.button if one.key == "quality-stop"] == ["멈추기"]
    desk.quality._work = Work("failed", ("tiny",), error="ValueError: 무엇")
    at.run()
    assert "측정이 끝나지 못했어요" in at.error[0].value
    assert "python -m evals run --suite tiny" in [one.value for one in at.code]


def test_a_chart_tells_the_run_behind_each_point(desk, stored):
    standing = next(one for one in desk.quality.standings() if one.suite == "tiny")
    chart = quality_charts.over_time(standing.points, "accuracy")
    band, line = chart.data
    assert list(line.y) == [0.9, 0.8]
    assert [row[0] for row in line.customdata] == ["run--3", "run--2"]
    assert line.customdata[1][1:3] == ["80.0%", "71.1~86.7%"]
    assert max(band.y) == pytest.approx(0.9448, abs=1e-3)
    heat, wrong = quality_charts.confusion(("a", "b"), ((3, 1), (0, 4))).data
    assert list(heat.z[0]) == [0.75, 0.25]
    assert list(wrong.customdata) == [["a", "b", 1]]


def test_words_of_a_class_are_whole_words():
    cases = [
        {"expected": "order_status", "got": "-"},
        {"expected": "refund-timing#며칠-걸리나요, return-window#기간은", "got": "refund"},
    ]
    assert quality_cases.of_class(cases, "status") == []
    assert quality_cases.of_class(cases, "order_status") == cases[:1]
    assert quality_cases.of_class(cases, "return-window") == cases[1:]
    assert quality_cases.of_class(cases, "") == cases


def test_a_line_needs_two_points(desk, stored):
    tiny, intents = desk.quality.standings()
    assert quality_view.spark(tiny).startswith("data:image/svg+xml;base64,")
    assert quality_view.spark(intents) == ""
