"""The quality page: the state in a line, a row a suite, the chosen suite, measuring anew."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from services import Services
from ui import quality_suite, quality_work
from ui.dialogs import show_flash
from ui.format import plain, short, when

__all__ = ["draw", "goal_badge", "spark"]

BASELINE = "baseline"
SPARK_W, SPARK_H, SPARK_POINTS = 92, 24, 20
_CSS = """<style>
[class*="st-key-quality-row-"] {
  border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent);
  padding: .3rem 0; row-gap: 0; }
[class*="st-key-quality-table-"] table { width: 100%; font-size: .85rem; }
[class*="st-key-quality-table-"] :is(th, td) {
  border-width: 0 0 1px; padding: .3rem .4rem; font-variant-numeric: tabular-nums; }
[class*="st-key-quality-table-"] :is(th, td):not(:first-child) { white-space: nowrap; }
[class*="st-key-quality-row-"] p, .st-key-quality-cases details p { font-size: .9rem; }
@media (max-width: 640px) { [class*="st-key-quality-what-"] { display: none; } }
</style>"""


def draw(desk: Services, caller: Caller) -> None:
    """The whole page."""
    st.html(_CSS)
    standings = desk.quality.standings()
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute",
        key="quality-head",
    ):  # fmt: skip
        st.markdown("#### 품질", anchors=False)
        quality_work.button(desk, standings)
    st.caption("상담 도우미가 얼마나 잘 알아듣고 찾고 답하는지, 정답을 아는 예문으로 재요.")
    show_flash()
    quality_work.under_way(desk)
    measured = [one for one in standings if one.latest]
    if not measured:
        _empty(standings)
        return
    _state(measured)
    with st.container(gap=None, key="quality-rows"):
        for one in standings:
            _row(one)
    if missing := desk.quality.suites.keys() - {one.suite for one in standings}:
        titles = sorted(desk.quality.suites[name] for name in missing)
        st.caption(f"아직 재지 않은 것: {plain(', '.join(titles))}")
    chosen = _chosen(measured)
    st.space("small")
    quality_suite.draw(desk, chosen)


def goal_badge(figure: Any) -> str:
    """The goal as a badge in Markdown; "" without one. The word says what the colour does."""
    if figure.goal is None:
        return ""
    if figure.reached:
        return ":green-badge[:material/check: 목표 도달]"
    return ":orange-badge[:material/flag: 목표 미달]"


def spark(standing: Any) -> str:
    """The suite's own figure over time as the source of a picture; "" for a single point."""
    values = [point.own.value for point in standing.points][-SPARK_POINTS:]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    room = max(high - low, 0.02 * max(abs(high), 0.1))
    step = (SPARK_W - 8) / (len(values) - 1)
    xy = [
        (4 + at * step, SPARK_H - 5 - (value - low) / room * (SPARK_H - 10))
        for at, value in enumerate(values)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
    x, y = xy[-1]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SPARK_W}" height="{SPARK_H}">'
        f'<polyline points="{line}" fill="none" stroke="#8b95a1" stroke-width="1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#2f74e0"/></svg>'
    )
    return f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"


def _state(measured: Sequence[Any]) -> None:
    """When it was last measured, the goals, and what got worse: one line."""
    figures = [figure for one in measured for figure in one.latest.figures]
    goals = [figure for figure in figures if figure.goal is not None]
    reached = sum(figure.reached for figure in goals)
    newest = max((one.latest for one in measured), key=lambda point: point.at)
    told = "배포본 기준" if newest.run_id == BASELINE else f"마지막 측정 {when(newest.at)}"
    parts = [f"**목표 {len(goals)}개 중 {reached}개 도달**", told]
    if worse := [said for one in measured if (said := _worse(one))]:
        parts.append(f":red[나빠진 것: {plain(', '.join(worse))}]")
    elif any(figure.before is not None for figure in figures):
        parts.append("지난번보다 나빠진 것은 없어요")
    st.markdown(" · ".join(parts))


def _worse(one: Any) -> str:
    """What got worse in a suite: "정책 찾기 −4.0%p 외 2개"; "" for nothing."""
    figures = sorted(
        (figure for figure in one.latest.figures if figure.regressed), key=lambda f: f.change
    )
    if not figures:
        return ""
    more = f" 외 {len(figures) - 1}개" if len(figures) > 1 else ""
    return f"{one.title} {_moved(figures[0])}{more}"


def _moved(figure: Any) -> str:
    gain = (figure.value - figure.before) * (100 if figure.unit == "share" else 1)
    unit = "%p" if figure.unit == "share" else ""
    return f"{'+' if gain > 0 else '−'}{abs(gain):.1f}{unit}"


def _row(one: Any) -> None:
    chosen = st.query_params.get("suite") == one.suite
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"quality-row-{one.suite}"
    ):
        title = plain(one.title.partition("(")[0].strip())
        with st.container(width=105):
            st.button(
                f"**{title}**" if chosen else title, type="tertiary",
                key=f"quality-open-{one.suite}", on_click=_open, args=(one.suite,),
                disabled=not one.points,
            )  # fmt: skip
        if one.points:
            _figures(one)
        else:
            st.markdown(f":gray[{plain(one.skipped)}]")


def _figures(one: Any) -> None:
    own = one.latest.own
    st.markdown(f"**{plain(own.text)}**  :gray[:small[{plain(own.interval)}]]", width=150)
    st.markdown(goal_badge(own) or " ", width=98)
    if source := spark(one):
        st.html(f'<img src="{source}" alt="{len(one.points)}번 측정한 흐름">', width=SPARK_W)
    if own.moved:
        colour = "red" if own.moved < 0 else "green"
        st.markdown(f":{colour}[:small[{_moved(own)}]]", width=60)
    with st.container(width=215, key=f"quality-what-{one.suite}"):
        st.caption(f"{plain(short(own.title, 16))} · {own.n:,}개")


def _open(suite: str) -> None:
    """Choose a suite: what was chosen inside the one before goes (a callback)."""
    for name in ("metric", "class", "run", "shown"):
        st.query_params.pop(name, None)
    st.query_params["suite"] = suite


def _chosen(measured: Sequence[Any]) -> Any:
    """The suite of the address; else the first that got worse or missed its goal."""
    wanted = st.query_params.get("suite")
    for one in measured:
        if one.suite == wanted:
            return one
    return min(measured, key=lambda one: (not one.latest.own.regressed, one.latest.own.reached))


def _empty(standings: Sequence[Any]) -> None:
    with st.container(border=True, key="quality-empty"):
        st.markdown("**아직 측정한 적이 없어요**")
        st.caption(
            "정답이 달린 문장과 대화를 상담 창구에 그대로 물어보고, 얼마나 알아듣고 찾고 "
            "지키는지 세어 보여 줘요. 위의 ‘지금 측정하기’를 누르면 몇 분 뒤 이 자리에 나와요."
        )
        for one in standings:
            st.caption(f"{plain(one.title)}: {plain(one.skipped)}")
