"""What the probes tell."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

__all__ = ["Alive", "Component", "Health", "Parts", "Ready", "ReadyParts"]


class Alive(BaseModel):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Component(BaseModel):
    """One part of the desk."""

    status: Literal["ok", "degraded", "down", "unconfigured"]
    last_error: str | None = None
    latency_ms: float | None = None


class ReadyParts(BaseModel):
    """What it takes to serve customers."""

    store: Component
    policy_index: Component


class Ready(BaseModel):
    """Whether customers can be served."""

    status: Literal["ready", "not_ready"]
    components: ReadyParts


class Parts(ReadyParts):
    """Every part."""

    vision: Component
    llm: dict[str, Component]


class Health(BaseModel):
    """How everything is."""

    status: Literal["ok", "degraded", "down"]
    version: str = Field(examples=["0.1.0"])
    uptime_s: float = Field(ge=0)
    components: Parts
