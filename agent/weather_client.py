"""The weather of a place from Open-Meteo (https://open-meteo.com/en/docs), over HTTP.

Bounded in every way a client is not by default: one deadline for the whole answer (a server
that drips is no slower), no redirects, no proxy from the environment, no compression, at most
64 KiB. Whatever goes wrong is :class:`errors.Unavailable`.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import datetime, timedelta, timezone
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from agent.shop.weather import PLACES, Observation, find_place
from errors import BadSetting, NotFound, Unavailable

__all__ = ["OpenMeteo", "weather_of"]

log = logging.getLogger("sangdam.weather")
MAX_BYTES = 64 * 1024
NOT_NOW = "지금은 날씨를 확인할 수 없어요. 잠시 뒤 다시 물어봐 주세요."
_CURRENT = "temperature_2m,precipitation,weather_code,wind_speed_10m"
_DAILY = "precipitation_sum,snowfall_sum,wind_gusts_10m_max"


def weather_of(settings: Any) -> OpenMeteo | None:
    """The client the settings name; None where none is configured."""
    if not settings.weather_base_url:
        return None
    return OpenMeteo(
        settings.weather_base_url,
        settings.weather_geocoding_url,
        timeout_s=settings.weather_timeout_s,
    )


class OpenMeteo:
    """Asks Open-Meteo, or a server that speaks like it. Safe to share between threads."""

    def __init__(self, base_url: str, geocoding_url: str = "", *, timeout_s: float = 3) -> None:
        """``geocoding_url`` may be empty: then only the places of the built-in table are known.

        ``timeout_s`` is the time for one answer, both requests together. The addresses are
        checked when they are used: a wrong one is no concern of anything but the weather.
        """
        self._base_url = base_url
        self._geocoding_url = geocoding_url
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._client: Any = None

    def current(self, place: str) -> Observation:
        """The weather there now. Raises NotFound for an unknown place, Unavailable.

        BadSetting for an address that is not http or https.
        """
        base_url = _checked("weather_base_url", self._base_url)
        geocoding_url = self._geocoding_url
        if geocoding_url:
            geocoding_url = _checked("weather_geocoding_url", geocoding_url)
        until = monotonic() + self._timeout_s
        name, latitude, longitude = self._locate(place, geocoding_url, until)
        answer = self._get(
            f"{base_url}/v1/forecast",
            {
                "latitude": latitude, "longitude": longitude, "current": _CURRENT,
                "daily": _DAILY, "forecast_days": 1, "timezone": "Asia/Seoul",
                "wind_speed_unit": "ms",
            },
            until,
        )  # fmt: skip
        try:
            return _observation(name, answer)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise _failed(f"unexpected answer: {type(error).__name__}") from error

    def _locate(self, place: str, geocoding_url: str, until: float) -> tuple[str, float, float]:
        """(name, latitude, longitude): from the table, or asked for."""
        known = find_place(place)
        if known:
            return known, *PLACES[known]
        missing = NotFound(f"'{place}' 지역을 찾지 못했어요. 시나 도 이름으로 알려 주세요.")
        if not geocoding_url or len(place.strip()) < 2:
            raise missing
        answer = self._get(
            f"{geocoding_url}/v1/search",
            {"name": place, "count": 1, "language": "ko", "format": "json", "countryCode": "KR"},
            until,
        )
        try:
            found = answer.get("results") or []  # the field is left out where nothing was found
            if not found:
                raise missing
            return str(found[0]["name"]), float(found[0]["latitude"]), float(found[0]["longitude"])
        except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
            raise _failed(f"unexpected place: {type(error).__name__}") from error

    def _get(self, url: str, query: dict[str, Any], until: float) -> Any:
        """One JSON answer. Raises Unavailable."""
        import httpx2

        left = until - monotonic()
        if left <= 0:
            raise _failed("out of time")
        try:
            with self._open().stream("GET", url, params=query, timeout=left) as response:
                if response.status_code != 200:
                    raise _failed(f"status {response.status_code}")
                body = _body(response, until)
            return json.loads(body)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise _failed(type(error).__name__) from error
        except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
            raise _failed("not JSON") from error

    def _open(self) -> Any:
        with self._lock:
            if self._client is None:
                import httpx2

                self._client = httpx2.Client(
                    trust_env=False,
                    follow_redirects=False,
                    headers={"accept": "application/json", "accept-encoding": "identity"},
                )
            return self._client


def _body(response: Any, until: float) -> bytes:
    """The body as it was sent, held to its size and to the deadline while it comes."""
    body = bytearray()
    for piece in response.iter_raw():
        body += piece
        if len(body) > MAX_BYTES:
            raise _failed("answer too large")
        if monotonic() > until:
            raise _failed("out of time")
    return bytes(body)


def _observation(place: str, answer: Any) -> Observation:
    now, today = answer["current"], answer.get("daily") or {}
    zone = timezone(timedelta(seconds=int(answer.get("utc_offset_seconds", 0))))
    return Observation(
        place,
        datetime.fromisoformat(now["time"]).replace(tzinfo=zone),
        float(now["temperature_2m"]),
        int(now["weather_code"]),
        float(now["precipitation"]),
        float(now["wind_speed_10m"]),
        _first(today, "precipitation_sum"),
        _first(today, "snowfall_sum"),
        _first(today, "wind_gusts_10m_max"),
    )


def _first(today: Any, name: str) -> float:
    values = today.get(name) or [0]
    return float(values[0] or 0)  # null where the model has no value


def _checked(setting: str, url: str) -> str:
    """An address without its last slash. Raises BadSetting unless it is http or https."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        log.error("no weather: %s is no http address", setting)
        raise BadSetting(
            f"설정 {setting}의 값 {url!r}을(를) 쓸 수 없습니다. "
            "http:// 또는 https://로 시작하는 주소로 적어 주세요."
        )
    return url.rstrip("/")


def _failed(why: str) -> Unavailable:
    log.warning("no weather: %s", why)
    return Unavailable(NOT_NOW, code="weather_unavailable")
