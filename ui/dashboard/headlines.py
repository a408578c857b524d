"""What a chart says in one sentence, from the very numbers it draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.dashboard_csv import key_word, said
from services.dashboard_words import WEEKDAYS, word
from ui.format import day, plain, short, won

__all__ = ["headline"]


def headline(figure: Any, answer: Any, days: Sequence[str]) -> str:
    """The title of a figure's chart, safe for Markdown."""
    return _HEADLINES.get(figure.key, _top)(figure, answer, days)


def _top(figure: Any, answer: Any, days: Sequence[str]) -> str:
    """The biggest slice, in the sentence that suits what is counted."""
    top = max(answer, key=lambda one: one.n)
    name = plain(short(key_word(figure, top.key), 24))
    share = said(figure, top.value) if figure.unit == "share" else f"{top.n:,}건"
    says = _SAYS.get(f"{figure.key}|{top.key}") or _SAYS[figure.key]
    return says.format(name=name, share=share)


def _talks(figure: Any, answer: Any, days: Sequence[str]) -> str:
    total = sum(one.n for one in answer)
    solved = sum(one.n for one in answer if one.column == "resolved")
    return f"하루 평균 {total / len(days):,.1f}건, {solved:,}건은 해결을 확인했어요"


def _whole(figure: Any, answer: Any, days: Sequence[str]) -> str:
    n, of = sum(one.n for one in answer), sum(one.of for one in answer)
    share = said(figure, n / of if of else None)
    return _OF[figure.key].format(n=f"{n:,}", of=f"{of:,}", share=share)


def _hours(figure: Any, answer: Any, days: Sequence[str]) -> str:
    top = max(answer, key=lambda one: one.n)
    return f"{WEEKDAYS[int(top.row)]}요일 {int(top.column)}시에 가장 붐벼요"


def _flow(figure: Any, answer: Any, days: Sequence[str]) -> str:
    opened, resolved = sum(one.opened for one in answer), sum(one.resolved for one in answer)
    return f"{opened:,}건 들어오고 {resolved:,}건 해결해, {answer[-1].left:,}건 남았어요"


def _promises(figure: Any, answer: Any, days: Sequence[str]) -> str:
    worst = min(answer, key=lambda one: one.value)
    if worst.value == 1:
        return "모든 기한을 지켰어요"
    promise, _, priority = worst.key.partition("|")
    name = f"{word('priority', priority)} 티켓의 {word('promise', promise)}"
    if worst.value == 0:
        return f"{name} 기한은 한 번도 지키지 못했어요"
    return f"{name} 기한은 {said(figure, worst.value)}만 지켰어요"


def _slowest(figure: Any, answer: Any, days: Sequence[str]) -> str:
    slow = max(answer, key=lambda one: one.low)
    name, took = plain(key_word(figure, slow.key)), said(figure, slow.low)
    if figure.slices != "priority":
        whose = f"‘{name}’의 답은" if len(answer) == 1 else f"‘{name}’의 답이 가장 느려서"
        return f"{whose} 보통 {took} 걸려요"
    kind = figure.name.partition("별 ")[2].removesuffix("까지")
    if len({said(figure, one.low) for one in answer}) == 1:
        return f"우선순위와 상관없이 {kind}까지 보통 {took} 걸려요"
    return f"{kind}까지 ‘{name}’ 티켓이 보통 {took}으로 가장 오래 걸려요"


def _latency(figure: Any, answer: Any, days: Sequence[str]) -> str:
    last = answer[-1]
    usual, slow = said(figure, last.low), said(figure, last.high)
    return f"{day(last.key)}에는 보통 {usual}, 느려도 95%는 {slow} 안에 답했어요"


def _cost(figure: Any, answer: Any, days: Sequence[str]) -> str:
    total = said(figure, sum(one.usd for one in answer))
    if figure.slices == "day":
        return f"언어 모델에 모두 {total} 들었어요"
    top = max(answer, key=lambda one: one.usd)
    name = plain(key_word(figure, top.key))
    return f"{total} 가운데 {said(figure, top.usd)}는 ‘{name}’에 들었어요"


def _claims(figure: Any, answer: Any, days: Sequence[str]) -> str:
    name, n = _most({one.row: 0 for one in answer}, [(one.row, one.n) for one in answer])
    return f"‘{plain(short(name, 24))}’ 신청이 {n:,}건으로 가장 많아요"


def _refunds(figure: Any, answer: Any, days: Sequence[str]) -> str:
    return f"모두 {won(sum(one.krw for one in answer))} 환불했어요"


def _most(sums: dict[str, int], parts: Sequence[tuple[str, int]]) -> tuple[str, int]:
    for name, n in parts:
        sums[name] += n
    return max(sums.items(), key=lambda one: one[1])


# What a chart says of its biggest slice: {name} of {share}. No particle follows a name, since it
# would have to fit any. A slice of its own has a sentence of its own.
_SAYS: Mapping[str, str] = {
    "resolution_how|verdict": "해결된 상담의 {share}는 고객이 ‘해결됐어요’라고 답했어요",
    "resolution_how|rated": "해결된 상담의 {share}는 고객이 ‘도움이 됐어요’를 눌렀어요",
    "resolution_how|acted": "해결된 상담의 {share}는 고객이 직접 확인해 처리했어요",
    "handoff_reasons": "상담원 연결의 {share}는 ‘{name}’ 때문이에요",
    "handoff_reasons|asked": "상담원 연결의 {share}는 고객이 처음부터 원했어요",
    "intents": "가장 많은 질문은 ‘{name}’, {share}예요",
    "issue_types": "티켓의 {share}는 ‘{name}’ 문의예요",
    "opinions": "아쉬운 답의 {share}는 ‘{name}’ 때문이에요",
    "opinions|": "아쉬운 답의 {share}는 고객이 이유를 고르지 않았어요",
    "guards": "가장 많이 나선 안전장치는 ‘{name}’, 질문의 {share}예요",
    "fallback_reasons": "대신 답한 질문 {share}은 ‘{name}’ 때문이에요",
    "claim_reasons": "신청의 {share}는 ‘{name}’ 때문이에요",
}
# What a line of shares by day says of the whole.
_OF: Mapping[str, str] = {
    "resolution_by_day": "상담 {of}건 가운데 {n}건({share})이 해결됐어요",
    "handoff_by_day": "상담 {of}건 가운데 {n}건({share})을 상담원이 맡았어요",
    "unanswered_by_day": "질문 {of}개 가운데 {n}개({share})는 답을 찾지 못했어요",
    "satisfaction_by_day": "평가 {of}개 가운데 {n}개({share})가 ‘좋아요’였어요",
}
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
