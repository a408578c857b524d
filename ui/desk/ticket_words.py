"""A ticket's history in words: what each entry is called, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.shop import words
from ui.format import short

__all__ = ["HELPER", "changes", "one_change", "title", "who"]

HELPER = "상담 도우미"
LONGEST = 60  # characters of a value
_EVENT: Mapping[str, tuple[str, str]] = {
    "created": ("문의를 접수했어요", "add_circle"),
    "triaged": ("문의를 분류했어요", "auto_awesome"),
    "taken": ("문의를 맡았어요", "person_check"),
    "assigned": ("담당자를 바꿨어요", "person_add"),
    "edited": ("정보를 고쳤어요", "edit"),
    "reply": ("답변했어요", "reply"),
    "note": ("메모를 남겼어요", "lock"),
    "message": ("고객이 말했어요", "chat"),
    "status": ("상태를 바꿨어요", "sync"),
    "waiting": ("고객 답을 기다려요", "hourglass_empty"),
    "resolved": ("해결했어요", "check_circle"),
    "solved": ("고객이 해결됐다고 했어요", "thumb_up"),
    "unsolved": ("고객이 아직 해결되지 않았다고 했어요", "thumb_down"),
    "reopened": ("다시 열었어요", "restart_alt"),
    "closed": ("종료했어요", "archive"),
}
_VALUES: Mapping[str, Mapping[str, str]] = {
    "status": words.TICKET_STATUS,
    "priority": words.PRIORITY,
    "issue_type": words.ISSUE_TYPE,
    "sentiment": words.SENTIMENT,
    "language": words.LANGUAGE,
}
NOTHING = "없음"


def title(event: Any) -> tuple[str, str]:
    """What an entry is called, and its icon."""
    return _EVENT.get(event.kind, ("내용이 바뀌었어요", "sync"))


def who(event: Any) -> str:
    """Who made an entry; no person is the program, and triage is the helper's."""
    if event.actor_name:
        return str(event.actor_name)
    return HELPER if event.kind == "triaged" else "자동"


def changes(event: Any, people: Mapping[str, str]) -> list[str]:
    """What an entry changed: "우선순위: 보통 → 높음"; ``people`` are names by id."""
    if event.kind == "created":  # everything was new
        return []
    return [
        one_change(name, event.before.get(name), now, people)
        for name, now in event.after.items()
        if name in words.TICKET_FIELD and event.before.get(name) != now and name != "resolution"
    ]


def one_change(name: str, was: Any, now: Any, people: Mapping[str, str]) -> str:
    """A field that changed, in words."""
    return f"{words.TICKET_FIELD[name]}: {_said(name, was, people)} → {_said(name, now, people)}"


def _said(name: str, value: Any, people: Mapping[str, str]) -> str:
    if not value:
        return NOTHING
    if isinstance(value, list | tuple):
        return short(", ".join(map(str, value)), LONGEST)
    names = people if name == "assignee_id" else _VALUES.get(name, {})
    return short(names.get(value, str(value)), LONGEST)
