"""What triage suggests for a ticket, and what staff corrected of it (training data, masked).

A suggestion rests on what the customer had said by its ``basis`` (``tickets.customer_spoke_at``
as it was read); it is due anew when the customer has spoken since. Writing one makes no new
version of the ticket: nobody's save becomes stale by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from store.database import Row, Tx, dump, load
from store.models import to_text

__all__ = [
    "FIELDS",
    "Correction",
    "TicketTriage",
    "TriageField",
    "TriageSource",
    "add_correction",
    "corrections",
    "drop_correction",
    "due",
    "get",
    "put",
]

FIELDS = (
    "issue_type", "priority", "sentiment", "language", "order_id", "claim_id", "summary",
)  # fmt: skip
_OF_TICKET = ("sentiment", "language", "summary")  # what the queue shows is kept with the ticket


@dataclass(frozen=True, slots=True)
class TriageField:
    """One suggestion and how sure it is (0 to 1); "" suggests that there is none."""

    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class TriageSource:
    """A policy clause the suggested reply rests on; ``quote`` is its text as it was."""

    chunk_id: str
    title: str
    section: str
    quote: str


@dataclass(frozen=True, slots=True)
class TicketTriage:
    """The suggestions for one ticket.

    ``made_by`` is "classifier" or "model" (then ``model`` names it). ``reply`` is a draft for
    staff, "" where there is none; ``reply_confidence`` is 0 to 1.
    """

    ticket_id: str
    made_by: str
    model: str
    fields: Mapping[str, TriageField]
    reply: str = ""
    reply_confidence: float = 0.0
    sources: tuple[TriageSource, ...] = ()
    basis: str = ""
    created_at: str = ""
    updated_at: str = ""

    def value(self, name: str) -> str:
        """The suggestion for a field, "" without one."""
        found = self.fields.get(name)
        return "" if found is None else found.value

    def confidence(self, name: str) -> float:
        """How sure a field's suggestion is, 0 without one."""
        found = self.fields.get(name)
        return 0.0 if found is None else found.confidence


@dataclass(frozen=True, slots=True)
class Correction:
    """A field that staff set to something other than triage said; ``text`` is masked."""

    correction_seq: int
    ticket_id: str
    actor_id: str | None
    field: str
    predicted: str
    confidence: float
    corrected: str
    text: str
    created_at: str
    actor_name: str = ""


def get(tx: Tx, ticket_id: str) -> TicketTriage | None:
    """A ticket's suggestions, or None while there are none."""
    row = tx.row("select * from ticket_triage where ticket_id = ?", (ticket_id,))
    return None if row is None else _triage(row)


def put(tx: Tx, found: TicketTriage, *, at: datetime) -> bool:
    """Keep suggestions in place of older ones; whether they are the ticket's first.

    Mood, language and summary become the ticket's own, but for those staff have corrected.
    """
    moment = to_text(at)
    row = {
        "made_by": found.made_by,
        "model": found.model,
        "fields": dump({name: asdict(one) for name, one in found.fields.items()}),
        "reply": found.reply,
        "reply_confidence": found.reply_confidence,
        "sources": dump([asdict(one) for one in found.sources]),
        "basis": found.basis,
        "updated_at": moment,
    }
    first = not tx.update("ticket_triage", {"ticket_id": found.ticket_id}, row)
    if first:
        row |= {"ticket_id": found.ticket_id, "created_at": moment}
        tx.insert("ticket_triage", row)
    theirs = _corrected(tx, found.ticket_id)
    changes = {
        name: found.fields[name].value
        for name in _OF_TICKET
        if name in found.fields and name not in theirs
    }
    if changes:
        tx.update("tickets", {"ticket_id": found.ticket_id}, changes)
    return first


def due(tx: Tx, *, limit: int, besides: Collection[str] = ()) -> list[str]:
    """Running tickets without suggestions, or with ones the customer has spoken after; newest
    first, without ``besides``."""
    rows = tx.rows(
        "select t.ticket_id from tickets t left join ticket_triage x using (ticket_id) "
        "where t.status in ('open', 'in_progress', 'waiting_customer') and (x.ticket_id is null "
        "or coalesce(x.basis, '') <> coalesce(t.customer_spoke_at, '')) "
        "order by t.created_at desc, t.ticket_id desc limit ?",
        (limit + len(besides),),
    )
    return [row["ticket_id"] for row in rows if row["ticket_id"] not in besides][:limit]


def add_correction(
    tx: Tx,
    *,
    ticket_id: str,
    actor_id: str | None,
    field: str,
    predicted: TriageField,
    corrected: str,
    text: str,
    at: datetime,
) -> None:
    """Keep what staff made of a suggestion; a field's newest correction replaces the older."""
    drop_correction(tx, ticket_id=ticket_id, field=field)
    tx.insert(
        "triage_corrections",
        {
            "ticket_id": ticket_id, "actor_id": actor_id, "field": field,
            "predicted": predicted.value, "confidence": predicted.confidence,
            "corrected": corrected, "text": text, "created_at": to_text(at),
        },
    )  # fmt: skip


def drop_correction(tx: Tx, *, ticket_id: str, field: str) -> None:
    """Forget that a field was corrected: it is as suggested again."""
    tx.execute(
        "delete from triage_corrections where ticket_id = ? and field = ?", (ticket_id, field)
    )


def corrections(tx: Tx, *, limit: int = -1, before_seq: int | None = None) -> list[Correction]:
    """Corrections with the names of who made them, newest first; all with ``limit`` -1."""
    rows = tx.rows(
        "select c.*, u.name as actor_name from triage_corrections c "
        "left join users u on u.user_id = c.actor_id where c.correction_seq < ? "
        "order by c.correction_seq desc limit ?",
        (before_seq or 2**62, limit),
    )
    return [Correction(**{**row, "actor_name": row["actor_name"] or ""}) for row in rows]


def _corrected(tx: Tx, ticket_id: str) -> set[str]:
    rows = tx.rows("select field from triage_corrections where ticket_id = ?", (ticket_id,))
    return {row["field"] for row in rows}


def _triage(row: Row) -> TicketTriage:
    told: dict[str, Any] = load(row["fields"], {})
    return TicketTriage(
        row["ticket_id"], row["made_by"], row["model"] or "",
        {name: TriageField(**one) for name, one in told.items()},
        row["reply"] or "", row["reply_confidence"] or 0.0,
        tuple(TriageSource(**one) for one in load(row["sources"], [])),
        row["basis"] or "", row["created_at"], row["updated_at"],
    )  # fmt: skip
