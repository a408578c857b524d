"""Is everything there? What ``/ready`` and ``/health`` answer (http.md)."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, Literal

from errors import SangdamError

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["STARTED", "Component", "health", "ready"]

STARTED = monotonic()
State = Literal["ok", "degraded", "down", "unconfigured"]


@dataclass(frozen=True, slots=True)
class Component:
    """One part: ``latency_ms`` of what was asked of it (None: nothing was)."""

    status: State
    last_error: str | None = None
    latency_ms: float | None = None


def ready(desk: Services) -> tuple[bool, dict[str, Any]]:
    """Whether customers can be served, with the parts that takes."""
    parts = {"store": _store(desk), "policy_index": _policy_index(desk)}
    good = desk.ready and all(part.status == "ok" for part in parts.values())
    return good, {name: asdict(part) for name, part in parts.items()}


def health(desk: Services) -> tuple[str, dict[str, Any]]:
    """The whole's state ("ok", "degraded", "down") and every part's.

    Down is what no customer can be served without; a language model is not among it, the
    desk's own words stand in for it.
    """
    good, parts = ready(desk)
    models = {
        name: Component(state.status, state.last_error, state.latency_ms)
        for name, state in desk.models().items()
    }
    vision = _vision(desk)
    parts["vision"] = asdict(vision)
    parts["llm"] = {name: asdict(part) for name, part in models.items()}
    if not good:
        return "down", parts
    hurt = any(part.status in ("degraded", "down") for part in (vision, *models.values()))
    return ("degraded" if hurt else "ok"), parts


def _store(desk: Services) -> Component:
    started = perf_counter()
    try:
        desk.database.check()
    except (SangdamError, sqlite3.Error) as error:
        return Component("down", type(error).__name__)
    return Component("ok", None, round((perf_counter() - started) * 1000, 2))


def _policy_index(desk: Services) -> Component:
    if not desk.ready:  # looking would build it
        return Component("down", "starting")
    status = desk.index.status()
    return Component("ok") if status.ready and status.chunks else Component("down", "no_index")


def _vision(desk: Services) -> Component:
    """Degraded where photos are judged without the detector, or could not be judged last."""
    last = desk.photos.last
    trouble = last.error or desk.photos.trouble()
    return Component("degraded" if trouble else "ok", trouble or None, last.took_ms)
