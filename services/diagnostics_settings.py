"""Settings as the diagnostics show them: every value with its origin, and what looks wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from agent.llm.config import LLMConfig
from services.settings_words import LLM_GROUP, about, about_llm, group_of
from settings import LLM_FIELDS, LLM_LIMITS, PREFIX, TABLE, Setting, Settings

__all__ = [
    "Addresses",
    "Notice",
    "SettingRow",
    "Unpriced",
    "hidden",
    "notices",
    "rows",
    "shown_url",
]

HIDDEN = "가림"
SHOW_FROM = 16  # characters of a secret from which its last four are told
_USER = re.compile(r"(?P<scheme>(?:^|(?<=[\s,]))(?:[A-Za-z][\w+.-]*://)?)[^\s,]*@")
_QUERY = re.compile(r"[?#][^\s,]*")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
# What other programs read → what this one reads instead.
_FOREIGN = {
    "OPENAI_BASE_URL": "SANGDAM_LLM_OPENAI_BASE_URL",
    "OPENAI_API_BASE": "SANGDAM_LLM_OPENAI_BASE_URL",
    "OPENAI_API_KEY": "SANGDAM_LLM_OPENAI_API_KEY",
    "OPENAI_CUSTOM_HEADERS": "sangdam.toml의 [llm.providers.openai] headers",
    "OPENAI_ORG_ID": "sangdam.toml의 [llm.providers.openai] headers",
    "OPENAI_PROJECT_ID": "sangdam.toml의 [llm.providers.openai] headers",
    "OPENROUTER_API_KEY": "SANGDAM_LLM_OPENROUTER_API_KEY",
    "ANTHROPIC_BASE_URL": "SANGDAM_LLM_ANTHROPIC_BASE_URL",
    "ANTHROPIC_API_KEY": "SANGDAM_LLM_ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN": "SANGDAM_LLM_ANTHROPIC_API_KEY",
    "ANTHROPIC_CUSTOM_HEADERS": "sangdam.toml의 [llm.providers.anthropic] headers",
    "OLLAMA_HOST": "SANGDAM_LLM_OLLAMA_BASE_URL",
    "OLLAMA_API_KEY": "SANGDAM_LLM_OLLAMA_API_KEY",
}
# Names of versions before there were several providers.
_FORMER = {
    "SANGDAM_LLM_BASE_URL": "SANGDAM_LLM_VLLM_BASE_URL",
    "SANGDAM_LLM_MODEL": "SANGDAM_LLM_VLLM_MODEL",
    "SANGDAM_LLM_API_KEY": "SANGDAM_LLM_VLLM_API_KEY",
    "SANGDAM_LLM_TIMEOUT_S": "SANGDAM_LLM_TOTAL_S",
}
_HOUSE = (".local", ".lan", ".internal", ".home.arpa")  # names that only a house's own net has
Unpriced = Sequence[tuple[str, str]]  # provider and model
Addresses = Mapping[str, tuple[str, bool]]  # provider → its address, whether it is local


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One value in force as it may be shown. ``shadowed`` are (origin, value) that lost.

    ``origin`` is "environment", ".env", "sangdam.toml" or "default"; a ``secret`` is masked in
    ``value`` and ``shadowed`` alike.
    """

    name: str
    value: str
    origin: str
    shadowed: tuple[tuple[str, str], ...]
    help: str
    group: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an operator should look at: the name it is about, a sentence with the remedy."""

    name: str
    text: str


# ── the rows ─────────────────────────────────────────────────────────────────────────────


def rows(settings: Settings, config: LLMConfig) -> list[SettingRow]:
    """Every setting of the table, then every value of the ``[llm]`` tables."""
    return [_row(settings, row) for row in TABLE] + [
        _llm_row(path, places) for path, places in sorted(config.origins.items())
    ]


def _row(settings: Settings, row: Setting) -> SettingRow:
    places = _places(settings, row)
    return _made(row.name, places, about(row.name), group_of(row.name))


def _places(settings: Settings, row: Setting) -> tuple[tuple[str, Any], ...]:
    """Where a setting is written and what, the place that won first."""
    won = settings.origin(row.name), getattr(settings, row.name)
    return won, *settings.shadowed(row.name)


def _llm_row(path: str, places: Sequence[tuple[str, Any]]) -> SettingRow:
    return _made(f"llm.{path}", places, about_llm(path), LLM_GROUP, _is_secret(path))


def _made(
    name: str, places: Sequence[tuple[str, Any]], text: str, group: str, secret: bool = False
) -> SettingRow:
    url = name.endswith(("url", "proxies", "origins"))
    told = [(origin, _shown(value, secret=secret, url=url)) for origin, value in places]
    return SettingRow(name, told[0][1], told[0][0], tuple(told[1:]), text, group, secret)


def _is_secret(path: str) -> bool:
    """Keys, and headers: nobody knows which of them hold one."""
    return path.endswith(".api_key") or re.match(r"providers\.[^.]+\.headers", path) is not None


def _shown(value: Any, *, secret: bool, url: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):  # only an empty table is a value
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if secret:
        return hidden(text)
    return shown_url(text) if url or "://" in text else text


def hidden(text: str) -> str:
    """A secret: "" when there is none, its last four signs only where they give nothing away."""
    if not text:
        return ""
    return f"{HIDDEN} · 끝 4자리 {text[-4:]}" if len(text) >= SHOW_FROM else HIDDEN


def shown_url(text: str) -> str:
    """Addresses without what may be secret in them: a user's part, a query, a fragment."""
    return _QUERY.sub(f"?{HIDDEN}", _USER.sub(rf"\g<scheme>{HIDDEN}@", text))


# ── what looks wrong ─────────────────────────────────────────────────────────────────────


def notices(
    settings: Settings,
    config: LLMConfig,
    environment: Mapping[str, str],
    dotenv: Mapping[str, str | None],
    unpriced: Unpriced,
    addresses: Addresses,
) -> list[Notice]:
    """Everything an operator should look at, the most dangerous first.

    ``addresses`` are those of the configured providers, ``unpriced`` the models in use whose
    price nobody wrote down.
    """
    return [
        *_exposed(settings),
        *_plain_http(addresses),
        *_disagreeing(settings, config),
        *_unknown_names(config, environment, dotenv),
        *_foreign(environment, dotenv),
        *_unpriced(unpriced),
    ]


def _exposed(settings: Settings) -> Iterator[Notice]:
    if settings.on_loopback or not settings.demo:
        return
    if settings.demo_on_any_host:
        yield Notice(
            "demo_on_any_host",
            "다른 컴퓨터에서도 누구나 아는 비밀번호로 데모 관리자 계정에 로그인할 수 있어요. "
            "시연이 끝났다면 SANGDAM_DEMO_ON_ANY_HOST=false를 적고 다시 시작해 주세요.",
        )
    else:
        yield Notice(
            "demo",
            "다른 컴퓨터에 열린 서버에 데모 상점이 들어 있어요. 데모 계정의 로그인은 막혀 "
            "있어요. 실제 상점이라면 SANGDAM_DEMO=false를 적고 다시 시작해 주세요.",
        )


def _plain_http(addresses: Addresses) -> Iterator[Notice]:
    for name, (url, local) in addresses.items():
        if _in_the_clear(url, local=local):
            own = "" if local else " 상점 안의 서버라면 sangdam.toml에 local = true를 적으면 돼요."
            yield Notice(
                f"llm.providers.{name}.base_url",
                f"{name}에 보내는 키와 문의 내용이 암호화되지 않은 http로 나가요. https 주소로 "
                f"바꿔 주세요.{own}",
            )


def _in_the_clear(url: str, *, local: bool) -> bool:
    """Whether what is said to an address can be read on its way there.

    A ``local`` server's is believed to stay in the house, unless its address says otherwise.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # no address at all: whoever is asked to connect says so
        return False
    if parts.scheme != "http" or host == "localhost":
        return False
    try:
        at = ip_address(host)
    except ValueError:  # a name
        return not (local and ("." not in host or host.endswith(_HOUSE)))
    return not (at.is_loopback or (local and at.is_private))


def _disagreeing(settings: Settings, config: LLMConfig) -> Iterator[Notice]:
    """Where the environment hides another value of ``.env``."""
    found = [row.name for row in TABLE if _differs(_places(settings, row), row)]
    found += [f"llm.{path}" for path, places in sorted(config.origins.items()) if _differs(places)]
    for name in found:
        yield Notice(
            name,
            "환경 변수와 .env에 서로 다른 값이 적혀 있어요. 지금은 환경 변수의 값이 쓰여요. "
            "한쪽을 지우거나 같은 값으로 맞춰 주세요.",
        )


def _differs(places: Sequence[tuple[str, Any]], row: Setting | None = None) -> bool:
    said = {origin: _meant(value, row) for origin, value in places}
    return "environment" in said and said.get(".env", said["environment"]) != said["environment"]


def _meant(value: Any, row: Setting | None) -> str:
    """A value as it would be understood: "on" and "1" are the same yes."""
    text = str(value).strip()
    if row is not None and isinstance(row.default, bool):
        return str(text.lower() in ("1", "true", "yes", "on"))
    return text.lower() if row is not None and row.choices else text


def _unknown_names(
    config: LLMConfig, environment: Mapping[str, str], dotenv: Mapping[str, str | None]
) -> Iterator[Notice]:
    known = [PREFIX + row.name.upper() for row in TABLE]
    known += [f"{PREFIX}LLM_{limit}" for limit in LLM_LIMITS]
    known += [f"{PREFIX}LLM_{name.upper()}_{field}" for name in config.providers
              for field in LLM_FIELDS]  # fmt: skip
    for name, where in _written(environment, dotenv):
        if name.startswith(PREFIX) and name not in known:
            advice = _advice(name, known)
            yield Notice(name, f"{where}에 모르는 설정이 있어 쓰지 않아요. {advice}")


def _advice(name: str, known: Sequence[str]) -> str:
    if name in _FORMER:
        return f"이제는 {_FORMER[name]}에 적어 주세요."
    bare = [one.removeprefix(PREFIX) for one in known]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), bare, 1, 0.7)
    if not near:
        return "이름을 확인해 주세요."
    return f"{PREFIX}{near[0]} 대신 잘못 적은 것인지 살펴봐 주세요."


def _foreign(environment: Mapping[str, str], dotenv: Mapping[str, str | None]) -> Iterator[Notice]:
    for name, where in _written(environment, dotenv):
        if ours := _FOREIGN.get(name):
            yield Notice(
                name,
                f"{where}에 다른 프로그램의 변수가 있어요. 상담 프로그램은 이 값을 쓰지 않아요. "
                f"같은 값이 필요하면 {ours}에 적어 주세요.",
            )
        elif name.upper() in _PROXIES:
            yield Notice(
                name,
                f"{where}에 프록시가 있지만 언어 모델에는 프록시를 거치지 않고 바로 연결해요. "
                "꼭 거쳐야 하면 제공자의 base_url에 그 서버의 주소를 적어 주세요.",
            )


def _written(
    environment: Mapping[str, str], dotenv: Mapping[str, str | None]
) -> Iterator[tuple[str, str]]:
    """Each name with where it stands, once."""
    for name in sorted({*environment, *dotenv}):
        places = [where for where, names in (("환경 변수", environment), (".env", dotenv))
                  if name in names]  # fmt: skip
        yield name, "와 ".join(places)


def _unpriced(found: Unpriced) -> Iterator[Notice]:
    for provider, model in found:
        yield Notice(
            f"llm.prices.{provider}:{model}",
            "값을 적지 않은 모델이라 쓴 비용을 알 수 없고 하루 예산에도 들어가지 않아요. "
            f'sangdam.toml의 [llm.prices."{provider}:{model}"]에 input과 output을 적어 주세요. '
            "상점 안의 서버라면 local = true를 적으면 돼요.",
        )
