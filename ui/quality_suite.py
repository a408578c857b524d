"""One suite: its figures, one of them over time, its classes, its confusions, its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

import streamlit as st

from services import Services
from services.quality_figures import MODES, said, side_by_side
from ui import quality_cases, quality_charts, url
from ui.format import clock, day, plain

__all__ = ["draw"]

HERE = "quality"
BASELINE = "baseline"
BESIDE = 10  # classes of a confusion matrix that still fit beside the table
MOST, TABLE_PX = 8, 340  # rows of a table beside the chart before it scrolls


def draw(desk: Services, standing: Any) -> None:
    """The chosen suite; the run and the class of the address decide the cases."""
    point = _point(standing)
    result = desk.quality.results(point.run_id).get(standing.suite, {})
    st.markdown(f"##### {plain(standing.title)}", anchors=False)
    st.caption(_about(point, standing))
    figure = _metric(standing)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        _over_time(standing, point, figure)
    with right:
        _figures(point)
    _modes(point)
    if result.get("classes"):
        _classes(result)
    quality_cases.draw(result, baseline=point.run_id == BASELINE)
    if (path := desk.quality.report(point.run_id)) is not None:
        st.download_button(
            "보고서 내려받기 (HTML)", path.read_bytes(), f"quality-{point.run_id}.html",
            mime="text/html", icon=":material/download:", key="quality-report",
        )  # fmt: skip


def _point(standing: Any) -> Any:
    wanted = st.query_params.get("run")
    return next((p for p in standing.points if p.run_id == wanted), standing.latest)


def _about(point: Any, standing: Any) -> str:
    when = "배포본 기준" if point.run_id == BASELINE else f"{day(point.at)} {clock(point.at)} 측정"
    parts = [when, f"버전 {plain(point.revision)}", f"{point.took_s:,.0f}초 걸림"]
    if standing.skipped:
        parts.append(f"마지막 측정에서는 건너뜀: {plain(standing.skipped)}")
    if point is not standing.latest:
        parts.append("지난 측정을 보고 있어요")
    return " · ".join(parts)


def _metric(standing: Any) -> Any:
    figures = {one.name: one for one in standing.latest.figures}
    first = standing.latest.own.name
    chosen = st.selectbox(
        "그래프로 볼 값", list(figures), key=url.take(HERE, "metric", first, allowed=figures),
        format_func=lambda name: figures[name].title, width=420, label_visibility="collapsed",
    )  # fmt: skip
    return figures[url.give(HERE, "metric", first, chosen)]


def _over_time(standing: Any, point: Any, figure: Any) -> None:
    st.markdown(f"**{_message(figure)}**")
    chart = quality_charts.over_time(standing.points, figure.name)
    key = f"quality-time-{standing.suite}-{figure.name}"
    st.plotly_chart(
        chart, key=key, config=quality_charts.CONFIG, selection_mode="points",
        on_select=partial(_pick_run, key),
    )  # fmt: skip
    if point is not standing.latest:
        st.button("최근 측정으로", icon=":material/undo:", on_click=_latest, key="quality-latest")


def _message(one: Any) -> str:
    """What the chart says, in a sentence."""
    text = f"{plain(one.title)} {plain(one.text)}"
    if one.goal is not None:
        goal = plain(said(one.goal, one.unit, signed=one.signed))
        text += f", 목표 {goal} {'도달' if one.reached else '미달'}"
    return text


def _pick_run(key: str) -> None:
    """A click on a run shows its cases (a callback)."""
    if (data := _selected(key)) is not None:
        st.query_params["run"] = str(data[0])


def _latest() -> None:
    st.query_params.pop("run", None)


def _pick_class(key: str) -> None:
    """A click on a wrong cell shows the cases of its row (a callback)."""
    if (data := _selected(key)) is not None:
        url.reset(HERE, "class", str(data[0]))


def _selected(key: str) -> Sequence[Any] | None:
    chosen = st.session_state.get(key)
    points = chosen["selection"]["points"] if chosen else ()
    data = points[0].get("customdata") if points else None
    return data if isinstance(data, (list, tuple)) else None


def _figures(point: Any) -> None:
    """Every figure of the run, a row each."""
    rows = [
        (plain(one.title), f"**{plain(one.text)}**", _goal(one), plain(one.interval), f"{one.n:,}")
        for one in side_by_side(point.figures)[1]
    ]
    _table(("", "값", "목표", "95% 구간", "예문"), rows, "figures")


def _goal(one: Any) -> str:
    if one.goal is None:
        return "–"
    sign = "≥" if one.better == "higher" else "≤"
    mark = ":green[✓]" if one.reached else ":orange[✗]"
    return f"{mark} {sign} {plain(said(one.goal, one.unit, signed=one.signed))}"


def _modes(point: Any) -> None:
    """The ways to search beside each other; the best of a row is bold."""
    beside, _ = side_by_side(point.figures)
    if not beside:
        return
    st.markdown("**찾는 방법별로 나란히**")
    rows = []
    for title, cells in beside:
        best = max(one.value for one in cells.values())
        n = next(iter(cells.values())).n
        said_ = (_mode(cells.get(mode), best) for mode in MODES)
        rows.append((plain(title), *said_, f"{n:,}"))
    _table(("", *MODES.values(), "예문"), rows, "modes", most=len(rows))


def _mode(one: Any, best: float) -> str:
    if one is None:
        return "–"
    return f"**{plain(one.text)}**" if one.value == best else plain(one.text)


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], key: str, *, most: int = MOST
) -> None:
    """Rows of Markdown: the words first, then numbers, right-aligned; past ``most`` it scrolls.

    Not a data frame: that cuts long words off and hides them from readers of the screen.
    """
    lines = [head, (":--", *["--:"] * (len(head) - 1)), *rows]
    height: Literal["content"] | int = TABLE_PX if len(rows) > most else "content"
    with st.container(key=f"quality-table-{key}", height=height, border=False):
        st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _classes(result: Mapping[str, Any]) -> None:
    """Per class, worst first; what is taken for what beside it, or below where it is large."""
    labels, counts = _mistaken(result.get("confusion") or {"labels": (), "counts": ()})
    if len(labels) > BESIDE:
        _class_table(result["classes"])
        _confusion(result["suite"], labels, counts)
        return
    left, right = st.columns([5, 6], gap="medium")
    with left:
        _class_table(result["classes"])
    with right:
        if result.get("confusion"):
            _confusion(result["suite"], labels, counts)


def _class_table(classes: Sequence[Mapping[str, Any]]) -> None:
    rows = sorted(classes, key=lambda row: row["f1"])
    worst = rows[0]
    lowest = plain(worst["label"].lstrip("· "))
    st.markdown(f"**가장 낮은 분류는 {lowest}, F1 {worst['f1'] * 100:.0f}%**")
    shares = ("precision", "recall", "f1")
    _table(
        ("분류", "예문", "정밀도", "재현율", "F1"),
        [
            (plain(row["label"]), f"{row['n']:,}", *(f"{row[one] * 100:.0f}%" for one in shares))
            for row in rows
        ],
        "classes",
    )


def _confusion(suite: str, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
    st.markdown(f"**{_confused(labels, counts)}**")
    if labels:
        key = f"quality-confusion-{suite}"
        st.plotly_chart(
            quality_charts.confusion(labels, counts), key=key, config=quality_charts.CONFIG,
            selection_mode="points", on_select=partial(_pick_class, key),
        )  # fmt: skip


def _mistaken(confusion: Mapping[str, Any]) -> tuple[list[str], list[list[int]]]:
    """The matrix without the labels that are never taken for another."""
    labels, counts = confusion["labels"], confusion["counts"]
    kept = [
        at
        for at in range(len(labels))
        if any(to != at and (counts[at][to] or counts[to][at]) for to in range(len(labels)))
    ]
    return [labels[at] for at in kept], [[counts[at][to] for to in kept] for at in kept]


def _confused(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """The most frequent mistake, in a sentence."""
    if not labels:
        return "서로 헷갈린 분류가 없어요"
    n, truth, answer = max(
        (counts[row][column], labels[row], labels[column])
        for row in range(len(labels))
        for column in range(len(labels))
        if row != column
    )
    return f"가장 잦은 혼동: {plain(truth)} → {plain(answer)} {n}개"
