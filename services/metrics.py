"""What is counted for Prometheus: one registry a shop, named and labelled by its conventions.

Base units (seconds, bytes) in the names, counters end in ``_total``; labels take known words
only (:mod:`services.metrics_words`). Counting is thread safe and costs microseconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from agent.flows import FLOWS
from agent.types import Message, TokenUsage
from services import metrics_words as words
from services.metrics_store import DeskCollector
from services.metrics_words import NONE, OTHER, known
from settings import VERSION

if TYPE_CHECKING:
    from services.desk import Services
    from vision.types import Report

__all__ = ["BUCKETS_S", "Metrics"]

# A template answers in 5 to 50 ms, a model in seconds; after 60 s the API gives up.
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
MOST_ROUTES = 200  # there are fewer; a path that came in place of its template must not pile up


class Metrics:
    """Counters of one shop. Safe to share between threads.

    ``route`` is always the template ("/api/orders/{order_id}"), never the path.
    """

    def __init__(self, desk: Services) -> None:
        # A second series beside every one, that nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._desk = desk
        self.registry = CollectorRegistry(auto_describe=False)
        self._lock = threading.Lock()
        self._routes: set[str] = set()
        self._make_turns()
        self._make_models()
        self._make_searches()
        self._make_photos()
        self._make_requests()
        self._tell_program()
        self.registry.register(DeskCollector(desk))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def render(self) -> tuple[bytes, str]:
        """Everything in Prometheus' text format, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

    # ── turns ────────────────────────────────────────────────────────────────────────────

    def turn(
        self,
        *,
        source: str,
        outcome: str,
        message: Message | None,
        seconds: float,
        first_delta_s: float | None,
    ) -> None:
        """Count one turn that ended.

        ``outcome`` is :func:`services.metrics_words.outcome_of`'s word; ``seconds`` and
        ``first_delta_s`` (None: no word came) count from when the turn was asked for.
        """
        source = known(source, words.SOURCES)
        intent = known(message.intent, FLOWS) if message else NONE
        provider = self._provider(message.provider) if message else NONE
        self._turns.labels(intent, provider, known(outcome, words.OUTCOMES)).inc()
        self._turn_seconds.labels(source).observe(seconds)
        if first_delta_s is not None:
            self._first_delta_seconds.labels(source).observe(first_delta_s)
        if message is not None:
            for flag in message.guardrails:
                self._guardrails.labels(known(flag, words.FLAGS)).inc()

    def refused_turn(self, reason: str) -> None:
        """Count a turn that was not begun: "rate_limited", "busy" or "stopping"."""
        self._refused.labels(known(reason, words.REFUSED)).inc()

    # ── models ───────────────────────────────────────────────────────────────────────────

    def llm_usage(self, provider: str, usage: TokenUsage, *, cost_usd: float = 0.0) -> None:
        """Count what a call of a model took."""
        provider = self._provider(provider)
        for kind, tokens in (
            ("prompt", usage.prompt_tokens),
            ("completion", usage.completion_tokens),
        ):
            if tokens > 0:
                self._tokens.labels(provider, kind).inc(tokens)
        if cost_usd > 0:
            self._cost.labels(provider).inc(cost_usd)

    def llm_error(self, provider: str, kind: str) -> None:
        """Count a model's failure; ``kind`` is one of ``metrics_words.LLM_ERRORS``."""
        self._llm_errors.labels(self._provider(provider), known(kind, words.LLM_ERRORS)).inc()

    def breaker(self, provider: str, state: str) -> None:
        """Say whether a provider is asked at all. Raises KeyError for an unknown state."""
        self._breaker.labels(self._provider(provider)).set(words.BREAKER[state])

    def _provider(self, name: str) -> str:
        return known(name, self._desk.llm.known_providers)

    # ── photos ───────────────────────────────────────────────────────────────────────────

    def photo_upload(self, result: str) -> None:
        """Count an uploaded photo: "stored", or the code of the error it was refused with."""
        self._photos.labels(known(result, words.PHOTO_RESULTS)).inc()

    def photo_judged(self, report: Report, seconds: float) -> None:
        """Count a photo's report, and what each judge could say."""
        self._photo_reports.labels(known(report.verdict, words.PHOTO_VERDICTS)).inc()
        self._photo_seconds.observe(seconds)
        for one in report.opinions:
            judge, state = (
                known(one.judge, words.PHOTO_JUDGES),
                known(one.state, words.PHOTO_STATES),
            )
            self._photo_judgements.labels(judge, state).inc()

    def photo_failed(self) -> None:
        """Count a photo that could not be judged for a fault of ours."""
        self._photo_reports.labels("failed").inc()

    # ── the rest ─────────────────────────────────────────────────────────────────────────

    def search(self, mode_used: str, seconds: float, found: bool) -> None:
        """Count one policy search; ``found`` is whether it found what may be shown as an answer."""
        mode = known(mode_used, words.SEARCH_MODES)
        self._search_seconds.labels(mode).observe(seconds)
        if not found:
            self._found_nothing.labels(mode).inc()

    def http(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request that was answered; ``route`` is its template."""
        route = self._known_route(route)
        code = str(status) if 100 <= status <= 599 else OTHER
        self._requests.labels(known(method, words.METHODS), route, code).inc()
        self._request_seconds.labels(route).observe(seconds)

    def sign_in(self, outcome: str) -> None:
        """Count a sign-in: "ok", or the code of the error it ended in."""
        self._sign_ins.labels(known(outcome, words.SIGN_INS)).inc()

    def log_failed(self) -> None:
        """Count that the log of conversations could not be written."""
        self._log_failures.inc()

    def _known_route(self, route: str) -> str:
        if route in self._routes:  # no lock: sets of the interpreter are read whole
            return route
        with self._lock:
            if not route or len(self._routes) >= MOST_ROUTES:
                return OTHER
            self._routes.add(route)
        return route

    # ── making them ──────────────────────────────────────────────────────────────────────

    def _make_turns(self) -> None:
        self._turns = self._counter("turns", "Turns that ended.", ("intent", "provider", "outcome"))
        self._turn_seconds = self._histogram(
            "turn_duration", "From the message to the end of the reply.", ("source",)
        )
        self._first_delta_seconds = self._histogram(
            "turn_first_delta", "From the message to the first words of the reply.", ("source",)
        )
        self._guardrails = self._counter("guardrail_hits", "What the guards found.", ("kind",))
        self._refused = self._counter("turns_refused", "Turns that were not begun.", ("reason",))
        self._turns.labels(NONE, NONE, "failed")  # from zero: the first failure alerts as well
        _from_zero(self._guardrails, words.FLAGS)
        _from_zero(self._refused, words.REFUSED)

    def _make_models(self) -> None:
        self._tokens = self._counter("llm_tokens", "Tokens of models.", ("provider", "kind"))
        self._cost = self._counter("llm_cost_usd", "What models cost, in USD.", ("provider",))
        self._llm_errors = self._counter("llm_errors", "Failures of models.", ("provider", "kind"))
        self._breaker = Gauge(
            "sangdam_llm_breaker_state", "0 closed, 1 half open, 2 open (not asked).",
            ("provider",), registry=self.registry,
        )  # fmt: skip

    def _make_searches(self) -> None:
        self._search_seconds = self._histogram("search_duration", "Policy searches.", ("mode",))
        self._found_nothing = self._counter(
            "searches_empty", "Policy searches without an answer.", ("mode",)
        )
        _from_zero(self._found_nothing, words.SEARCH_MODES)

    def _make_photos(self) -> None:
        self._photos = self._counter("photos", "Photos that were uploaded.", ("result",))
        self._photo_reports = self._counter(
            "photo_reports", "Photos that were judged, and that could not be.", ("verdict",)
        )
        self._photo_seconds = self._histogram(
            "photo_report_duration", "From a stored photo to its report.", ()
        )
        self._photo_judgements = self._counter(
            "photo_judgements", "What the judges of photos could say.", ("judge", "state")
        )
        _from_zero(self._photos, words.PHOTO_RESULTS)
        _from_zero(self._photo_reports, words.PHOTO_VERDICTS)
        for judge in words.PHOTO_JUDGES:
            for state in words.PHOTO_STATES:
                self._photo_judgements.labels(judge, state)

    def _make_requests(self) -> None:
        self._requests = self._counter(
            "http_requests", "Requests answered.", ("method", "route", "status")
        )
        self._request_seconds = self._histogram(
            "http_request_duration", "From the request to the end of its answer.", ("route",)
        )
        self._log_failures = self._counter(
            "conversation_log_failures", "Times that log could not be written.", ()
        )
        self._sign_ins = self._counter("sign_ins", "Tries to sign in.", ("outcome",))
        _from_zero(self._sign_ins, words.SIGN_INS)

    def _tell_program(self) -> None:
        info = Gauge(
            "sangdam_build_info", "The program's version.", ("version",), registry=self.registry
        )
        info.labels(VERSION).set(1)
        started = Gauge(
            "sangdam_start_time_seconds", "When counting began, in seconds since 1970.",
            registry=self.registry,
        )  # fmt: skip
        started.set(time.time())

    def _counter(self, name: str, text: str, labels: Sequence[str]) -> Counter:
        return Counter(f"sangdam_{name}_total", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: Sequence[str]) -> Histogram:
        return Histogram(
            f"sangdam_{name}_seconds", text, labels, buckets=BUCKETS_S, registry=self.registry
        )


def _from_zero(counter: Counter, label_values: Sequence[str]) -> None:
    """Show the series before they count: a first event then is a rise from 0, not from nothing."""
    for value in label_values:
        counter.labels(value)
