"""Policy search: the one search that the chat and the console use as well."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query

from api.calls import OPTIONAL, Anyone, Desk
from api.schemas.base import WORDS, Among
from api.schemas.policies import PolicyHit, PolicyRanks, PolicyResults
from services import words

__all__ = ["router"]

router = APIRouter(prefix="/api/policies", tags=["정책"])
Question = Annotated[
    str,
    Query(min_length=1, max_length=500, pattern=WORDS, examples=["반품 배송비는 누가 내요?"]),
]


@router.get("/search", operation_id="search_policies", summary="정책 조항 찾기",
            openapi_extra=OPTIONAL)  # fmt: skip
def search_policies(
    q: Question,
    caller: Anyone,
    desk: Desk,
    top_k: Annotated[int, Query(ge=1, le=50, description="조항의 수")] = 5,
    mode: Annotated[str, Among(words.POLICY_MODE), Query(description="찾는 방식")] = "hybrid",
) -> PolicyResults:
    """지금 시행 중인 조항을 알맞은 순서로 찾아요. 담당자용 문서는 담당자에게만 보여요."""
    found = desk.tool(caller, "search_policies", source="api", query=q, mode=mode, top_k=top_k)
    return PolicyResults(
        query=found.query, mode=found.mode, mode_used=found.mode_used, took_ms=found.took_ms,
        results=[_hit(hit) for hit in found.hits], notice=found.notice,
        confident=found.confident, confidence=found.confidence,
    )  # fmt: skip


def _hit(hit: Any) -> PolicyHit:
    chunk = hit.chunk
    return PolicyHit(
        chunk_id=chunk.chunk_id, doc_id=chunk.doc_id, title=chunk.title, section=chunk.section,
        text=chunk.text, score=hit.score, ranks=PolicyRanks.model_validate(hit.ranks),
        url=f"/policies?clause={quote(chunk.chunk_id, safe='')}",
    )  # fmt: skip
