"""The Korean of a report: where on the picture, what each judge says, what happens next.

Never a word that nothing is wrong: not having found something is no proof of its absence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vision.labels import LABELS, Label
from vision.types import Box, Finding, Opinion

__all__ = [
    "CLOSING",
    "NOTHING_SEEN",
    "NOT_ALIGNED",
    "SURE_NAME",
    "detector_name",
    "kind_of",
    "looks_like",
    "place_of",
    "reason_of",
    "with_particle",
]

_ROWS, _COLUMNS = ("위", "", "아래"), ("왼쪽", "", "오른쪽")
LOOKS: Mapping[Label, str] = {
    "scratch": "긁힌 자국처럼 보여요.",
    "crack": "금이 간 것처럼 보여요.",
    "dent": "찌그러진 것처럼 보여요.",
    "stain": "얼룩처럼 보여요.",
    "hole": "구멍이 난 것처럼 보여요.",
    "broken": "깨진 것처럼 보여요.",
    "crushed_box": "상자가 눌린 것처럼 보여요.",
    "missing_part": "빠진 부분이 있는 것처럼 보여요.",
    "wrong_item": "다른 상품처럼 보여요.",
}
# A label less sure than this (its share of all damage) is not told: README has how often a told
# one is right.
SURE_NAME = 0.6
NOTHING_SEEN = "사진에서는 뚜렷한 손상을 찾지 못했어요."
CLOSING = "담당자가 직접 확인할게요."
NOT_ALIGNED = "상품 전체가 보이게 정면에서 다시 찍어 주세요."


def kind_of(one: Finding) -> str:
    """What a finding is called: its label's name, or that something differs where that name
    is not sure."""
    return LABELS[one.label] if one.named >= SURE_NAME else "달라진 곳"


def looks_like(one: Finding) -> str:
    """A finding as a sentence: "깨진 것처럼 보여요." """
    return LOOKS[one.label] if one.named >= SURE_NAME else "상품 사진과 달라 보여요."


def place_of(box: Box) -> str:
    """Where a box's middle lies, in words: 왼쪽 위, 가운데, 오른쪽 …"""
    column = _COLUMNS[_third((box[0] + box[2]) / 2)]
    row = _ROWS[_third((box[1] + box[3]) / 2)]
    if column:
        return f"{column} {row}".strip()
    return f"{row}쪽" if row else "가운데"


def _third(middle: float) -> int:
    return min(max(int(middle * 3), 0), 2)


def with_particle(word: str, closed: str, open_: str) -> str:
    """``word`` with the particle of its last syllable (``closed``: it ends in a consonant)."""
    last = ord(word[-1])
    hangul = 0xAC00 <= last <= 0xD7A3
    return word + (closed if hangul and (last - 0xAC00) % 28 else open_)


def _places(findings: Sequence[Finding]) -> str:
    """Up to two places, surest first: "왼쪽 위와 가운데"."""
    words = list(dict.fromkeys(place_of(one.box) for one in findings))
    if len(words) == 1:
        return words[0]
    if len(words) == 2:
        return with_particle(words[0], "과 ", "와 ") + words[1]
    return f"{words[0]} 등 여러 곳"


def reason_of(opinion: Opinion, confirmed: bool) -> str:
    """What one judge says, as a sentence; "" for one that is not there.

    ``confirmed``: another judge, who counts as evidence, points at the same place.
    """
    if opinion.judge == "reference":
        return _reference(opinion)
    if opinion.judge == "detector":
        return _detector(opinion, confirmed)
    return _llm(opinion)


def _reference(opinion: Opinion) -> str:
    if opinion.state == "absent":
        return opinion.reason or "견주어 볼 상품 사진이 없어요."
    if opinion.state == "unsure":
        return opinion.reason or "사진을 상품 사진과 맞춰 보지 못했어요."
    if any(one.label == "wrong_item" for one in opinion.findings):
        return opinion.reason or "주문한 상품 사진과는 맞지 않고 다른 상품 사진과 맞아요."
    if opinion.state == "clear" or not opinion.findings:
        return "상품 사진과 견주었지만 뚜렷하게 다른 곳은 찾지 못했어요."
    shown = sorted(opinion.findings, key=lambda one: -one.confidence)
    clear = [one for one in shown if one.confidence >= 0.5] or shown[:1]
    where = with_particle(_places(clear), "이", "가")
    if clear[0].named < SURE_NAME:
        return f"상품 사진과 견주어 보니 {where} 달라요."
    return f"상품 사진과 견주어 보니 {where} 달라요. {looks_like(clear[0])}"


def _detector(opinion: Opinion, confirmed: bool) -> str:
    if opinion.state != "seen" or not opinion.findings:
        return ""
    # Customers read this, too: no name of a model, and that it is no more than a hint.
    if confirmed:
        return "참고로 돌려 본 자동 검사도 같은 곳을 가리켜요."
    surest = max(opinion.findings, key=lambda one: one.confidence)
    where = with_particle(place_of(surest.box), "을", "를")
    return f"참고로 돌려 본 자동 검사는 {where} 가리켜요."


def detector_name(opinion: Opinion) -> str:
    """What the detector is called: the shipped one says itself that it is an example."""
    return "검출 모델(예시)" if "예시" in opinion.reason else "검출 모델"


def _llm(opinion: Opinion) -> str:
    """Its own words stay with the opinion, for staff: what a model writes is no reason."""
    if opinion.state in ("absent", "unsure"):
        return ""
    if opinion.state == "clear" or not opinion.findings:
        return "사진을 본 AI는 뚜렷한 손상을 찾지 못했어요."
    surest = max(opinion.findings, key=lambda one: one.confidence)
    where = with_particle(place_of(surest.box), "을", "를")
    return f"사진을 본 AI는 {where} 가리켜요. {looks_like(surest)}"
