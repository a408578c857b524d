"""What an administrator may see of the inside: settings, models, routes, what it all costs.

Looking asks no server anything; :meth:`Diagnostics.probe` and :meth:`Diagnostics.generate` do.
Every method takes the caller and raises Forbidden for anybody but an admin.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from dotenv import dotenv_values

from agent.flows import FLOWS
from agent.guardrails import mask_pii
from agent.llm import ChatMessage, Final, Piece, Probe, ProviderState, Tag, TextDelta
from agent.llm.prices import price_of
from agent.llm.roles.inspect_photo import NEEDS as PHOTO_NEEDS
from agent.llm.routing import LAST, OWN_ROWS
from agent.llm.types import OFFLINE, Purpose, Route, Step
from agent.shop.calendar import day_of
from agent.types import Caller
from errors import BadInput, Forbidden, Unavailable
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
    "TEST_S",
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
TEST_S = 15.0  # for a whole try
TEST_TOKENS = 200
MOST_DAYS = 400
GREETING = "안녕하세요. 준비된 문구로 답하고 있어요."


@dataclass(frozen=True, slots=True)
class ProviderView:
    """One provider as it stands. ``light`` is green, orange, red, or gray (not configured).

    ``word`` says the light in Korean; ``last_error`` and ``remedy`` are Korean sentences ("" for
    none), ``last_error_at`` is UTC ISO-8601; ``latency_ms`` is the last first word's. ``local``:
    what is said to it stays in the house and costs nothing. ``detail`` is its server's own short
    words of the last error, or what else was noticed of it; English as a rule.
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
    detail: str = ""


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
        self._facts = desk.llm.gateway.facts()
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
        used = {name: facts for name, facts in self._facts.items() if not facts.missing}
        unpriced = [
            (name, model)
            for name, facts in used.items()
            for model in facts.models
            if not facts.local and price_of(self._config.prices, name, model) is None
        ]
        return diagnostics_settings.notices(
            self._desk.settings,
            self._config,
            self._environment,
            dotenv_values(self._env_file),
            unpriced=unpriced,
            addresses={name: (facts.base_url, facts.local) for name, facts in used.items()},
        )

    # ── models ───────────────────────────────────────────────────────────────────────────

    def providers(self, caller: Caller) -> list[ProviderView]:
        """Every configured provider in the configuration's order, "offline" last."""
        _require_admin(caller)
        states = self._desk.llm.gateway.states()
        views = [self._view(name, states[name]) for name in self._config.providers]
        return [*views, self._offline()]

    def _view(self, name: str, state: ProviderState) -> ProviderView:
        row, facts = self._config.providers[name], self._facts[name]
        light, word = LIGHTS[state.status]
        error, remedy = ("", "")
        if state.status == "unconfigured":
            error, remedy = missing(facts.missing, name)
        elif state.last_error:
            error, remedy = words_of(state.last_error, name)
            remedy = "" if state.status == "ok" else remedy  # it has answered since
        elif state.latency_ms is None:
            word = "설정됨"
        at = state.last_error_at
        return ProviderView(
            name, row.kind, next(iter(facts.models), ""), shown_url(facts.base_url), light, word,
            error, remedy, to_text(at) if at else None, state.latency_ms, state.breaker,
            state.in_flight, row.concurrency, bool(row.api_key), facts.local, state.last_detail,
        )  # fmt: skip

    @staticmethod
    def _offline() -> ProviderView:
        return ProviderView(
            OFFLINE, OFFLINE, LAST.model, "", "green", "늘 준비됨", "", "", None, None, "closed",
            0, 0, False, True,
        )  # fmt: skip

    def routes(self, caller: Caller) -> list[RouteView]:
        """Every intent, then every purpose, as it would resolve now."""
        _require_admin(caller)
        route = self._desk.llm.gateway.route
        found = [
            _route_view(row.intent, row.title, row.domain,
                        route(intent=row.intent, domain=row.domain))
            for row in FLOWS.values()
        ]  # fmt: skip
        others: Sequence[Purpose] = [one for one in get_args(Purpose) if one in OWN_ROWS]
        return found + [
            _route_view(
                one, PURPOSES[one], "",
                route(purpose=one, needs=PHOTO_NEEDS if one == "inspect" else ()),
            )
            for one in others
        ]  # fmt: skip

    # ── trying one ───────────────────────────────────────────────────────────────────────

    def probe(self, caller: Caller, name: str) -> Probe:
        """Ask a provider for its models now. Raises NotFound; its failure is in the answer."""
        _require_admin(caller)
        found = self._desk.llm.gateway.probe(name)
        return replace(found, target_url=shown_url(found.target_url))  # it may hold a password

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
        route, draft = self._only(self._desk.llm.gateway.named(name))
        said = mask_pii(prompt.strip() or PROMPT, for_cloud=True).text
        pieces = self._desk.llm.gateway.complete(
            route, [ChatMessage("user", said)], tag=Tag("test"), deadline_s=TEST_S,
            max_tokens=TEST_TOKENS, draft=draft, cancel=cancel,
        )  # fmt: skip
        return _told(pieces)

    def _only(self, name: str) -> tuple[Route, str | None]:
        """The route that asks this provider and nobody else, and offline's own words."""
        if name == OFFLINE:
            return Route("test", (LAST,)), GREETING
        facts = self._facts[name]
        if facts.missing:
            raise Unavailable(" ".join(missing(facts.missing, name)), code="model_not_configured")
        return Route("test", (Step(name, next(iter(facts.models), "")),)), None

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
    steps = tuple(":".join(filter(None, (one.provider, one.model))) for one in route.models)
    skipped = tuple((one.provider, passed_over(one.reason)) for one in route.skipped)
    return RouteView(intent, title, domain, route.rule, steps, skipped)


def _require_admin(caller: Caller) -> None:
    if caller.role != "admin":
        raise Forbidden("관리자만 볼 수 있어요.")
