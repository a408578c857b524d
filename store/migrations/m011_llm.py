"""What language models used: every call, the sums of each day, and what a turn's reply took.

``llm_calls`` has no foreign keys: a call is written while its turn is under way, whose own row
comes at its end. ``llm_days`` outlives the calls; ``day`` is a date in Asia/Seoul.
"""

from __future__ import annotations

from store.database import Tx

__all__ = ["apply"]

_STATEMENTS = (
    "create index ix_llm_calls_turn on llm_calls (turn_id)",
    "create index ix_llm_calls_created on llm_calls (created_at)",
    "create index ix_llm_calls_conversation on llm_calls (conversation_id)",
    "alter table turns add column cached_tokens integer",
    "alter table turns add column prompt text",
    "alter table turns add column retries integer",
    "alter table turns add column fallbacks integer",
    "alter table turns add column fallback_reason text",
    # What was said up to message ``summary_upto`` (a message_seq), in a model's words.
    "alter table conversations add column summary text",
    "alter table conversations add column summary_upto integer",
)


def apply(tx: Tx) -> None:
    """Add the tables, the columns and the indexes."""
    tx.tables.create_table(
        "llm_calls",
        {"call_id": str, "turn_id": str, "conversation_id": str, "purpose": str, "provider": str,
         "model": str, "prompt": str, "error": str, "reason": str, "input_tokens": int,
         "output_tokens": int, "cached_tokens": int, "cache_write_tokens": int, "estimated": int,
         "cost_usd": float, "first_token_ms": float, "latency_ms": float, "retries": int,
         "fallbacks": int, "created_at": str},
        pk="call_id",
        not_null={"call_id", "purpose", "provider", "model", "prompt", "error", "reason",
                  "input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens",
                  "estimated", "latency_ms", "retries", "fallbacks", "created_at"},
    )  # fmt: skip
    key = ("day", "provider", "model", "purpose")
    sums = ("calls", "errors", "input_tokens", "output_tokens", "cached_tokens", "unpriced")
    tx.tables.create_table(
        "llm_days",
        {**dict.fromkeys(key, str), **dict.fromkeys(sums, int), "cost_usd": float},
        pk=key,
        not_null={*key, *sums, "cost_usd"},
    )
    for statement in _STATEMENTS:
        tx.execute(statement)
