"""policy, payment and account: quote the clause that answers, with its citation."""

from __future__ import annotations

import re
from typing import Any

from agent.cards import choice_card, order_card
from agent.turn import Turn
from errors import Unavailable
from store.models import Order

__all__ = ["account", "answer_from_policy", "cite_rule", "payment", "policy"]

_DEPOSIT = re.compile(r"입금\s*(확인|했|완료|내역|됐|되었)|입금대기|무통장.*(확인|했)")
_ALSO = 0.85


def policy(turn: Turn) -> None:
    """Answer a question about the rules."""
    answer_from_policy(turn, turn.text)


def payment(turn: Turn) -> None:
    """Receipts, card trouble, deposits: the rule, and the order that waits for money."""
    if _DEPOSIT.search(turn.text) and turn.caller.user_id is not None:
        waiting: list[Order] = turn.call("list_orders", statuses=("pending_payment",), limit=3)
        turn.say("deposit_waiting" if waiting else "deposit_none", count=len(waiting))
        turn.fact(f"{len(waiting)}건")
        turn.show(*(order_card(turn, order) for order in waiting))
    answer_from_policy(turn, turn.text, quiet=bool(turn.draft.parts))


def account(turn: Turn) -> None:
    """Password, leaving, personal data: the rule."""
    answer_from_policy(turn, turn.text)


def answer_from_policy(turn: Turn, question: str, *, quiet: bool = False) -> None:
    """Quote the best clause, name a second one; an honest "없어요" when nothing fits.

    ``quiet`` leaves out the "not found" sentence where something else was said already.
    """
    hits = _search(turn, question)
    if not hits:
        if not quiet:
            turn.say("not_found")
            turn.show(choice_card("", ("상담원 연결", "상담원에게 연결해 주세요")))
        return
    turn.cite(hits)
    turn.say("clause", text=plain(hits[0].chunk.text))


def cite_rule(turn: Turn, question: str) -> None:
    """Put the clause behind a refusal beside the reply, as a source only."""
    turn.cite(_search(turn, question)[:1])


def _search(turn: Turn, question: str) -> list[Any]:
    """The clauses good enough to answer with: the best, and those nearly as good."""
    try:
        found = turn.call("search_policies", query=question, top_k=4)
    except Unavailable:
        return []
    turn.retrieved.extend(hit.chunk.chunk_id for hit in found.hits)
    if not found.hits or not found.confident:
        return []
    best = found.hits[0].score
    return [hit for hit in found.hits if hit.score >= _ALSO * best][:3]


def plain(text: str) -> str:
    """A clause's Markdown as running text; lists keep their dashes."""
    return re.sub(r"[*_`#>]+", "", text).strip()
