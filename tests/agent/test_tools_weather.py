"""Weather over real HTTP on loopback: a server that speaks Open-Meteo, well or badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from agent.shop.weather import PLACES, Observation, condition, find_place, warning
from agent.tools.weather import Weather
from agent.weather_client import OpenMeteo, weather_of
from errors import BadInput, BadSetting, NotFound, Unavailable
from services import Services
from tests.conftest import NOW
from tests.talk import Talk

KST = timezone(timedelta(hours=9))
# As api.open-meteo.com/v1/forecast answers the parameters the client sends.
FORECAST: dict[str, Any] = {
    "latitude": 37.55, "longitude": 127.0, "generationtime_ms": 0.09, "utc_offset_seconds": 32400,
    "timezone": "Asia/Seoul", "timezone_abbreviation": "GMT+9", "elevation": 34.0,
    "current_units": {"time": "iso8601", "interval": "seconds", "temperature_2m": "°C",
                      "precipitation": "mm", "weather_code": "wmo code", "wind_speed_10m": "m/s"},
    "current": {"time": "2026-11-20T12:00", "interval": 900, "temperature_2m": 7.4,
                "precipitation": 0.0, "weather_code": 3, "wind_speed_10m": 2.31},
    "daily_units": {"time": "iso8601", "precipitation_sum": "mm", "snowfall_sum": "cm",
                    "wind_gusts_10m_max": "m/s"},
    "daily": {"time": ["2026-11-20"], "precipitation_sum": [0.4], "snowfall_sum": [0.0],
              "wind_gusts_10m_max": [7.2]},
}  # fmt: skip
# As geocoding-api.open-meteo.com/v1/search does.
SEARCH: dict[str, Any] = {
    "results": [
        {
            "id": 1846095, "name": "통영시", "latitude": 34.85, "longitude": 128.43,
            "feature_code": "PPLA2", "country_code": "KR", "timezone": "Asia/Seoul",
            "country": "대한민국", "admin1": "경상남도",
        }
    ],
    "generationtime_ms": 0.5,
}  # fmt: skip
Answer = Callable[[BaseHTTPRequestHandler], None]


def say(body: bytes | dict[str, Any], status: int = 200, **headers: str) -> Answer:
    """An answer of a body and nothing unusual."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


class Sky(ThreadingHTTPServer):
    """A server with an answer for each path; it remembers what it was asked."""

    daemon_threads = True

    def __init__(self, answers: dict[str, Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stop = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Sky

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query))
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has had enough
            self.server.answers[parts.path](self)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(forecast: Answer, search: Answer | None = None) -> Iterator[Sky]:
    sky = Sky({"/v1/forecast": forecast, "/v1/search": search or say(SEARCH)})
    thread = threading.Thread(target=sky.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield sky
    finally:
        sky.stop.set()
        sky.shutdown()
        thread.join()
        sky.server_close()


def changed(**now: Any) -> dict[str, Any]:
    """The recorded answer with other values of this moment."""
    return {**FORECAST, "current": {**FORECAST["current"], **now}}


# ── the client ───────────────────────────────────────────────────────────────────────────


def test_a_known_city_is_one_request_with_the_documented_parameters():
    with serving(say(FORECAST)) as sky:
        seen = OpenMeteo(sky.url + "/", sky.url, timeout_s=3).current("서울특별시 중구")
    assert seen == Observation(
        "서울", datetime(2026, 11, 20, 12, 0, tzinfo=KST), 7.4, 3, 0.0, 2.31, 0.4, 0.0, 7.2
    )
    [(path, query)] = sky.asked
    assert path == "/v1/forecast"
    assert (float(query["latitude"]), float(query["longitude"])) == PLACES["서울"]
    assert query["current"] == "temperature_2m,precipitation,weather_code,wind_speed_10m"
    assert query["daily"] == "precipitation_sum,snowfall_sum,wind_gusts_10m_max"
    assert (query["timezone"], query["wind_speed_unit"]) == ("Asia/Seoul", "ms")


def test_another_place_is_searched_for_first():
    with serving(say(FORECAST)) as sky:
        assert OpenMeteo(sky.url, sky.url, timeout_s=3).current("통영").place == "통영시"
    (search, asked), (_, where) = sky.asked
    assert search == "/v1/search"
    assert asked == {
        "name": "통영", "count": "1", "language": "ko", "format": "json", "countryCode": "KR",
    }  # fmt: skip
    assert (where["latitude"], where["longitude"]) == ("34.85", "128.43")


@pytest.mark.parametrize("geocoding", [True, False])
def test_a_place_nobody_knows_is_not_found(geocoding):
    with serving(say(FORECAST), say({"generationtime_ms": 0.3})) as sky:
        client = OpenMeteo(sky.url, sky.url if geocoding else "", timeout_s=3)
        with pytest.raises(NotFound, match="호그와트"):
            client.current("호그와트")
    assert len(sky.asked) == geocoding


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for as long as somebody listens."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        if handler.server.stop.wait(0.05):  # type: ignore[attr-defined]
            return


def sleep(handler: BaseHTTPRequestHandler) -> None:
    handler.server.stop.wait(5)  # type: ignore[attr-defined]


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"current"')


BAD: dict[str, Answer] = {
    "status 500": say(b"{}", 500),
    "status 429": say(b'{"error":true,"reason":"Daily API request limit exceeded."}', 429),
    "broken JSON": say(b'{"current": {"temperature_2m": 7.4'),
    "HTML": say(b"<html>down</html>"),
    "no UTF-8": say(b"\xff\xfe\x00"),
    "a list": say(b"[1, 2]"),
    "no current": say({"latitude": 37.5}),
    "a word for a number": say(changed(temperature_2m="mild")),
    "nothing for a number": say(changed(weather_code=None)),
    "a wrong time": say(changed(time="noon")),
    "nested too deep": say(b"[" * 60_000),
    "a giant": say(b" " * 3_000_000),
    "a gzip bomb": say(b"\x1f\x8b" + b"\x00" * 100, **{"content-encoding": "gzip"}),
    "cut off": hang_up,
    "a redirect": say(b"", 302, location="http://127.0.0.1:9/v1/forecast"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_unavailable(name):
    with serving(BAD[name]) as sky:
        with pytest.raises(Unavailable, match="잠시 뒤") as caught:
            OpenMeteo(sky.url, timeout_s=3).current("부산")
        assert caught.value.code == "weather_unavailable"
        assert len(sky.asked) == 1  # neither tried again nor followed


@pytest.mark.parametrize("answer", [drip, sleep], ids=["drips", "sleeps"])
def test_a_slow_server_is_given_up_at_the_deadline(answer):
    with serving(answer) as sky:
        started = time.monotonic()
        with pytest.raises(Unavailable):
            OpenMeteo(sky.url, timeout_s=0.4).current("부산")
        assert time.monotonic() - started < 1.5


def test_both_requests_share_one_deadline():
    def late(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.3)
        say(SEARCH)(handler)

    with serving(sleep, late) as sky:
        started = time.monotonic()
        with pytest.raises(Unavailable):
            OpenMeteo(sky.url, sky.url, timeout_s=0.5).current("통영")
        assert time.monotonic() - started < 1.5


def test_nobody_listening_is_unavailable_and_the_environments_proxy_is_not_asked(monkeypatch):
    with serving(say(FORECAST)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(Unavailable):
            OpenMeteo("http://127.0.0.1:9", timeout_s=1).current("서울")
    assert proxy.asked == []


WRONG = ["file:///etc/passwd", "ftp://x", "api.open-meteo.com", "http://"]


@pytest.mark.parametrize("url", WRONG)
@pytest.mark.parametrize("name", ["weather_base_url", "weather_geocoding_url"])
def test_only_http_addresses_are_asked(shop: Services, guest, name, url):
    right = {"weather_base_url": "http://127.0.0.1:9", "weather_geocoding_url": ""}
    shop.settings = shop.settings.replace(**{**right, name: url})
    with pytest.raises(BadSetting, match=name):
        shop.tool(guest, "get_weather", place="서울")


def test_a_wrong_address_stops_nothing_but_the_weather(shop: Services, minji):
    shop.settings = shop.settings.replace(weather_base_url="ftp://x")
    assert shop.tool(minji, "list_orders").items
    talk = Talk(shop, minji)
    assert talk.say("주문 내역 보여 주세요").cards
    told = talk.say("서울 날씨 어때요?").content
    assert told == Talk(shop, minji).say("부산 날씨 어때요?").content


# ── the tool ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def under(shop: Services):
    """The shop under a sky that answers so."""

    @contextmanager
    def _under(answer: Answer) -> Iterator[Services]:
        with serving(answer) as sky:
            settings = shop.settings.replace(
                weather_base_url=sky.url, weather_geocoding_url=sky.url
            )
            shop.__dict__["weather"] = weather_of(settings)
            yield shop

    return _under


def test_the_tool_tells_the_weather_to_everybody(under, guest):
    with under(say(FORECAST)) as shop:
        found = shop.tool(guest, "get_weather", place=" 서울 ")
    at = datetime(2026, 11, 20, 12, 0, tzinfo=KST)
    assert found == Weather("서울", at, 7.4, "흐림", 0.4, 2.31, "")
    assert found.at == NOW


def test_a_snowy_day_warns_of_late_parcels(under, guest):
    with under(say(changed(weather_code=75, temperature_2m=-3.0))) as shop:
        found = shop.tool(guest, "get_weather", place="강릉")
    assert found.condition == "강한 눈"
    assert found.warning == "눈이 많이 와서 배송이 하루 이틀 늦어질 수 있어요."


def test_without_a_server_the_tool_says_what_to_set(shop: Services, guest):
    with pytest.raises(Unavailable, match="weather_base_url") as caught:
        shop.tool(guest, "get_weather", place="서울")
    assert caught.value.code == "weather_not_configured"


@pytest.mark.parametrize("place", ["", "   ", "가" * 41])
def test_a_place_needs_a_name(under, guest, place):
    with under(say(FORECAST)) as shop, pytest.raises(BadInput, match="예: 서울"):
        shop.tool(guest, "get_weather", place=place)


# ── the rules ────────────────────────────────────────────────────────────────────────────


def seen(**values: Any) -> Observation:
    plain = {"code": 3, "precipitation_mm": 0.0, "wind_ms": 2.0}
    return Observation("서울", NOW, 5.0, **{**plain, **values})


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, ""),
        ({"code": 61, "precipitation_mm": 2.0}, ""),
        ({"day_precipitation_mm": 49.9}, ""),
        ({"day_precipitation_mm": 50.0}, "비가"),
        ({"code": 65}, "비가"),
        ({"day_snow_cm": 4.9}, ""),
        ({"day_snow_cm": 5.0}, "눈이"),
        ({"code": 86, "day_precipitation_mm": 80.0}, "눈이"),
        ({"wind_ms": 14.0}, "바람이"),
        ({"day_gust_ms": 20.0}, "바람이"),
        ({"code": 67}, "길이 얼어서"),
        ({"code": 95}, "천둥번개"),
    ],
)
def test_only_heavy_weather_makes_parcels_late(values, reason):
    said = warning(seen(**values))
    assert said.startswith(reason)
    assert bool(said) == bool(reason)


def test_every_code_open_meteo_documents_has_a_korean_word():
    documented = [0, 1, 2, 3, 45, 48, 51, 53, 55, 56, 57, 61, 63, 65, 66, 67, 71, 73, 75, 77, 80,
                  81, 82, 85, 86, 95, 96, 99]  # fmt: skip
    assert all(condition(code) for code in documented)
    assert condition(123) == ""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("서울 날씨 어때요?", "서울"),
        ("부산광역시 해운대구 우동1로 20", "부산"),
        ("해운대구 센텀로 12", ""),
        ("충청북도 청주시", "충북"),
        ("전라남도 여수", "전남"),
        ("서귀포에 비 와요?", "서귀포"),
        ("고양이 사료", ""),
        ("고양 날씨", "고양"),
        ("날씨 어때", ""),
    ],
)
def test_places_are_found_in_sentences_and_addresses(text, place):
    assert find_place(text) == place
