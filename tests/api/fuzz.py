"""Schemathesis against the running API, signed in as each kind of caller.

``make fuzz`` draws 200 examples for every operation and caller (EXAMPLES, SEED); the tests
draw few of the same. Ids of the seeded shop are drawn half of the time, so that what is drawn
reaches more than a 404.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.transport import Response
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.generation.case import Case

from errors import NotFound, NotSignedIn
from services import Services
from tests.api.access import MINJI, photo
from tests.api.conftest import Api, serving
from tests.conftest import CACHE, make_services
from tests.shelves import STAFF, order_of

__all__ = ["CALLERS", "OPEN", "Report", "fuzz", "shop_for_fuzz"]

CALLERS = ("nobody", "guest", "minji", "staff", "admin")
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "response_headers_conformance", "negative_data_rejection",
    "missing_required_header", "unsupported_method", "allow_header_conformance", "ignored_auth",
)  # fmt: skip
# What a caller could be refused for; a fuzzer asks faster than anybody.
OPEN = {
    "turns_per_minute": 10**9, "guest_turns_per_minute": 10**9, "requests_per_minute": 0,
    "sign_in_tries_per_minute": 10**9, "login_max_failures": 10**9,
}  # fmt: skip
# Which says so itself, with a documented 503: no model is configured here.
UNCONFIGURED = ("model_not_configured",)


@dataclass
class Report:
    """What came out: requests sent, and each distinct failure with the request to repeat it."""

    requests: int = 0
    operations: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)  # operations that did what was asked
    statuses: dict[int, int] = field(default_factory=dict)
    failures: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def told(self) -> str:
        return "\n\n".join(self.failures.values())


def fuzz(
    api: Api, caller: str, *, examples: int, seed: int | None = None, enumerate_all: bool = True
) -> Report:
    """Draw requests as ``caller``; ``seed`` None draws the same ones each time.

    ``enumerate_all`` also sends every boundary of the document once (some 45 an operation).
    """
    schema = _schema(api, examples, seed, enumerate_all)
    _sign_in(schema, api, caller)
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            key = (caller, event.label, "error")
            report.failures[key] = f"[{caller}] {event.label}: {event.value!r}"
        elif isinstance(event, ScenarioFinished):
            _read(report, caller, event)
    return report


def _read(report: Report, caller: str, event: ScenarioFinished) -> None:
    recorder = event.recorder
    report.requests += len(recorder.interactions)
    if recorder.interactions:
        report.operations.add(recorder.label)
    for interaction in recorder.interactions.values():
        if interaction.response is not None:
            status = interaction.response.status_code
            report.statuses[status] = report.statuses.get(status, 0) + 1
            if status < 300:
                report.answered.add(recorder.label)
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                key = (caller, recorder.label, f"{check.name} {check.failure_info.failure.title}")
                report.failures.setdefault(key, _story(caller, recorder, case_id, check))


def _story(caller: str, recorder: Any, case_id: str, check: Any) -> str:
    answer = recorder.interactions[case_id].response
    said = "" if answer is None else f"{answer.status_code} {answer.content[:400]!r}"
    failure = check.failure_info.failure
    return (
        f"[{caller}] {recorder.label}: {check.name}: {failure.title}\n"
        f"{failure.message[:1500]}\n{check.failure_info.code_sample[:1500]}\n→ {said}"
    )


def _schema(api: Api, examples: int, seed: int | None, enumerate_all: bool) -> Any:
    config: dict[str, Any] = {
        "seed": seed or 0,
        "base-url": api.url,
        "continue-on-failure": True,
        "request-timeout": 60,
        "generation": {"max-examples": examples, "deterministic": seed is None, "no-shrink": True,
                       "database": "none"},
        "phases": {"stateful": {"enabled": False}, "coverage": {"enabled": enumerate_all}},
        "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
        **_ids(api),
    }  # fmt: skip
    config["checks"]["negative_data_rejection"]["expected-statuses"] = [
        "400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429",
    ]  # fmt: skip
    schema = schemathesis.openapi.from_url(
        f"{api.url}/api/openapi.json", config=schemathesis.Config.from_dict(config)
    )
    schema.hook(filter_failure)
    schema.hook("map_case")(_helped(api))
    return schema


def _helped(api: Api) -> Callable[[Any, Case], Case]:
    """Give every second good body what no schema can ask for: an address that is free, lines
    of the order, the version of the thing."""
    numbers, whats = count(), _good_bodies(api)

    def map_case(context: Any, case: Case) -> Case:
        make = whats.get(case.operation.definition.raw.get("operationId"))
        bad = case.meta is None or case.meta.generation.mode.is_negative
        if make and not bad and isinstance(case.body, dict) and next(numbers) % 2:
            with suppress(NotFound):
                case.body = make(case, next(numbers))
        return case

    return map_case


def _good_bodies(api: Api) -> dict[str, Callable[[Case, int], dict[str, Any]]]:
    shop, delivered = api.shop, order_of(api.shop, MINJI, "delivered")
    piece = {"line_id": delivered.lines[0].line_id, "quantity": 1}

    def returned(case: Case, number: int) -> dict[str, Any]:
        case.path_parameters = {"order_id": delivered.order_id}
        return {"kind": "return", "lines": [piece], "reason_code": "defect"}

    def version(case: Case, kind: str) -> int:
        name = f"{kind}_id"
        thing = shop.tool(STAFF, f"get_{kind}", **{name: case.path_parameters[name]})
        return int(thing.version)

    return {
        "register": lambda case, number: {
            "email": f"a{number}@example.com", "password": "long-enough-2026", "name": "김하늘",
        },
        "create_claim": returned,
        "transition_claim": lambda case, number: {
            "to": ("approved", "collecting", "collected")[number // 2 % 3],
            "version": version(case, "claim"),
        },
        "change_ticket": lambda case, number: {
            "priority": ("low", "high")[number // 2 % 2], "version": version(case, "ticket"),
        },
        "resolve_ticket": lambda case, number: {
            "resolution": "다시 보냈어요.", "version": version(case, "ticket"),
        },
        "generate": lambda case, number: {
            "role": "copywriter", "task": "sns", "payload": {"product": f"이어폰 {number}"},
        },
    }  # fmt: skip


def filter_failure(context: Any, failure: Any, case: Case, response: Response) -> bool:
    """Drop what is said to be so: there is no model here, and the answer says it; and what a
    form in a browser sends for an empty field: ``?limit=`` is as good as no limit."""
    if isinstance(failure, AcceptedNegativeData) and "" in (case.query or {}).values():
        return False
    if response.status_code != 503:
        return True
    body = response.json()
    return body.get("code", body.get("error", {}).get("code")) not in UNCONFIGURED


def _sign_in(schema: Any, api: Api, caller: str) -> None:
    if caller == "nobody":
        return
    guest = api.guest()
    headers = (lambda: guest) if caller == "guest" else (lambda: getattr(api, caller))

    @schema.auth(refresh_interval=None)
    class Token:
        """Signs in anew when the last call has ended the token."""

        def get(self, case: Case, context: Any) -> str:
            with suppress(NotSignedIn):
                api.shop.accounts.identify(headers()["Authorization"].split()[1])
                return headers()["Authorization"]
            api.forget_tokens()
            return headers()["Authorization"]

        def set(self, case: Case, data: str, context: Any) -> None:
            case.headers["Authorization"] = data


def _ids(api: Api) -> dict[str, Any]:
    """Things that are there, for the parameters that name them."""
    shop = api.shop
    with shop.database.read() as tx:

        def column(sql: str) -> list[str]:
            return [next(iter(row.values())) for row in tx.rows(sql)]

        orders = column("select order_id from orders where user_id = 'user_001'")
        there = {
            "order_id": orders,
            "user_id": ["user_001", "user_001", "user_002", "staff_001"],
            "claim_id": column("select claim_id from claims order by claim_id desc limit 12"),
            "ticket_id": column("select ticket_id from tickets order by ticket_id desc limit 12"),
            "session_id": column("select conversation_id from conversations limit 12"),
            "message_id": column("select message_id from messages limit 12"),
            "product_id": column("select product_id from products limit 12"),
        }  # fmt: skip
    there["provider"] = ["offline", "ollama", "vllm"]
    there["image_id"] = [
        shop.save_photo(one, photo(), session_id=None)[1] for one in (STAFF, MINJI)
    ]
    there["report_id"] = [shop.photos.defect(one, photo()).report_id for one in (STAFF, MINJI)]
    return {
        "dictionaries": {name: {"values": values} for name, values in there.items()},
        "parameters": {
            f"{place}.{name}": {"dictionary": name, "probability": 0.5}
            for name in there
            for place in ("path", "query", "body")
        },
    }


@contextmanager
def shop_for_fuzz() -> Iterator[Services]:
    """A prepared shop in a folder of its own, with the heavy parts of the tests' cache."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("models", "policy_index", "product_index"):
            (CACHE / part).mkdir(parents=True, exist_ok=True)
            (folder / part).symlink_to(CACHE / part)
        shop = make_services(folder, **OPEN)
        shop.prepare()
        yield shop


@contextmanager
def api_of(shop: Services) -> Iterator[Api]:
    """The shop behind a server of its own."""
    with serving([shop]) as url, httpx2.Client(base_url=url, trust_env=False) as client:
        yield Api(url, client, shop)
        shop.turns.drain(10)


def main(callers: Sequence[str]) -> int:
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # streams are not read to their end
    examples, seed = int(os.environ.get("EXAMPLES", 200)), int(os.environ.get("SEED", time.time()))
    print(f"EXAMPLES={examples} SEED={seed}", flush=True)
    failed = 0
    for caller in callers or CALLERS:
        with shop_for_fuzz() as shop, api_of(shop) as api:
            started = time.monotonic()
            report = fuzz(api, caller, examples=examples, seed=seed)
            print(
                f"{caller}: {report.requests} requests, {len(report.operations)} operations, "
                f"{time.monotonic() - started:.0f} s, {dict(sorted(report.statuses.items()))}, "
                f"{len(report.failures)} failures; only refused: "
                f"{sorted(report.operations - report.answered)}",
                flush=True,
            )
            if report.failures:
                print(report.told(), flush=True)
            failed += len(report.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
