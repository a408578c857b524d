"""The dashboard's service: days, who may look, what lies behind, the cache, tables and CSV."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest

from agent.shop.calendar import business_time_between
from agent.types import Caller
from errors import BadInput, Forbidden, NotFound
from services.dashboard import KEPT_MOST, Dashboard, desk_calendar, earlier
from services.dashboard_csv import as_csv, as_zip, behind_rows, key_word, said, table
from services.dashboard_formulas import FORMULAS
from services.dashboard_table import FIGURES
from services.dashboard_words import FLAG, INTENT, WORDS
from services.metrics_words import FLAGS
from store.figures import Behind, Cell, Point, Span, tickets
from tests.conftest import ROOT

STAFF = Caller("staff", "staff_001", "이상담")


@pytest.fixture
def dashboard(shop) -> Dashboard:
    return shop.dashboard


def test_every_figure_is_named_explained_and_documented():
    assert set(FIGURES) == set(FORMULAS)
    told = (ROOT / "docs" / "dashboard.md").read_text("utf-8")
    for key, figure in FIGURES.items():
        assert figure.name
        assert len(figure.formula) > 8
        query = f"{figure.query.__module__.rpartition('.')[2]}.{figure.query.__name__}"
        assert f"| `{key}` | {figure.name} |" in told, key
        assert f"`{query}`" in told, key
        assert figure.query.__doc__, key


def test_every_code_has_a_word():
    from agent.flows import FLOWS

    assert set(FLOWS) <= set(INTENT)
    assert set(FLAGS) <= set(FLAG)
    assert {one.slices for one in FIGURES.values()} <= {*WORDS, "", "day", "hour"}


def test_the_demonstration_has_something_in_every_group(dashboard):
    period = dashboard.period("90")
    read = dashboard.read(STAFF, FIGURES, period)
    empty = [key for key, one in read.items() if not table(one.figure, one.now)[1]]
    # The demonstration asks no language model.
    assert set(empty) == {"cost_by_day", "cost_by_provider", "fallback_reasons"}
    assert read["conversations"].now.n > 300
    assert 0.1 < read["resolution"].now.value < 0.9
    assert read["satisfaction"].now.value > 0.5


def test_every_slice_has_as_much_behind_it_as_it_counts(dashboard):
    """Whatever the demonstration's charts show, a click finds exactly that many."""
    period = dashboard.period("30")
    checked = 0
    for key in ("conversations_by_day", "handoff_reasons", "intents", "hours", "issue_types",
                "opinions", "guards", "claim_reasons", "claims_by_product", "refunds",
                "latency_by_provider", "first_response_by_priority", "resolution_how"):  # fmt: skip
        figure = FIGURES[key]
        for one in dashboard.read(STAFF, [key], period)[key].now[:40]:
            slice_ = f"{one.row}|{one.column}" if isinstance(one, Cell) else one.key
            found = dashboard.behind(STAFF, key, slice_, period, limit=500)
            assert len(found) == one.n or one.n > 500, (key, slice_)
            assert key_word(figure, slice_)
            checked += 1
    assert checked > 60
    for key in ("resolution", "handoff", "satisfaction", "backlog", "unanswered", "stopped",
                "first_response", "resolution_time", "reopened", "conversations"):  # fmt: skip
        number = dashboard.read(STAFF, [key], period)[key].now
        count = number.of if key == "satisfaction" else number.n
        assert len(dashboard.behind(STAFF, key, "", period, limit=500)) == min(count, 500), key
    late = dashboard.read(STAFF, ["promises"], period)["promises"].now
    listed = dashboard.behind(STAFF, "promises", "", period, limit=500)
    by_promise = [
        len(dashboard.behind(STAFF, "promises", promise, period, limit=500))
        for promise in tickets.PROMISES
    ]
    assert sum(by_promise) == late.of - late.n
    assert max(by_promise) <= len(listed) <= sum(by_promise)  # one may be late twice


@pytest.mark.parametrize("caller", [Caller("customer", "user_001", "김민지"), Caller()])
def test_it_is_for_staff_only(dashboard, caller):
    period = dashboard.period("7")
    for look in (
        lambda: dashboard.read(caller, ["conversations"], period),
        lambda: dashboard.behind(caller, "conversations", "", period),
        lambda: dashboard.empty(caller),
    ):
        with pytest.raises(Forbidden):
            look()


def test_days_end_today_in_seoul(dashboard, clock):
    clock.now = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 00:30 on the 21st in Seoul
    assert dashboard.today() == date(2026, 11, 21)
    week = dashboard.period("7", source="api")
    assert (week.first, week.last, week.source) == (date(2026, 11, 15), date(2026, 11, 21), "api")
    assert dashboard.period("today").days == 1
    assert dashboard.period("nonsense").days == 30
    one = dashboard.chosen(date(2026, 11, 1), date(2027, 1, 1))
    assert one.last == date(2026, 11, 21)  # nothing lies in the future
    for first, last in (
        (date(2026, 11, 2), date(2026, 11, 1)), (date(2026, 11, 22), date(2026, 11, 23)),
        (date(2020, 1, 1), date(2026, 11, 1)),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            dashboard.chosen(first, last)


def test_today_is_held_against_the_same_hours_of_yesterday(dashboard, clock):
    clock.now = datetime(2026, 11, 20, 3, 20, tzinfo=UTC)  # 12:20 in Seoul
    today = dashboard._span(dashboard.period("today"))
    assert (today.bounds["first"], today.bounds["last"]) == ("2026-11-20T00", "2026-11-20T12")
    before = earlier(today, 1)
    assert (before.bounds["first"], before.bounds["last"]) == ("2026-11-19T00", "2026-11-19T12")
    assert before.now == clock.now - timedelta(days=1)


def test_what_nobody_may_ask_is_not_found(dashboard):
    period = dashboard.period("30")
    for key, slice_ in (("nothing", ""), ("cost", ""), ("conversations_by_day", "soon"),
                        ("conversations_by_day", "2026-11-19|1 or 1"), ("promises", "x' or 1"),
                        ("resolution_how", "x")):  # fmt: skip
        with pytest.raises(NotFound):
            dashboard.behind(STAFF, key, slice_, period)
    assert dashboard.behind(STAFF, "intents", "' or 1 --", period) == []


def test_answers_are_kept_for_a_while_and_not_without_end(dashboard, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("services.dashboard.monotonic", lambda: now[0])
    period = dashboard.period("30")
    first = dashboard.read(STAFF, ["conversations"], period)["conversations"].now
    with dashboard._database.write() as tx:
        tx.execute("delete from figures_talks")
    assert dashboard.read(STAFF, ["conversations"], period)["conversations"].now is first
    now[0] += 60
    assert dashboard.read(STAFF, ["conversations"], period)["conversations"].now.n == 0
    monkeypatch.setattr("services.dashboard.KEPT_MOST", 3)
    dashboard.read(STAFF, FIGURES, period)
    assert len(dashboard._kept) == 3 < KEPT_MOST


def test_the_desk_calendar_is_the_shop_s(shop):
    """Desk time in SQL equals the calendar's own, holidays and weekends included."""
    first, last = date(2026, 9, 20), date(2026, 10, 12)  # 추석 and 한글날 lie within
    desk = desk_calendar(first, last, shop.rules)
    moments = [datetime(2026, 9, 20, tzinfo=UTC) + timedelta(hours=7.37 * n) for n in range(70)]
    with shop.database.write() as tx:
        tx.execute("delete from ticket_events where 0")
        tx.execute("update tickets set resolved_at = null, first_responded_at = null")
        ids = [row["ticket_id"] for row in tx.rows("select ticket_id from tickets")]
        for a, b in zip(moments[::9], moments[1::11], strict=False):
            start, end = min(a, b), max(a, b)
            texts = [one.strftime("%Y-%m-%dT%H:%M:%S.000Z") for one in (start, end)]
            tx.update("tickets", {"ticket_id": ids[0]},
                      {"created_at": texts[0], "first_responded_at": texts[1]})  # fmt: skip
            span = Span(start - timedelta(days=1), end + timedelta(days=1), end, desk=desk)
            wanted = business_time_between(
                start.replace(microsecond=0), end.replace(microsecond=0), start=9, end=18
            )
            assert tickets.first_response(tx, span).low == wanted.total_seconds()
    assert len(json.loads(desk)) == (last - first).days + 3


def test_words_of_values_and_slices():
    share, times, ms = FIGURES["resolution"], FIGURES["first_response"], FIGURES["latency"]
    assert said(share, 0.8421) == "84.2%"
    assert said(share, None) == "–"
    assert [said(times, s) for s in (20, 1800, 3600, 11_100)] == [
        "0분", "30분", "1시간", "3시간 5분",
    ]  # fmt: skip
    assert [said(ms, v) for v in (42, 1240)] == ["42ms", "1.2초"]
    assert [said(FIGURES["cost"], v) for v in (0.0, 0.0123, 12.3)] == ["$0.00", "$0.0123", "$12.30"]
    assert said(FIGURES["refunds"], 12_900) == "12,900원"
    assert key_word(FIGURES["hours"], "0|09") == "월요일 9시"
    assert key_word(FIGURES["promises_by_priority"], "resolution|high") == "해결 · 높음"
    assert key_word(FIGURES["claims_by_product"], "컵|A|defect") == "컵|A · 불량이에요"
    assert key_word(FIGURES["conversations_by_day"], "2026-11-20|handed") == (
        "2026-11-20 · 상담원 연결"
    )


def test_a_cell_is_never_a_formula():
    rows = behind_rows([
        Behind("conversation", "c1", "2026-11-20T00:00:00.000Z", "=cmd|' /C calc'!A0", "", "other",
               "policy"),
        Behind("ticket", "T1", "2026-11-20T00:00:00.000Z", "+82 \"쉼표, 줄\n바꿈\"", "김민지",
               "open", "refund"),
    ])  # fmt: skip
    text = as_csv(*rows)
    assert text.startswith(b"\xef\xbb\xbf")
    found = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert found[1] == ["상담", "c1", "2026-11-20 09:00:00", "'=cmd|' /C calc'!A0", "손님",
                        "확인 안 됨", "정책 질문"]  # fmt: skip
    assert found[2][3] == '\'+82 "쉼표, 줄\n바꿈"'
    assert found[2][5:] == ["접수", "환불"]


def test_everything_in_one_archive(dashboard):
    read = dashboard.read(STAFF, FIGURES, dashboard.period("30"))
    data = as_zip({key: table(one.figure, one.now) for key, one in read.items()})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {f"{key}.csv" for key in FIGURES}
        text = archive.read("resolution.csv").decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text))
    assert header == ["구분", "비율(%)", "수", "전체"]
    now = read["resolution"].now
    assert row == ["전체", str(round(now.value * 100, 2)), str(now.n), str(now.of)]


def test_a_nothing_is_an_empty_cell():
    header, rows = table(FIGURES["resolution"], Point(None, 0, 0))
    assert list(rows) == [("전체", None, 0, 0)]
    assert as_csv(header, rows).endswith("전체,,0,0\r\n".encode())
