"""A turn's time as horizontal bars, one beneath the other in the order things began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ui.runs import words

__all__ = ["CONFIG", "Bar", "bars", "waterfall"]

CONFIG = {"displayModeBar": False, "scrollZoom": False}
GRID = "rgba(128,128,128,.18)"
_COLOURS = {"step": "#2f74e0", "tool": "#1a9b78", "model": "#d9730d"}
_KINDS = {"step": "단계", "tool": "도구", "model": "모델"}
_LEAST_SHARE = 0.004  # of the whole, so that a bar of 0.1 ms can still be seen
_ROW_PX = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a turn; times in ms from its beginning."""

    name: str
    kind: str
    start_ms: float
    took_ms: float


def bars(trace: Mapping[str, Any]) -> list[Bar]:
    """Steps, tools and calls of models in the order they began, the outer one first."""
    found = [
        Bar(words.STEP.get(name, name), "step", start, took)
        for name, start, took in trace.get("steps", ())
    ]
    found += [
        Bar(words.tool(run["name"]), "tool", run["start_ms"], run["took_ms"])
        for run in trace.get("tools", ())
    ]
    found += [
        Bar(f"모델 {call['model'] or call['provider']}", "model", call["start_ms"], call["took_ms"])
        for call in trace.get("models", ())
    ]
    return sorted(found, key=lambda bar: (bar.start_ms, -bar.took_ms))


def waterfall(trace: Mapping[str, Any]) -> Any:
    """The chart; plotly is imported when one is drawn (0.5 s)."""
    import plotly.graph_objects as go

    found = bars(trace)
    whole = max([trace.get("took_ms", 0.0), *(bar.start_ms + bar.took_ms for bar in found)])
    # A name may come twice: rows are numbered, the names are their labels.
    chart = go.Figure()
    for kind, colour in _COLOURS.items():
        rows = [(at, bar) for at, bar in enumerate(found) if bar.kind == kind]
        if not rows:
            continue
        chart.add_bar(
            orientation="h", name=_KINDS[kind], marker={"color": colour},
            y=[at for at, _ in rows], base=[bar.start_ms for _, bar in rows],
            x=[max(bar.took_ms, whole * _LEAST_SHARE) for _, bar in rows],
            customdata=[[bar.name, bar.start_ms, bar.took_ms] for _, bar in rows],
            text=[_ms(bar.took_ms) for _, bar in rows], textposition="outside", cliponaxis=False,
            hovertemplate="<b>%{customdata[0]}</b><br>시작 %{customdata[1]:,.1f} ms"
            "<br>걸린 시간 %{customdata[2]:,.1f} ms<extra></extra>",
        )  # fmt: skip
    chart.update_layout(
        height=90 + _ROW_PX * max(len(found), 1), margin={"l": 8, "r": 16, "t": 8, "b": 8},
        barmode="overlay", bargap=0.35, dragmode=False,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    chart.update_xaxes(
        range=[0, whole * 1.18 or 1], ticksuffix=" ms", gridcolor=GRID, zeroline=False,
        fixedrange=True, nticks=5,
    )  # fmt: skip
    chart.update_yaxes(
        tickvals=list(range(len(found))), ticktext=[bar.name for bar in found],
        autorange="reversed", fixedrange=True, showgrid=False, automargin=True,
    )  # fmt: skip
    return chart


def _ms(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"
