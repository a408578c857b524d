"""Policies: the one search the chat, the page and the API share, and what it did not find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.shop.calendar import day_of
from agent.tools.base import MOST, ToolContext, tool
from errors import BadInput, NotFound, Unavailable
from store import unanswered
from store.unanswered import Unanswered

__all__ = ["list_unanswered", "search_policies", "settle_unanswered"]


@tool("READ")
def search_policies(
    ctx: ToolContext,
    *,
    query: str,
    mode: str = "hybrid",
    top_k: int = 5,
    include_superseded: bool = False,
) -> Any:
    """Policy clauses in force today, best first, every stage's rank told.

    Staff-only documents, and clauses no longer in force where asked for, for staff only.
    Returns ``retrieval.types.SearchResult``; raises BadInput for an unknown mode,
    Unavailable when the program was started without an index.
    """
    if mode not in ("hybrid", "keyword", "vector"):
        raise BadInput("검색 방식은 hybrid, keyword, vector 가운데 하나여야 해요.")
    if ctx.policy_search is None:
        raise Unavailable("정책 검색을 지금 쓸 수 없어요. 잠시 뒤 다시 시도해 주세요.")
    return ctx.policy_search(
        query,
        mode=mode,
        top_k=top_k,
        staff=ctx.caller.is_staff,
        today=day_of(ctx.now),
        include_superseded=include_superseded and ctx.caller.is_staff,
    )


@tool("READ")
def list_unanswered(
    ctx: ToolContext, *, settled: bool = False, limit: int = 50, offset: int = 0
) -> Sequence[Unanswered]:
    """Questions that no clause answered, most asked first; staff only.

    ``settled`` ones are those somebody dealt with; ``limit`` is 1 to 100. Raises Forbidden.
    """
    ctx.require_staff()
    limit, offset = max(1, min(limit, MOST)), max(0, offset)
    return unanswered.find(ctx.tx, settled=settled, limit=limit, offset=offset)


@tool("WRITE")
def settle_unanswered(ctx: ToolContext, *, key: str, settled: bool = True) -> None:
    """Mark an unanswered question as dealt with, or open again; asked once more it opens itself.

    Staff only. Raises Forbidden, NotFound when there is none in the other state.
    """
    ctx.require_staff()
    done = (
        unanswered.settle(ctx.tx, key, by=ctx.me(), at=ctx.now)
        if settled
        else unanswered.reopen(ctx.tx, key)
    )
    if not done:
        raise NotFound("이미 처리된 질문이에요. 목록을 새로 열어 주세요.")
    ctx.audit("settle" if settled else "reopen", "question", key, {}, {})
