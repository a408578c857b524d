"""A run as one HTML file: no script, nothing loaded from anywhere, fit for phone and print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from agent.shop.calendar import SEOUL
from evals.compare import Earlier
from evals.runner import Run
from evals.types import Case, ClassRow, Confusion, SuiteResult
from services.quality_figures import MODES, Figure, Side, figures_of, said, side_by_side

__all__ = ["html"]

CASES = 50  # of a suite, in the file
BAR_W, BAR_H = 160, 14
_STYLE = """
:root { color-scheme: light dark; --ink: #191f28; --soft: #5d6875; --line: #e5e8eb;
  --paper: #fff; --card: #f7f8fa; --accent: #1b64da; --good: #0a7d5c; --bad: #c0362c; }
@media (prefers-color-scheme: dark) { :root { --ink: #ecedf0; --soft: #a3abb6;
  --line: #383b43; --paper: #17181c; --card: #212329; --accent: #6ea4ff; --good: #3fc3a8;
  --bad: #ff8f85; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 960px; padding: 24px 16px 64px; background: var(--paper);
  color: var(--ink); font: 15px/1.6 'Noto Sans KR', 'Noto Sans CJK KR', 'Apple SD Gothic Neo',
  'Malgun Gothic', sans-serif; word-break: keep-all; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem; }
h3 { font-size: .95rem; margin: 1.5rem 0 .25rem; }
a { color: var(--accent); }
p { margin: .25rem 0 .75rem; } .soft { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: .85rem; }
th, td { border-top: 1px solid var(--line); padding: .35rem .6rem .35rem 0;
  vertical-align: top; }
tr:first-child > th { border-top: 0; }
td:first-child { min-width: 8.5rem; } .matrix td { min-width: 1.9rem; }
.n { text-align: right; white-space: nowrap; } .nowrap { white-space: nowrap; }
.box { background: var(--card); border-radius: 12px; padding: .75rem 1rem; margin: 1rem 0; }
.box ul { margin: .25rem 0; padding-left: 1.2rem; }
.matrix { width: auto; font-size: .8rem; } .matrix td { text-align: center; padding: .15rem;
  border: 1px solid var(--paper); }
.matrix th { padding: .15rem .4rem .15rem 0; border: 0; }
.matrix th.top { writing-mode: vertical-rl; padding: .2rem .15rem; }
details { border-top: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .75rem; margin: .4rem 0; }
dt { color: var(--soft); } dd { margin: 0; white-space: pre-wrap; }
svg { display: block; } .track { fill: var(--line); } .band { fill: var(--accent); opacity: .35; }
.dot { fill: var(--accent); } .goal { stroke: var(--ink); stroke-width: 1.5; }
@media print { body { max-width: none; font-size: 11px; } details { break-inside: avoid; } }
@media (max-width: 560px) { .bar { display: none; } }
"""


def html(run: Run, before: Earlier, failures: Sequence[str]) -> str:
    """The whole report; ``failures`` are the sentences of :func:`evals.compare.failures`."""
    suites = [_suite(result, before) for result in run.results.values()]
    return (
        '<!doctype html><html lang="ko"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>품질 보고서 {escape(run.run_id)}</title><style>{_STYLE}</style></head><body>"
        f"{_head(run, before, failures)}{''.join(suites)}</body></html>\n"
    )


def _head(run: Run, before: Earlier, failures: Sequence[str]) -> str:
    figures = [
        one
        for name, result in run.results.items()
        for one in figures_of(name, result.as_json(), before.results.get(name))
    ]
    goals = [one for one in figures if one.goal is not None]
    reached = sum(one.reached for one in goals)
    at = run.finished.astimezone(SEOUL)
    took = (run.finished - run.started).total_seconds()
    worse = "".join(f"<li>{escape(line)}</li>" for line in failures)
    told = f'<p class="bad">앞선 측정보다 나빠졌습니다</p><ul>{worse}</ul>' if failures else (
        '<p class="good">앞선 측정보다 나빠진 것이 없습니다.</p>'
    )  # fmt: skip
    links = " · ".join(
        f'<a href="#{escape(name)}">{escape(result.title)}</a>'
        for name, result in run.results.items()
    )
    return (
        "<h1>품질 보고서</h1>"
        f'<p class="soft">{at:%Y-%m-%d %H:%M} (서울) · {took:,.0f}초 · 버전 '
        f"{escape(run.revision)} · {escape(before.label)}과 견줌</p>"
        f'<div class="box"><p><b>목표 {len(goals)}개 중 {reached}개에 닿았습니다.</b></p>{told}'
        f"</div><p>{links}</p>"
    )


def _suite(result: SuiteResult, before: Earlier) -> str:
    name = escape(result.suite)
    head = f'<section id="{name}"><h2>{escape(result.title)} <span class="soft">{name}</span></h2>'
    if result.skipped:
        return f'{head}<p class="soft">건너뜀: {escape(result.skipped)}</p></section>'
    figures = figures_of(result.suite, result.as_json(), before.results.get(result.suite))
    beside, singly = side_by_side(figures)
    return (
        f'{head}<p class="soft">{result.took_s:,.1f}초 걸림</p>{_figures(singly)}'
        f"{_modes(beside)}{_classes(result.classes)}{_matrix(result.confusion)}{_cases(result.cases)}</section>"
    )


def _figures(figures: Iterable[Figure]) -> str:
    head = (
        '<tr><th></th><th class="n">값</th><th class="bar"></th><th class="n">95% 구간</th>'
        '<th class="n">예문</th><th>목표</th><th class="n">변화</th></tr>'
    )
    rows = "".join(
        f'<tr><td>{escape(one.title)}</td><td class="n"><b>{escape(one.text)}</b></td>'
        f'<td class="bar">{_bar(one)}</td><td class="n">{escape(one.interval)}</td>'
        f'<td class="n">{one.n:,}</td><td class="nowrap">{_goal(one)}</td>'
        f'<td class="n">{_change(one)}</td></tr>'
        for one in figures
    )
    return f'<div class="wide"><table>{head}{rows}</table></div>'


def _modes(beside: Sequence[Side]) -> str:
    """The ways to search beside each other; the best of a row is bold."""
    if not beside:
        return ""
    head = "".join(f'<th class="n">{name}</th>' for name in (*MODES.values(), "예문"))
    rows = []
    for title, cells in beside:
        best = max(one.value for one in cells.values())
        tds = (_mode(cells.get(mode), best) for mode in MODES)
        n = next(iter(cells.values())).n
        rows.append(f'<tr><td>{escape(title)}</td>{"".join(tds)}<td class="n">{n:,}</td></tr>')
    return (
        '<h3>찾는 방법별</h3><div class="wide"><table>'
        f"<tr><th></th>{head}</tr>{''.join(rows)}</table></div>"
    )


def _mode(one: Figure | None, best: float) -> str:
    if one is None:
        return '<td class="n">–</td>'
    text = escape(one.text)
    return f'<td class="n">{f"<b>{text}</b>" if one.value == best else text}</td>'


def _goal(one: Figure) -> str:
    if one.goal is None:
        return '<span class="soft">–</span>'
    sign = "≥" if one.better == "higher" else "≤"
    kind, mark = ("good", "✓ 도달") if one.reached else ("bad", "✗ 미달")
    goal = said(one.goal, one.unit, signed=one.signed)
    return f'<span class="{kind}">{mark}</span> {sign} {escape(goal)}'


def _change(one: Figure) -> str:
    if one.before is None:
        return '<span class="soft">처음</span>'
    kind = "bad" if one.regressed else "good" if one.moved > 0 else "soft"
    gain = one.value - one.before
    text = said(gain, "share", signed=True) if one.unit == "share" else f"{gain:+,.1f}"
    return f'<span class="{kind}">{escape(text)}</span>'


def _bar(one: Figure) -> str:
    """The interval as a band on 0 to 1 with the value as a dot and the goal as a stroke."""
    if one.unit != "share" or one.signed:
        return ""
    low, high, value = (min(max(x, 0.0), 1.0) * BAR_W for x in (one.low, one.high, one.value))
    goal = ""
    if one.goal is not None:
        x = one.goal * BAR_W
        goal = f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{BAR_H}"/>'
    middle = BAR_H / 2
    return (
        f'<svg width="{BAR_W}" height="{BAR_H}" viewBox="-4 0 {BAR_W + 8} {BAR_H}" role="img">'
        f"<title>{escape(f'{one.text}, 95% 구간 {one.interval}')}</title>"
        f'<rect class="track" y="{middle - 1}" width="{BAR_W}" height="2"/>'
        f'<rect class="band" x="{low:.1f}" y="{middle - 4}" width="{max(high - low, 1):.1f}" '
        f'height="8" rx="2"/>{goal}<circle class="dot" cx="{value:.1f}" cy="{middle}" r="3.5"/>'
        "</svg>"
    )


def _classes(classes: Sequence[ClassRow]) -> str:
    if not classes:
        return ""
    rows = "".join(
        f'<tr><td>{escape(row.label)}</td><td class="n">{row.n:,}</td>'
        + "".join(f'<td class="n">{x:.2f}</td>' for x in (row.precision, row.recall, row.f1))
        + "</tr>"
        for row in classes
    )
    head = "".join(f'<th class="n">{name}</th>' for name in ("예문", "정밀도", "재현율", "F1"))
    return (
        '<h3>분류별</h3><div class="wide"><table>'
        f"<tr><th></th>{head}</tr>{rows}</table></div>"
    )  # fmt: skip


def _matrix(confusion: Confusion | None) -> str:
    """Rows: what it is; columns: what was answered; the shade is the share of the row."""
    if confusion is None or not confusion.labels:
        return ""
    labels = [escape(label) for label in confusion.labels]
    head = "<th></th>" + "".join(f'<th class="top">{label}</th>' for label in labels)
    rows = []
    for at, counts in enumerate(confusion.counts):
        whole = max(sum(counts), 1)
        cells = "".join(_cell(n, n / whole, right=at == to) for to, n in enumerate(counts))
        rows.append(f"<tr><th>{labels[at]}</th>{cells}</tr>")
    return (
        '<h3>혼동 행렬</h3><p class="soft">가로줄이 정답, 세로줄이 답한 것입니다.</p>'
        f'<div class="wide"><table class="matrix"><tr>{head}</tr>{"".join(rows)}</table></div>'
    )


def _cell(count: int, part: float, *, right: bool) -> str:
    if not count:
        return "<td></td>"
    colour = "var(--accent)" if right else "var(--bad)"
    strength = round(15 + 45 * part)
    shade = f"color-mix(in srgb, {colour} {strength}%, transparent)"
    return f'<td style="background:{shade}">{count}</td>'


def _cases(cases: Sequence[Case]) -> str:
    if not cases:
        return ""
    more = f" ({len(cases)}건 중 {CASES}건)" if len(cases) > CASES else f" ({len(cases)}건)"
    return f"<h3>가장 나쁜 사례{more}</h3>" + "".join(map(_case, cases[:CASES]))


def _case(case: Case) -> str:
    pairs = [("문장", case.text), ("기대", case.expected), ("답", case.got), ("있는 곳", case.id)]
    if case.note:
        pairs.append(("설명", case.note))
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    text = " ".join(case.text.split())
    short = text if len(text) <= 80 else text[:79] + "…"
    return f"<details><summary>{escape(short)}</summary><dl>{rows}</dl></details>"
