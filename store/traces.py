"""Turns as staff look back at them: the list, what each did step by step, and opinions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Row, Tx, load
from store.models import to_text

__all__ = [
    "BLOCKS",
    "Review",
    "TurnRow",
    "Wanted",
    "answered",
    "asked",
    "delete",
    "find",
    "forget",
    "get",
    "newest",
    "review",
    "reviews",
    "save",
    "turn",
]

RECENT = 50_000  # of the newest messages any word is found
_BATCH = 500
# Flags of a turn by which a guard kept something from being said or done.
BLOCKS = (
    "abuse", "injection", "too_long", "ungrounded_reply", "ungrounded_model_reply",
    "model_false_promise", "model_reversed", "model_personal_data", "model_markup",
    "model_asks_secret", "model_internal", "tool_write_refused", "tool_unknown",
    "tool_bad_arguments", "tool_refused",
)  # fmt: skip
_TURN = """
select t.*, c.user_id, u.name as customer,
  q.content as question, a.content as answer, a.message_id as answer_id, a.role as answer_role,
  f.rating, f.reason as rating_reason,
  exists (select 1 from turn_traces x where x.turn_id = t.turn_id) as traced,
  (select group_concat(v.good) from turn_reviews v where v.turn_id = t.turn_id) as verdicts
from turns t
join conversations c using (conversation_id)
left join users u on u.user_id = c.user_id
left join messages q on q.message_seq = (select min(m.message_seq) from messages m
  where m.conversation_id = t.conversation_id and m.turn_id = t.turn_id and m.role = 'user')
left join messages a on a.message_seq = (select max(m.message_seq) from messages m
  where m.conversation_id = t.conversation_id and m.turn_id = t.turn_id and m.role <> 'user')
left join feedback f on f.message_id = a.message_id
"""


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn with what was said in it. ``rating`` is the customer's: 1 good, 0 bad.

    ``verdicts`` are the staff's (1 good, 0 bad); ``user_id`` is None for a guest; ``cost_usd``
    None where a model's price is not known.
    """

    turn_id: str
    conversation_id: str
    created_at: str
    status: str
    intent: str
    confidence: float
    tools: tuple[str, ...]
    guardrails: tuple[str, ...]
    provider: str
    model: str
    prompt: str
    cost_usd: float | None
    fallback_reason: str
    latency_ms: float
    source: str
    user_id: str | None
    customer: str
    question: str
    answer: str
    answer_id: str | None
    answer_role: str
    rating: int | None
    rating_reason: str
    traced: bool
    verdicts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which turns: all conditions together; an empty one is any.

    ``below`` is a confidence (0 to 1; what a guard refused has none); ``kinds`` are of
    "blocked", "fallback", "error", "disliked", "handed_off"; ``text`` is looked for in what was
    said, of the newest ``RECENT`` messages where no conversation is named.
    """

    conversation_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    intent: str = ""
    source: str = ""
    below: float | None = None
    kinds: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """What one of the staff thinks of a turn."""

    reviewer_id: str
    reviewer: str
    good: bool
    note: str
    created_at: str


_KINDS = {
    # The first condition is the partial index's own.
    "blocked": "t.guardrails <> '[]' and exists (select 1 from json_each(t.guardrails) g "
    f"where g.value in ({', '.join(repr(flag) for flag in BLOCKS)}))",
    "fallback": "coalesce(t.fallback_reason, '') <> ''",
    "error": "t.status in ('error', 'stopped')",
    "disliked": "t.turn_id in (select m.turn_id from feedback f "
    "join messages m using (message_id) where f.rating = 0)",
    "handed_off": "instr(t.tools, '\"create_ticket\"')",
}


def find(
    tx: Tx, wanted: Wanted, *, after: tuple[str, str] | None = None, limit: int = 30
) -> list[TurnRow]:
    """Turns newest first; those behind ``after`` (created_at, turn_id) where it is given."""
    where, values = ["1"], dict[str, Any](limit=limit)
    for sql, value in (
        ("t.conversation_id = :conversation", wanted.conversation_id),
        ("t.created_at >= :since", wanted.since and to_text(wanted.since)),
        ("t.created_at < :until", wanted.until and to_text(wanted.until)),
        ("t.intent = :intent", wanted.intent),
        ("t.source = :source", wanted.source),
        ("t.confidence > 0 and t.confidence < :below", wanted.below),
    ):
        if value:
            where.append(sql)
            values[sql.rpartition(":")[2]] = value
    where += [_KINDS[kind] for kind in wanted.kinds]
    if wanted.text:
        where.append(_said(wanted))
        values |= {"text": wanted.text.lower(), "recent": RECENT}
    if after is not None:
        where.append("(t.created_at, t.turn_id) < (:at, :turn)")
        values |= {"at": after[0], "turn": after[1]}
    # The page first, what was said in its turns after that.
    page = (
        f"(select t.turn_id from turns t where {' and '.join(where)} "
        "order by t.created_at desc, t.turn_id desc limit :limit)"
    )
    rows = tx.rows(
        f"{_TURN} where t.turn_id in {page} order by t.created_at desc, t.turn_id desc", values
    )
    return [_row(row) for row in rows]


def _said(wanted: Wanted) -> str:
    near = (
        "m.conversation_id = :conversation" if wanted.conversation_id
        else "m.message_seq > (select max(message_seq) from messages) - :recent"
    )  # fmt: skip
    return (
        f"t.turn_id in (select m.turn_id from messages m where {near} "
        "and instr(lower(m.content), :text))"
    )


def turn(tx: Tx, turn_id: str) -> TurnRow | None:
    """One turn, or None."""
    row = tx.row(f"{_TURN} where t.turn_id = ?", (turn_id,))
    return None if row is None else _row(row)


def save(tx: Tx, turn_id: str, conversation_id: str, trace: str, *, at: datetime) -> None:
    """Keep what a turn did, given as JSON."""
    tx.insert(
        "turn_traces",
        {"turn_id": turn_id, "conversation_id": conversation_id, "trace": trace,
         "created_at": to_text(at)},
    )  # fmt: skip


def get(tx: Tx, turn_id: str) -> dict[str, Any] | None:
    """What a turn did, or None where that was not kept."""
    found: dict[str, Any] | None = load(
        tx.value("select trace from turn_traces where turn_id = ?", (turn_id,))
    )
    return found


def newest(tx: Tx, conversation_id: str) -> dict[str, Any] | None:
    """What a conversation's last traced turn did, or None."""
    found: dict[str, Any] | None = load(
        tx.value(
            "select trace from turn_traces where conversation_id = ? order by rowid desc limit 1",
            (conversation_id,),
        )
    )
    return found


def asked(tx: Tx, turn_id: str, conversation_id: str) -> tuple[int, Row] | None:
    """The number of a turn's first message and the message (content, payload as JSON)."""
    row = tx.row(
        "select message_seq, content, payload from messages where conversation_id = ? "
        "and turn_id = ? and role = 'user' order by message_seq limit 1",
        (conversation_id, turn_id),
    )
    return (
        None if row is None else (row["message_seq"], {**row, "payload": load(row["payload"], {})})
    )


def answered(tx: Tx, turn_id: str, conversation_id: str) -> dict[str, Any]:
    """What a turn was answered with, as POST /api/chat gave it; empty where nothing was."""
    found: dict[str, Any] = load(
        tx.value(
            "select payload from messages where conversation_id = ? and turn_id = ? "
            "and role <> 'user' order by message_seq desc limit 1",
            (conversation_id, turn_id),
        ),
        {},
    )
    return found


def forget(tx: Tx, before: datetime, *, limit: int = _BATCH) -> int:
    """Delete the oldest ``limit`` traces from before a time; returns how many went."""
    return tx.execute(
        "delete from turn_traces where turn_id in (select turn_id from turn_traces "
        "where created_at < ? order by created_at limit ?)",
        (to_text(before), limit),
    )


def delete(tx: Tx, conversation_id: str) -> None:
    """Delete everything about a conversation's turns; call it before the turns go."""
    tx.execute(
        "delete from turn_reviews where turn_id in "
        "(select turn_id from turns where conversation_id = ?)",
        (conversation_id,),
    )
    tx.execute("delete from turn_traces where conversation_id = ?", (conversation_id,))


def review(tx: Tx, turn_id: str, *, reviewer_id: str, good: bool, note: str, at: datetime) -> None:
    """Keep somebody's newest opinion of a turn."""
    tx.execute(
        "insert into turn_reviews values (?, ?, ?, ?, ?) "
        "on conflict (turn_id, reviewer_id) do update set good = excluded.good, "
        "note = excluded.note, created_at = excluded.created_at",
        (turn_id, reviewer_id, int(good), note, to_text(at)),
    )


def reviews(tx: Tx, turn_id: str) -> Sequence[Review]:
    """What staff think of a turn, newest first."""
    rows = tx.rows(
        "select v.*, u.name from turn_reviews v left join users u on u.user_id = v.reviewer_id "
        "where v.turn_id = ? order by v.created_at desc",
        (turn_id,),
    )
    return [
        Review(row["reviewer_id"], row["name"] or "", bool(row["good"]), row["note"],
               row["created_at"])
        for row in rows
    ]  # fmt: skip


def _row(row: Row) -> TurnRow:
    text: dict[str, Any] = {
        name: row[name] or ""
        for name in ("intent", "provider", "model", "prompt", "fallback_reason", "source",
                     "customer", "question", "answer", "answer_role", "rating_reason")
    }  # fmt: skip
    same: dict[str, Any] = {
        name: row[name]
        for name in ("turn_id", "conversation_id", "created_at", "status", "cost_usd", "user_id",
                     "answer_id", "rating")
    }  # fmt: skip
    verdicts = row["verdicts"]
    return TurnRow(
        **text,
        **same,
        confidence=row["confidence"] or 0.0,
        latency_ms=row["latency_ms"] or 0.0,
        tools=tuple(load(row["tools"], [])),
        guardrails=tuple(load(row["guardrails"], [])),
        traced=bool(row["traced"]),
        verdicts=tuple(int(one) for one in verdicts.split(",")) if verdicts else (),
    )
