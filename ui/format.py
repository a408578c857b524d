"""Amounts, days and times as a Korean customer reads them; data made safe to show.

Times come in as the store's UTC ISO-8601 text and go out in Asia/Seoul. ``now`` is for
tests; it defaults to the present.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = [
    "clock",
    "count",
    "day",
    "is_past",
    "local",
    "marked",
    "plain",
    "prose",
    "short",
    "until",
    "when",
    "won",
]

_SEOUL = ZoneInfo("Asia/Seoul")
_WEEKDAYS = "월화수목금토일"
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&^=])")
_DIRECTIVE = re.compile(r":(?=[A-Za-z0-9_+/-]+[:\[\\])")
_WORD_JOINER = "\u2060"


def won(amount: int | float | None) -> str:
    """12900 → "12,900원"; a negative amount gets a true minus; nothing is a dash."""
    if amount is None:
        return "–"
    sign = "−" if amount < 0 else ""
    return f"{sign}{abs(int(amount)):,}원"


def count(number: int, unit: str = "개") -> str:
    """1234 → "1,234개"."""
    return f"{number:,}{unit}"


def local(iso: str) -> datetime:
    """The Seoul time of a stored time. Raises ValueError for text that is none."""
    moment = datetime.fromisoformat(iso)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(_SEOUL)


def clock(iso: str) -> str:
    """The time of day: "오후 2:10"."""
    return _clock(local(iso))


def day(iso: str | date | None, *, now: datetime | None = None) -> str:
    """The Korean day: "11월 3일(화)", with the year when it is another one's; "" for none."""
    if not iso:
        return ""
    moment: date = local(iso).date() if isinstance(iso, str) and len(iso) > 10 else _date(iso)
    year = "" if moment.year == _now(now).year else f"{moment.year}년 "
    return f"{year}{moment.month}월 {moment.day}일({_WEEKDAYS[moment.weekday()]})"


def when(iso: str | None, *, now: datetime | None = None) -> str:
    """How long ago: "방금", "12분 전", "3시간 전", then "11월 3일(화) 오후 2:10"; "" for none."""
    if not iso:
        return ""
    moment, present = local(iso), _now(now)
    passed = present - moment
    if timedelta(0) <= passed < timedelta(minutes=1):
        return "방금"
    if timedelta(0) <= passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)}분 전"
    if timedelta(0) <= passed < timedelta(days=1):
        return f"{int(passed.total_seconds() // 3600)}시간 전"
    return f"{day(iso, now=present)} {_clock(moment)}"


def is_past(iso: str, *, now: datetime | None = None) -> bool:
    """Whether a stored time is over."""
    return local(iso) < _now(now)


def until(iso: str | None, *, now: datetime | None = None) -> str:
    """A time to come: "오늘 오후 3시까지", "내일 오전 10:30까지", "11월 3일(화) 오후 3시까지"."""
    if not iso:
        return ""
    moment, present = local(iso), _now(now)
    days = (moment.date() - present.date()).days
    head = {0: "오늘", 1: "내일"}.get(days) or day(iso, now=present)
    half, hour = _half(moment)
    tail = f"{hour}시" if moment.minute == 0 else f"{hour}:{moment.minute:02d}"
    return f"{head} {half} {tail}까지"


def plain(text: object) -> str:
    """Data made literal for ``st.markdown`` and for labels: no mark-up, no directive.

    Backslashes stop Markdown; Streamlit's own ``:name:`` and ``:colour[…]`` are replaced
    after parsing, so an invisible word joiner breaks those. Line ends become spaces.
    """
    return _literal(" ".join(str(text).split()))


def prose(text: str) -> str:
    """A policy's own Markdown with what Korean prose does not mean by it switched off.

    "7~14일" is no strike-through and "$5" no formula; headings of a clause become bold. A
    picture stays text: its address would be asked by whoever reads the clause.
    """
    headings = re.sub(r"^#+[ \t]+(.+)$", r"**\1**", text, flags=re.MULTILINE)
    headings = headings.replace("![", "!\\[")
    return re.sub(r"([~$<])", r"\\\1", _DIRECTIVE.sub(f":{_WORD_JOINER}", headings))


def marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Literal text with ``spans`` (start, end) highlighted, for ``st.markdown``."""
    parts, at = [], 0
    for start, end in spans:
        parts.append(_literal(text[at:start]))
        parts.append(f":primary[**{_literal(text[start:end])}**]")
        at = end
    return "".join([*parts, _literal(text[at:])])


def short(text: str, length: int = 40) -> str:
    """At most ``length`` characters on one line, cut with an ellipsis."""
    joined = " ".join(text.split())
    return joined if len(joined) <= length else joined[: length - 1].rstrip() + "…"


def _literal(text: str) -> str:
    return _MARKS.sub(r"\\\1", _DIRECTIVE.sub(f":{_WORD_JOINER}", text))


def _now(now: datetime | None) -> datetime:
    return (now or datetime.now(UTC)).astimezone(_SEOUL)


def _date(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _half(moment: datetime) -> tuple[str, int]:
    return ("오전" if moment.hour < 12 else "오후"), (moment.hour % 12 or 12)


def _clock(moment: datetime) -> str:
    half, hour = _half(moment)
    return f"{half} {hour}:{moment.minute:02d}"
