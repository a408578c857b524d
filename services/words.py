"""The codes of the domain tables with their Korean words, for the routes' schemas."""

from __future__ import annotations

from collections.abc import Mapping

from agent.shop.words import (
    ACTION,
    CLAIM_KIND,
    CLAIM_STATUS,
    ISSUE_TYPE,
    LANGUAGE,
    ORDER_STATUS,
    PRIORITY,
    REASON,
    SENTIMENT,
    TICKET_STATUS,
)
from vision.labels import LABELS
from vision.phrases import kind_of as photo_kind
from vision.wire import JUDGES as PHOTO_JUDGE
from vision.wire import VERDICTS as PHOTO_VERDICT

__all__ = [
    "ACTION",
    "CLAIM_KIND",
    "CLAIM_STATUS",
    "ISSUE_TYPE",
    "LANGUAGE",
    "ORDER_STATUS",
    "PHOTO_JUDGE",
    "PHOTO_LABELS",
    "PHOTO_VERDICT",
    "POLICY_MODE",
    "PRIORITY",
    "REASON",
    "RECOMMENDATION",
    "RETURNABLE",
    "SENTIMENT",
    "TICKET_STATUS",
    "photo_kind",
]

PHOTO_LABELS: Mapping[str, str] = {str(label): word for label, word in LABELS.items()}
POLICY_MODE: Mapping[str, str] = {"hybrid": "낱말과 뜻", "keyword": "낱말", "vector": "뜻"}
RECOMMENDATION: Mapping[str, str] = {
    "similar": "비슷한 상품",
    "together": "함께 산 상품",
    "popular": "요즘 많이 사는 상품",
    "personal": "구매 내역에 맞춘 상품",
}
RETURNABLE: Mapping[str, str] = {
    "normal": "반품 가능",
    "made_to_order": "주문 제작",
    "hygiene": "위생 상품",
    "digital": "디지털 상품",
}
