"""Policies: the one search that the chat, the page and the API share."""

from __future__ import annotations

from typing import Any

from agent.shop.calendar import day_of
from agent.tools.base import ToolContext, tool
from errors import BadInput, Unavailable

__all__ = ["search_policies"]


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
