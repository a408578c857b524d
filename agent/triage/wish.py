"""What of a customer's words is about the matter, not about who should answer it."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["matters"]

# Only that a person should answer, or soon: every chat that was handed over says so. Possessive:
# what a word could be is tried once.
_ASKS = re.compile(
    r"(?:\W|상담\s?(?:원|사)|사람|직원|담당자|책임자|(?:님|분)|한테|에게|이랑|하고|으로|[랑과와을를이가로]|"
    r"좀|그냥|제발|빨리|얼른|지금|당장|바로|직접|다시|진짜|실제|오늘|안에|급해\S*|급합\S*|"
    r"연결\S*|바꿔\S*|불러\S*|통화\S*|얘기\S*|이야기\S*|대화\S*|상담\S*|답변?\S*|받고|싶\S*|"
    r"원해\S*|부탁\S*|해\s?주\S*|주세요|줘\S*|할래\S*|할게\S*|하겠\S*|해요?)++"
)
_MOST_ASKED = 60  # characters; who writes more says more


def matters(said: Sequence[str]) -> list[str]:
    """What of the customer's lines or sentences is about the matter: all but the mere wish for
    a person or a quick answer; everything where nothing else was said."""
    return [one for one in said if len(one) > _MOST_ASKED or not _ASKS.fullmatch(one)] or list(said)
