"""policy, payment and account: quote the clause that answers, with its citation."""

from __future__ import annotations

import re
from typing import Any, Literal

from agent.cards import choice_card, order_card
from agent.flows.lookup import own_orders
from agent.turn import Turn
from errors import Unavailable

__all__ = [
    "ALSO",
    "MOST_CITED",
    "SEEN",
    "Verdict",
    "account",
    "answer_from_policy",
    "cite_and_say",
    "cite_rule",
    "judged",
    "payment",
    "policy",
    "search_words",
]

_DEPOSIT = re.compile(r"입금\s*(확인|했|완료|내역|됐|되었)|입금대기|무통장.*(확인|했)")
SEEN = 6  # clauses that are looked at
MOST_CITED = 3
ALSO = 0.85  # of the best clause's score: from here on another one is cited too
# Answered below this, a question is kept for the policies' owner to look at.
_UNSURE_BELOW = 0.45
_CLOSE = 0.7
# Above this lie most of the customers' questions that are held back though a clause answers
# them, and half of what is about something else (python -m evals.confidence).
_NAMED_FROM = 0.15
_PERSON = ("상담원 연결", "상담원에게 연결해 주세요")
_CLOSE_ELSEWHERE = 0.9  # for a clause of another category
# "그럼 불량이면요?" goes on with the question before it.
_GOES_ON = re.compile(
    r"^\s*(?:그럼|그러면|그런데|근데|그건|그때는|혹시)?[^?]{0,14}(?:면|은|는)요\s*\??\s*$"
)
_DAYS = re.compile(r"\d+\s*일")
_NUMBER = re.compile(r"\d[\d,]*\s*(?:영업일|일|개월|시간|분|원|만\s*원|%|퍼센트|시|장|번)")
# How customers say it → how the documents do.
_ALIASES = {
    "비번": "비밀번호", "택배비": "배송비", "택배값": "배송비", "기한": "기간", "캔슬": "취소",
    "메가": "MB 사진", "후기": "리뷰 후기", "상담 시간": "상담원 운영 시간",
}  # fmt: skip
# What becomes of a found clause: cited; the search is not sure enough; the score is far
# behind the best one's; enough are cited.
Verdict = Literal["cited", "unsure", "weaker", "enough"]
# A question for an amount, a number of days or an hour wants a clause that states one.
_WANTS = (
    (re.compile(r"카드.*(?:취소|환불)"), re.compile(r"카드사|카드 취소")),
    (re.compile(r"얼마"), re.compile(r"\d원")),
    (re.compile(r"며칠|몇\s*일|기간|언제까지|언제"), re.compile(r"\d+\s*(?:영업)?일")),
    (re.compile(r"몇\s*분"), re.compile(r"\d+분")),
    (re.compile(r"몇\s*시|상담 시간|운영"), re.compile(r"\d+시")),
)


def policy(turn: Turn) -> None:
    """Answer a question about the rules."""
    answer_from_policy(turn, _with_last_question(turn))


def payment(turn: Turn) -> None:
    """Receipts, card trouble, deposits: the rule, and the order that waits for money."""
    if _DEPOSIT.search(turn.text) and turn.caller.user_id is not None:
        waiting = own_orders(turn, statuses=("pending_payment",), limit=3)
        turn.say("deposit_waiting" if waiting else "deposit_none", count=len(waiting))
        turn.fact(f"{len(waiting)}건")
        turn.show(*(order_card(turn, order) for order in waiting))
    answer_from_policy(turn, turn.text, quiet=bool(turn.draft.parts))


def account(turn: Turn) -> None:
    """Password, leaving, personal data: the rule."""
    answer_from_policy(turn, turn.text)


def answer_from_policy(turn: Turn, question: str, *, quiet: bool = False) -> None:
    """Quote the best clause, name a second one; an honest "없어요" when nothing fits, with the
    heading that came close, to ask for instead.

    ``quiet`` leaves out the "not found" sentence where something else was said already.
    """
    found = _search(turn, question)
    if _quoted(turn, question, found) or quiet:
        return
    turn.draft.unanswered = True
    near = _near_heading(found)
    turn.say("not_found_but_near" if near else "not_found")
    turn.show(choice_card("", *(((near, near),) if near else ()), _PERSON))


def cite_and_say(turn: Turn, question: str) -> bool:
    """Quote the clause that answers, if one does; whether it did."""
    return _quoted(turn, question, _search(turn, question))


def cite_rule(turn: Turn, question: str) -> None:
    """Put the clause behind a refusal beside the reply, as a source only."""
    turn.cite(_good(question, _search(turn, question))[:1])


def _quoted(turn: Turn, question: str, found: Any) -> bool:
    hits = _good(question, found)
    if hits:
        turn.cite(hits)
        if found.confidence < _UNSURE_BELOW:
            turn.draft.unsure = found.confidence
        turn.draft.parts.append(plain(hits[0].chunk.text))
    return bool(hits)


def _near_heading(found: Any) -> str:
    """The best clause's heading, which answers when it is asked for; "" when it is far off."""
    if found is None or not found.hits or found.confidence < _NAMED_FROM:
        return ""
    return plain(found.hits[0].chunk.section)


def _search(turn: Turn, question: str) -> Any:
    """A ``retrieval.types.SearchResult``; None when there is no search."""
    try:
        found = turn.call("search_policies", query=search_words(question), top_k=SEEN)
    except Unavailable:
        return None
    turn.retrieved.extend(hit.chunk.chunk_id for hit in found.hits)
    if found.hits:
        turn.draft.nearest = (found.hits[0].chunk.chunk_id, found.hits[0].score)
    return found


def _good(question: str, found: Any) -> list[Any]:
    """The clauses good enough to answer with: the best, and those nearly as good."""
    if found is None:
        return []
    return [hit for hit, verdict in judged(question, found) if verdict == "cited"]


def judged(question: str, found: Any) -> list[tuple[Any, Verdict]]:
    """The hits of ``found`` (a ``retrieval.types.SearchResult``) in the order of the reply,
    each with what becomes of it."""
    if not found.hits or not found.confident:
        return [(hit, "unsure") for hit in found.hits]
    best, *others = _stating(question, list(found.hits))
    verdicts: list[tuple[Any, Verdict]] = [(best, "cited")]
    cited = 1
    for hit in others:
        if hit.score < ALSO * found.hits[0].score:
            verdicts.append((hit, "weaker"))
            continue
        verdicts.append((hit, "cited" if cited < MOST_CITED else "enough"))
        cited += 1
    return verdicts


def _with_last_question(turn: Turn) -> str:
    """The message; after a question about the rules, one that only goes on has it in front."""
    if turn.context.intent != "policy" or not _GOES_ON.match(turn.text):
        return turn.text
    said = [text for role, text in turn.history() if role == "user"]
    if len(said) < 2:
        return turn.text
    # The days it named were of the other case: "7일 안에 해야 하나요", "불량이면요".
    return f"{_DAYS.sub('며칠', said[-2])} {turn.text}"


def _stating(question: str, hits: list[Any]) -> list[Any]:
    """The hits with the first near-best one in front that states the number asked for."""
    named = [re.escape(number[0]) for number in _NUMBER.finditer(question)]
    said = [re.compile("|".join(named))] if named else []
    for states in (*said, *(states for wants, states in _WANTS if wants.search(question))):
        if states.search(hits[0].chunk.text):
            continue
        best = next((h for h in hits if _near(h, hits[0]) and states.search(h.chunk.text)), None)
        if best is not None:
            return [best, *(hit for hit in hits if hit is not best)]
    return hits


def _near(hit: Any, best: Any) -> bool:
    least = _CLOSE if hit.chunk.category == best.chunk.category else _CLOSE_ELSEWHERE
    return bool(hit.score >= least * best.score)


def search_words(question: str) -> str:
    """The question in the words that the documents use: what is searched for."""
    for said, written in _ALIASES.items():
        question = question.replace(said, written)
    return question


def plain(text: str) -> str:
    """A clause's Markdown as running text; lists keep their dashes."""
    return re.sub(r"[*_`#>]+", "", text).strip()
