"""The policy owner's desk: questions to look at in bulk, and who changed which policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from agent.tools.base import ToolContext, tool
from errors import BadInput, NotFound
from store import unanswered
from store.unanswered import Kind, Unanswered

__all__ = ["keep_policy_case", "note_policy_change", "open_questions", "settle_questions"]

MOST_KEYS = 5_000
MOST_CHARS = 400


@tool("READ")
def open_questions(
    ctx: ToolContext, *, kind: Kind = "unanswered", settled: bool = False
) -> Sequence[Unanswered]:
    """All questions that nothing answered, or that were answered unsurely; staff only.

    ``kind`` is "unanswered" or "unsure"; at most 5,000 rows, most asked first. Raises
    Forbidden, BadInput.
    """
    ctx.require_staff()
    _check(kind)
    return unanswered.every(ctx.tx, kind, settled=settled)


@tool("WRITE")
def settle_questions(
    ctx: ToolContext, *, keys: Sequence[str], kind: Kind = "unanswered", settled: bool = True
) -> int:
    """Mark a group of questions as dealt with, or open again; returns how many it were.

    Staff only. Those that somebody settled meanwhile are passed over. Raises Forbidden,
    BadInput, NotFound when none is left.
    """
    ctx.require_staff()
    _check(kind)
    done = [key for key in keys[:MOST_KEYS] if _set(ctx, key, kind, settled=settled)]
    if not done:
        raise NotFound("이미 처리된 질문이에요. 목록을 새로 열어 주세요.")
    action = "settle" if settled else "reopen"
    for key in done:
        ctx.audit(action, "question", key, {}, {})
    return len(done)


@tool("WRITE")
def note_policy_change(
    ctx: ToolContext,
    *,
    action: Literal["publish", "edit", "withdraw", "import"],
    doc_id: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """Record who changed which edition of a policy; staff only.

    Runs in the transaction that ends with the change itself. Raises Forbidden.
    """
    ctx.require_staff()
    ctx.audit(action, "policy", doc_id, before, after)


@tool("WRITE")
def keep_policy_case(ctx: ToolContext, *, question: str, chunk_id: str) -> str:
    """Record that a question was kept as a test of the search; returns it as it may be stored.

    Staff only. Raises Forbidden, BadInput for an empty question.
    """
    ctx.require_staff()
    text = " ".join(question.split())[:MOST_CHARS]
    if not unanswered.key_of(text) or not chunk_id:
        raise BadInput("질문과 맞는 조항을 골라 주세요.")
    ctx.audit("keep", "question", unanswered.key_of(text), {}, {"clause": chunk_id})
    return text


def _check(kind: str) -> None:
    if kind not in ("unanswered", "unsure"):
        raise BadInput("질문의 종류는 unanswered나 unsure예요.")


def _set(ctx: ToolContext, key: str, kind: Kind, *, settled: bool) -> bool:
    if settled:
        return unanswered.settle(ctx.tx, key, by=ctx.me(), at=ctx.now, kind=kind)
    return unanswered.reopen(ctx.tx, key, kind=kind)
