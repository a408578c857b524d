"""The output guard's main check: nothing in a reply that did not occur in the turn.

Sums are not computed: a total the tools did not state is not grounded, however right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from agent.guardrails.evidence import Evidence
from agent.guardrails.facts import DateKey, Fact, FactKind, extract_facts
from agent.guardrails.people import day_of, is_day

__all__ = [
    "Ungrounded",
    "UngroundedKind",
    "check_grounding",
    "has_day",
    "is_grounded",
    "missing_facts",
]

UngroundedKind = FactKind | Literal["citation"]


@dataclass(frozen=True, slots=True)
class Ungrounded:
    """A fact of the reply, as it stands there, that the evidence does not hold."""

    kind: UngroundedKind
    text: str


def _has_date(key: DateKey, evidence: Evidence) -> bool:
    if any(_same_day(key, day) for day in evidence.dates):
        return True
    return key.year is None and any(
        (key.month, key.day) == (month, day) and key.weekday in (None, weekday)
        for month, day, weekday in evidence.month_days
    )


def _same_day(key: DateKey, day: date) -> bool:
    return (
        (key.month, key.day) == (day.month, day.day)
        and key.year in (None, day.year)
        and key.weekday in (None, day.weekday())
    )


def _has_period(key: tuple[Any, str], evidence: Evidence) -> bool:
    value, unit = key
    if unit == "day?":  # "7일에 도착" may be the seventh of a month
        days = {day.day for day in evidence.dates} | {day for _, day, _ in evidence.month_days}
        return (value, "day") in evidence.periods or value in days
    return key in evidence.periods


def _has_text(key: str, evidence: Evidence) -> bool:
    return any(key in text.casefold() for text in evidence.texts)


def _has_words(key: str, evidence: Evidence) -> bool:
    """Whether a text of the evidence says it, spaces aside."""
    return any(key in re.sub(r"\s", "", text) for text in evidence.texts)


def has_day(key: str, evidence: Evidence) -> bool:
    """Whether the evidence says "내일" or holds the date that it is."""
    if _has_words(key, evidence):
        return True
    if evidence.today is None or not is_day(key):
        return False
    day = day_of(key, evidence.today)
    return _has_date(DateKey(day.year, day.month, day.day), evidence)


_HAS: dict[FactKind, Callable[[Any, Evidence], bool]] = {
    "amount": lambda key, e: key in e.amounts,
    "date": _has_date,
    "period": _has_period,
    "percent": lambda key, e: key in e.percents,
    "time": lambda key, e: not e.times.isdisjoint(key),
    "order": lambda key, e: key in e.order_ids,
    "id": lambda key, e: key in e.numbers or _has_text(key, e),
    "number": lambda key, e: key in e.numbers,
    "email": lambda key, e: key in e.emails,
    "phone": lambda key, e: key in e.phones or key in e.numbers,
    "url": lambda key, e: key in e.urls or _has_text(key.casefold(), e),
    "name": _has_words,
    "address": _has_words,
    "clause": _has_words,
    "relative": has_day,
}


def is_grounded(fact: Fact, evidence: Evidence, *, said: bool = True) -> bool:
    """Whether the fact occurs in the evidence; ``said`` counts the customer's words too."""
    if _HAS[fact.kind](fact.key, evidence):
        return True
    return said and evidence.said is not None and _HAS[fact.kind](fact.key, evidence.said)


def check_grounding(
    reply: str, evidence: Evidence, *, citations: Sequence[str], retrieved: Sequence[str]
) -> tuple[Ungrounded, ...]:
    """The facts and citations of the reply that nothing of the turn supports, each once.

    ``citations`` are the chunk ids the reply cites, ``retrieved`` those the search gave.
    """
    return missing_facts(extract_facts(reply), evidence, citations=citations, retrieved=retrieved)


def missing_facts(
    facts: Iterable[Fact],
    evidence: Evidence,
    *,
    citations: Sequence[str],
    retrieved: Sequence[str],
) -> tuple[Ungrounded, ...]:
    """:func:`check_grounding` for facts that are already extracted."""
    missing = [
        Ungrounded(fact.kind, fact.text) for fact in facts if not is_grounded(fact, evidence)
    ]
    known = frozenset(retrieved)
    missing += [Ungrounded("citation", cited) for cited in citations if cited not in known]
    return tuple(dict.fromkeys(missing))
