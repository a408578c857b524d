"""Solved tickets like one that is open: how colleagues have answered the same thing.

Both texts are taken as sets of neighbouring letters, which stands up to particles, endings and
typing errors, weighted by how rare they are among the candidates (the cosine of TF-IDF with
binary term frequencies). No model is asked: a few hundred candidates take milliseconds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errors import Forbidden
from store import ticket_history
from store.models import Ticket
from store.ticket_history import Solved

if TYPE_CHECKING:
    from agent.types import Caller
    from store.database import Database

__all__ = ["Like", "Similar", "rank"]

SHOWN = 3
LEAST_LIKENESS = 0.12  # below it two tickets share little more than polite phrases
SAME_PRODUCT = 0.15  # what an order of the same product adds
MOST_CHARS = 600  # of a text; what a matter is about stands at its beginning
_WORDS = re.compile(r"[a-z가-힣]+")  # numbers tell orders apart, not matters


@dataclass(frozen=True, slots=True)
class Like:
    """A solved ticket and how like it is (0 to 1)."""

    ticket: Solved
    likeness: float


class Similar:
    """Finds them in the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, caller: Caller, ticket: Ticket) -> tuple[Like, ...]:
        """The three likest solved tickets of the same type; fewer when none is like it.

        Raises Forbidden for everybody but staff.
        """
        if not caller.is_staff:
            raise Forbidden("담당자만 할 수 있는 일이에요.")
        with self._database.read() as tx:
            found = ticket_history.solved(
                tx, issue_type=ticket.issue_type, besides=ticket.ticket_id
            )
            products = ticket_history.products_of(tx, ticket.order_id)
        text = f"{ticket.subject} {ticket.summary or ''} {ticket.description}"
        return rank(text, products, found)[:SHOWN]


def rank(text: str, product_ids: Sequence[str], found: Sequence[Solved]) -> tuple[Like, ...]:
    """Candidates by likeness to ``text``, the likest first, those too unlike left out."""
    mine = _grams(text)
    theirs = [_grams(f"{one.subject} {one.summary} {one.description}") for one in found]
    spread = Counter(gram for grams in theirs for gram in grams)
    weight = {gram: math.log(1 + len(found) / count) ** 2 for gram, count in spread.items()}
    alone = math.log(1 + len(found)) ** 2  # a gram that no candidate has
    norm = math.sqrt(sum(weight.get(gram, alone) for gram in mine)) or 1.0
    liked = []
    for one, grams in zip(found, theirs, strict=True):
        own = math.sqrt(sum(weight[gram] for gram in grams)) or 1.0
        likeness = sum(weight[gram] for gram in grams & mine) / (norm * own)
        if set(product_ids) & set(one.product_ids):
            likeness = min(1.0, likeness + SAME_PRODUCT)
        if likeness >= LEAST_LIKENESS:
            liked.append(Like(one, round(likeness, 3)))
    return tuple(sorted(liked, key=lambda like: -like.likeness))


def _grams(text: str) -> frozenset[str]:
    """Pairs of neighbouring letters within words; a word of one letter is itself."""
    words = _WORDS.findall(text[:MOST_CHARS].lower())
    pairs = (word[at : at + 2] for word in words for at in range(max(1, len(word) - 1)))
    return frozenset(pairs)
