"""What a chart says in one sentence, from the very numbers it draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.dashboard_csv import key_word, said
from services.dashboard_words import OUTCOME, WEEKDAYS
from ui.format import plain, short, won

__all__ = ["headline"]


def headline(figure: Any, answer: Any, days: Sequence[str]) -> str:
    """The title of a figure's chart, safe for Markdown."""
    return _HEADLINES.get(figure.key, _top)(figure, answer, days)


def _top(figure: Any, answer: Any, days: Sequence[str]) -> str:
    """The biggest slice."""
    top = max(answer, key=lambda one: one.n)
    name = plain(short(key_word(figure, top.key), 24))
    share = f" {said(figure, top.value)}" if figure.unit == "share" else ""
    return f"{plain(figure.name)}: ‘{name}’{share}"


def _talks(figure: Any, answer: Any, days: Sequence[str]) -> str:
    total = sum(one.n for one in answer)
    solved = sum(one.n for one in answer if one.column == "resolved")
    return f"하루 평균 {total / len(days):,.1f}건, {OUTCOME['resolved']}을 확인한 상담 {solved:,}건"


def _whole(figure: Any, answer: Any, days: Sequence[str]) -> str:
    n, of = sum(one.n for one in answer), sum(one.of for one in answer)
    name = figure.name.removeprefix("하루 ")
    return f"{plain(name)} {said(figure, n / of if of else None)} ({n:,} / {of:,})"


def _hours(figure: Any, answer: Any, days: Sequence[str]) -> str:
    top = max(answer, key=lambda one: one.n)
    return f"{WEEKDAYS[int(top.row)]}요일 {int(top.column)}시에 가장 붐벼요"


def _flow(figure: Any, answer: Any, days: Sequence[str]) -> str:
    opened, resolved = sum(one.opened for one in answer), sum(one.resolved for one in answer)
    return f"{opened:,}건 들어와 {resolved:,}건 해결, {answer[-1].left:,}건 남았어요"


def _promises(figure: Any, answer: Any, days: Sequence[str]) -> str:
    worst = min(answer, key=lambda one: one.value)
    if worst.value == 1:
        return "모든 기한을 지켰어요"
    return f"가장 못 지킨 기한: {plain(key_word(figure, worst.key))} {said(figure, worst.value)}"


def _slowest(figure: Any, answer: Any, days: Sequence[str]) -> str:
    slow = max(answer, key=lambda one: one.low)
    name = plain(key_word(figure, slow.key))
    kind = figure.name.partition("별 ")[2]
    return f"{plain(kind)} ‘{name}’이 가장 오래 걸려요: {said(figure, slow.low)}"


def _latency(figure: Any, answer: Any, days: Sequence[str]) -> str:
    last = answer[-1]
    return f"마지막 날 답변 시간 {said(figure, last.low)}, 느린 5%는 {said(figure, last.high)} 넘게"


def _cost(figure: Any, answer: Any, days: Sequence[str]) -> str:
    return f"{plain(figure.name)}: 모두 {said(figure, sum(one.usd for one in answer))}"


def _claims(figure: Any, answer: Any, days: Sequence[str]) -> str:
    name, n = _most({one.row: 0 for one in answer}, [(one.row, one.n) for one in answer])
    return f"신청이 가장 많은 상품: {plain(short(name, 24))} {n:,}건"


def _refunds(figure: Any, answer: Any, days: Sequence[str]) -> str:
    return f"끝난 환불 {won(sum(one.krw for one in answer))}"


def _most(sums: dict[str, int], parts: Sequence[tuple[str, int]]) -> tuple[str, int]:
    for name, n in parts:
        sums[name] += n
    return max(sums.items(), key=lambda one: one[1])


_HEADLINES: Mapping[str, Callable[[Any, Any, Sequence[str]], str]] = {
    "conversations_by_day": _talks,
    **dict.fromkeys(
        ("resolution_by_day", "handoff_by_day", "unanswered_by_day", "satisfaction_by_day"), _whole
    ),
    "hours": _hours,
    "backlog_by_day": _flow,
    "promises_by_priority": _promises,
    **dict.fromkeys(
        ("first_response_by_priority", "resolution_time_by_priority", "latency_by_provider"),
        _slowest,
    ),
    "latency_by_day": _latency,
    **dict.fromkeys(("cost_by_day", "cost_by_provider"), _cost),
    "claims_by_product": _claims,
    "refunds": _refunds,
}
