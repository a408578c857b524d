"""Settings: one table; every value knows where it came from.

A value is looked for, in this order, in the environment (``SANGDAM_`` + the upper-case
name), in ``.env``, in ``sangdam.toml`` and in the table's default. Names end in their
unit (``_krw``, ``_days``, ``_mb``). :func:`load` returns an immutable :class:`Settings`;
``settings.origin(name)`` tells which of the four places won.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values

from errors import BadSetting
from settings_table import TABLE, Setting

__all__ = [
    "LLM_FIELDS", "LLM_LIMITS", "PREFIX", "TABLE", "VERSION", "Origin", "Setting", "Settings",
    "load", "streamlit_flags",
]  # fmt: skip

PREFIX = "SANGDAM_"
ROOT = Path(__file__).resolve().parent
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = str(_PROJECT["version"])
Origin = Literal["environment", ".env", "sangdam.toml", "default"]
# The language models' own tables, each place's, the winning one first (``agent.llm.config``).
LLMSources = tuple[tuple[Origin, Mapping[str, Any]], ...]
# What of them the environment and .env can name: a provider's fields, and two limits.
LLM_FIELDS = ("KIND", "BASE_URL", "MODEL", "API_KEY")
LLM_LIMITS = ("FIRST_TOKEN_S", "TOTAL_S")
_LLM_FIELD = re.compile(rf"{PREFIX}LLM_([A-Z0-9_]+?)_({'|'.join(LLM_FIELDS)})")
_LLM_LIMIT = re.compile(rf"{PREFIX}LLM_({'|'.join(LLM_LIMITS)})")
_BY_NAME = {row.name: row for row in TABLE}


class Settings:
    """Immutable values by attribute (``settings.port``), each with its origin."""

    __slots__ = ("_origins", "_shadowed", "_values", "llm")

    def __init__(
        self,
        values: Mapping[str, Any],
        origins: Mapping[str, Origin],
        shadowed: Mapping[str, Sequence[tuple[Origin, Any]]] | None = None,
        llm: LLMSources = (),
    ) -> None:
        self._values = dict(values)
        self._origins = dict(origins)
        self._shadowed = dict(shadowed or {})
        self.llm = llm

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"no setting named {name!r}") from None

    def origin(self, name: str) -> Origin:
        """Where the value of ``name`` came from. Raises KeyError for an unknown name."""
        return self._origins[name]

    def shadowed(self, name: str) -> tuple[tuple[Origin, Any], ...]:
        """What other places say of ``name`` and lost, the next in line first; raw values."""
        return tuple(self._shadowed.get(name, ()))

    def rules(self) -> dict[str, int]:
        """The shop's own rule values by name: what flows decide by and documents quote."""
        return {row.name: self._values[row.name] for row in TABLE if row.rule}

    def replace(self, **changes: Any) -> Settings:
        """A copy with ``changes``, for tests; ``llm`` is a table as in ``sangdam.toml``.

        Raises KeyError for an unknown name.
        """
        llm = self.llm
        if "llm" in changes:
            llm = (("sangdam.toml", changes.pop("llm")), *llm)
        for name in changes:
            _BY_NAME[name]
        return Settings({**self._values, **changes}, self._origins, self._shadowed, llm)

    @property
    def data_path(self) -> Path:
        """``data_dir`` as an absolute path; a relative one is below the project's root."""
        path = Path(self.data_dir).expanduser()
        return path if path.is_absolute() else ROOT / path

    @property
    def on_loopback(self) -> bool:
        """Whether the server listens on this machine only."""
        return self.host in {"localhost", "::1"} or str(self.host).startswith("127.")


def load(
    environment: Mapping[str, str] | None = None,
    *,
    env_file: Path | None = None,
    toml_file: Path | None = None,
) -> Settings:
    """Read every setting of the table.

    ``environment`` defaults to the process's, the files to ``.env`` and ``sangdam.toml``
    in the project's root. Raises :class:`errors.BadSetting` for a value of the wrong type,
    a desk that never opens, an unknown name in ``sangdam.toml`` or a TOML file that cannot be read.
    """
    environment = os.environ if environment is None else environment
    dotenv = dotenv_values(env_file or ROOT / ".env")
    toml = _read_toml(toml_file or ROOT / "sangdam.toml")
    llm: LLMSources = (
        ("environment", _llm_fields(environment)),
        (".env", _llm_fields(dotenv)),
        ("sangdam.toml", toml.pop("llm", {})),
    )
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    shadowed: dict[str, list[tuple[Origin, Any]]] = {}
    for row in TABLE:
        key = PREFIX + row.name.upper()
        places: tuple[tuple[Origin, Any], ...] = (
            ("environment", environment.get(key)),
            (".env", dotenv.get(key)),
            ("sangdam.toml", toml.get(row.name)),
            ("default", row.default),
        )
        (origin, raw), *lost = (place for place in places if place[1] is not None)
        shadowed[row.name] = lost
        values[row.name] = _convert(row, raw, origin)
        origins[row.name] = origin
    _check_desk_hours(values["business_hours_start"], values["business_hours_end"])
    return Settings(values, origins, shadowed, llm)


def _llm_fields(names: Mapping[str, str | None]) -> dict[str, Any]:
    """``SANGDAM_LLM_OLLAMA_MODEL=…`` as ``{"providers": {"ollama": {"model": …}}}``."""
    tables: dict[str, dict[str, Any]] = {}
    for name, value in sorted(names.items()):
        field, limit = _LLM_FIELD.fullmatch(name), _LLM_LIMIT.fullmatch(name)
        if field and value:
            row = tables.setdefault("providers", {}).setdefault(field[1].lower(), {})
            row[field[2].lower()] = value.strip()
        elif limit and value:
            tables.setdefault("limits", {})[limit[1].lower()] = value.strip()
    return tables


def _check_desk_hours(start: int, end: int) -> None:
    if not start < end <= 24:  # else no desk time ever passes
        raise BadSetting(
            f"설정 business_hours_start({start})와 business_hours_end({end})를 쓸 수 없습니다. "
            "여는 시각이 닫는 시각보다 앞서고 둘 다 24 이하인 정수가 되게 적어 주세요."
        )


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"sangdam.toml을 읽을 수 없습니다: {error}") from error
    unknown = sorted(set(table) - set(_BY_NAME) - {"llm"})
    if unknown:
        raise BadSetting(f"sangdam.toml에 모르는 설정이 있습니다: {', '.join(unknown)}")
    return table


def _convert(row: Setting, raw: Any, origin: Origin) -> Any:
    kind = type(row.default)
    text = str(raw).strip()
    wanted = "true나 false로" if kind is bool else "0 이상의 정수로"
    if kind is bool:
        lowered = text.lower()
        if lowered in {"1", "true", "yes", "on"}:
            return True
        if lowered in {"0", "false", "no", "off"}:
            return False
    elif kind is int:
        if text.lstrip("-").isdigit() and int(text) >= 0:
            return int(text)
    else:
        try:
            return _checked(row, text)
        except ValueError as error:
            wanted = str(error)
    raise BadSetting(
        f"설정 {row.name}의 값 {raw!r}을(를) 쓸 수 없습니다({origin}). {wanted} 적어 주세요."
    )


def _checked(row: Setting, text: str) -> str:
    if row.choices:
        if text.lower() not in row.choices:
            raise ValueError(f"{', '.join(row.choices)} 중 하나로")
        return text.lower()
    if row.check:
        row.check(text)
    return text


def streamlit_flags(settings: Settings) -> list[str]:
    """What ``streamlit run`` must be told so that host and port are the settings'."""
    return [f"--server.address={settings.host}", f"--server.port={settings.port}"]


if __name__ == "__main__":
    try:
        print(" ".join(streamlit_flags(load())))
    except BadSetting as error:
        sys.exit(error.message)
