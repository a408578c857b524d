"""What language models were asked: a row a call, and sums by Korean day for the books.

No text of anybody is kept here, only names, counts and times.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from store.database import Tx
from store.models import to_text

__all__ = ["CANCELLED", "DayRow", "LlmCall", "add", "daily", "forget", "forget_old", "of_turn",
           "spent_usd"]  # fmt: skip

CANCELLED = "cancelled"  # the ``error`` of a call that was given up by who asked: no failure
_KEY = ("day", "provider", "model", "purpose")


@dataclass(frozen=True, slots=True)
class LlmCall:
    """One call that ended. ``error`` is "" when it was answered, ``reason`` why not at once.

    Times are ms from the call's start; ``first_token_ms`` is None when no word came,
    ``cost_usd`` where the model has no price. ``created_at`` is UTC ISO-8601.
    """

    purpose: str
    provider: str
    model: str
    created_at: str
    turn_id: str | None = None
    conversation_id: str | None = None
    prompt: str = ""
    error: str = ""
    reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    estimated: bool = False
    cost_usd: float | None = 0.0
    first_token_ms: float | None = None
    latency_ms: float = 0.0
    retries: int = 0
    fallbacks: int = 0


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day's sums of a provider, a model and a purpose. ``day`` is a date in Seoul.

    ``errors`` of ``calls`` failed; ``unpriced`` of them cost an unknown sum, which ``cost_usd``
    leaves out. ``cached_tokens`` are among ``input_tokens``.
    """

    day: str
    provider: str
    model: str
    purpose: str
    calls: int
    errors: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float
    unpriced: int


def add(tx: Tx, call: LlmCall) -> None:
    """Write a call and count it into its day.

    One whose conversation was deleted while it ran is tied to nothing.
    """
    row = asdict(call) | {"call_id": f"l_{secrets.token_urlsafe(12)}"}
    gone = call.conversation_id is not None and not tx.value(
        "select 1 from conversations where conversation_id = ?", (call.conversation_id,)
    )
    if gone:
        row |= {"turn_id": None, "conversation_id": None}
    tx.insert("llm_calls", row)
    sums = [name.name for name in fields(DayRow) if name.name not in _KEY]
    names = ", ".join((*_KEY, *sums))
    added = ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
    tx.execute(
        f"insert into llm_days ({names}) values (date(:created_at, '+9 hours'), :provider, :model, "
        ":purpose, 1, :failed, :input_tokens, :output_tokens, :cached_tokens, :usd, :unpriced) "
        f"on conflict (day, provider, model, purpose) do update set {added}",
        row
        | {
            "failed": call.error not in ("", CANCELLED),
            "usd": call.cost_usd or 0.0,
            "unpriced": call.cost_usd is None,
        },
    )


def of_turn(tx: Tx, turn_id: str) -> list[LlmCall]:
    """A turn's calls in the order they ended."""
    names = ", ".join(name.name for name in fields(LlmCall))
    rows = tx.rows(
        f"select {names} from llm_calls where turn_id = ? order by created_at, rowid", (turn_id,)
    )
    return [LlmCall(**{**row, "estimated": bool(row["estimated"])}) for row in rows]


def daily(tx: Tx, since: str, until: str) -> list[DayRow]:
    """The sums of the days from ``since`` to ``until`` (YYYY-MM-DD in Seoul), newest day first."""
    names = ", ".join(name.name for name in fields(DayRow))
    rows = tx.rows(
        f"select {names} from llm_days where day between ? and ? "
        "order by day desc, calls desc, provider, model, purpose",
        (since, until),
    )
    return [DayRow(**row) for row in rows]


def spent_usd(tx: Tx, day: str) -> float:
    """What is known to have been spent on a day (YYYY-MM-DD in Seoul)."""
    return float(tx.value("select total(cost_usd) from llm_days where day = ?", (day,)))


def forget(tx: Tx, conversation_id: str) -> int:
    """Untie a conversation's calls from it and from its turns; returns how many."""
    return tx.execute(
        "update llm_calls set turn_id = null, conversation_id = null where conversation_id = ?",
        (conversation_id,),
    )


def forget_old(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete at most ``limit`` calls from before a moment; returns how many. Days' sums stay."""
    return tx.execute(
        "delete from llm_calls where rowid in "
        "(select rowid from llm_calls where created_at < ? limit ?)",
        (to_text(before), limit),
    )
