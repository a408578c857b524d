"""Two wishes in one message: "이어폰 취소하고 운동화 반품할게요"."""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.types import Understood

__all__ = ["split_wishes"]

# Where one wish ends and another may begin.
_BETWEEN = re.compile(
    r"(?<=해주시고)\s+|(?<=하고)\s+|(?<=[가-힣]고)(?=\s)\s+|\s*(?:그리고|그리구|글고|또|아 그리고)\s+|[.!?;\n]+\s*|,\s+"
)
# Wishes the desk acts on; a sentence around one of them is only its reason.
_ACTED_ON = frozenset(
    ("cancel", "change_order", "return_exchange", "defect", "refund_status", "delivery",
     "claim_status")
)  # fmt: skip
SURE = 0.8
SHORTEST = 5


def split_wishes(
    text: str, understand: Callable[[str], Understood]
) -> tuple[tuple[str, Understood], str] | None:
    """The first wish with its understanding, and the text of the second; None for one wish.

    Splits only where both sides are surely different things to do, so that a reason before a
    wish ("사이즈가 작고 색도 달라서 반품할게요") stays with it.
    """
    if len(text) < 2 * SHORTEST or not _BETWEEN.search(text):
        return None
    found: list[tuple[str, Understood]] = []
    for piece in (part.strip() for part in _BETWEEN.split(text)):
        if len(piece.replace(" ", "")) < SHORTEST:
            continue
        guess = understand(piece)
        if guess.intent in _ACTED_ON and guess.confidence >= SURE and not guess.slots.reason_code:
            found.append((piece, guess))
    different = [piece for piece in found[1:] if piece[1].intent != found[0][1].intent]
    return (found[0], different[0][0]) if different else None
