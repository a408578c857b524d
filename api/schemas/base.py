"""What the schemas share: codes of the domain tables, bounded texts, pages of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import CoreSchema, core_schema

from services import words

__all__ = [
    "BODY",
    "ID",
    "WORDS",
    "Among",
    "ClaimKind",
    "ClaimStatus",
    "Id",
    "IssueType",
    "Krw",
    "Language",
    "Limit",
    "OrderStatus",
    "Page",
    "PathId",
    "PlaceCursor",
    "Priority",
    "ReasonCode",
    "Record",
    "Sentiment",
    "Tables",
    "TicketStatus",
    "Time",
    "Version",
]

Tables = Mapping[str, Mapping[str, str]]
# No control signs in an id, no NUL in a text: the store and the logs would trip over them.
ID = r"^[^\x00-\x1f\x7f]+$"
WORDS = r"^[^\x00]*[^\x00\s][^\x00]*$"  # a text that says something
BODY = ConfigDict(strict=True)


class Among:
    """One of a table's codes: the schema lists them, so that it cannot drift from the table."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = tuple(codes)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.literal_schema(list(self.codes))


OrderStatus = Annotated[str, Among(words.ORDER_STATUS)]
TicketStatus = Annotated[str, Among(words.TICKET_STATUS)]
ClaimStatus = Annotated[str, Among(words.CLAIM_STATUS)]
ClaimKind = Annotated[str, Among(words.CLAIM_KIND)]
ReasonCode = Annotated[str, Among(words.REASON)]
IssueType = Annotated[str, Among(words.ISSUE_TYPE)]
Priority = Annotated[str, Among(words.PRIORITY)]
Sentiment = Annotated[str, Among(words.SENTIMENT)]
Language = Annotated[str, Among(words.LANGUAGE)]

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=ID)]
PathId = Annotated[str, Path(min_length=1, max_length=64, pattern=ID)]
Version = Annotated[int, Field(ge=1, le=2**31, description="읽었을 때의 version", examples=[1])]
Krw = Annotated[int, Field(description="원", examples=[39000])]
Time = Annotated[str, Field(description="UTC, ISO-8601", examples=["2026-11-20T03:00:00.000Z"])]
Limit = Annotated[int, Query(ge=1, le=100, description="한 쪽의 개수")]
# A place in a list by time and id; order lists have a shorter one of their own.
PlaceCursor = Annotated[
    str | None,
    Query(max_length=120, pattern=r"^[0-9A-Z:.-]{1,40}~[\w-]{1,64}$",
          description="앞쪽의 next_cursor"),
]  # fmt: skip


class Record(BaseModel):
    """Read from one of the store's records; ``X_ko`` is the Korean word of ``X``."""

    model_config = ConfigDict(from_attributes=True)
    KOREAN: ClassVar[Tables] = {}

    @model_validator(mode="after")
    def _in_korean(self) -> Self:
        for name, table in self.KOREAN.items():
            setattr(self, f"{name}_ko", table.get(getattr(self, name) or "", ""))
        return self


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some things of a list; ``next_cursor`` leads on, null on the last page."""

    model_config = ConfigDict(from_attributes=True)

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="다음 쪽의 cursor. 마지막 쪽이면 null"
    )
