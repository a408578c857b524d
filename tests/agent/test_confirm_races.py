"""Confirming from many threads at once, and being killed in the middle of it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.types import Caller, ErrorEvent, Message
from services import Services
from tests.conftest import ROOT, Clock
from tests.talk import Talk

CANCELLABLE = ("paid",)


def offers(shop: Services, count: int) -> list[tuple[Caller, Message]]:
    """Open proposals to cancel paid orders of different customers."""
    found: list[tuple[Caller, Message]] = []
    for number in range(1, 31):
        caller = Caller("customer", f"user_{number:03d}")
        for order in shop.tool(caller, "list_orders", statuses=CANCELLABLE, limit=5).items:
            message = Talk(shop, caller).say(f"{order.order_id} 주문 취소할게요")
            assert message.pending_action is not None
            found.append((caller, message))
            if len(found) == count:
                return found
    raise AssertionError("the seeded shop has too few paid orders")


def press(shop: Services, caller: Caller, message: Message) -> list[Any]:
    assert message.pending_action is not None
    return list(
        shop.run_turn(
            caller, "", session_id=message.session_id, confirm=message.pending_action.action_id
        )
    )


def test_eight_threads_confirm_cancel_and_read_at_once(shop: Services) -> None:
    proposals = offers(shop, 4)
    stock = stock_of(shop)

    def work(number: int) -> list[Any]:
        caller, message = proposals[number % 4]
        events: list[Any] = []
        for _ in range(3):
            events += press(shop, caller, message)
            shop.tool(caller, "list_orders")
            shop.messages(caller, message.session_id)
            events += list(shop.run_turn(caller, "제 주문 어떻게 됐어요?"))
        return events

    with ThreadPoolExecutor(8) as pool:
        results = [event for events in pool.map(work, range(8)) for event in events]
    assert not [event for event in results if isinstance(event, ErrorEvent)]
    for caller, message in proposals:
        order = shop.tool(caller, "get_order", order_id=order_of(message))
        assert order.status == "cancelled"
        assert order.refunded_krw == order.paid_krw
        assert len([p for p in order.payments if p.kind == "refund"]) == 1
        for line in order.lines:
            stock[line.sku] += line.quantity
    assert stock_of(shop) == stock


def order_of(message: Message) -> str:
    assert message.pending_action is not None
    return dict(message.pending_action.rows)["주문번호"]


def stock_of(shop: Services) -> dict[str, int]:
    with shop.database.read() as tx:
        return {row["sku"]: row["stock"] for row in tx.rows("select * from product_options")}


def test_a_confirmation_of_somebody_else_is_not_found(shop: Services, clock: Clock) -> None:
    [(caller, message)] = offers(shop, 1)
    other = Caller("customer", "user_002")
    assert message.pending_action is not None
    events = list(shop.run_turn(other, "", confirm=message.pending_action.action_id))
    assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["not_found"]
    order = shop.tool(caller, "get_order", order_id=order_of(message))
    assert order.status == "paid"


KILLED = """
import json, sys, threading
from pathlib import Path
from tests.conftest import make_services
from agent import actions
from agent.tools.base import ToolContext
from agent.types import Caller
shop = make_services(Path(sys.argv[1]))
print("ready", flush=True)
for action_id, user_id in json.loads(sys.stdin.readline()):
    caller = Caller("customer", user_id)
    context = lambda tx: ToolContext(tx, caller, shop.rules, shop.clock())
    actions.execute(shop.database, action_id, context, user_id=user_id)
    print(action_id, flush=True)
"""


@pytest.mark.process
@pytest.mark.parametrize("delay_ms", [0, 1, 2, 4, 7, 11, 16, 24])
def test_kill_in_the_middle_of_a_cancel_leaves_all_or_nothing(
    shop: Services, tmp_path: Path, delay_ms: int
) -> None:
    proposals = offers(shop, 7)
    stock = stock_of(shop)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    ids = [(m.pending_action.action_id, c.user_id) for c, m in proposals if m.pending_action]
    process.stdin.write(json.dumps(ids) + "\n")
    process.stdin.flush()
    time.sleep(delay_ms / 1000)
    process.send_signal(signal.SIGKILL)
    acknowledged = set(process.stdout.read().split())
    process.wait()
    process.stdin.close()
    process.stdout.close()

    with closing(sqlite3.connect(shop.database.path)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    for caller, message in proposals:
        assert message.pending_action is not None
        order = shop.tool(caller, "get_order", order_id=order_of(message))
        with shop.database.read() as tx:
            status = tx.value(
                "select status from pending_actions where action_id = ?",
                (message.pending_action.action_id,),
            )
        done = order.status == "cancelled"
        assert done == (status == "executed")
        assert (order.refunded_krw == order.paid_krw) == done
        assert [c.status for c in order.claims if c.kind == "cancel"] == ["completed"] * done
        if message.pending_action.action_id in acknowledged:
            assert done, "acknowledged and lost"
        for line in order.lines:
            stock[line.sku] += line.quantity * done
    assert stock_of(shop) == stock
