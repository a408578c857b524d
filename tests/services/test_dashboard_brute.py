"""The dashboard's SQL against every figure counted again in Python, over a lively shop."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from dashboard_brute import Shop, count

from agent.types import Caller
from services.dashboard import Dashboard
from store import conversations
from store.database import Tx, dump
from store.figures import Cell, Flow, Point, Spread
from store.models import to_text
from tests.conftest import NOW

STAFF = Caller("staff", "staff_001", "이상담")
RANGES = ("today", "7", "30", "90")
PLAIN = ("conversations", "resolution", "handoff", "unanswered", "first_response",
         "resolution_time", "backlog", "reopened", "latency", "errors", "stopped", "fallbacks",
         "cost_each")  # fmt: skip


@pytest.fixture
def lively(shop) -> Any:
    """The demonstration's shop after everything that can happen has happened to it."""
    random = Random("lively")
    with shop.database.write() as tx:
        talks = [r["conversation_id"] for r in
                 tx.rows("select conversation_id from conversations order by 1")]  # fmt: skip
        for n in range(400):
            _turn(tx, random, random.choice(talks), n)
        _tickets(tx, random)
        for talk in talks[::23]:
            conversations.delete(tx, talk)
        for days in range(0, 70, 3):
            for provider in ("cloud", "local"):
                spent = {"cost_usd": random.random(), "unpriced": random.randrange(3)}
                _day_of_calls(tx, str((NOW - timedelta(days=days)).date()), provider, spent)
    return shop


def _day_of_calls(tx: Tx, day: str, provider: str, spent: dict[str, float]) -> None:
    names = [row["name"] for row in tx.rows("pragma table_info(llm_days)")]
    row = {**dict.fromkeys(names, 0), "day": day, "provider": provider, "calls": 9, "errors": 1}
    texts = {"model": "m", "role": "reply", "purpose": "turn", "status": "ok"}
    tx.insert("llm_days", {**row, **{k: v for k, v in texts.items() if k in names}, **spent})


def _turn(tx: Tx, random: Random, talk: str, n: int) -> None:
    last = tx.value("select max(created_at) from turns where conversation_id = ?", (talk,))
    when = NOW - timedelta(minutes=random.randrange(60 * 24 * 60))
    if last is not None and to_text(when) <= last:  # turns come in the order of time
        return
    slow = random.random() < 0.5
    tx.insert("turns", {
        "turn_id": f"x{n}", "conversation_id": talk,
        "status": random.choice(("done", "done", "stopped", "error", "with_person")),
        "intent": random.choice(("policy", "delivery", None)),
        "guardrails": dump(random.choice(([], ["abuse"], ["abuse", "abuse", "pii_card"]))),
        "provider": random.choice(("cloud", "offline", None)),
        "cost_usd": random.choice((0.0, 0.01, None)),
        "latency_ms": random.choice((None, random.uniform(1, 90_000))),
        "source": random.choice(("chat", "api", None)), "fallbacks": int(slow),
        "fallback_reason": random.choice(("timeout", "", None)) if slow else "",
        "unanswered": random.randrange(2), "created_at": to_text(when),
    })  # fmt: skip


def _tickets(tx: Tx, random: Random) -> None:
    for row in tx.rows("select * from tickets order by ticket_id"):
        changes: dict[str, Any] = {}
        if row["resolved_at"] and random.random() < 0.4:
            changes = {"verdict": random.choice(("solved", "unsolved")), "waited_s": 1800,
                       "verdict_at": row["resolved_at"]}  # fmt: skip
        if random.random() < 0.2:
            changes |= {"reopens": 1, "resolution_from": row["created_at"]}
        if changes:
            tx.update("tickets", {"ticket_id": row["ticket_id"]}, changes)


def _both(lively: Any, name: str, source: str) -> tuple[dict[str, Any], Shop]:
    from services.dashboard_table import FIGURES

    dashboard: Dashboard = lively.dashboard
    period = dashboard.period(name, source=source)
    read = {key: one.now for key, one in dashboard.read(STAFF, FIGURES, period).items()}
    with lively.database.read() as tx:
        return read, Shop.read(tx, period.first, period.last, NOW, source)


@pytest.mark.parametrize("source", ["", "chat", "api"])
@pytest.mark.parametrize("name", RANGES)
def test_every_figure_is_what_python_counts(lively, name, source):
    read, brute = _both(lively, name, source)
    _talks_agree(read, brute)
    _turns_agree(read, brute)
    _tickets_agree(read, brute)
    _shop_agrees(read, brute)


def _share(point: Point) -> tuple[int, int]:
    assert point.value == (pytest.approx(point.n / point.of) if point.of else None)
    return point.n, point.of


def _shares(points: tuple[Point, ...]) -> dict[str, tuple[int, int]]:
    return {one.key: _share(one) for one in points if one.n}


def _parts(found: Counter[Any]) -> dict[Any, tuple[int, int]]:
    return {key: (n, found.total()) for key, n in found.items() if n}


def _per_day(talks: list[dict[str, Any]], column: str) -> dict[str, tuple[int, int]]:
    days = Counter(str(t["day"]) for t in talks)
    yes = Counter(str(t["day"]) for t in talks if t[column])
    return {day: (yes[day], n) for day, n in days.items() if yes[day]}


def _talks_agree(read: dict[str, Any], brute: Shop) -> None:
    talks = brute.talks()
    assert read["conversations"] == Point(len(talks), len(talks))
    cells = {(one.row, one.column): one.n for one in read["conversations_by_day"]}
    assert cells == brute.by_day_and_end()
    for figure, column in (("resolution", "resolved"), ("handoff", "handed")):
        assert _share(read[figure]) == (sum(t[column] for t in talks), len(talks))
        assert _shares(read[f"{figure}_by_day"]) == _per_day(talks, column)
    ways = Counter(way for t in talks for way, yes in t["ways"].items() if yes)
    of = sum(t["resolved"] for t in talks)
    assert _shares(read["resolution_how"]) == {way: (n, of) for way, n in ways.items()}
    usd, known, whole = brute.cost_each()
    each = read["cost_each"]
    assert (each.n, each.of) == (known, whole)
    assert each.value == (pytest.approx(usd / known) if known else None)


def _turns_agree(read: dict[str, Any], brute: Shop) -> None:
    done, every = brute.turns("done"), brute.turns()
    assert _shares(read["intents"]) == _parts(count(done, "intent"))
    assert {(c.row, int(c.column)): c.n for c in read["hours"]} == brute.hours()
    assert _share(read["unanswered"]) == (sum(t["unanswered"] for t in done), len(done))
    days = Counter(str(brute.day(t["created_at"])) for t in done)
    lost = Counter(str(brute.day(t["created_at"])) for t in done if t["unanswered"])
    assert _shares(read["unanswered_by_day"]) == {d: (n, days[d]) for d, n in lost.items()}
    assert _shares(read["guards"]) == {k: (n, len(every)) for k, n in brute.flags().items()}
    for figure, status in (("errors", "error"), ("stopped", "stopped")):
        assert _share(read[figure]) == (len(brute.turns(status)), len(every))
    fell = [t for t in done if t["fallbacks"]]
    assert _share(read["fallbacks"]) == (len(fell), len(done))
    assert {p.key: p.n for p in read["fallback_reasons"]} == count(fell, "fallback_reason")
    _spreads(read["latency"], brute.latency(lambda t: ""))
    _spreads(read["latency_by_provider"], brute.latency(lambda t: t["provider"] or ""))
    _spreads(read["latency_by_day"], brute.latency(lambda t: str(brute.day(t["created_at"]))))


def _spreads(found: Any, wanted: dict[str, tuple[float | None, ...]]) -> None:
    many = found if isinstance(found, tuple) else (found,)
    assert {one.key: (one.low, one.high, one.n) for one in many if one.n} == wanted


def _tickets_agree(read: dict[str, Any], brute: Shop) -> None:
    for figure, name in (("first_response", "first_response"), ("resolution_time", "resolution")):
        _spreads(read[figure], brute.waits(name, lambda t: ""))
        _spreads(read[f"{figure}_by_priority"], brute.waits(name, lambda t: t["priority"]))
    kept, decided = brute.promises()
    assert _share(read["promises"]) == (kept.total(), decided.total())
    assert {one.key: _share(one) for one in read["promises_by_priority"]} == {
        "|".join(key): (kept[key], n) for key, n in decided.items()
    }
    assert read["backlog"].n == brute.left(brute.last)
    opened = Counter(brute.day(t["created_at"]) for t in brute.tickets())
    resolved = Counter(brute.day(t["resolved_at"]) for t in brute.tickets("resolved_at"))
    days = [brute.first + timedelta(days=n) for n in range((brute.last - brute.first).days + 1)]
    assert read["backlog_by_day"] == tuple(
        Flow(str(day), opened[day], resolved[day], brute.left(day)) for day in days
    )
    made = brute.tickets()
    ever = [t for t in made if t["resolved_at"] or t["reopens"]]
    assert _share(read["reopened"]) == (sum(t["reopens"] > 0 for t in ever), len(ever))
    assert _shares(read["issue_types"]) == _parts(count(made, "issue_type"))
    handed = [t for t in made if t["handoff_reason"] is not None]
    assert _shares(read["handoff_reasons"]) == _parts(count(handed, "handoff_reason"))


def _shop_agrees(read: dict[str, Any], brute: Shop) -> None:
    if not brute.source:
        thumbs = brute.opinions()
        assert _share(read["satisfaction"]) == (sum(f["rating"] for f in thumbs), len(thumbs))
        down = [f for f in thumbs if not f["rating"]]
        assert _shares(read["opinions"]) == _parts(count(down, "reason"))
        days = Counter(str(brute.day(f["created_at"])) for f in thumbs)
        up = Counter(str(brute.day(f["created_at"])) for f in thumbs if f["rating"])
        assert _shares(read["satisfaction_by_day"]) == {d: (n, days[d]) for d, n in up.items()}
    for figure, key in (("cost", ""), ("cost_by_day", "day"), ("cost_by_provider", "provider")):
        found = read[figure] if isinstance(read[figure], tuple) else (read[figure],)
        costs = {c.key: [c.usd, c.calls, c.errors, c.unpriced] for c in found if c.calls}
        assert costs == {k: pytest.approx(v) for k, v in brute.costs(key).items()}
    assert _shares(read["claim_reasons"]) == _parts(count(brute.claims(), "reason_code"))
    products = {(c.row, c.column): c.n for c in read["claims_by_product"]}
    assert products == brute.by_product()
    refunds = {(c.row, c.column): (c.n, c.krw) for c in read["refunds"]}
    assert refunds == {k: (n, pytest.approx(w, abs=1)) for k, (n, w) in brute.refunds().items()}


def _slices(answer: Any) -> list[tuple[str, int]]:
    """(slice, how many) of everything a chart of the answer lets one click."""
    found = []
    for one in answer:
        match one:
            case Cell():
                found.append((f"{one.row}|{one.column}", one.n))
            case Flow():
                found += [(f"{one.key}|{what}", getattr(one, what))
                          for what in ("opened", "resolved", "left")]  # fmt: skip
            case Point() | Spread():
                found.append((one.key, one.n))
    return found


@pytest.mark.parametrize("source", ["", "api"])
def test_what_lies_behind_is_exactly_what_was_counted(lively, source):
    from services.dashboard_table import FIGURES

    read, _ = _both(lively, "30", source)
    period, checked = lively.dashboard.period("30", source=source), 0
    for key, figure in FIGURES.items():
        if figure.behind is None or key.startswith(("promises", "satisfaction")):
            continue  # of these the late ones and all opinions are listed
        whole = read[key]
        wanted = _slices(whole) if isinstance(whole, tuple) else [("", whole.n)]
        for slice_, n in wanted:
            if slice_ == "" and isinstance(whole, tuple) and key not in ("opinions", "intents"):
                continue
            found = lively.dashboard.behind(STAFF, key, slice_, period, limit=501)
            assert len(found) == min(n, 501), (key, slice_)
            checked += 1
    assert checked > 150
    assert {key for key in PLAIN if FIGURES[key].behind is None} == set()
