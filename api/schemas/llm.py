"""What staff have generated, and what admins see of the inside."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "GenerateRequest",
    "Generated",
    "GeneratedUsage",
    "ProbeAnswer",
    "SettingItem",
    "SettingsAnswer",
    "Shadowed",
    "TestAnswer",
    "Warning_",
]


class GenerateRequest(BaseModel):
    """What is to be written, and from what."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "role": "copywriter",
                    "task": "sns",
                    "payload": {"product": "무선 이어폰", "points": ["20시간 재생"]},
                    "mode": "text",
                }
            ]
        },
    )

    role: str = Field(min_length=1, max_length=40, pattern=r"^[\w-]+$", examples=["copywriter"])
    task: str = Field(min_length=1, max_length=40, pattern=r"^[\w-]+$", examples=["sns"])
    payload: dict[str, Any] = Field(description="작업에 쓸 자료. JSON으로 20,000자까지예요")
    mode: Literal["text", "json"] = "text"
    schema_: dict[str, Any] | None = Field(
        None, alias="schema", description="mode가 json일 때 답이 지킬 JSON Schema"
    )


class GeneratedUsage(BaseModel):
    """Tokens of the models that were asked; ``cached_tokens`` are among ``prompt_tokens``."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int


class Generated(BaseModel):
    """What came of it. ``provider`` is "offline" where no model's words were used."""

    provider: str = Field(examples=["ollama"])
    model: str = Field(examples=["exaone3.5:7.8b"])
    output: str | dict[str, Any] | list[Any] = Field(description="글, 또는 mode가 json이면 JSON")
    usage: GeneratedUsage
    latency_ms: float = Field(ge=0)


class Shadowed(BaseModel):
    """A value that lost to one of a stronger place."""

    model_config = ConfigDict(from_attributes=True)

    origin: str = Field(examples=["default"])
    value: str


class SettingItem(BaseModel):
    """One value in force."""

    name: str = Field(examples=["llm.limits.total_s"])
    value: str = Field(examples=["20"])
    origin: str = Field(
        description="environment, .env, sangdam.toml, default", examples=["default"]
    )
    shadowed: list[Shadowed] = Field(description="더 센 자리에 가려진 값")
    help: str = Field(examples=["답변 하나에 쓰는 시간(초)"])
    group: str = Field(examples=["언어 모델"])
    masked: bool = Field(description="비밀이라 가렸는지")


class Warning_(BaseModel):
    """Something to look at, with the remedy."""

    model_config = ConfigDict(from_attributes=True, title="Warning")

    name: str = Field(examples=["OPENAI_BASE_URL"])
    text: str


class SettingsAnswer(BaseModel):
    """Every setting in force."""

    items: list[SettingItem]
    warnings: list[Warning_]


class ProbeAnswer(BaseModel):
    """What a provider answered when it was asked for its models."""

    target_url: str = Field(examples=["http://127.0.0.1:11434"])
    success: bool
    models: list[str] = Field(examples=[["exaone3.5:7.8b"]])
    elapsed_ms: float = Field(ge=0)
    error: str | None = Field(
        None,
        description="실패하면 종류와 설명, 성공하면 null",
        examples=["unreachable: 서버에 연결하지 못했어요."],
    )


class TestAnswer(BaseModel):
    """What a provider wrote when it was asked to."""

    success: bool
    response_text: str = Field(examples=["안녕하세요."])
    elapsed_ms: float = Field(ge=0)
    error: str | None = Field(
        None,
        description="실패하면 종류와 설명, 성공하면 null",
        examples=["timeout: 정해진 시간 안에 답하지 않았어요."],
    )
