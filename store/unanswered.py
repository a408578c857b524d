"""Questions that no policy clause answered, for the policy owner: most asked first.

Beside them those that were answered though the search was hardly sure (``unsure``): a list of
its own, so that neither is counted as the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from store.database import Row, Tx
from store.models import to_text

__all__ = ["Kind", "Unanswered", "every", "key_of", "note", "reopen", "settle"]

Kind = Literal["unanswered", "unsure"]
_TABLE: dict[Kind, str] = {"unanswered": "unanswered", "unsure": "unsure_questions"}

MOST = 5_000  # open rows kept; the least asked and oldest goes first
LONGEST = 300  # characters of a question
_NOT_SAID = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question, asked ``times`` times; times are UTC ISO-8601.

    ``nearest_chunk_id`` is the clause that came closest the last time ("" for none), with
    the search's score; of an unsure one the confidence (0 to 1) it was answered with.
    ``settled_at`` is None while nobody has dealt with it.
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
    kind: Kind = "unanswered"


def key_of(question: str) -> str:
    """What makes two questions one: the letters and digits, lower case."""
    return _NOT_SAID.sub("", question).lower()[:LONGEST]


def note(
    tx: Tx,
    question: str,
    *,
    intent: str,
    nearest: tuple[str, float] | None,
    at: datetime,
    unsure: float | None = None,
) -> None:
    """Count a question (already masked); one that was settled is open again.

    ``unsure`` is the confidence it was answered with, None when nothing answered it. A
    question without a letter or digit is not kept.
    """
    key = key_of(question)
    if not key:
        return
    chunk_id, score = nearest or ("", 0.0)
    if unsure is not None:
        score = unsure
    table = _TABLE["unanswered" if unsure is None else "unsure"]
    tx.execute(
        f"insert into {table} values (?, ?, ?, ?, ?, 1, ?, ?, null, null) "
        "on conflict (key) do update set times = times + 1, last_at = excluded.last_at, "
        "question = excluded.question, intent = excluded.intent, "
        "nearest_chunk_id = excluded.nearest_chunk_id, "
        "nearest_score = excluded.nearest_score, settled_at = null, settled_by = null",
        (key, " ".join(question.split())[:LONGEST], intent, chunk_id, score, to_text(at),
         to_text(at)),
    )  # fmt: skip
    tx.execute(
        f"delete from {table} where key in (select key from {table} "
        "order by settled_at is null desc, times desc, last_at desc limit -1 offset ?)",
        (MOST,),
    )


def every(tx: Tx, kind: Kind, *, settled: bool = False) -> Sequence[Unanswered]:
    """All open (or ``settled``) questions of a kind, at most 5,000, most asked first."""
    rows = tx.rows(
        f"select * from {_TABLE[kind]} where settled_at is {'not' if settled else ''} null "
        "order by times desc, last_at desc, key"
    )
    return [_unanswered(row, kind) for row in rows]


def settle(tx: Tx, key: str, *, by: str, at: datetime, kind: Kind = "unanswered") -> bool:
    """Mark a question as dealt with; False when there is none open with this key."""
    return _mark(tx, key, to_text(at), by, "is null", kind)


def reopen(tx: Tx, key: str, *, kind: Kind = "unanswered") -> bool:
    """Take :func:`settle` back; False when none with this key is settled."""
    return _mark(tx, key, None, None, "is not null", kind)


def _mark(tx: Tx, key: str, at: str | None, by: str | None, now: str, kind: Kind) -> bool:
    table = _TABLE[kind]
    found = tx.row(f"select key from {table} where key = ? and settled_at {now}", (key,))
    if found is None:
        return False
    tx.update(table, {"key": key}, {"settled_at": at, "settled_by": by})
    return True


def _unanswered(row: Row, kind: Kind) -> Unanswered:
    nearest = row["nearest_chunk_id"] or ""
    return Unanswered(**{**row, "nearest_chunk_id": nearest}, kind=kind)
