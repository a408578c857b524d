"""The dashboard: one range for everything, a section at a time, numbers first, then charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from agent.types import Caller
from errors import BadInput
from services import Services
from services.dashboard import RANGES, Period
from services.dashboard_csv import as_csv, as_zip, table
from services.dashboard_table import FIGURES
from services.dashboard_words import SOURCES
from ui import url
from ui.dashboard import behind, charts, headlines, tiles
from ui.format import day, plain

__all__ = ["draw"]

HERE = "dashboard"
CUSTOM = "custom"
_WIDE = ("claims_by_product",)  # too many words for half of the page
_NONE = "아직 자료가 없어요. 기간을 넓혀 보세요."
_NOTHING = {
    **dict.fromkeys(("cost_by_day", "cost_by_provider"), "언어 모델을 부르지 않았어요."),
    "fallback_reasons": "대신 답한 질문이 없어요.",
}
_RANGES = {"today": "오늘", "7": "7일", "30": "30일", "90": "90일", CUSTOM: "직접"}


class Section(NamedTuple):
    """A part of the page: its word, its numbers and its charts, by figure."""

    word: str
    tiles: tuple[str, ...]
    charts: tuple[str, ...]


SECTIONS: Mapping[str, Section] = {
    "summary": Section(
        "요약",
        ("conversations", "resolution", "handoff", "satisfaction",
         "first_response", "resolution_time", "promises", "backlog"),
        ("conversations_by_day", "handoff_reasons"),
    ),
    "talks": Section(
        "상담",
        ("conversations", "resolution", "handoff", "unanswered"),
        ("intents", "hours", "resolution_by_day", "resolution_how", "handoff_by_day",
         "unanswered_by_day"),
    ),
    "tickets": Section(
        "티켓",
        ("first_response", "resolution_time", "reopened", "backlog"),
        ("backlog_by_day", "promises_by_priority", "first_response_by_priority",
         "resolution_time_by_priority", "issue_types", "handoff_reasons"),
    ),
    "quality": Section(
        "품질·안전",
        ("satisfaction", "unanswered", "latency", "stopped"),
        ("satisfaction_by_day", "opinions", "guards", "latency_by_provider", "latency_by_day"),
    ),
    "costs": Section(
        "비용·오류",
        ("cost", "cost_each", "errors", "fallbacks"),
        ("cost_by_day", "cost_by_provider", "fallback_reasons"),
    ),
    "products": Section("상품", (), ("claims_by_product", "refunds", "claim_reasons")),
}  # fmt: skip
_CSS = """<style>
.st-key-dash-tiles { display: grid; gap: .6rem; grid-template-columns: repeat(4, 1fr); }
[class*="st-key-dash-tile-"] { padding: .5rem .8rem .3rem; }
[class*="st-key-dash-tile-"] [data-testid="stMetricValue"] { font-size: 1.5rem; }
[class*="st-key-dash-foot-"] { flex-wrap: nowrap; }
[class*="st-key-dash-foot-"] :is(p, button p) { font-size: .78rem; }
[class*="st-key-dash-foot-"] button { min-height: 1.6rem; }
[class*="st-key-dash-chart-"] { padding: .6rem .8rem .2rem; }
[class*="st-key-dash-title-"] { flex-wrap: nowrap; }
[class*="st-key-dash-title-"] button { min-height: 1.6rem; }
[class*="st-key-dash-title-"] button p { font-size: .78rem; }
[class*="st-key-dash-found-"] { padding: .3rem 0;
  border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
@media (max-width: 900px) { .st-key-dash-tiles { grid-template-columns: 1fr 1fr; } }
</style>"""


def draw(desk: Services, caller: Caller) -> None:
    """The whole page."""
    st.html(_CSS)
    if desk.dashboard.empty(caller):
        _title()
        _about()
        _empty()
        return
    head = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="dash-head"
    )  # fmt: skip
    _about()
    bar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="dash-bar")
    with bar:
        section = SECTIONS[_section()]
    with head:
        _title()
        period = _period(desk, bar)
        if period is None:
            return
        _download(desk, caller, period)
    read = desk.dashboard.read(caller, section.tiles, period, compare=True)
    if read:
        with st.container(key="dash-tiles"):
            for one in read.values():
                tiles.draw(one)
        st.caption(_compared(period, desk.dashboard.today()))
    found = desk.dashboard.read(caller, section.charts, period)
    _charts([found[key] for key in section.charts], period)
    if period.source:
        _unfiltered([*read.values(), *found.values()])
    behind.draw(desk, caller, period)


def _title() -> None:
    st.markdown("#### 지표", anchors=False, width="stretch")


def _about() -> None:
    st.caption(
        "상담이 잘 되고 있는지 수치로 보고, 수치나 그래프를 누르면 그 뒤의 상담과 티켓을 봐요."
    )


def _period(desk: Services, bar: Any) -> Period | None:
    """The days and the way in, from the address; None while they cannot be used."""
    chosen = url.give(HERE, "range", "30", st.segmented_control(
        "기간", list(_RANGES), key=url.take(HERE, "range", "30", allowed=_RANGES), required=True,
        format_func=_RANGES.__getitem__, label_visibility="collapsed",
    ))  # fmt: skip
    source = url.give(HERE, "source", "", st.selectbox(
        "들어온 곳", ["", *SOURCES], key=url.take(HERE, "source", "", allowed=["", *SOURCES]),
        format_func=lambda one: SOURCES.get(one, "들어온 곳 전체"), width=170,
        label_visibility="collapsed",
    ))  # fmt: skip
    if chosen in RANGES:
        return desk.dashboard.period(chosen, source=source)
    with bar:
        days = _days(desk)
        if days is None:
            st.caption("마지막 날까지 골라 주세요.")
            return None
        try:
            return desk.dashboard.chosen(*days, source=source)
        except BadInput as error:
            st.caption(f":red[{plain(error.message)}]")
            return None


def _days(desk: Services) -> tuple[date, date] | None:
    """The chosen first and last day; None while only one is chosen."""
    today = desk.dashboard.today()
    first = _date(st.query_params.get("from"), today - timedelta(days=13))
    last = _date(st.query_params.get("to"), today)
    found = st.date_input(
        "날짜", (min(first, last), max(first, last)), max_value=max(today, last),
        format="YYYY-MM-DD", key="dash-days", label_visibility="collapsed", width=230,
    )  # fmt: skip
    if not isinstance(found, tuple) or len(found) < 2:
        return None
    st.query_params["from"], st.query_params["to"] = (one.isoformat() for one in found)
    return found[0], found[1]


def _date(text: str | None, default: date) -> date:
    try:
        return date.fromisoformat(text) if text else default
    except ValueError:
        return default


def _section() -> str:
    return url.give(HERE, "view", "summary", st.segmented_control(
        "보기", list(SECTIONS), key=url.take(HERE, "view", "summary", allowed=SECTIONS),
        required=True, format_func=lambda one: SECTIONS[one].word, label_visibility="collapsed",
    ))  # fmt: skip


def _download(desk: Services, caller: Caller, period: Period) -> None:
    st.download_button(
        "내려받기", partial(_everything, desk, caller, period),
        f"figures-{period.first}-{period.last}.zip", "application/zip", key="dash-zip",
        icon=":material/download:", on_click="ignore",
        help="모든 수치를 CSV 파일로 묶어 내려받아요.",
    )  # fmt: skip


def _everything(desk: Services, caller: Caller, period: Period) -> bytes:
    read = desk.dashboard.read(caller, FIGURES, period)
    return as_zip({key: table(one.figure, one.now) for key, one in read.items()})


def _compared(period: Period, today: date) -> str:
    ends = period.first - timedelta(days=1)
    starts = period.first - timedelta(days=period.days)
    now = day(period.first) if period.days == 1 else f"{day(period.first)}~{day(period.last)}"
    before = day(starts) if period.days == 1 else f"{day(starts)}~{day(ends)}"
    if period.last == today and period.days == 1:
        return plain(f"{now}, 화살표는 어제 같은 시각까지와 견준 값이에요.")
    return plain(f"{now}, 화살표는 바로 앞 기간({before})과 견준 값이에요.")


def _charts(found: Sequence[Any], period: Period) -> None:
    """Two beside each other on a desk, one below the other on a phone."""
    days = [(period.first + timedelta(days=number)).isoformat() for number in range(period.days)]
    wide = [read for read in found if read.figure.key in _WIDE]
    rest = [read for read in found if read.figure.key not in _WIDE]
    for read in wide:
        _chart(read, days, period)
    for place in range(0, len(rest), 2):
        for column, read in zip(st.columns(2), rest[place : place + 2], strict=False):
            with column:
                _chart(read, days, period)


def _chart(read: Any, days: Sequence[str], period: Period) -> None:
    figure, answer = read.figure, read.now
    with st.container(border=True, key=f"dash-chart-{figure.key}", gap="xsmall"):
        if not _anything(answer):
            st.markdown(f"**{plain(figure.name)}**", help=plain(figure.formula))
            when = "이날은" if period.days == 1 else "이 기간에는"
            st.caption(f"{when} {_NOTHING.get(figure.key, _NONE)}")
            return
        with st.container(
            horizontal=True, vertical_alignment="top", key=f"dash-title-{figure.key}"
        ):
            title = headlines.headline(figure, answer, days)
            st.markdown(f"**{title}**", help=plain(figure.formula), width="stretch")
            st.download_button(
                "CSV", partial(_csv, read), f"{figure.key}-{period.first}-{period.last}.csv",
                "text/csv", key=f"dash-csv-{figure.key}", type="tertiary", on_click="ignore",
            )  # fmt: skip
        _plot(figure, charts.CHARTS[figure.key](figure, answer, days))


def _plot(figure: Any, chart: Any) -> None:
    key = f"dash-plot-{figure.key}-{behind.turn_over()}"
    if figure.behind is None:
        st.plotly_chart(chart, key=key, config=charts.CONFIG)
        return
    st.plotly_chart(
        chart, key=key, config=charts.CONFIG, selection_mode="points",
        on_select=partial(behind.pick, key, figure.key),
    )  # fmt: skip


def _csv(read: Any) -> bytes:
    return as_csv(*table(read.figure, read.now))


def _anything(answer: Any) -> bool:
    """Whether there is a mark to draw."""
    counts = ("n", "opened", "left", "calls")
    return any(getattr(one, name, 0) or getattr(one, "of", 0) for one in answer for name in counts)


def _unfiltered(found: Sequence[Any]) -> None:
    names = [one.figure.name for one in found if not one.figure.by_source]
    if names:
        st.caption(f"들어온 곳과 상관없이 센 수치: {plain(', '.join(dict.fromkeys(names)))}")


def _empty() -> None:
    with st.container(border=True, key="dash-empty"):
        st.markdown("**아직 자료가 없어요**")
        st.caption(
            "고객이 상담을 시작하거나 문의를 남기면 이 자리에 수치와 그래프가 나와요. "
            "상담 채팅에서 먼저 말을 걸어 보세요."
        )
        if st.button("상담 채팅으로 가기", key="dash-to-chat"):
            st.switch_page("chat.py")
