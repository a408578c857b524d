"""The books of models' calls: a row, the day's spending, the metrics, and nothing that breaks."""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.llm import Call, ChatMessage, Tag, Usage
from agent.types import Caller
from errors import BadInput, BadSetting, Forbidden, LLMError, TooMany
from services import Services
from services import llm as llm_books
from store import llm_calls
from tests.conftest import Clock, make_services
from tests.llmserver import LLMServer, Reply, nobody_there, providers_table

USED = Usage(120, 30, 20, 5)
CALL = Call("compose", "openai", "any", USED, 0.25, 80.0, 900.0, 1, 0, "", "", "policy@1", "t_1")
STAFF = Caller("staff", "staff_001", "이상담")


def one(server: LLMServer | str, **more: Any) -> dict[str, Any]:
    """The tables of a desk that asks one server for everything."""
    row = {**providers_table(server, "openai"), **more}
    chains = {"routes": {"default": ["one"]}, "purposes": {"generate": ["one"]}}
    return {"providers": {"one": row}, "limits": {"retries": 0}, **chains}


def metric(shop: Services, name: str, **labels: str) -> float | None:
    return shop.metrics.registry.get_sample_value(f"sangdam_{name}", labels)


def test_a_call_is_written_summed_and_counted(shop: Services) -> None:
    shop.llm.record(CALL)
    with shop.database.read() as tx:
        [row] = llm_calls.of_turn(tx, "t_1")
        [day] = llm_calls.daily(tx, "2026-11-20", "2026-11-20")
    assert (row.provider, row.model, row.prompt, row.cost_usd) == (
        "openai", "any", "policy@1", 0.25,
    )  # fmt: skip
    assert (row.input_tokens, row.output_tokens, row.cached_tokens, row.cache_write_tokens) == (
        120, 30, 20, 5,
    )  # fmt: skip
    assert row.created_at == "2026-11-20T03:00:00.000Z"
    assert (day.calls, day.cost_usd) == (1, 0.25)
    assert metric(shop, "llm_tokens_total", provider="openai", kind="prompt") == 120
    assert metric(shop, "llm_cost_usd_total", provider="openai") == 0.25


def test_the_days_spending_begins_with_what_the_store_knows(shop: Services, tmp_path: Path) -> None:
    shop.llm.record(CALL)
    again = make_services(tmp_path, Clock())  # the program starts anew
    assert again.llm.spent_today_usd() == 0.25
    again.llm.record(CALL)
    assert again.llm.spent_today_usd() == 0.5
    assert shop.llm.spent_today_usd() == 0.25  # its own, and what was there when it began


def test_a_new_day_in_seoul_begins_at_nothing(shop: Services, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC)
    shop.llm.record(CALL)
    assert shop.llm.spent_today_usd() == 0.25
    clock.now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert shop.llm.spent_today_usd() == 0.0
    shop.llm.record(CALL)
    with shop.database.read() as tx:
        days = llm_calls.daily(tx, "2026-11-01", "2026-11-30")
    assert [(row.day, row.calls) for row in days] == [("2026-11-21", 1), ("2026-11-20", 1)]


def test_a_call_without_a_price_costs_nothing_known(shop: Services) -> None:
    shop.llm.record(Call("compose", "openai", "any", USED, None, 1.0, 2.0, 0, 0, "", ""))
    assert shop.llm.spent_today_usd() == 0.0
    with shop.database.read() as tx:
        [day] = llm_calls.daily(tx, "2026-11-20", "2026-11-20")
    assert (day.cost_usd, day.unpriced) == (0.0, 1)


def test_nobody_to_ask_is_no_call(shop: Services) -> None:
    nothing = Usage()
    shop.llm.record(Call("compose", "offline", "template", nothing, 0.0, 1.0, 1.0, 0, 0, "", ""))
    shop.llm.record(Call("compose", "", "", nothing, 0.0, None, 1.0, 0, 0, "", "not_configured"))
    shop.llm.record(
        Call("compose", "offline", "template", nothing, 0.0, 1.0, 1.0, 0, 1, "timeout", "")
    )
    with shop.database.read() as tx:
        assert tx.rows("select provider, reason from llm_calls") == [
            {"provider": "offline", "reason": "timeout"}
        ]


def test_a_store_that_cannot_be_written_stops_nothing(
    shop: Services, caplog: pytest.LogCaptureFixture
) -> None:
    assert shop.llm.spent_today_usd() == 0.0
    with shop.database.write() as tx:
        tx.execute("drop table llm_calls")
    with caplog.at_level(logging.ERROR, "sangdam.llm"):
        shop.llm.record(CALL)
    assert "could not be written" in caplog.text
    assert shop.llm.spent_today_usd() == 0.25  # the budget holds all the same


def test_a_store_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    desk = make_services(tmp_path)
    (tmp_path / "sangdam.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        desk.database.check()
    assert desk.llm.spent_today_usd() == 0.0
    desk.llm.record(CALL)
    assert desk.llm.spent_today_usd() == 0.25


def test_no_call_is_lost_between_threads(shop: Services) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shop.llm.record(CALL), range(40)))
    assert shop.llm.spent_today_usd() == pytest.approx(10.0)
    with shop.database.read() as tx:
        assert llm_calls.spent_usd(tx, "2026-11-20") == pytest.approx(10.0)
        assert len(llm_calls.of_turn(tx, "t_1")) == 40


def test_a_real_call_through_the_gateway_is_entered(shop: Services, tmp_path: Path) -> None:
    with LLMServer(Reply("네, 가능해요.", usage=(20, 5, 4))) as server:
        prices = {"prices": {"one:tiny": {"input": 1.0, "output": 2.0}}}
        desk = make_services(tmp_path, Clock(), llm=one(server) | prices)
        gateway = desk.llm.gateway
        route = gateway.route()
        list(gateway.complete(route, [ChatMessage("user", "네?")], tag=Tag("compose", "policy@1")))
        gateway.close()
    with shop.database.read() as tx:
        [row] = tx.rows("select * from llm_calls")
    assert (row["provider"], row["model"], row["error"]) == ("one", "tiny", "")
    assert (row["input_tokens"], row["output_tokens"], row["cached_tokens"]) == (20, 5, 4)
    assert row["cost_usd"] == pytest.approx(30e-6)
    assert row["estimated"] == 0
    assert row["first_token_ms"] <= row["latency_ms"]
    assert desk.llm.spent_today_usd() == pytest.approx(30e-6)


def test_a_failure_is_entered_with_its_kind(shop: Services, tmp_path: Path) -> None:
    with nobody_there() as url:
        desk = make_services(tmp_path, Clock(), llm=one(url))
        gateway = desk.llm.gateway
        route = gateway.route()
        with pytest.raises(LLMError):
            list(gateway.complete(route, [ChatMessage("user", "네?")], tag=Tag("compose")))
        gateway.close()
    with shop.database.read() as tx:
        [day] = llm_calls.daily(tx, "2026-11-20", "2026-11-20")
        assert tx.value("select error from llm_calls") == "unreachable"
    assert (day.provider, day.calls, day.errors) == ("one", 1, 1)
    assert metric(desk, "llm_errors_total", provider="one", kind="unreachable") == 1


@pytest.mark.parametrize(
    "tables",
    [
        {"routes": {"polic": ["local"]}},
        {"purposes": {"sing": ["local"]}},
        {"providers": {"attic": {"kind": "carrier-pigeon"}}},
    ],
)
def test_tables_that_make_no_sense_are_refused(tmp_path: Path, tables: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match=r"polic|sing|carrier-pigeon|attic"):
        _ = make_services(tmp_path, llm=tables).llm


# ── texts by role ────────────────────────────────────────────────────────────────────────

SNS = {"role": "copywriter", "task": "sns", "payload": {"product": "무선 이어폰"}}


def test_only_staff_have_texts_made(shop: Services, minji: Caller, guest: Caller) -> None:
    for caller in (minji, guest):
        with pytest.raises(Forbidden):
            shop.llm.generate(caller, **SNS)
    assert shop.llm.generate(STAFF, **SNS).provider == "offline"


def test_a_payload_has_a_longest(shop: Services) -> None:
    long = {"product": "무선 이어폰", "points": ["가" * 10_000, "나" * 10_000]}
    with pytest.raises(BadInput, match="20,000"):
        shop.llm.generate(STAFF, role="copywriter", task="sns", payload=long)


def test_a_text_counts_as_a_message(shop: Services) -> None:
    for _ in range(shop.settings.turns_per_minute):
        shop.llm.generate(STAFF, **SNS)
    with pytest.raises(TooMany):
        shop.llm.generate(STAFF, **SNS)


# ── how long they are kept ───────────────────────────────────────────────────────────────


def test_old_calls_go_and_their_days_sums_stay(
    shop: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_books, "_BATCH", 2)
    for _ in range(5):
        shop.llm.record(CALL)
    clock.now += timedelta(days=90)
    shop.llm.record(CALL)
    shop.housekeeping()
    with shop.database.read() as tx:
        assert tx.value("select count(*) from llm_calls") == 6
    clock.now += timedelta(seconds=1)
    assert shop.llm.forget_old() == 5
    shop.housekeeping()
    with shop.database.read() as tx:
        assert tx.value("select count(*) from llm_calls") == 1
        days = llm_calls.daily(tx, "2026-01-01", "2027-12-31")
    assert [(row.calls, row.cost_usd) for row in days] == [(1, 0.25), (5, 1.25)]


def test_calls_may_be_kept_for_ever(shop: Services, clock: Clock) -> None:
    shop.llm.record(CALL)
    shop.settings = shop.settings.replace(model_calls_days=0)
    clock.now += timedelta(days=4000)
    shop.housekeeping()
    with shop.database.read() as tx:
        assert tx.value("select count(*) from llm_calls") == 1
