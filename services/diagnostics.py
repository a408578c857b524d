"""What an administrator may see of the inside: settings, models, routes, what it all costs.

Looking asks no server anything; :meth:`Diagnostics.probe` and :meth:`Diagnostics.generate` do.
Every method takes the caller and raises Forbidden for anybody but an admin.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from dotenv import dotenv_values

from agent.flows import FLOWS
from agent.guardrails import mask_pii
from agent.llm import ChatMessage, Final, Piece, Probe, Tag, TextDelta
from agent.llm.config import OFFLINE, ProviderRow
from agent.llm.providers import ProviderState
from agent.llm.routing import expand
from agent.llm.types import Adapter, Purpose, Route, Step
from agent.shop.calendar import day_of
from agent.types import Caller
from errors import BadInput, Forbidden, NotFound, Unavailable
from services import diagnostics_settings
from services.diagnostics_settings import Notice, SettingRow, shown_url
from services.diagnostics_words import LIGHTS, PURPOSES, missing, passed_over, words_of
from settings import ROOT
from store import llm_calls
from store.llm_calls import DayRow
from store.models import to_text

if TYPE_CHECKING:
    from services.desk import Services

__all__ = [
    "MOST_PROMPT",
    "PROMPT",
    "DayRow",
    "Diagnostics",
    "Final",
    "Notice",
    "Probe",
    "ProviderView",
    "RouteView",
    "SettingRow",
    "words_of",
]

PROMPT = "한 문장으로 인사해 주세요."
MOST_PROMPT = 200  # characters
TEST_S = 15.0
TEST_TOKENS = 200
MOST_DAYS = 400
GREETING = "안녕하세요. 준비된 문구로 답하고 있어요."
_NEEDED = ("base_url", "api_key", "model")


@dataclass(frozen=True, slots=True)
class ProviderView:
    """One provider as it stands. ``light`` is green, orange, red, or gray (not configured).

    ``word`` says the light in Korean; ``last_error`` and ``remedy`` are Korean sentences ("" for
    none), ``last_error_at`` is UTC ISO-8601; ``latency_ms`` is the last first word's. ``local``:
    what is said to it stays in the house and costs nothing.
    """

    name: str
    kind: str
    model: str
    target_url: str
    light: str
    word: str
    last_error: str
    remedy: str
    last_error_at: str | None
    latency_ms: float | None
    breaker: str
    in_flight: int
    concurrency: int
    has_key: bool
    local: bool


@dataclass(frozen=True, slots=True)
class RouteView:
    """Who would answer an intent (or do a purpose's work) now, the desk's own words aside.

    ``steps`` are "provider:model" in turn; ``skipped`` are (provider, why in Korean). ``rule``
    is the row that decided. A purpose has no ``domain``.
    """

    intent: str
    title: str
    domain: str
    rule: str
    steps: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]


class Diagnostics:
    """The inside of one shop. Holds no state: cheap to make for a page or a request.

    ``environment`` and ``env_file`` are the process's own unless a test gives others.
    """

    def __init__(
        self,
        desk: Services,
        *,
        environment: Mapping[str, str] | None = None,
        env_file: Path | None = None,
    ) -> None:
        self._desk = desk
        self._config = desk.llm.config
        self._environment = os.environ if environment is None else environment
        self._env_file = env_file or ROOT / ".env"

    # ── settings ─────────────────────────────────────────────────────────────────────────

    def settings(self, caller: Caller) -> list[SettingRow]:
        """Every setting in force with its origin; secrets masked."""
        _require_admin(caller)
        return diagnostics_settings.rows(self._desk.settings, self._config)

    def notices(self, caller: Caller) -> list[Notice]:
        """What an operator should look at, with the remedy; no secret in any of it."""
        _require_admin(caller)
        used = {name: row for name, row in self._config.providers.items() if not self._lacks(name)}
        unpriced = [
            (name, model)
            for name, row in used.items()
            for model in self._models(name)
            if not self._is_local(row) and f"{name}:{model}" not in self._config.prices
        ]
        return diagnostics_settings.notices(
            self._desk.settings,
            self._config,
            self._environment,
            dotenv_values(self._env_file),
            unpriced=unpriced,
            addresses={name: (self._url(row), self._is_local(row)) for name, row in used.items()},
        )

    # ── models ───────────────────────────────────────────────────────────────────────────

    def providers(self, caller: Caller) -> list[ProviderView]:
        """Every configured provider in the configuration's order, "offline" last."""
        _require_admin(caller)
        states = self._desk.llm.gateway.states()
        views = [self._view(name, states[name]) for name in self._config.providers]
        return [*views, self._offline()]

    def _view(self, name: str, state: ProviderState) -> ProviderView:
        row, models = self._config.providers[name], self._models(name)
        light, word = LIGHTS[state.status]
        error, remedy = ("", "")
        if state.status == "unconfigured":
            error, remedy = missing(self._lacks(name) or "model", name)
        elif state.last_error:
            error, remedy = words_of(state.last_error, name)
            remedy = "" if state.status == "ok" else remedy  # it has answered since
        elif state.latency_ms is None:
            word = "설정됨"
        at = state.last_error_at
        return ProviderView(
            name, row.kind, next(iter(models), ""), shown_url(self._url(row)), light, word, error,
            remedy, to_text(at) if at else None, state.latency_ms, state.breaker,
            state.in_flight, row.concurrency, bool(row.api_key), self._is_local(row),
        )  # fmt: skip

    @staticmethod
    def _offline() -> ProviderView:
        return ProviderView(
            OFFLINE, OFFLINE, "template", "", "green", "늘 준비됨", "", "", None, None, "closed",
            0, 0, False, True,
        )  # fmt: skip

    def _models(self, name: str) -> list[str]:
        """The models by which a provider can be asked, its own first."""
        config = self._config
        chains = (config.local, config.cloud, *config.routes.values(), *config.purposes.values())
        steps = (step for chain in chains for step in expand(config, chain))
        named = [step.model for step in steps if step.provider == name and step.model]
        own = config.providers[name].model
        return list(dict.fromkeys([own, *named] if own else named))

    def _lacks(self, name: str) -> str:
        """The field without which a provider cannot be asked, or ""."""
        row = self._config.providers[name]
        model = next(iter(self._models(name)), "")
        has = {"base_url": self._url(row), "api_key": row.api_key, "model": model}
        needs = self._kind(row).needs | ({"api_key"} if row.needs_key else set())
        return next((field for field in _NEEDED if field in needs and not has[field]), "")

    def _kind(self, row: ProviderRow) -> type[Adapter]:
        return next(one for one in self._desk.llm.adapters if one.kind == row.kind)

    def _url(self, row: ProviderRow) -> str:
        return row.base_url or self._kind(row).default_base_url

    def _is_local(self, row: ProviderRow) -> bool:
        return self._kind(row).local if row.local is None else row.local

    def routes(self, caller: Caller) -> list[RouteView]:
        """Every intent, then every purpose, as it would resolve now."""
        _require_admin(caller)
        route = self._desk.llm.gateway.route
        found = [
            _route_view(row.intent, row.title, row.domain,
                        route(intent=row.intent, domain=row.domain))
            for row in FLOWS.values()
        ]  # fmt: skip
        others: Sequence[Purpose] = [one for one in get_args(Purpose) if one in PURPOSES]
        return found + [_route_view(one, PURPOSES[one], "", route(purpose=one)) for one in others]

    # ── trying one ───────────────────────────────────────────────────────────────────────

    def probe(self, caller: Caller, name: str) -> Probe:
        """Ask a provider for its models now. Raises NotFound; its failure is in the answer."""
        _require_admin(caller)
        return self._desk.llm.gateway.probe(self._named(name))

    def generate(
        self,
        caller: Caller,
        name: str,
        prompt: str = "",
        *,
        cancel: threading.Event | None = None,
    ) -> Generator[TextDelta | Final, None, None]:
        """Have one provider answer ``prompt`` (200 characters at most; "" is a greeting).

        Nobody stands in for it. Raises NotFound, BadInput, Unavailable (not configured) at
        once, and LLMError or Cancelled while it is read.
        """
        _require_admin(caller)
        if len(prompt) > MOST_PROMPT:
            raise BadInput(f"시험할 문장은 {MOST_PROMPT}자까지 적을 수 있어요.")
        route, draft = self._only(self._named(name))
        said = mask_pii(prompt.strip() or PROMPT, for_cloud=True).text
        pieces = self._desk.llm.gateway.complete(
            route, [ChatMessage("user", said)], tag=Tag("test"), deadline_s=TEST_S,
            max_tokens=TEST_TOKENS, draft=draft, cancel=cancel,
        )  # fmt: skip
        return _told(pieces)

    def _only(self, name: str) -> tuple[Route, str | None]:
        """The route that asks this provider and nobody else, and offline's own words."""
        if name == OFFLINE:
            return Route("test", (Step(OFFLINE, "template"),)), GREETING
        if field := self._lacks(name):
            raise Unavailable(" ".join(missing(field, name)), code="model_not_configured")
        return Route("test", (Step(name, self._models(name)[0]),)), None

    def _named(self, name: str) -> str:
        """A configured provider by its name, or the first of a kind. Raises NotFound."""
        rows = self._config.providers
        if name in rows or name == OFFLINE:
            return name
        found = next((one for one, row in rows.items() if row.kind == name), None)
        if found is None:
            known = ", ".join((*rows, OFFLINE))
            raise NotFound(f"그런 제공자는 없어요. {known} 가운데에서 골라 주세요.")
        return found

    # ── what it costs ────────────────────────────────────────────────────────────────────

    def days(self, caller: Caller, count: int = 7) -> list[DayRow]:
        """The sums of the last ``count`` days in Seoul (1 to 400), today included."""
        _require_admin(caller)
        today = day_of(self._desk.clock())
        since = today - timedelta(days=min(max(count, 1), MOST_DAYS) - 1)
        with self._desk.database.read() as tx:
            return llm_calls.daily(tx, since.isoformat(), today.isoformat())


def _told(pieces: Generator[Piece, None, None]) -> Generator[TextDelta | Final, None, None]:
    with closing(pieces):  # whoever stops reading gives the call up
        yield from (piece for piece in pieces if isinstance(piece, TextDelta | Final))


def _route_view(intent: str, title: str, domain: str, route: Route) -> RouteView:
    steps = tuple(f"{one.provider}:{one.model}" for one in route.steps if one.provider != OFFLINE)
    skipped = tuple((one.provider, passed_over(one.reason)) for one in route.skipped)
    return RouteView(intent, title, domain, route.rule, steps, skipped)


def _require_admin(caller: Caller) -> None:
    if caller.role != "admin":
        raise Forbidden("관리자만 볼 수 있어요.")
