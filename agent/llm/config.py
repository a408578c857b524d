"""The ``[llm]`` tables: who the models are, who answers what, and within which bounds.

Four places are laid over each other key by key, as with every setting: the environment,
``.env``, ``sangdam.toml`` and ``defaults.toml`` beside this file. Each value keeps its origin
and what it shadowed. A table that makes no sense is refused at the start, by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from agent.llm.types import OFFLINE, SchemaSupport
from errors import BadSetting

__all__ = ["Budget", "LLMConfig", "Limits", "Origins", "Price", "ProviderRow", "load_config"]

DEFAULTS = Path(__file__).with_name("defaults.toml")
Seconds = Annotated[float, Field(gt=0, le=600)]
Chain = tuple[str, ...]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Row):
    """Bounds of one call; units are in the names."""

    first_token_s: Seconds
    total_s: Seconds
    retries: Annotated[int, Field(ge=0, le=5)]
    retry_after_max_s: Annotated[float, Field(ge=0, le=60)]
    breaker_failures: Annotated[int, Field(ge=1, le=100)]
    breaker_cooldown_s: Seconds
    max_output_tokens: Annotated[int, Field(ge=16, le=32000)]
    max_output_chars: Annotated[int, Field(ge=100, le=1_000_000)]
    tool_steps: Annotated[int, Field(ge=0, le=5)]
    history_tokens: Annotated[int, Field(ge=0, le=100_000)]
    understand_below_percent: Annotated[int, Field(ge=0, le=100)]
    inspect_s: Annotated[float, Field(gt=0, le=60)]


class Budget(_Row):
    """Most that may be spent; 0 is no limit."""

    turn_usd: Annotated[float, Field(ge=0)]
    turn_tokens: Annotated[int, Field(ge=0)]
    day_usd: Annotated[float, Field(ge=0)]


class Price(_Row):
    """USD for a million tokens. ``cache_read`` and ``cache_write`` default to ``input``."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]
    cache_read: Annotated[float, Field(ge=0)] | None = None
    cache_write: Annotated[float, Field(ge=0)] | None = None


class ProviderRow(_Row):
    """One ``[llm.providers.NAME]``; empty strings are not configured.

    ``local`` overrides the kind's own word on whether what is said to it stays in the house;
    ``needs_key``: it is not configured without one. ``vision``: whether it is shown customers'
    photos to judge them, or which of its models are.
    """

    kind: str
    base_url: str = Field(default="", repr=False)  # a password may stand in it
    model: str = ""
    api_key: str = Field(default="", repr=False)
    local: bool | None = None
    needs_key: bool = False
    tools: bool = True
    # `schema` shadows a deprecated pydantic method, so the field has another name inside.
    schema_support: SchemaSupport = Field(default="native", alias="schema")
    usage_in_stream: bool = True
    temperature: bool = True
    context_tokens: Annotated[int, Field(ge=0)] = 0
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 16
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    vision: bool | tuple[str, ...] = False


# "providers.ollama.model" → ((origin, value), …), the one in force first.
Origins = Mapping[str, tuple[tuple[str, Any], ...]]


class LLMConfig(_Row):
    """The tables in force; ``origins`` tells where each value came from (keys among them)."""

    local: Chain
    cloud: Chain
    routes: dict[str, Chain]
    purposes: dict[str, Chain]
    limits: Limits
    budget: Budget
    providers: dict[str, ProviderRow]
    prices: dict[str, Price] = {}
    _origins: Origins = PrivateAttr(default_factory=dict)

    @property
    def origins(self) -> Origins:
        """Of every leaf that some place sets."""
        return self._origins


def load_config(settings: Any) -> LLMConfig:
    """The configuration from ``settings.llm`` over the shipped one.

    Raises BadSetting naming the key and what would be accepted.
    """
    shipped = tomllib.loads(DEFAULTS.read_text("utf-8"))
    origins: dict[str, list[tuple[str, Any]]] = {}
    merged: dict[str, Any] = {}
    for origin, table in (*settings.llm, ("default", shipped)):
        if not isinstance(table, Mapping):
            raise BadSetting(f"{origin}의 llm에는 표가 와야 합니다. [llm]으로 시작해 주세요.")
        for path, value in _leaves(table):
            _put(merged, path, value, origin)
            origins.setdefault(".".join(path), []).append((origin, value))
    try:
        config = LLMConfig.model_validate(merged)
    except ValidationError as error:
        raise BadSetting(_told(error)) from None  # its own words may quote a key
    _check_names(config)
    config._origins = {name: tuple(places) for name, places in origins.items()}
    return config


def _leaves(table: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*at, name))
        else:
            yield (*at, name), value


def _put(tree: dict[str, Any], path: tuple[str, ...], value: Any, origin: str) -> None:
    """Set a leaf unless a stronger place has set it."""
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            raise BadSetting(
                f"[llm]의 {name}에는 값이 아니라 표가 와야 합니다({'.'.join(path)}, {origin})."
            )
    if isinstance(value, list):
        value = tuple(value)
    tree.setdefault(path[-1], value)


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    where = ".".join(path)
    if first["type"] == "extra_forbidden":
        said = f"[llm]에 모르는 설정이 있습니다: {where}."
    elif first["type"] == "missing":
        said = f"[llm]의 {where} 값이 없습니다."
        if path[0] == "providers":  # a name that is misspelt makes a provider of its own
            said += (
                f" 제공자 이름 {path[1]!r}(환경 변수와 .env에서는 SANGDAM_LLM_{path[1].upper()}_…)"
                "을 잘못 적지 않았는지 보고, 새 제공자라면 sangdam.toml에 적어 주세요."
            )
    else:
        told = {name: f"{value}".removesuffix(".0") for name, value in first.get("ctx", {}).items()}
        words = _WRONG.get(first["type"], "형식이 맞지 않습니다.").format(**told)
        said = f"[llm]의 {where} 값을 쓸 수 없습니다. {words.replace(' or ', ', ')}"
    return f"{said} docs/llm.md의 표를 확인해 주세요."


# pydantic's kinds of errors.
_WRONG: Mapping[str, str] = {
    **dict.fromkeys(("tuple_type", "list_type"), '목록으로 적어 주세요. 예: ["local"].'),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "표로 적어 주세요."),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "정수로 적어 주세요."),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "수로 적어 주세요."),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true나 false로 적어 주세요."),
    "string_type": "따옴표로 묶어 적어 주세요.",
    "literal_error": "{expected} 가운데 하나여야 합니다.",
    "greater_than": "{gt}보다 커야 합니다.",
    "greater_than_equal": "{ge} 이상이어야 합니다.",
    "less_than_equal": "{le} 이하여야 합니다.",
}


def _check_names(tables: LLMConfig) -> None:
    """Every chain names what there is. Raises BadSetting."""
    groups = {"local": tables.local, "cloud": tables.cloud}
    if OFFLINE in tables.providers or groups.keys() & tables.providers.keys():
        raise BadSetting("[llm.providers]에는 offline, local, cloud라는 이름을 쓸 수 없습니다.")
    chains = {**groups, **tables.routes, **tables.purposes}
    for name, chain in chains.items():
        for entry in chain:
            known = entry.partition(":")[0] in {*tables.providers, OFFLINE}
            if not known and (name in groups or entry not in groups):
                raise BadSetting(
                    f"[llm]의 {name}에 모르는 제공자 {entry!r}가 있습니다. "
                    f"{', '.join(tables.providers)} 가운데에서 적어 주세요."
                )
    for name in tables.prices:
        if name.partition(":")[0] not in tables.providers:
            raise BadSetting(
                f"[llm.prices]의 {name!r}는 모르는 제공자의 값입니다. '제공자:모델'로 적고, "
                f"제공자는 {', '.join(tables.providers)} 가운데에서 적어 주세요."
            )
