"""Canned replies of the staff: shipped ones, changed ones, their own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from agent.shop import words
from agent.shop.canned import VARIABLES, unknown
from agent.tools.base import ToolContext, clean, tool
from errors import AlreadyExists, BadInput, NotAllowedNow, NotFound, StateChanged
from store import canned
from store.canned import CannedReply
from store.models import to_text

__all__ = [
    "delete_canned_reply",
    "list_canned_replies",
    "restore_canned_replies",
    "save_canned_reply",
    "shipped_replies",
]

MOST_REPLIES, MOST_TITLE_CHARS, MOST_CHARS = 300, 40, 2000
_SHIPPED = Path(__file__).resolve().parents[2] / "data" / "canned"
_GONE = "해당 답변 문구를 찾을 수 없어요. 목록을 다시 열어 주세요."
_CHANGED = "그사이 다른 사람이 이 문구를 바꿨어요. 바뀐 내용을 확인한 뒤 다시 저장해 주세요."


@cache
def shipped_replies() -> Mapping[str, CannedReply]:
    """The replies that come with the program, by id, in the order of their file."""
    found = {}
    for path in sorted(_SHIPPED.glob("*.yaml")):
        for row in yaml.safe_load(path.read_text("utf-8")):
            found[row["id"]] = CannedReply(
                row["id"], row["title"], row["text"].strip(), row.get("issue_type", ""),
                shipped=True,
            )  # fmt: skip
    return MappingProxyType(found)


@tool("READ")
def list_canned_replies(ctx: ToolContext, *, text: str = "") -> tuple[CannedReply, ...]:
    """The replies to choose from, by title; ``text``: all of its words are in title or text.

    Raises Forbidden for everybody but staff.
    """
    ctx.require_staff()
    wanted = text.lower().split()
    found = [
        one for one in _current(ctx).values()
        if one.deleted_at is None
        and all(word in f"{one.title} {one.text}".lower() for word in wanted)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.title, one.reply_id)))


@tool("WRITE")
def save_canned_reply(
    ctx: ToolContext,
    *,
    title: str,
    text: str,
    issue_type: str = "",
    reply_id: str | None = None,
    version: int = 0,
) -> CannedReply:
    """Add a reply (no ``reply_id``) or change one as it was shown with ``version``.

    Raises Forbidden, NotFound, BadInput (empty, too long, an unknown place in the text, an
    unknown type), AlreadyExists for a title in use, StateChanged, NotAllowedNow for too many.
    """
    ctx.require_staff()
    title, text = clean(" ".join(title.split())), clean(text.strip())
    _check(title, text, issue_type)
    every = _current(ctx)
    before = None if reply_id is None else _shown(every, reply_id, version)
    others = [one for one in every.values() if one.deleted_at is None and one.reply_id != reply_id]
    if any(one.title == title for one in others):
        raise AlreadyExists("같은 제목의 문구가 있어요. 다른 제목을 적어 주세요.")
    if before is None and len(others) >= MOST_REPLIES:
        raise NotAllowedNow(f"문구는 {MOST_REPLIES}개까지 둘 수 있어요. 안 쓰는 것을 지워 주세요.")
    wanted = before or CannedReply(f"c_{secrets.token_urlsafe(9)}", "", "")
    saved = canned.put(
        ctx.tx, replace(wanted, title=title, text=text, issue_type=issue_type),
        actor_id=ctx.me(), at=ctx.now,
    )  # fmt: skip
    ctx.audit(
        "create" if before is None else "edit", "canned_reply", saved.reply_id,
        {} if before is None else _audited(before), _audited(saved),
    )  # fmt: skip
    return saved


@tool("WRITE")
def delete_canned_reply(ctx: ToolContext, *, reply_id: str, version: int) -> None:
    """Take a reply off the list. Raises Forbidden, NotFound, StateChanged."""
    ctx.require_staff()
    found = _shown(_current(ctx), reply_id, version)
    canned.put(ctx.tx, replace(found, deleted_at=to_text(ctx.now)), actor_id=ctx.me(), at=ctx.now)
    ctx.audit("delete", "canned_reply", reply_id, _audited(found), {})


@tool("WRITE")
def restore_canned_replies(ctx: ToolContext) -> int:
    """Bring the shipped replies back as they were shipped; returns how many had changed.

    The staff's own replies stay. Raises Forbidden.
    """
    ctx.require_staff()
    changed = 0
    for reply_id, shipped in shipped_replies().items():
        found = canned.get(ctx.tx, reply_id)
        if found is None or (found.deleted_at is None and _audited(found) == _audited(shipped)):
            continue
        saved = canned.put(
            ctx.tx, replace(shipped, version=found.version), actor_id=ctx.me(), at=ctx.now
        )
        ctx.audit("restore", "canned_reply", reply_id, _audited(found), _audited(saved))
        changed += 1
    return changed


def _current(ctx: ToolContext) -> dict[str, CannedReply]:
    """Every reply as it is now, the removed ones too: the shipped below the staff's own."""
    rows = {row.reply_id: row for row in canned.every(ctx.tx)}
    shipped = shipped_replies()
    mine = {name: replace(row, shipped=name in shipped) for name, row in rows.items()}
    return {**shipped, **mine}


def _shown(every: Mapping[str, CannedReply], reply_id: str, version: int) -> CannedReply:
    found = every.get(reply_id)
    if found is None or found.deleted_at is not None:
        raise NotFound(_GONE)
    if found.version != version:
        raise StateChanged(_CHANGED)
    return found


def _check(title: str, text: str, issue_type: str) -> None:
    if not title or len(title) > MOST_TITLE_CHARS:
        raise BadInput(f"제목은 1~{MOST_TITLE_CHARS}자로 적어 주세요.")
    if not text or len(text) > MOST_CHARS:
        raise BadInput(f"내용은 1~{MOST_CHARS:,}자로 적어 주세요.")
    if issue_type and issue_type not in words.ISSUE_TYPE:
        raise BadInput("문의 유형을 다시 골라 주세요.")
    if names := unknown(text):
        raise BadInput(
            f"{', '.join('{' + name + '}' for name in names)}: 이런 변수는 없어요. "
            f"쓸 수 있는 변수: {', '.join(VARIABLES)}"
        )


def _audited(reply: CannedReply) -> dict[str, str]:
    return {"title": reply.title, "text": reply.text, "issue_type": reply.issue_type}
