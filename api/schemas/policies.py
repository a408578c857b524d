"""Policy search (http.md, GET /api/policies/search)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.base import Record

__all__ = ["PolicyHit", "PolicyRanks", "PolicyResults"]


class PolicyRanks(Record):
    """A clause's place (from 1) at every stage; null where the stage does not know it."""

    keyword: int | None
    vector: int | None
    fused: int | None
    reranked: int | None


class PolicyHit(BaseModel):
    """A clause that was found."""

    chunk_id: str = Field(examples=["return_period#2"])
    doc_id: str = Field(examples=["return_period"])
    title: str = Field(examples=["반품·교환 안내"])
    section: str = Field(examples=["반품 기간"])
    text: str
    score: float = Field(description="쓴 방식의 점수. 방식이 다르면 견줄 수 없어요")
    ranks: PolicyRanks
    url: str = Field(
        description="콘솔에서 이 조항을 여는 주소", examples=["/policies?clause=return_period%232"]
    )


class PolicyResults(BaseModel):
    """What the search answered, best first."""

    query: str = Field(examples=["반품 배송비는 누가 내요?"])
    mode: Literal["hybrid", "keyword", "vector"]
    mode_used: Literal["hybrid", "keyword", "vector", "none"] = Field(
        description="한 단계를 쓸 수 없으면 mode와 달라요"
    )
    took_ms: float = Field(ge=0)
    results: list[PolicyHit]
    notice: str = Field(description="mode_used가 다른 까닭. 없으면 빈 글자", examples=[""])
    confident: bool = Field(description="첫 조항을 답이라고 해도 되는지")
    confidence: float = Field(ge=0, le=1)
