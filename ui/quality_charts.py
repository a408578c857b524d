"""Plotly charts of the quality page; plotly is imported when one is drawn (0.5 s)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.quality_figures import said
from ui.format import clock, day, local

__all__ = ["confusion", "over_time"]

BLUE, ORANGE = "#2f74e0", "#d9730d"  # readable on white and on black
GRID = "rgba(128,128,128,.18)"
TICKS = 6
CELL_PX = 26
CONFIG = {"displayModeBar": False, "scrollZoom": False}


def over_time(points: Sequence[Any], name: str) -> Any:
    """The figure ``name`` over the runs: a line, its 95 % interval as a band, its goal.

    Each marker's ``customdata`` begins with its run id.
    """
    import plotly.graph_objects as go

    found = [(point, one) for point in points for one in point.figures if one.name == name]
    xs = list(range(len(found)))
    figures = [one for _, one in found]
    chart = go.Figure()
    band = [one.high for one in figures] + [one.low for one in reversed(figures)]
    chart.add_scatter(
        x=xs + xs[::-1], y=band, fill="toself", fillcolor="rgba(47,116,224,.16)", mode="lines",
        line={"width": 0}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    chart.add_scatter(
        x=xs, y=[one.value for one in figures], mode="lines+markers", showlegend=False,
        line={"color": BLUE, "width": 2}, marker={"size": 9, "color": BLUE},
        customdata=[[point.run_id, *_hover(point, one)] for point, one in found],
        hovertemplate="<b>%{customdata[1]}</b> (95% 구간 %{customdata[2]})<br>%{customdata[3]}"
        "<br>예문 %{customdata[4]}개 · 버전 %{customdata[5]}<extra></extra>",
    )  # fmt: skip
    own = figures[-1]
    if own.goal is not None:
        goal = said(own.goal, own.unit, signed=own.signed)
        chart.add_hline(y=own.goal, line={"color": ORANGE, "width": 1.5, "dash": "dash"})
        above = own.value <= own.goal  # the side of the goal where the line does not end
        chart.add_annotation(
            xref="paper", x=1, xanchor="right", y=own.goal, yanchor="bottom" if above else "top",
            text=f"목표 {goal}", showarrow=False, font={"color": ORANGE, "size": 12},
        )  # fmt: skip
    chart.update_layout(height=260, margin={"l": 8, "r": 12, "t": 8, "b": 8}, hovermode="closest",
                        dragmode=False, clickmode="event+select")  # fmt: skip
    chart.update_xaxes(**_times([point for point, _ in found]))
    chart.update_yaxes(**_scale(figures))
    return chart


def confusion(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Any:
    """Rows are the truth, columns the answer; the shade is the share of the row.

    A marker lies on each wrong cell, its ``customdata`` begins with the true label.
    """
    import plotly.graph_objects as go

    shares = [[n / max(sum(row), 1) for n in row] for row in counts]
    chart = go.Figure()
    chart.add_heatmap(
        z=shares, x=list(labels), y=list(labels), zmin=0, zmax=1, showscale=False,
        colorscale=[[0, "rgba(47,116,224,0)"], [0.02, "rgba(47,116,224,.12)"], [1, BLUE]],
        text=[[str(n) if n and at == to else "" for to, n in enumerate(row)]
              for at, row in enumerate(counts)],
        texttemplate="%{text}", textfont={"color": "#fff"},
        customdata=counts, xgap=1, ygap=1,
        hovertemplate="정답 <b>%{y}</b><br>답 <b>%{x}</b><br>%{customdata}개, 이 분류의 %{z:.0%}"
        "<extra></extra>",
    )  # fmt: skip
    wrong = [
        (truth, answer, counts[row][column])
        for row, truth in enumerate(labels)
        for column, answer in enumerate(labels)
        if row != column and counts[row][column]
    ]
    chart.add_scatter(
        x=[answer for _, answer, _ in wrong], y=[truth for truth, _, _ in wrong],
        mode="markers+text", text=[str(n) for _, _, n in wrong], textfont={"color": ORANGE},
        marker={"size": 16, "symbol": "square-open",
                "color": ORANGE, "line": {"width": 1}},
        customdata=[list(one) for one in wrong], showlegend=False,
        hovertemplate="정답 <b>%{customdata[0]}</b>, 답 <b>%{customdata[1]}</b>: "
        "%{customdata[2]}개<br>누르면 그 사례를 보여 줘요<extra></extra>",
    )  # fmt: skip
    chart.update_layout(
        height=120 + CELL_PX * len(labels), margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False, clickmode="event+select",
    )  # fmt: skip
    chart.update_xaxes(title="답", tickangle=-45, dtick=1, showgrid=False, fixedrange=True)
    chart.update_yaxes(title="정답", autorange="reversed", dtick=1, showgrid=False, fixedrange=True)
    return chart


def _hover(point: Any, one: Any) -> list[str]:
    base = "배포본 기준" if point.run_id == "baseline" else f"{day(point.at)} {clock(point.at)}"
    return [one.text, one.interval, base, f"{one.n:,}", point.revision]


def _times(points: Sequence[Any]) -> dict[str, Any]:
    """Runs stand side by side, however far apart in time: a few of them are dated."""
    last = len(points) - 1
    step = max(1, -(-last // (TICKS - 1))) if last else 1
    marks = sorted({*range(0, last + 1, step), last} - ({last - 1} if last > TICKS else set()))
    texts = [
        "기준" if points[at].run_id == "baseline" else f"{local(points[at].at):%m.%d<br>%H:%M}"
        for at in marks
    ]
    return {"tickvals": marks, "ticktext": texts, "range": [-0.3, max(last, 1) + 0.3],
            "showgrid": False, "zeroline": False, "fixedrange": True}  # fmt: skip


def _scale(figures: Sequence[Any]) -> dict[str, Any]:
    """Room for the band and the goal, never past what a share can be."""
    own = figures[-1]
    seen = [x for one in figures for x in (one.low, one.high)]
    seen += [own.goal] if own.goal is not None else []
    low, high = min(seen), max(seen)
    room = max((high - low) * 0.15, 0.01 if own.unit == "share" else 0.5)
    low, high = low - room, high + room
    if own.unit == "share" and not own.signed:
        low, high = max(low, 0.0), min(high, 1.005)
    form = {"share": ".1%", "count": ",.0f", "ms": ",.1f"}[own.unit]
    suffix = " ms" if own.unit == "ms" else ""
    return {"range": [low, high], "tickformat": form, "ticksuffix": suffix, "nticks": 5,
            "gridcolor": GRID, "zeroline": False, "fixedrange": True}  # fmt: skip
