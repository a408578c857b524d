"""Questions that no policy clause answered, for the policy owner: most asked first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.database import Row, Tx
from store.models import to_text

__all__ = ["Unanswered", "find", "key_of", "note", "reopen", "settle"]

MOST = 5_000  # open rows kept; the least asked and oldest goes first
LONGEST = 300  # characters of a question
_NOT_SAID = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question, asked ``times`` times; times are UTC ISO-8601.

    ``nearest_chunk_id`` is the clause that came closest the last time ("" for none), with
    the search's score. ``settled_at`` is None while nobody has dealt with it.
    """

    key: str
    question: str
    intent: str
    nearest_chunk_id: str
    nearest_score: float
    times: int
    first_at: str
    last_at: str
    settled_at: str | None
    settled_by: str | None


def key_of(question: str) -> str:
    """What makes two questions one: the letters and digits, lower case."""
    return _NOT_SAID.sub("", question).lower()[:LONGEST]


def note(
    tx: Tx, question: str, *, intent: str, nearest: tuple[str, float] | None, at: datetime
) -> None:
    """Count a question (already masked); one that was settled is open again.

    A question without a letter or digit is not kept.
    """
    key = key_of(question)
    if not key:
        return
    chunk_id, score = nearest or ("", 0.0)
    tx.execute(
        "insert into unanswered values (?, ?, ?, ?, ?, 1, ?, ?, null, null) "
        "on conflict (key) do update set times = times + 1, last_at = excluded.last_at, "
        "question = excluded.question, intent = excluded.intent, "
        "nearest_chunk_id = excluded.nearest_chunk_id, "
        "nearest_score = excluded.nearest_score, settled_at = null, settled_by = null",
        (key, " ".join(question.split())[:LONGEST], intent, chunk_id, score, to_text(at),
         to_text(at)),
    )  # fmt: skip
    tx.execute(
        "delete from unanswered where key in (select key from unanswered "
        "order by settled_at is null desc, times desc, last_at desc limit -1 offset ?)",
        (MOST,),
    )


def find(
    tx: Tx, *, settled: bool = False, limit: int = 50, offset: int = 0
) -> Sequence[Unanswered]:
    """Open (or ``settled``) questions, most asked first, then last asked."""
    rows = tx.rows(
        f"select * from unanswered where settled_at is {'not' if settled else ''} null "
        "order by times desc, last_at desc, key limit ? offset ?",
        (limit, offset),
    )
    return [_unanswered(row) for row in rows]


def settle(tx: Tx, key: str, *, by: str, at: datetime) -> bool:
    """Mark a question as dealt with; False when there is none open with this key."""
    return _mark(tx, key, to_text(at), by, "is null")


def reopen(tx: Tx, key: str) -> bool:
    """Take :func:`settle` back; False when none with this key is settled."""
    return _mark(tx, key, None, None, "is not null")


def _mark(tx: Tx, key: str, at: str | None, by: str | None, now: str) -> bool:
    found = tx.row(f"select key from unanswered where key = ? and settled_at {now}", (key,))
    if found is None:
        return False
    tx.update("unanswered", {"key": key}, {"settled_at": at, "settled_by": by})
    return True


def _unanswered(row: Row) -> Unanswered:
    return Unanswered(**{**row, "nearest_chunk_id": row["nearest_chunk_id"] or ""})
