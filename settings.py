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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values

from errors import BadSetting

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


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table, nothing secret; ``rule`` marks a shop rule.

    ``choices`` are the only words a text may be (in any case, kept in lower case); ``check``
    raises ValueError, saying in Korean what would be accepted, for a text of no use.
    """

    name: str
    default: str | int | bool
    help: str
    rule: bool = False
    choices: tuple[str, ...] = ()
    check: Callable[[str], object] | None = None


def _rule(name: str, default: int | bool, text: str) -> Setting:
    return Setting(name, default, text, rule=True)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _check_networks(text: str) -> None:
    try:
        for part in _listed(text):
            ip_network(part, strict=False)
    except ValueError:
        raise ValueError("10.0.0.1이나 10.0.0.0/8 같은 주소를 쉼표로 이어") from None


def _check_origins(text: str) -> None:
    if _listed(text) != ["*"] and not all(map(_is_origin, _listed(text))):
        raise ValueError("https://shop.example.com 같은 출처를 쉼표로 잇거나 * 하나만")


def _is_origin(text: str) -> bool:
    """Whether a browser would send just this as ``Origin``: no path, no name, lower case."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and parts.port != 0 and bool(parts.hostname)
    except ValueError:  # no port, or no address in the brackets
        return False
    plain = text == f"{parts.scheme}://{parts.netloc}".lower() and text.isascii()
    return whole and plain and not set(text) & set("@*\\ ")


TABLE: tuple[Setting, ...] = (
    Setting("data_dir", "var", "Folder for everything the program writes."),
    Setting("host", "127.0.0.1", "Address the server listens on."),
    Setting("port", 8501, "TCP port of the console and the API."),
    Setting("demo", True, "Seed the demonstration shop and show its accounts."),
    Setting(
        "demo_on_any_host",
        False,
        "Let the demonstration accounts sign in when the server listens beyond loopback.",
    ),
    Setting("seed", 20260101, "Random seed of the demonstration shop."),
    Setting("session_days", 14, "Days a sign-in lasts in a browser."),
    Setting("login_max_failures", 5, "Failed sign-ins in a row before an account is locked."),
    Setting("login_lock_minutes", 15, "Minutes an account stays locked."),
    Setting("access_token_minutes", 15, "Minutes an access token of the API is valid."),
    Setting("guest_token_days", 14, "Days a guest's token of the API is valid."),
    Setting("sign_in_tries_per_minute", 10, "Failed sign-ins a minute from one address."),
    Setting("registrations_per_hour", 500, "New accounts an hour from one address."),
    Setting("turns_per_minute", 60, "Messages a minute from one caller."),
    Setting("guest_turns_per_minute", 600, "Messages a minute from all guests of one address."),
    Setting("requests_per_minute", 6000, "API requests a minute from one address; 0 is any."),
    Setting("max_body_mb", 12, "Largest request body of the API, in MB."),
    Setting("body_timeout_s", 30, "Seconds a request's body may take to arrive."),
    Setting("turn_timeout_s", 60, "Seconds an answer may take before the API gives up on it."),
    Setting(
        "turn_workers",
        0,
        "Turns answered at the same time; 0 is one a core, 64 with a language model.",
    ),
    Setting("turn_queue_max", 500, "Turns that may wait for their turn; more are turned away."),
    Setting("sse_heartbeat_s", 15, "Seconds of silence after which a stream sends a heartbeat."),
    Setting("stream_resume_s", 3, "Seconds a turn goes on after its reader has left a stream."),
    Setting("shutdown_grace_s", 20, "Seconds running turns get to finish when the server stops."),
    Setting(
        "cors_origins",
        "",
        "Web origins that may call the API, separated by commas.",
        check=_check_origins,
    ),
    Setting(
        "trusted_proxies",
        "",
        "Addresses or networks whose X-Forwarded-For is believed (commas).",
        check=_check_networks,
    ),
    Setting(
        "model_calls_days",
        90,
        "Days each call of a language model is kept; 0 for ever. Sums by day stay.",
    ),
    Setting("hsts_days", 0, "Days of Strict-Transport-Security; 0 sends none (no TLS)."),
    Setting(
        "v1_key_required",
        "auto",
        "Whether /v1 asks for an API key: yes, no, auto (beyond loopback).",
        choices=("auto", "yes", "no"),
    ),
    Setting(
        "log_format",
        "text",
        "Log lines: text, or json for a log collector.",
        choices=("text", "json"),
    ),
    Setting(
        "log_level",
        "info",
        "Least level that is logged: debug, info, warning, error.",
        choices=("debug", "info", "warning", "error"),
    ),
    Setting("max_message_chars", 4000, "Longest chat message, in characters.", rule=True),
    Setting("max_image_mb", 10, "Largest photo, in MB.", rule=True),
    Setting("context_ttl_minutes", 60, "Minutes a conversation's pending question is remembered."),
    Setting("intent_min_percent", 40, "Below this confidence (percent) the desk asks back."),
    Setting(
        "embedder_model_dir",
        "",
        "Folder of a sentence-transformers model for policy search; empty uses the built-in one.",
    ),
    Setting(
        "weather_base_url",
        "",
        "Open-Meteo server for delivery delays (https://api.open-meteo.com); empty: no weather.",
    ),
    Setting(
        "weather_geocoding_url",
        "",
        "Its place search (https://geocoding-api.open-meteo.com); empty: the large cities only.",
    ),
    Setting("weather_timeout_s", 3, "Seconds the weather may take, place search included."),
    _rule("shipping_fee_krw", 3000, "Delivery fee below the free-shipping threshold."),
    _rule("free_shipping_threshold_krw", 50000, "Goods total from which delivery is free."),
    _rule("return_fee_one_way_krw", 3000, "Return shipping the buyer pays, one way."),
    _rule("return_fee_round_trip_krw", 6000, "Return shipping if delivery was free, or exchange."),
    _rule("return_window_days", 7, "Days after delivery for a change of mind (법 제17조 1항)."),
    _rule("seller_fault_window_months", 3, "Months after delivery for seller fault (제17조 3항)."),
    _rule("seller_fault_notice_days", 30, "Days after noticing a seller fault (제17조 3항)."),
    _rule("refund_business_days", 3, "Business days to refund returned goods (제18조 2항)."),
    _rule("late_refund_rate_percent", 15, "Yearly interest on late refunds (시행령 제21조의3)."),
    _rule("card_refund_min_business_days", 3, "Earliest a card cancellation shows."),
    _rule("card_refund_max_business_days", 7, "Latest a card cancellation shows."),
    _rule("confirmation_ttl_minutes", 10, "Minutes a proposed change can be confirmed."),
    _rule("payment_deadline_days", 3, "Days a bank transfer may take before the order lapses."),
    _rule("delivery_min_business_days", 1, "Shortest delivery after dispatch."),
    _rule("delivery_max_business_days", 3, "Longest usual delivery after dispatch."),
    _rule("ticket_auto_close_days", 7, "Days of silence after which a resolved ticket closes."),
    _rule("business_hours_start", 9, "Hour (KST) the desk opens, Monday to Friday."),
    _rule("business_hours_end", 18, "Hour (KST) the desk closes."),
    _rule("sla_first_response_urgent_hours", 1, "First answer, urgent (business hours)."),
    _rule("sla_first_response_high_hours", 4, "First answer, high (business hours)."),
    _rule("sla_first_response_normal_hours", 8, "First answer, normal (business hours)."),
    _rule("sla_first_response_low_hours", 24, "First answer, low (business hours)."),
    _rule("sla_resolution_urgent_hours", 8, "Resolution, urgent (business hours)."),
    _rule("sla_resolution_high_hours", 24, "Resolution, high (business hours)."),
    _rule("sla_resolution_normal_hours", 48, "Resolution, normal (business hours)."),
    _rule("sla_resolution_low_hours", 72, "Resolution, low (business hours)."),
    _rule("guest_lookup_max_tries", 3, "Tries a guest has to find an order by number and e-mail."),
    # Policies in which shops differ; the defaults are domain.md's.
    _rule("option_changes_max", 0, "Option changes an order may have; 0 for any number."),
    _rule("cancel_after_option_change", True, "Whether an order may be cancelled after one."),
    _rule("price_difference", False, "Whether changes and exchanges may change the price."),
    _rule("exchange_same_option", False, "Whether a buyer may exchange for the same option."),
    _rule("claims_per_order_max", 0, "Returns and exchanges an order may have; 0 for any number."),
    _rule("refund_to_stored_value", False, "Whether a return may pay into stored value instead."),
)
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
