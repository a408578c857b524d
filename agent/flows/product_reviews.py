"""What buyers say of a product, told from the sum of its reviews."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.korean import Template
from agent.turn import Turn
from store.models import Product

__all__ = ["asked", "average", "tell", "wants_the_best"]

MANY = 10
_ASKED = re.compile(
    r"후기|리뷰|평점|별점|평가|(?<![가-힣])평[이은도]?\s|[장단]점|아쉽다|써\s?본\s?(?:사람|분)|"
    r"(?:사람|분|구매자)들?[은이]?\s?뭐라"
)
# Writing one, or what one gets for it, is a question to the policies.
_WRITING = re.compile(r"작성|쓰[는면려기고]|쓸|써야|남[기길겨]|등록|적립|삭제|수정|혜택")
_BEST = re.compile(
    r"(?:후기|리뷰|평점|별점|평가?)[이가도]?\s?(?:제일\s|가장\s|젤\s)?(?:좋은|높은|많은)"
)
_PAIR = Template("{first:과/와} {second}")


def asked(text: str) -> bool:
    """Whether the message asks what buyers say (not for the best of several)."""
    other = _WRITING.search(text) or _BEST.search(text)
    return bool(_ASKED.search(text)) and other is None


def wants_the_best(text: str) -> bool:
    """Whether products are to be shown by their stars: "평점 높은 이어폰"."""
    return bool(_BEST.search(text))


def average(product: Product) -> float:
    """The average stars; 0 where nobody has said anything."""
    return product.reviews.average if product.reviews else 0.0


def tell(turn: Turn, product: Product) -> None:
    """Count, average, what is praised and what is criticised; or that there are none yet."""
    said = product.reviews
    if said is None:
        turn.say("no_reviews", name=product.name)
        return
    turn.say("reviews", name=product.name, count=f"{said.count:,}", average=said.average)
    if not said.praised and not said.criticised:
        return
    name = ("mixed" if said.criticised else "liked") if said.praised else "disliked"
    few = "_few" if said.praised and said.count < MANY else ""
    turn.say(name + few, praised=_named(said.praised), criticised=_named(said.criticised))
    aspects = turn.draft.parts.pop()
    turn.draft.parts[-1] += f" {aspects}"


def _named(aspects: Sequence[str]) -> str:
    """'음질', '배터리'; two are joined by 과 or 와."""
    quoted = [f"'{aspect}'" for aspect in aspects]
    if len(quoted) == 2:
        return _PAIR.fill(first=quoted[0], second=quoted[1])
    return ", ".join(quoted)
