"""What a photo's report comes to in words, for tickets, replies and cards.

Never that nothing is wrong: what a report did not find a person looks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.phrases import kind_of, looks_like, place_of
from vision.quality import advice_sentence
from vision.types import Finding, Report

__all__ = [
    "UNJUDGED",
    "evidence_of",
    "found_line",
    "looks",
    "note_line",
    "percent",
    "retake_advice",
    "seen_words",
    "told_line",
]

MOST_NAMED = 3  # findings that a sentence names
SURE = 0.5  # what is less likely is shown on the card only
# The part that a customer says something is wrong with; a box only where the box itself is,
# since most goods come in one, and no part that is missing: it cannot be photographed.
_BOX = re.compile(
    r"(?:상자|박스|포장)[가-힣]{0,3}\s?(?:(?!멀쩡|괜찮)\S{1,6}\s){0,2}(?:찌그|눌|찢|구겨|젖|터[져지]|뜯)"
)
_PART = re.compile(
    r"(손잡이|뚜껑|모서리|화면|액정|렌즈|버튼|단추|지퍼|소매|밑창|바닥|다리)"
    r"(?:\s?(?:쪽|부분))?[이가에도]\s(?!없|빠|안\s)"
)
UNJUDGED = "사진 확인 필요: 아직 살펴보지 못한 사진이에요."


def percent(confidence: float) -> str:
    """0.823 → "82%"."""
    return f"{round(confidence * 100)}%"


def evidence_of(report: Report) -> tuple[Finding, ...]:
    """The findings a claim may rest on, the surest first: none of the detector's alone."""
    grounds = [one for one in report.findings if set(one.judges) - {"detector"}]
    return tuple(sorted(grounds, key=lambda one: -one.confidence))


def seen_words(report: Report) -> tuple[str, ...]:
    """What was seen, with how sure and where: "깨짐 82% (가운데)"; () for no verdict of damage.

    One of each kind.
    """
    if report.verdict != "damage":
        return ()
    named: dict[str, str] = {}
    for one in _named(report):
        kind = kind_of(one)
        named.setdefault(kind, f"{kind} {percent(one.confidence)} ({place_of(one.box)})")
    return tuple(named.values())[:MOST_NAMED]


def looks(report: Report) -> str:
    """The surest finding as a customer reads it: "깨진 것처럼 보여요(82%, 가운데)"; "" for none."""
    found = _named(report) if report.verdict == "damage" else ()
    if not found:
        return ""
    first = found[0]
    words = looks_like(first).rstrip(".")
    where = "" if first.label == "wrong_item" else f", {place_of(first.box)}"
    return f"{words}({percent(first.confidence)}{where})"


def found_line(reports: Sequence[Report], photos: int) -> str:
    """One line for a ticket about ``photos`` photos, those with ``reports`` looked at:
    "사진 확인: 깨짐 82% (가운데)", or that a person must look."""
    seen = tuple(dict.fromkeys(words for one in reports for words in seen_words(one)))
    if seen:
        return f"사진 확인: {', '.join(seen[:MOST_NAMED])}"
    if len(reports) < photos:
        return UNJUDGED
    if all(one.verdict == "retake" for one in reports):
        return "사진 확인 필요: 흐리거나 멀어서 판단하기 어려운 사진이에요."
    return "사진 확인 필요: 사진만으로는 판단하지 못했어요."


def note_line(reports: Sequence[Report], photos: int) -> str:
    """As ``found_line``, as short as a queue shows it: "사진: 깨짐 82% (가운데)"; "" for none."""
    if not photos:
        return ""
    seen = tuple(dict.fromkeys(words for one in reports for words in seen_words(one)))
    return f"사진: {', '.join(seen[:MOST_NAMED])}" if seen else "사진 확인 필요"


def retake_advice(report: Report, told: str) -> str:
    """How to take the next photo, in a sentence that names the part the customer ``told`` of
    ("조금 더 밝은 곳에서 상자 모서리를 가까이 찍어 주세요."); "" where the report has no advice."""
    part = _PART.search(told)
    named = "상자 모서리" if _BOX.search(told) else part[1] if part else ""
    return advice_sentence(report.quality, named) or next(reversed(report.reasons), "")


def told_line(reports: Sequence[Report]) -> str:
    """What a reply to the customer may say of the photos; "" where nothing was seen."""
    surest = max(reports, key=lambda one: (one.verdict == "damage", one.score or 0), default=None)
    words = looks(surest) if surest is not None else ""
    return f"보내 주신 사진을 살펴보니 {words}." if words else ""


def _named(report: Report) -> tuple[Finding, ...]:
    """The sure ones of the evidence, the surest alone where none is."""
    found = evidence_of(report)
    return tuple(one for one in found if one.confidence >= SURE) or found[:1]
