"""Weather as the shop cares about it: what it is called, and when parcels are late for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = ["LATE", "PLACES", "Observation", "condition", "find_place", "warning"]

LATE = "배송이 하루 이틀 늦어질 수 있어요"
# Where the Korean weather service warns: 대설 5 cm of new snow, 강풍 14 m/s or gusts of
# 20 m/s. Its rain warning (110 mm in half a day) comes after the lorries already wait.
HEAVY_RAIN_MM, HEAVY_SNOW_CM, STRONG_WIND_MS, STRONG_GUST_MS = 50.0, 5.0, 14.0, 20.0

# WMO 4677 as Open-Meteo uses it.
_CONDITION: Mapping[int, str] = {
    0: "맑음", 1: "대체로 맑음", 2: "구름 조금", 3: "흐림", 45: "안개", 48: "짙은 안개",
    51: "약한 이슬비", 53: "이슬비", 55: "강한 이슬비", 56: "어는 이슬비", 57: "강한 어는 이슬비",
    61: "약한 비", 63: "비", 65: "강한 비", 66: "어는 비", 67: "강한 어는 비",
    71: "약한 눈", 73: "눈", 75: "강한 눈", 77: "싸락눈",
    80: "약한 소나기", 81: "소나기", 82: "강한 소나기", 85: "소낙눈", 86: "강한 소낙눈",
    95: "천둥번개", 96: "우박을 동반한 천둥번개", 99: "강한 우박을 동반한 천둥번개",
}  # fmt: skip
_RAIN = {65: "비가 많이 와서", 82: "비가 많이 와서", 95: "천둥번개가 쳐서",
         96: "천둥번개가 쳐서", 99: "천둥번개가 쳐서", 66: "길이 얼어서",
         67: "길이 얼어서", 57: "길이 얼어서"}  # fmt: skip
_SNOW = (75, 86)

# The 17 provinces and metropolitan cities (by their seats), then other large cities:
# (latitude, longitude) in degrees, WGS 84.
PLACES: Mapping[str, tuple[float, float]] = {
    "서울": (37.5665, 126.9780), "부산": (35.1796, 129.0756), "대구": (35.8714, 128.6014),
    "인천": (37.4563, 126.7052), "광주": (35.1595, 126.8526), "대전": (36.3504, 127.3845),
    "울산": (35.5384, 129.3114), "세종": (36.4800, 127.2890), "경기": (37.2636, 127.0286),
    "강원": (37.8813, 127.7298), "충북": (36.6424, 127.4890), "충남": (36.6588, 126.6728),
    "전북": (35.8242, 127.1480), "전남": (34.8118, 126.3922), "경북": (36.5684, 128.7294),
    "경남": (35.2280, 128.6811), "제주": (33.4996, 126.5312),
    "수원": (37.2636, 127.0286), "용인": (37.2411, 127.1776), "고양": (37.6584, 126.8320),
    "성남": (37.4200, 127.1267), "화성": (37.1995, 126.8312), "부천": (37.5034, 126.7660),
    "안산": (37.3219, 126.8309), "안양": (37.3943, 126.9568), "평택": (36.9921, 127.1129),
    "의정부": (37.7381, 127.0337), "파주": (37.7599, 126.7800), "김포": (37.6153, 126.7156),
    "군포": (37.3617, 126.9352), "춘천": (37.8813, 127.7298), "원주": (37.3422, 127.9202),
    "강릉": (37.7519, 128.8761), "속초": (38.2070, 128.5918), "청주": (36.6424, 127.4890),
    "충주": (36.9910, 127.9259), "천안": (36.8151, 127.1139), "아산": (36.7898, 127.0018),
    "전주": (35.8242, 127.1480), "군산": (35.9676, 126.7369), "익산": (35.9483, 126.9576),
    "목포": (34.8118, 126.3922), "여수": (34.7604, 127.6622), "순천": (34.9506, 127.4872),
    "포항": (36.0190, 129.3435), "구미": (36.1195, 128.3446), "경주": (35.8562, 129.2247),
    "안동": (36.5684, 128.7294), "창원": (35.2280, 128.6811), "김해": (35.2285, 128.8894),
    "진주": (35.1800, 128.1076), "양산": (35.3350, 129.0372), "거제": (34.8806, 128.6211),
    "서귀포": (33.2541, 126.5601), "울릉": (37.4845, 130.9057),
}  # fmt: skip
_LONG = {"충청북": "충북", "충청남": "충남", "전라북": "전북", "전라남": "전남",
         "경상북": "경북", "경상남": "경남"}  # fmt: skip
# A name opens its word (해운대구 is not 대구); some words open like a city.
_PLACE = re.compile(
    rf"(?<![가-힣])(?:{'|'.join(sorted(PLACES, key=len, reverse=True))})"
    r"(?!(?<=고양)이|(?<=경주)용|(?<=양산)\s?(?:쓰|추천)|(?<=대구)[탕포])"
)


@dataclass(frozen=True, slots=True)
class Observation:
    """The weather of a place: now, and today's sums and peaks.

    Temperatures in °C, precipitation in mm, snow in cm, wind in m/s; ``code`` is WMO 4677;
    ``at`` is aware.
    """

    place: str
    at: datetime
    temperature_c: float
    code: int
    precipitation_mm: float
    wind_ms: float
    day_precipitation_mm: float = 0.0
    day_snow_cm: float = 0.0
    day_gust_ms: float = 0.0


def condition(code: int) -> str:
    """The Korean word of a WMO weather code; an unknown one has none ("")."""
    return _CONDITION.get(code, "")


def warning(seen: Observation) -> str:
    """Why parcels may be late ("눈이 많이 와서 배송이 …"); empty in ordinary weather."""
    rain = max(seen.precipitation_mm, seen.day_precipitation_mm)
    if seen.day_snow_cm >= HEAVY_SNOW_CM or seen.code in _SNOW:
        return f"눈이 많이 와서 {LATE}."
    if seen.code in _RAIN:
        return f"{_RAIN[seen.code]} {LATE}."
    if rain >= HEAVY_RAIN_MM:
        return f"비가 많이 와서 {LATE}."
    if seen.wind_ms >= STRONG_WIND_MS or seen.day_gust_ms >= STRONG_GUST_MS:
        return f"바람이 강해서 {LATE}."
    return ""


def find_place(text: str) -> str:
    """The first place of :data:`PLACES` that the text names; "" when it names none."""
    for long, short in _LONG.items():
        text = text.replace(long, short)
    found = _PLACE.search(text)
    return found[0] if found else ""
