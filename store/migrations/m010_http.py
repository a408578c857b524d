"""What the HTTP API keeps: refresh tokens, API keys, repeated requests, transcripts.

Secrets (tokens, keys) are kept as SHA-256 hashes only. ``sign_in_failures`` counts wrong
passwords by e-mail whether an account has it or not, so that a lock tells nothing;
``requests`` remembers what a request with an ``Idempotency-Key`` was answered;
``transcripts`` finds the conversation of a client that sends its whole history each time.
"""

from __future__ import annotations

from store.database import Tx

# Table → (columns with type, primary key, not null, foreign keys {column: (table, column)}).
_TABLES: dict[
    str, tuple[dict[str, type], str | tuple[str, ...], set[str], dict[str, tuple[str, str]]]
] = {
    "refresh_tokens": (
        {"token_hash": str, "session_hash": str, "created_at": str, "expires_at": str,
         "used_at": str},
        "token_hash", {"session_hash", "created_at", "expires_at"},
        {"session_hash": ("sessions", "session_hash")},
    ),
    "sign_in_failures": (
        {"email_hash": str, "failures": int, "locked_until": str, "updated_at": str},
        "email_hash", {"failures", "updated_at"}, {},
    ),
    "api_keys": (
        {"key_id": str, "name": str, "secret_hash": str, "scopes": str, "created_by": str,
         "created_at": str, "expires_at": str, "revoked_at": str, "last_used_at": str},
        "key_id", {"name", "secret_hash", "scopes", "created_at"},
        {"created_by": ("users", "user_id")},
    ),
    "requests": (
        {"caller": str, "key": str, "fingerprint": str, "answer": str, "created_at": str},
        ("caller", "key"), {"fingerprint", "answer", "created_at"}, {},
    ),
    "transcripts": (
        {"digest": str, "conversation_id": str, "message_id": str, "context": str,
         "created_at": str},
        "digest", {"conversation_id", "message_id", "created_at"},
        {"conversation_id": ("conversations", "conversation_id")},
    ),
}  # fmt: skip

_STATEMENTS = (
    "alter table conversations add column metadata text",
    # Where a turn came from, by which API key, and when its first words were there.
    "alter table turns add column source text",
    "alter table turns add column key_id text",
    "alter table turns add column first_token_ms float",
    "create unique index ix_api_keys_secret on api_keys (secret_hash)",
    "create index ix_refresh_tokens_session on refresh_tokens (session_hash)",
    "create index ix_requests_age on requests (created_at)",
    "create index ix_transcripts_conversation on transcripts (conversation_id)",
    "create index ix_conversations_guest on conversations (guest_hash, updated_at)",
    "create index ix_turns_created on turns (created_at)",
    "create index ix_tickets_state on tickets (status, priority)",  # counted at every scrape
)


def apply(tx: Tx) -> None:
    """Create the tables, the columns and their indexes."""
    for name, (columns, key, required, foreign) in _TABLES.items():
        tx.tables.table(name).create(
            columns,
            pk=key,
            not_null=required | ({key} if isinstance(key, str) else set(key)),
            foreign_keys=[(column, *target) for column, target in foreign.items()],
        )
    for statement in _STATEMENTS:
        tx.execute(statement)
