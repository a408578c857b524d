"""The desk's last two months: more conversations, the turns of all of them, what became of them.

Nothing here is made up about an order: what was cancelled, sent back or handed over in a chat
is what the seed's orders, claims and tickets tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from store.database import Row, dump
from store.models import Claim, Order, Ticket, from_text, to_text
from store.seed.chats import SCRIPTS, ChatBook
from store.seed.shop import Shop
from store.seed.talk_lines import ASKED_OF_THE_SHOP, TOOL_OF, UNANSWERED

__all__ = ["History", "build"]

DAYS = 60
_SOURCES = ("chat",) * 8 + ("api", "terminal")
# How busy the hours of a day are, 0 to 23, and the days of a week from Monday.
_HOURS = (2, 1, 1, 0, 0, 0, 1, 2, 4, 9, 12, 11, 8, 9, 11, 12, 10, 8, 6, 6, 8, 10, 8, 5)
_WEEK = (12, 10, 9, 9, 8, 5, 6)
_REASONS = ("답이 틀렸어요", "원하는 답이 아니에요", "이해하기 어려워요", "말투가 불편해요", "")
_HANDED = {
    "complaint": "complaint", "delivery": "order", "cancel": "claim", "refund": "claim",
    "return_exchange": "claim", "defect": "claim", "product": "product", "other": "unanswered",
}  # fmt: skip
_GIVEN_OVER = "상담원에게 내용을 전달했어요. 답변이 오면 이 대화에서 볼 수 있어요."
_NO_ANSWER = "정책 문서에서 답을 찾지 못했어요. 상담원에게 물어봐 드릴까요?"


@dataclass(slots=True)
class History:
    """Rows of ``turns``, ``pending_actions`` and ``feedback``, and the tickets with what their
    chats add to them.
    """

    turns: list[Row] = field(default_factory=list)
    actions: list[Row] = field(default_factory=list)
    feedback: list[Row] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation before it is written: (intent, question, answer) in turn."""

    at: datetime
    user_id: str | None
    lines: Sequence[tuple[str, str, str]]
    claim: Claim | None = None
    ticket: Ticket | None = None


def build(
    shop: Shop, book: ChatBook, orders: Sequence[Order], tickets: Sequence[Ticket]
) -> History:
    """Add the conversations to ``book``; every conversation in it gets its turns."""
    random, history = shop.random("history"), History()
    strangers = [o for o in orders if o.user_id not in ("user_001", "user_002")]
    talks = [*_of_orders(shop, random, strangers), *_of_claims(shop, strangers)]
    talks += _of_the_shop(shop, random, [order.user_id for order in strangers])
    talks += _of_tickets(tickets)
    plain = {row["conversation_id"] for row in book.conversations}
    chats: dict[str, str] = {}
    for talk in sorted(talks, key=lambda one: (one.at, one.lines[0])):
        chat_id = _write(random, book, talk, history)
        if talk.ticket is not None:
            chats[talk.ticket.ticket_id] = chat_id
    for ticket in tickets:
        found = chats.get(ticket.ticket_id, ticket.conversation_id)
        history.tickets.append(ticket if found is None else _from_chat(random, ticket, found))
    watched = {t.conversation_id for t in history.tickets if t.resolved_at is None}
    for row in book.conversations:
        row["answerer"] = "person" if row["conversation_id"] in watched else "agent"
    _take_turns(random, book, history, plain)
    book.conversations.sort(key=lambda row: (row["created_at"], row["conversation_id"]))
    book.messages.sort(key=lambda row: row["created_at"])
    return history


def _of_orders(shop: Shop, random: Random, orders: Sequence[Order]) -> Iterator[_Talk]:
    """Half of the customers ask once how their order stands."""
    for order in orders:
        fitting = [(i, s) for status, i, s, _ in SCRIPTS if status == order.status]
        at = from_text(order.updated_at) + timedelta(minutes=random.randrange(15, 2000))
        if not fitting or random.random() < 0.5 or not _lately(shop, at):
            continue
        intent, script = random.choice(fitting)
        lines = script(order)
        yield _Talk(at, order.user_id, _pairs(intent, lines))


def _of_claims(shop: Shop, orders: Sequence[Order]) -> Iterator[_Talk]:
    """Who cancelled or sent something back did so in a chat."""
    words = {"cancel": "취소", "return": "반품", "exchange": "교환"}
    for order in orders:
        for claim in order.claims:
            at = from_text(claim.created_at) - timedelta(minutes=1)
            if not _lately(shop, at):
                continue
            word = words[claim.kind]
            intent = "cancel" if claim.kind == "cancel" else "return_exchange"
            yield _Talk(at, order.user_id, (
                (intent, f"{order.title} {word}할게요",
                 f"{order.order_id} 주문의 {word}를 신청할까요? 아래 내용을 확인해 주세요."),
                (intent, "네", f"{word} 신청을 접수했어요. 신청 번호는 {claim.claim_id}예요."),
            ), claim=claim)  # fmt: skip


def _of_the_shop(shop: Shop, random: Random, users: Sequence[str]) -> Iterator[_Talk]:
    """Questions of guests and customers that are about no order, a week like any other."""
    weights = [row[3] for row in ASKED_OF_THE_SHOP]
    for days_ago in range(DAYS, 0, -1):
        weekday = (shop.today - timedelta(days=days_ago)).weekday()
        for _ in range(random.randrange(_WEEK[weekday] - 3, _WEEK[weekday])):
            hour = random.choices(range(24), _HOURS)[0]
            asked = random.choices(ASKED_OF_THE_SHOP, weights, k=random.choice((1, 1, 2)))
            lines = [(intent, question, answer) for intent, question, answer, _ in asked]
            if random.random() < 0.07:
                lines.append(("policy", random.choice(UNANSWERED), _NO_ANSWER))
            user_id = random.choice(users) if random.random() < 0.55 else None
            yield _Talk(shop.at(days_ago, hour, random.randrange(60)), user_id, lines)


def _of_tickets(tickets: Sequence[Ticket]) -> Iterator[_Talk]:
    """Every second ticket that came from nowhere came from a chat."""
    for ticket in tickets[::2]:
        if ticket.conversation_id is None and ticket.user_id not in ("user_001", "user_002"):
            lines = [("handoff", ticket.description, _GIVEN_OVER)]
            yield _Talk(from_text(ticket.created_at), ticket.user_id, lines, ticket=ticket)


def _pairs(intent: str, lines: Sequence[str]) -> list[tuple[str, str, str]]:
    pairs = zip(lines[::2], lines[1::2], strict=False)
    return [("smalltalk" if n else intent, ask, said) for n, (ask, said) in enumerate(pairs)]


def _lately(shop: Shop, at: datetime) -> bool:
    return shop.end - timedelta(days=DAYS) < at < shop.end - timedelta(minutes=40)


def _write(random: Random, book: ChatBook, talk: _Talk, history: History) -> str:
    """Put a talk's rows into the book; returns the conversation's id."""
    chat_id = f"conv_{random.getrandbits(64):016x}"
    guest = None if talk.user_id else f"{random.getrandbits(256):064x}"
    at = talk.at
    for intent, question, answer in talk.lines:
        for role, text in (("user", question), ("assistant", answer)):
            book.messages.append({
                "message_id": f"msg_{random.getrandbits(64):016x}", "conversation_id": chat_id,
                "turn_id": None, "role": role, "content": text,
                "payload": dump({"intent": intent} if role == "assistant" else {}),
                "created_at": to_text(at),
            })  # fmt: skip
        at += timedelta(seconds=random.randrange(20, 60))
    book.conversations.append({
        "conversation_id": chat_id, "user_id": talk.user_id, "guest_hash": guest,
        "title": talk.lines[0][1][:30], "context": "{}", "context_at": None,
        "created_at": to_text(talk.at), "updated_at": to_text(at),
    })  # fmt: skip
    if talk.claim is not None and talk.user_id is not None:
        history.actions.append(_action(random, chat_id, talk.user_id, talk.claim))
    return chat_id


def _action(random: Random, chat_id: str, user_id: str, claim: Claim) -> Row:
    """What the customer confirmed, as the desk keeps it."""
    asked, done = from_text(claim.created_at) - timedelta(minutes=1), claim.created_at
    kind = "cancel_order" if claim.kind == "cancel" else "create_claim"
    return {
        "action_id": f"act_{random.getrandbits(64):016x}", "conversation_id": chat_id,
        "user_id": user_id, "kind": kind, "arguments": dump({"order_id": claim.order_id}),
        "summary": f"주문 {claim.order_id}의 신청을 접수합니다.", "preview": dump({"rows": []}),
        "basis": dump({}), "status": "executed", "result": dump({"claim_id": claim.claim_id}),
        "created_at": to_text(asked), "expires_at": to_text(asked + timedelta(minutes=10)),
        "decided_at": done,
    }  # fmt: skip


def _from_chat(random: Random, ticket: Ticket, chat_id: str) -> Ticket:
    """A ticket that a chat became; of a resolved one the customer may have said what it is."""
    reason = _HANDED.get(ticket.issue_type, "asked")
    if random.random() < 0.3:
        reason = "asked"
    told = ticket.resolved_at is not None and random.random() < 0.75
    ticket = replace(ticket, conversation_id=chat_id, handoff_reason=reason)
    if not told or ticket.resolved_at is None:
        return ticket
    at = min(from_text(ticket.resolved_at) + timedelta(hours=1), from_text(ticket.updated_at))
    return replace(ticket, verdict="solved", verdict_at=to_text(at))


def _take_turns(random: Random, book: ChatBook, history: History, plain: set[str]) -> None:
    """A turn for every question with its answer; some replies are rated."""
    asked: dict[str, Row] = {}
    sources: dict[str, str] = {}
    owners = {row["conversation_id"]: row["user_id"] for row in book.conversations}
    for message in sorted(book.messages, key=lambda row: row["created_at"]):
        chat_id = message["conversation_id"]
        if message["role"] == "user":
            asked[chat_id] = message
            continue
        source = sources.setdefault(
            chat_id, "chat" if chat_id in plain else random.choice(_SOURCES)
        )
        turn = _turn(random, message, source)
        history.turns.append(turn)
        message["turn_id"] = asked[chat_id]["turn_id"] = turn["turn_id"]
        if chat_id not in plain and random.random() < 0.22:
            at = from_text(message["created_at"]) + timedelta(seconds=15)
            history.feedback.append(_opinion(random, message, owners[chat_id], at))


def _turn(random: Random, message: Row, source: str) -> Row:
    intent = str(message["payload"]).partition('"intent":"')[2].partition('"')[0]
    unanswered = message["content"] == _NO_ANSWER
    held = random.choices(("", "pii_phone", "pii_card", "injection", "abuse"), (96, 2, 1, 1, 1))[0]
    took = round(min(random.lognormvariate(2.8, 0.55), 900.0), 1)
    return {
        "turn_id": f"t_{random.getrandbits(64):016x}",
        "conversation_id": message["conversation_id"], "status": "done", "intent": intent,
        "confidence": round(random.uniform(0.62, 0.99), 3),
        "tools": dump([TOOL_OF[intent]] if intent in TOOL_OF else []),
        "guardrails": dump([held] if held else []), "provider": "offline", "model": "template",
        "prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0, "cost_usd": 0.0,
        "latency_ms": took, "first_token_ms": took, "retries": 0, "fallbacks": 0,
        "fallback_reason": "", "source": source, "unanswered": int(unanswered),
        "created_at": message["created_at"],
    }  # fmt: skip


def _opinion(random: Random, message: Row, user_id: str | None, at: datetime) -> Row:
    good = message["content"] != _NO_ANSWER and random.random() < 0.84
    reason = "" if good else random.choice(_REASONS)
    return {
        "message_id": message["message_id"], "user_id": user_id, "rating": int(good),
        "reason": reason, "created_at": to_text(at),
    }  # fmt: skip
