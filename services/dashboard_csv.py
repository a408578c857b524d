"""A figure's answer as a table, and tables as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agent.shop.calendar import SEOUL
from services.dashboard_table import Figure
from services.dashboard_words import CLAIM_STATUS, OUTCOME, TICKET_STATUS, WEEKDAYS, WORDS, word
from store.figures import Behind, Cell, Cost, Flow, Point, Spread
from store.models import from_text

__all__ = [
    "about_word",
    "as_csv",
    "as_zip",
    "behind_rows",
    "key_word",
    "said",
    "state_word",
    "table",
]

Rows = Sequence[Sequence[object]]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HIGH = {"desk_s": "90번째 백분위수(상담 시간, 분)", "ms": "95번째 백분위수(ms)"}
_LOW = {"desk_s": "중앙값(상담 시간, 분)", "ms": "중앙값(ms)"}
_STATE = {"conversation": OUTCOME, "ticket": TICKET_STATUS, "claim": CLAIM_STATUS}
_KIND = {"conversation": "상담", "ticket": "티켓", "claim": "신청"}


def key_word(figure: Figure, key: str) -> str:
    """The Korean name of a slice of a figure: "배송 조회", "첫 답변 · 긴급", "11-20"."""
    if figure.slices == "hour":
        weekday, _, hour = key.partition("|")
        return f"{WEEKDAYS[int(weekday)]}요일 {int(hour)}시"
    if figure.slices == "promise":
        promise, _, priority = key.partition("|")
        parts = [word("promise", promise), word("priority", priority) if priority else ""]
        return " · ".join(part for part in parts if part)
    head, bar, tail = key.rpartition("|")
    if bar:  # a product and a reason, a day and an outcome
        return f"{head} · {word('outcome' if figure.slices == 'day' else figure.slices, tail)}"
    return word(figure.slices, key)


def said(figure: Figure, value: float | None) -> str:
    """A value with its unit as a person reads it: "84.2%", "3시간 5분", "1.2초", "$0.013"."""
    if value is None:
        return "–"
    match figure.unit:
        case "share":
            return f"{value * 100:.1f}%"
        case "desk_s":
            return _duration(value)
        case "ms":
            return f"{value / 1000:.1f}초" if value >= 1000 else f"{value:.0f}ms"
        case "usd":
            return f"${value:,.2f}" if value >= 1 or value == 0 else f"${value:.4f}"
        case "krw":
            return f"{value:,.0f}원"
        case _:
            return f"{value:,.0f}"


def table(figure: Figure, answer: Any) -> tuple[Sequence[str], Rows]:
    """Header and rows of a figure's answer, numbers as numbers, slices by their words."""
    found = answer if isinstance(answer, tuple) else (answer,)
    kind = type(found[0]) if found else Point
    return _TABLES[kind](figure, found)


def as_csv(header: Sequence[str], rows: Rows) -> bytes:
    """UTF-8 with a mark that spreadsheets need; no cell is ever run as a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8")


def as_zip(parts: Mapping[str, tuple[Sequence[str], Rows]]) -> bytes:
    """One CSV a name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (header, rows) in parts.items():
            archive.writestr(f"{name}.csv", as_csv(header, rows))
    return stream.getvalue()


def behind_rows(found: Iterable[Behind]) -> tuple[Sequence[str], Rows]:
    """What lies behind a number, as a table."""
    header = ("종류", "번호", "시각", "내용", "고객", "상태", "분류")
    rows = [
        (_KIND[one.kind], one.id, _local(one.at), one.title, one.who or "손님", state_word(one),
         about_word(one))
        for one in found
    ]  # fmt: skip
    return header, rows


def state_word(one: Behind) -> str:
    """The Korean word of how a conversation ended, or of a ticket's or a claim's state."""
    return _STATE[one.kind].get(one.state, one.state)


def about_word(one: Behind) -> str:
    """What it is about, in Korean: an intent, a way in, a ticket's type, a claim's reason."""
    kinds = {"conversation": ("intent", "source"), "ticket": ("issue_type",), "claim": ("reason",)}
    return next((WORDS[k][one.about] for k in kinds[one.kind] if one.about in WORDS[k]), one.about)


def _local(at: str) -> str:
    """Seoul's wall clock as spreadsheets read it: "2026-11-20 09:00:00"."""
    return f"{from_text(at).astimezone(SEOUL):%Y-%m-%d %H:%M:%S}"


def _points(figure: Figure, found: Sequence[Point]) -> tuple[Sequence[str], Rows]:
    header = ("구분", _unit(figure), "수", "전체")
    return header, [
        (_name(figure, one.key), _number(figure, one.value), one.n, one.of) for one in found
    ]


def _spreads(figure: Figure, found: Sequence[Spread]) -> tuple[Sequence[str], Rows]:
    header = ("구분", _LOW[figure.unit], _HIGH[figure.unit], "수")
    return header, [
        (
            _name(figure, one.key), _number(figure, one.low), _number(figure, one.high), one.n
        )
        for one in found
    ]  # fmt: skip


def _cells(figure: Figure, found: Sequence[Cell]) -> tuple[Sequence[str], Rows]:
    money = figure.unit == "krw"
    if figure.slices == "hour":
        return ("요일", "시", "수"), [
            (WEEKDAYS[int(one.row)], int(one.column), one.n) for one in found
        ]
    kind = "outcome" if figure.slices == "day" else figure.slices
    first = "날짜" if figure.slices == "day" else "상품"
    header = (first, "구분", "수", *(("금액(원)",) if money else ()))
    return header, [
        (one.row, word(kind, one.column), one.n, *((one.krw,) if money else ())) for one in found
    ]


def _flows(figure: Figure, found: Sequence[Flow]) -> tuple[Sequence[str], Rows]:
    header = ("날짜", "들어온 티켓", "해결된 티켓", "남은 티켓")
    return header, [(one.key, one.opened, one.resolved, one.left) for one in found]


def _costs(figure: Figure, found: Sequence[Cost]) -> tuple[Sequence[str], Rows]:
    header = ("구분", "비용(USD)", "호출", "실패한 호출", "값을 모르는 호출")
    return header, [
        (_name(figure, one.key), round(one.usd, 6), one.calls, one.errors, one.unpriced)
        for one in found
    ]


_TABLES: Mapping[type, Callable[[Figure, Any], tuple[Sequence[str], Rows]]] = {
    Point: _points, Spread: _spreads, Cell: _cells, Flow: _flows, Cost: _costs,
}  # fmt: skip


def _unit(figure: Figure) -> str:
    return {"share": "비율(%)", "usd": "USD", "krw": "원"}.get(figure.unit, "값")


def _name(figure: Figure, key: str) -> str:
    return key_word(figure, key) if key or figure.slices else "전체"


def _number(figure: Figure, value: float | None) -> float | None:
    if value is None:
        return None
    if figure.unit == "share":
        return round(value * 100, 2)
    return round(value / 60, 1) if figure.unit == "desk_s" else round(value, 6)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes}분"
    return f"{hours:,}시간 {rest}분" if rest else f"{hours:,}시간"


def _cell(value: object) -> object:
    text = value if isinstance(value, str) else None
    return f"'{text}" if text and text.startswith(_FORMULA) else value
