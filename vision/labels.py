"""What can be wrong on a photo: the labels, their Korean names, the reason of a claim they give.

The labels are the issue desk's; :data:`DETECTED` are those a detector is trained for (its class
numbers are their order: append, never reorder), the others come from the comparison with the
catalogue's photo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["DETECTED", "LABELS", "REASON_OF", "Label"]

Label = Literal[
    "scratch", "crack", "dent", "stain", "hole", "broken", "crushed_box", "missing_part",
    "wrong_item",
]  # fmt: skip
LABELS: Mapping[Label, str] = {
    "scratch": "긁힘",
    "crack": "금이 감",
    "dent": "찌그러짐",
    "stain": "얼룩",
    "hole": "구멍",
    "broken": "깨짐",
    "crushed_box": "상자 눌림",
    "missing_part": "빠진 부분",
    "wrong_item": "다른 상품",
}
DETECTED: tuple[Label, ...] = (
    "scratch", "crack", "dent", "stain", "hole", "broken", "crushed_box",
)  # fmt: skip
# Label → the claim's reason code (domain.md, Claims): all of them the seller's fault.
REASON_OF: Mapping[Label, str] = {
    "scratch": "damaged",
    "crack": "damaged",
    "dent": "damaged",
    "stain": "defect",
    "hole": "damaged",
    "broken": "damaged",
    "crushed_box": "damaged",
    "missing_part": "missing_item",
    "wrong_item": "wrong_item",
}
