"""Plotly charts of the dashboard; plotly is imported when one is drawn (0.5 s).

Each mark's ``customdata`` begins with the slice it stands for, so that a click finds what lies
behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.dashboard_csv import key_word, said
from services.dashboard_words import OUTCOME, PROMISE, WEEKDAYS, word
from ui.format import day, short, won

__all__ = ["CHARTS", "CONFIG", "HEIGHT_PX"]

# Readable on white and on black.
BLUE, TEAL, ORANGE, VIOLET, GREY = "#2f74e0", "#12967d", "#d9730d", "#8a63d2", "#9aa3ad"
GRID = "rgba(128,128,128,.18)"
HEIGHT_PX, ROW_PX, MOST_ROWS, MOST_TICKS = 230, 27, 10, 7
CONFIG = {"displayModeBar": False, "scrollZoom": False}
_OUTCOMES = {"resolved": TEAL, "handed": ORANGE, "other": GREY}
_SHADES = (BLUE, ORANGE, TEAL, VIOLET, "#c2487f", "#7c8794", "#4aa3df", "#b58900", "#6b8e23")
_PRIORITIES = ("urgent", "high", "normal", "low")
_CLICK = "<br>누르면 내역을 보여 줘요<extra></extra>"
Chart = Callable[[Any, Any, Sequence[str]], Any]  # figure, answer, days of the span


def _stacked_days(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """Counts by day, a colour an outcome."""
    found = {(one.row, one.column): one.n for one in answer}
    chart = _empty()
    for outcome, colour in _OUTCOMES.items():
        chart.add_bar(
            x=list(days), y=[found.get((d, outcome), 0) for d in days], name=OUTCOME[outcome],
            marker_color=colour, customdata=[[f"{d}|{outcome}", day(d)] for d in days],
            hovertemplate=f"<b>%{{customdata[1]}}</b><br>{OUTCOME[outcome]} %{{y:,}}건" + _CLICK,
        )  # fmt: skip
    chart.update_layout(barmode="stack")
    return _legend(_days(chart, days, "건"))


def _line(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """A share by day; a day of which nothing can be told is a gap."""
    found = {one.key: one for one in answer}
    chart = _empty()
    values = [found[d].value if d in found else None for d in days]
    chart.add_scatter(
        x=list(days), y=values, mode="lines+markers", line={"color": BLUE, "width": 2},
        marker={"size": 7}, connectgaps=False,
        customdata=[[d, day(d), *_of(figure, found.get(d))] for d in days],
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[2]} (%{customdata[3]})" + _CLICK,
    )  # fmt: skip
    chart = _days(chart, days, "")
    top = max((value for value in values if value is not None), default=0.0)
    chart.update_yaxes(tickformat=".0%", range=[0, 1.02 if top > 0.5 else max(top * 1.25, 0.05)])
    return chart


def _rows(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """Slices as bars beside each other, the longest on top."""
    found = sorted(answer, key=lambda one: -one.n)[:MOST_ROWS]
    chart = _empty()
    chart.add_bar(
        orientation="h", x=[one.n for one in found], y=[_label(figure, one.key) for one in found],
        marker_color=BLUE, text=[_share_text(figure, one) for one in found],
        textposition="outside", cliponaxis=False,
        customdata=[[one.key, key_word(figure, one.key), *_of(figure, one)] for one in found],
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[2]} (%{customdata[3]})" + _CLICK,
    )  # fmt: skip
    return _listed(chart, len(found), max((one.n for one in found), default=1))


def _heat(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """Weekday by hour; the darker the more."""
    counts = {(one.row, int(one.column)): one.n for one in answer}
    rows = [[counts.get((str(w), h), 0) for h in range(24)] for w in range(7)]
    chart = _empty()
    chart.add_heatmap(
        z=rows, x=list(range(24)), y=list(WEEKDAYS), showscale=False, xgap=2, ygap=2,
        colorscale=[[0, "rgba(47,116,224,.06)"], [1, BLUE]], zmin=0, hoverinfo="skip",
    )  # fmt: skip
    cells = [(w, h) for w in range(7) for h in range(24) if rows[w][h]]
    # A heat map cannot be clicked: an unseen marker lies on every cell.
    chart.add_scatter(
        x=[h for _, h in cells], y=[WEEKDAYS[w] for w, _ in cells], mode="markers",
        marker={"size": 16, "symbol": "square", "opacity": 0}, showlegend=False,
        customdata=[[f"{w}|{h:02d}", f"{WEEKDAYS[w]}요일 {h}시", rows[w][h]] for w, h in cells],
        hovertemplate="<b>%{customdata[1]}</b><br>질문 %{customdata[2]:,}개" + _CLICK,
    )  # fmt: skip
    chart.update_xaxes(
        tickvals=list(range(0, 24, 3)), ticktext=[f"{h}시" for h in range(0, 24, 3)],
        showgrid=False, zeroline=False, fixedrange=True,
    )  # fmt: skip
    chart.update_yaxes(autorange="reversed", showgrid=False, fixedrange=True, dtick=1)
    return chart


def _flow(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """What is left at the end of each day, over what came in and what was resolved."""
    chart = _empty()
    for what, name, colour, values, sign in (
        ("opened", "들어옴", "rgba(47,116,224,.45)", [one.opened for one in answer], 1),
        ("resolved", "해결", "rgba(18,150,125,.55)", [one.resolved for one in answer], -1),
    ):
        chart.add_bar(
            x=[one.key for one in answer], y=[value * sign for value in values], name=name,
            marker_color=colour, customdata=[[f"{one.key}|{what}", day(one.key), value]
                                             for one, value in zip(answer, values, strict=True)],
            hovertemplate=f"<b>%{{customdata[1]}}</b><br>{name} %{{customdata[2]:,}}건" + _CLICK,
        )  # fmt: skip
    chart.add_scatter(
        x=[one.key for one in answer], y=[one.left for one in answer], name="남은 티켓",
        mode="lines+markers", line={"color": ORANGE, "width": 2}, marker={"size": 6},
        customdata=[[f"{one.key}|left", day(one.key)] for one in answer],
        hovertemplate="<b>%{customdata[1]}</b><br>남은 티켓 %{y:,}건" + _CLICK,
    )  # fmt: skip
    chart.update_layout(barmode="relative")
    return _legend(_days(chart, days, "건"))


def _promises(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """Shares kept by priority, a colour a promise."""
    found = {one.key: one for one in answer}
    chart = _empty()
    for promise, colour in zip(PROMISE, (BLUE, TEAL), strict=True):
        points = [found.get(f"{promise}|{one}") for one in _PRIORITIES]
        chart.add_bar(
            x=[word("priority", one) for one in _PRIORITIES],
            y=[point.value if point else None for point in points], name=PROMISE[promise],
            marker_color=colour, text=[f"{p.value:.0%}" if p else "" for p in points],
            textposition="outside", cliponaxis=False,
            customdata=[[f"{promise}|{one}", *_of(figure, point)]
                        for one, point in zip(_PRIORITIES, points, strict=True)],
            hovertemplate=f"<b>%{{x}} · {PROMISE[promise]}</b><br>%{{customdata[1]}} "
            "(%{customdata[2]})<br>누르면 늦은 티켓을 보여 줘요<extra></extra>",
        )  # fmt: skip
    chart.update_yaxes(tickformat=".0%", range=[0, 1.12], gridcolor=GRID, fixedrange=True, nticks=4)
    chart.update_xaxes(fixedrange=True)
    return _legend(chart)


def _spreads(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """Median and high percentile of each slice, side by side."""
    order = {key: place for place, key in enumerate(_PRIORITIES)}
    found = sorted(answer, key=lambda one: (order.get(one.key, 9), one.key))
    top = max((one.high or 0 for one in found), default=0)
    unit, divide = _scale(figure, top)
    high = "90번째 백분위수" if figure.unit == "desk_s" else "95번째 백분위수"
    chart = _empty()
    for name, colour, values in (
        ("중앙값", BLUE, [one.low for one in found]),
        (high, GREY, [one.high for one in found]),
    ):
        chart.add_bar(
            x=[key_word(figure, one.key) for one in found], name=name, marker_color=colour,
            y=[None if value is None else value / divide for value in values],
            text=["" if value is None else f"{value / divide:,.{1 if divide > 1 else 0}f}"
                  for value in values],
            textposition="outside", constraintext="none", cliponaxis=False,
            customdata=[[one.key, said(figure, value), f"{one.n:,}"]
                                          for one, value in zip(found, values, strict=True)],
            hovertemplate=f"<b>%{{x}}</b><br>{name} %{{customdata[1]}} (%{{customdata[2]}}개)"
            + _CLICK,
        )  # fmt: skip
    chart.update_yaxes(
        range=[0, top / divide * 1.18 or 1],
        ticksuffix=unit,
        gridcolor=GRID,
        fixedrange=True,
        nticks=5,
    )
    chart.update_xaxes(fixedrange=True)
    return _legend(chart)


def _spread_days(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """Median and 95th percentile by day."""
    found = {one.key: one for one in answer}
    unit, divide = _scale(figure, max((one.high or 0 for one in answer), default=0))
    chart = _empty()
    for name, colour, pick in (("중앙값", BLUE, "low"), ("95번째 백분위수", GREY, "high")):
        values = [getattr(found[d], pick) if d in found else None for d in days]
        chart.add_scatter(
            x=list(days), y=[None if v is None else v / divide for v in values], name=name,
            mode="lines+markers", line={"color": colour, "width": 2}, marker={"size": 6},
            customdata=[[d, day(d), said(figure, v)] for d, v in zip(days, values, strict=True)],
            hovertemplate=f"<b>%{{customdata[1]}}</b><br>{name} %{{customdata[2]}}" + _CLICK,
        )  # fmt: skip
    chart = _days(chart, days, unit)
    chart.update_yaxes(rangemode="tozero")
    return _legend(chart)


def _cost_days(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """USD by day."""
    found = {one.key: one for one in answer}
    chart = _empty()
    costs = [found.get(d) for d in days]
    chart.add_bar(
        x=list(days), y=[one.usd if one else 0 for one in costs], marker_color=BLUE,
        customdata=[[d, day(d), said(figure, one.usd if one else 0.0), _calls(one)]
                    for d, one in zip(days, costs, strict=True)],
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[2]}<br>%{customdata[3]}"
        "<extra></extra>",
    )  # fmt: skip
    chart = _days(chart, days, "")
    chart.update_yaxes(tickprefix="$", rangemode="tozero")
    return chart


def _cost_rows(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """USD by provider."""
    found = sorted(answer, key=lambda one: -one.usd)[:MOST_ROWS]
    chart = _empty()
    chart.add_bar(
        orientation="h", x=[one.usd for one in found], y=[_label(figure, one.key) for one in found],
        marker_color=BLUE, text=[said(figure, one.usd) for one in found], textposition="outside",
        cliponaxis=False, customdata=[[one.key, _calls(one)] for one in found],
        hovertemplate="<b>%{y}</b> %{text}<br>%{customdata[1]}<extra></extra>",
    )  # fmt: skip
    return _listed(chart, len(found), max((one.usd for one in found), default=1) or 1)


def _products(figure: Any, answer: Any, days: Sequence[str]) -> Any:
    """Products by their claims (or refunds), a colour a reason."""
    money = figure.unit == "krw"
    sums: dict[str, int] = {}
    for one in answer:
        sums[one.row] = sums.get(one.row, 0) + (one.krw if money else one.n)
    top = sorted(sums, key=lambda name: (-sums[name], name))[:MOST_ROWS]
    labels = _apart(top)
    chart = _empty()
    for place, column in enumerate(dict.fromkeys(one.column for one in answer)):
        cells = [one for one in answer if one.column == column and one.row in labels]
        chart.add_bar(
            orientation="h", x=[one.krw if money else one.n for one in cells],
            y=[labels[one.row] for one in cells], name=word(figure.slices, column),
            marker_color=_SHADES[place % len(_SHADES)],
            customdata=[[f"{one.row}|{one.column}", short(one.row, 60),
                         won(one.krw) if money else f"{one.n:,}건"] for one in cells],
            hovertemplate="<b>%{customdata[1]}</b><br>" + word(figure.slices, column)
            + " %{customdata[2]}" + _CLICK,
        )  # fmt: skip
    chart.update_layout(barmode="stack")
    _listed(chart, len(top), max(sums.values(), default=1))
    chart.update_yaxes(categoryorder="array", categoryarray=[labels[name] for name in top])
    return _legend(chart)


CHARTS: Mapping[str, Chart] = {
    "conversations_by_day": _stacked_days,
    **dict.fromkeys(("resolution_by_day", "handoff_by_day", "unanswered_by_day",
                     "satisfaction_by_day"), _line),
    **dict.fromkeys(("resolution_how", "handoff_reasons", "intents", "issue_types", "opinions",
                     "guards", "fallback_reasons", "claim_reasons"), _rows),
    "hours": _heat,
    "backlog_by_day": _flow,
    "promises_by_priority": _promises,
    **dict.fromkeys(("first_response_by_priority", "resolution_time_by_priority",
                     "latency_by_provider"), _spreads),
    "latency_by_day": _spread_days,
    "cost_by_day": _cost_days,
    "cost_by_provider": _cost_rows,
    **dict.fromkeys(("claims_by_product", "refunds"), _products),
}  # fmt: skip


def _empty() -> Any:
    import plotly.graph_objects as go

    return go.Figure(
        layout={
            "height": HEIGHT_PX, "margin": {"l": 8, "r": 12, "t": 8, "b": 8}, "bargap": 0.28,
            "dragmode": False, "clickmode": "event+select", "hovermode": "closest",
            "showlegend": False,
        }
    )  # fmt: skip


def _scale(figure: Any, top: float) -> tuple[str, int]:
    """The axis's unit, and what the store's seconds or ms are divided by for it."""
    if figure.unit == "desk_s":
        return ("시간", 3600) if top >= 3600 else ("분", 60)
    return ("초", 1000) if top >= 1000 else ("ms", 1)


def _days(chart: Any, days: Sequence[str], suffix: str) -> Any:
    """Days as words on the axis: a few of many, today last."""
    step = max(1, -(-len(days) // MOST_TICKS))
    marks = list(days)[::-step][::-1]
    chart.update_xaxes(
        type="category", tickvals=marks, ticktext=[f"{int(d[5:7])}.{int(d[8:])}" for d in marks],
        showgrid=False, fixedrange=True, tickangle=0,
    )  # fmt: skip
    chart.update_yaxes(gridcolor=GRID, ticksuffix=suffix, fixedrange=True, nticks=5)
    return chart


def _listed(chart: Any, rows: int, longest: float) -> Any:
    """Bars beside each other: as high as they need, room for the text at their ends."""
    chart.update_layout(
        height=max(HEIGHT_PX, 46 + ROW_PX * rows), bargap=1 - 0.66 * min(1.0, rows / 6)
    )
    chart.update_xaxes(range=[0, longest * 1.45], visible=False, fixedrange=True)
    chart.update_yaxes(autorange="reversed", fixedrange=True, automargin=True, ticksuffix="  ")
    return chart


def _legend(chart: Any) -> Any:
    chart.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "itemclick": False,
                "itemdoubleclick": False, "title": None},
        margin={"t": 30},
    )  # fmt: skip
    return chart


def _of(figure: Any, point: Any) -> tuple[str, str]:
    """The value and what it was counted from: "84.2%", "16 / 19"."""
    if point is None:
        return "–", "0"
    whole = f"{point.n:,} / {point.of:,}" if point.of else f"{point.n:,}"
    return said(figure, point.value), whole


def _share_text(figure: Any, point: Any) -> str:
    share = f" · {said(figure, point.value)}" if figure.unit == "share" else ""
    return f"{point.n:,}{share}"


def _label(figure: Any, key: str) -> str:
    return short(key_word(figure, key), 18)


def _apart(names: Sequence[str]) -> dict[str, str]:
    """Short labels, none the same as another's."""
    labels: dict[str, str] = {}
    for name in names:
        label = short(name, 18)
        labels[name] = label if label not in labels.values() else f"{label} ({len(labels) + 1})"
    return labels


def _calls(cost: Any) -> str:
    if cost is None:
        return "호출 0번"
    unknown = f", 값을 모르는 호출 {cost.unpriced:,}번" if cost.unpriced else ""
    return f"호출 {cost.calls:,}번, 실패 {cost.errors:,}번{unknown}"
