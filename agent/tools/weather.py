"""Weather, for parcels that may be late because of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.shop import weather as rules
from agent.tools.base import ToolContext, clean, tool
from errors import BadInput, Unavailable

__all__ = ["Weather", "get_weather"]

MAX_PLACE_CHARS = 40


@dataclass(frozen=True, slots=True)
class Weather:
    """The weather of a place; ``condition`` and ``warning`` are Korean.

    ``temperature_c`` in °C, ``precipitation_mm`` in mm for today, ``wind_ms`` in m/s.
    ``warning`` is empty unless parcels may be late.
    """

    place: str
    at: datetime
    temperature_c: float
    condition: str
    precipitation_mm: float
    wind_ms: float
    warning: str


@tool("READ")
def get_weather(ctx: ToolContext, *, place: str) -> Weather:
    """The weather of a Korean place now, and whether parcels may be late for it.

    Raises Unavailable (``weather_not_configured``, ``weather_unavailable``), NotFound for an
    unknown place, BadInput for none, BadSetting for a wrong address of the service.
    """
    if ctx.weather is None:
        raise Unavailable(
            "날씨 조회가 설정되어 있지 않아요. 관리자가 weather_base_url을 설정하면 쓸 수 있어요.",
            code="weather_not_configured",
        )
    place = clean(" ".join(place.split()))
    if not 1 <= len(place) <= MAX_PLACE_CHARS:
        raise BadInput("날씨를 볼 지역을 시나 도 이름으로 알려 주세요. 예: 서울")
    # The request goes out inside a reading transaction. That holds a snapshot and no lock:
    # writers go on, and the client gives up after weather_timeout_s.
    seen = ctx.weather.current(place)
    return Weather(
        seen.place,
        seen.at,
        seen.temperature_c,
        rules.condition(seen.code) or "정보 없음",
        max(seen.precipitation_mm, seen.day_precipitation_mm),
        seen.wind_ms,
        rules.warning(seen),
    )
