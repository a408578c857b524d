"""The audit as staff read it: who changed what, from where, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agent.shop import words
from agent.tools.base import MOST, ToolContext, tool
from errors import BadInput
from store import accounts, audit
from store.models import AuditEntry

__all__ = ["AuditPage", "AuditRow", "FieldChange", "list_audit"]

MOST_DAYS = 36_500
NOTHING = "없음"
_STATUS: Mapping[str, Mapping[str, str]] = {
    "order": words.ORDER_STATUS,
    "claim": words.CLAIM_STATUS,
    "ticket": words.TICKET_STATUS,
    "api_key": words.KEY_STATUS,
}
_VALUE: Mapping[str, Mapping[str, str]] = {
    "priority": words.PRIORITY,
    "issue_type": words.ISSUE_TYPE,
    "kind": words.CLAIM_KIND,
    "reason_code": words.REASON,
    "scopes": words.KEY_SCOPE,
    "role": {"customer": "고객", "staff": "상담원", "admin": "관리자"},
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that changed: its name and values as stored, and in Korean."""

    field: str
    field_ko: str
    before: Any
    after: Any
    before_ko: str
    after_ko: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry with its Korean words; ``changes`` holds only the fields that changed."""

    entry: AuditEntry
    action_ko: str
    object_ko: str
    source_ko: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of the audit, newest first; ``next_cursor`` is None on the last one."""

    items: tuple[AuditRow, ...]
    next_cursor: str | None


@tool("READ")
def list_audit(
    ctx: ToolContext,
    *,
    object_type: str = "",
    object_id: str = "",
    actor_id: str = "",
    action: str = "",
    source: str = "",
    turn_id: str = "",
    days: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> AuditPage:
    """Who changed what in the last ``days``, newest first; every filter is exact, "" is any.

    ``actor_id`` may be an e-mail address too, or "system"; ``limit`` is 1 to 100, ``days``
    0 to 36,500. Of free text the audit tells only that it changed.

    Raises Forbidden for everybody but staff, BadInput for such days or a cursor that is none.
    """
    ctx.require_staff()
    limit = max(1, min(limit, MOST))
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise BadInput(f"기간은 0일부터 {MOST_DAYS:,}일까지 고를 수 있어요.")
    found = audit.find(
        ctx.tx, object_type=object_type, object_id=object_id.strip(), actor_id=actor_id.strip(),
        action=action, source=source, turn_id=turn_id.strip(),
        since=ctx.now - timedelta(days=days) if days is not None else None,
        before_seq=_place(cursor), limit=limit + 1,
    )  # fmt: skip
    entries = found[:limit]
    names = _names(ctx, entries)
    last = str(entries[-1].event_seq) if len(found) > limit else None
    return AuditPage(tuple(_row(entry, names) for entry in entries), last)


def _place(cursor: str | None) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise BadInput("목록이 바뀌었어요. 처음부터 다시 열어 주세요.", code="bad_cursor")
    return int(cursor)


def _names(ctx: ToolContext, entries: Sequence[AuditEntry]) -> dict[str, str]:
    """The names of the people who occur as values."""
    ids = {side.get("assignee_id") for entry in entries for side in (entry.before, entry.after)} - {
        None
    }
    people = (accounts.get(ctx.tx, str(one)) for one in ids)
    return {person.user_id: person.name for person in people if person is not None}


def _row(entry: AuditEntry, names: Mapping[str, str]) -> AuditRow:
    fields = dict.fromkeys([*entry.before, *entry.after])
    changes = tuple(
        FieldChange(
            name, words.AUDIT_FIELD.get(name, name), entry.before.get(name),
            entry.after.get(name), _said(entry, name, entry.before.get(name), names),
            _said(entry, name, entry.after.get(name), names),
        )
        for name in fields
        if entry.before.get(name) != entry.after.get(name)
    )  # fmt: skip
    return AuditRow(
        entry,
        words.AUDIT_ACTION_OF.get((entry.object_type, entry.action))
        or words.AUDIT_ACTION.get(entry.action, entry.action),
        words.AUDIT_OBJECT.get(entry.object_type, entry.object_type),
        words.SOURCE.get(entry.source, entry.source),
        changes,
    )


def _said(entry: AuditEntry, name: str, value: Any, names: Mapping[str, str]) -> str:
    """A value in words; one that has none is shown as it is."""
    if value in (None, "", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "예" if value else "아니요"
    if isinstance(value, int):
        return f"{value:,}원" if name.endswith("_krw") else f"{value:,}"
    if isinstance(value, list | dict):
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return ", ".join(_VALUE.get(name, {}).get(one, one) for one in value)
        return json.dumps(value, ensure_ascii=False)
    if name == "status":
        return _STATUS.get(entry.object_type, {}).get(value, value)
    if name == "assignee_id":
        return names.get(value, value)
    return _VALUE.get(name, {}).get(value, str(value))
