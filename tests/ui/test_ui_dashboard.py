"""지표: one range for everything, numbers with formulas, charts whose marks open their list."""

from __future__ import annotations

import pytest

from agent.types import Caller
from services.dashboard_table import FIGURES
from tests.pages import press, shown
from ui.dashboard import charts, headlines
from ui.dashboard.view import SECTIONS
from ui.format import plain

STAFF = Caller("staff", "staff_001", "이상담")


def plots(at) -> list[str]:
    return [one.proto.id.rpartition("dash-plot-")[2] for one in at.get("plotly_chart")]


@pytest.mark.parametrize("email", ["minji@example.com", None])
def test_it_is_for_staff_only(open_page, email):
    at = open_page("dashboard", email)
    assert not at.metric
    assert not plots(at)


def test_the_first_screen_has_eight_numbers_and_two_charts(open_page):
    at = open_page("dashboard", "staff@example.com")
    assert [one.label for one in at.metric] == [
        "상담", "해결률", "상담원 연결률", "만족도",
        "첫 답변까지", "해결까지", "기한 준수율", "남은 티켓",
    ]  # fmt: skip
    assert len(plots(at)) == 2
    assert all(one.help for one in at.metric)
    assert "아무 말 없이 끝난 상담은 해결로 세지 않아요" in at.metric[1].help
    assert "화살표는 바로 앞 기간" in shown(at)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_draws_what_it_has(open_page, desk, section):
    at = open_page("dashboard", "staff@example.com", view=section, range="90")
    read = desk.dashboard.read(STAFF, SECTIONS[section].charts, desk.dashboard.period("90"))
    full = [key for key, one in read.items() if one.now != ()]
    assert len(plots(at)) == len(full)
    assert len(at.metric) == len(SECTIONS[section].tiles)
    for key in set(read) - set(full):
        assert FIGURES[key].name in shown(at)
    assert ("이 기간에는" in shown(at)) == (set(read) != set(full))


def test_every_figure_is_on_the_page_and_every_chart_is_known():
    told = {key for one in SECTIONS.values() for key in (*one.tiles, *one.charts)}
    assert told == set(FIGURES)
    assert set(charts.CHARTS) == {key for one in SECTIONS.values() for key in one.charts}


def test_the_range_and_the_source_stand_in_the_address(open_page):
    at = open_page("dashboard", "staff@example.com", range="today", source="terminal")
    few = int(at.metric[0].value.replace(",", ""))
    at.segmented_control(key="dashboard-range").set_value("90").run()
    assert at.query_params["range"] in ("90", ["90"])
    some = int(at.metric[0].value)
    at.selectbox(key="dashboard-source").set_value("").run()
    assert few <= some < int(at.metric[0].value)
    assert "source" not in at.query_params


def test_days_of_one_s_own(open_page):
    at = open_page("dashboard", "staff@example.com", range="custom",
                   **{"from": "2026-11-01", "to": "2026-11-10"})  # fmt: skip
    assert plain("11월 1일(일)~11월 10일(화)") in shown(at)
    at = open_page("dashboard", "staff@example.com", range="custom",
                   **{"from": "2020-01-01", "to": "2026-11-10"})  # fmt: skip
    assert "기간을 줄여 주세요" in shown(at)
    assert not at.metric
    at = open_page("dashboard", "staff@example.com", range="custom",
                   **{"from": "soon", "to": "2026-99-99"})  # fmt: skip
    assert len(at.metric) == 8


def test_a_number_opens_its_list(open_page, desk):
    at = open_page("dashboard", "staff@example.com")
    press(at, "내역", 2)
    assert at.query_params["behind"] in ("handoff", ["handoff"])
    links = [one.proto for one in at.get("page_link")]
    handed = int(at.metric[2].value.rstrip("%").replace(".", "") or 0)
    assert handed
    period = desk.dashboard.period("30")
    found = desk.dashboard.behind(STAFF, "handoff", "", period)
    assert len(links) == len(found)
    assert f"c={found[0].id}" in links[0].query_string


def test_the_list_of_an_address_somebody_typed(open_page):
    at = open_page("dashboard", "staff@example.com", behind="intents", of="' or 1 --")
    assert "이 기간에는 해당하는 내역이 없어요" in shown(at)
    at = open_page("dashboard", "staff@example.com", behind="hours", of="x")
    assert "이 기간에는 해당하는 내역이 없어요" in shown(at)
    at = open_page("dashboard", "staff@example.com", behind="conversations_by_day", of="soon|x")
    assert "펼쳐 볼 내역이 없어요" in at.warning[0].value
    assert not open_page("dashboard", "staff@example.com", behind="nothing").warning


def test_more_of_a_long_list(open_page):
    at = open_page("dashboard", "staff@example.com", behind="conversations")
    assert len(at.get("page_link")) == 50
    assert "최근 50건의 상담" in shown(at)
    press(at, "더 보기")
    assert len(at.get("page_link")) == 100


def test_customers_words_are_no_markup(open_page, desk):
    with desk.database.write() as tx:
        tx.execute("update conversations set title = '**굵게** <b>x</b> :red[y] ' || title")
    at = open_page("dashboard", "staff@example.com", behind="conversations")
    label = at.get("page_link")[0].proto.label
    assert r"\*\*굵게\*\* \<b\>x" in label


def test_an_empty_desk_says_what_this_is(open_page, desk):
    with desk.database.write() as tx:
        for table in ("feedback", "turns", "pending_actions"):
            tx.execute(f"delete from {table}")
        tx.execute("drop trigger ticket_events_no_delete")
        tx.execute("delete from ticket_events")
        tx.execute("delete from tickets")
    at = open_page("dashboard", "staff@example.com")
    assert "아직 자료가 없어요" in shown(at)
    assert not at.metric
    press(at, "상담 채팅으로 가기")


def test_a_chart_tells_the_slice_behind_each_mark(desk):
    period = desk.dashboard.period("30")
    days = ["2026-11-19", "2026-11-20"]
    for key, one in desk.dashboard.read(STAFF, charts.CHARTS, period).items():
        if one.now == ():
            continue
        chart = charts.CHARTS[key](one.figure, one.now, days)
        marks = [row for trace in chart.data if trace.customdata is not None
                 for row in trace.customdata]  # fmt: skip
        assert marks, key
        slices = {str(row[0]) for row in marks}
        assert "None" not in slices, key
        assert "" not in slices or key == "opinions", key  # a thumb without a reason
        title = headlines.headline(one.figure, one.now, days)
        assert 5 < len(title) < 70, (key, title)
        assert all("%{" in t.hovertemplate for t in chart.data if t.customdata is not None), key
