"""What is wished for in messages that say more than one thing, or say what not to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from agent.types import Understood

__all__ = ["after_but_not", "split_wishes", "unspaced"]

# Where one wish ends and another may begin.
_BETWEEN = re.compile(
    r"(?<=[가-힣]고)(?<!말고)\s+"  # "취소하고", but not "말고"
    r"|\s*(?:아 )?(?:그리고|그리구|글고|또)\s+"
    r"|[.!?;\n]+\s*|,\s+"
)
# Wishes the desk acts on; a sentence around one of them is only its reason.
_ACTED_ON = frozenset(
    ("cancel", "change_order", "return_exchange", "defect", "refund_status", "delivery",
     "claim_status")
)  # fmt: skip
_NOT_AT_ALL = re.compile(r"(?:취소|반품|교환|변경|환불)\s?하지\s?(?:마|말)")
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


def unspaced(text: str) -> str:
    """ "택 배 조 회 좀" with its needless spaces taken out; other texts as they are."""
    words = text.split()
    return "".join(words) if len(words) >= 5 and all(len(word) == 1 for word in words) else text


def after_but_not(text: str, understand: Callable[[str], Understood]) -> Understood:
    """The understanding, its intent taken from behind "말고" where that is sure.

    "취소 말고 배송지만 바꿀게요" wants another address; "취소하지 마세요" wants nothing done,
    which is a no. Slots are read from the whole message.
    """
    whole = understand(text)
    if _NOT_AT_ALL.search(text) and whole.intent in _ACTED_ON:
        return replace(whole, intent="smalltalk", slots=replace(whole.slots, yes_no=False))
    _, but_not, rest = text.rpartition("말고")
    if not but_not or len(rest.strip()) < SHORTEST:
        return whole
    guess = understand(rest.strip())
    if guess.intent in _ACTED_ON and guess.confidence >= SURE:
        return replace(whole, intent=guess.intent, confidence=guess.confidence)
    return whole
