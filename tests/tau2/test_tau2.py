"""The judge itself: nothing is lost on the way in and out, and it can say no."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services import Services
from tests.tau2.__main__ import main
from tests.tau2.export import export
from tests.tau2.load import load
from tests.tau2.replay import replay, services
from tests.tau2.shape import address_of, join_options, road_of, split_options
from tests.tau2.tiny import AWAY, HOME, TINY

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "tau2-retail"
CANCEL = "cancel_pending_order"


# ── in and out ───────────────────────────────────────────────────────────────────────────


def test_a_shop_comes_back_as_it_went_in(shop: Services) -> None:
    assert export(shop.database) == TINY


def test_options_that_could_not_be_split_again_are_refused() -> None:
    for options in ({"color": "blue", "bagged/bagless": "a/b"}, {}):
        assert split_options(join_options(options)) == options
    for bad in ({"a": "b / c: d"}, {"a: b": "c"}):
        with pytest.raises(ValueError, match="cannot be written"):
            join_options(bad)


def test_an_address_may_hold_commas_and_lack_parts() -> None:
    for theirs in (HOME, AWAY, AWAY | {"state": "", "country": ""}):
        parts = (theirs[name] for name in ("address1", "city", "state", "country"))
        road = " ".join(road_of(*parts).split())  # what a store does to blanks
        assert address_of(road, theirs["address2"], theirs["zip"]) == theirs


def test_an_order_in_two_parcels_is_not_loaded_as_one(tmp_path: Path) -> None:
    two = copy.deepcopy(TINY)
    two["orders"]["#W2"]["fulfillments"][0]["item_ids"].pop()
    empty = services(tmp_path)
    empty.database.prepare()
    with pytest.raises(ValueError, match="#W2 comes in several parcels"):
        load(two, empty.database)


# ── the judge ────────────────────────────────────────────────────────────────────────────


def cancelled(**state: Any) -> dict[str, Any]:
    """A task that cancels #W1; ``state`` is put over what the order should become."""
    bill = {"amount": 62.09000000000001, "payment_method_id": "card_a"}
    after = {
        **TINY["orders"]["#W1"], "status": "cancelled", "cancel_reason": "no longer needed",
        "payment_history": [
            {"transaction_type": "payment", **bill}, {"transaction_type": "refund", **bill}
        ],
        "return_items": None, **state,
    }  # fmt: skip
    action = {
        "name": CANCEL, "arguments": {"order_id": "#W1", "reason": "no longer needed"},
        "result": "ok",
    }  # fmt: skip
    return {"id": "7", "actions": [action], "changed": {"orders": {"#W1": after}}}


def test_an_equal_task_is_equal_despite_nulls_and_dust() -> None:
    assert [report.equal for report in replay(TINY, [cancelled(), cancelled()])] == [True, True]


def wrong_result(task: dict[str, Any]) -> None:
    task["actions"][0]["result"] = "refused"


def wrong_field(task: dict[str, Any]) -> None:
    task["changed"]["orders"]["#W1"]["status"] = "pending"


def wrong_money(task: dict[str, Any]) -> None:
    task["changed"]["orders"]["#W1"]["payment_history"][1]["amount"] = 62.08


def missing_order(task: dict[str, Any]) -> None:
    task["changed"]["orders"]["#W9"] = {"order_id": "#W9"}


def untold_change(task: dict[str, Any]) -> None:
    task["changed"] = {}


def broken_action(task: dict[str, Any]) -> None:
    task["actions"].append({"name": "calculate"})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (wrong_result, f"{CANCEL} (action 1): expected refused, got ok"),
        (
            wrong_field,
            f"after {CANCEL} (action 1): orders #W1 status: expected 'pending', got 'cancelled'",
        ),
        (wrong_money, "orders #W1 payment_history.1.amount: expected 6208, got 6209"),
        (missing_order, "orders #W9: expected {'order_id': '#W9'}, got nothing"),
        (untold_change, "orders #W1 cancel_reason: expected nothing, got 'no longer needed'"),
        (broken_action, "crashed with KeyError('arguments')"),
    ],
)
def test_what_differs_is_said(spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    task = cancelled()
    spoil(task)
    (report,) = replay(TINY, [task])
    assert not report.equal
    assert str(report).startswith("task 7: ")
    assert said in str(report)


def test_the_command_ends_with_the_count_and_fails_unless_all_are_equal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db, tasks = tmp_path / "db.json", tmp_path / "tasks.json"
    db.write_text(json.dumps(TINY), "utf-8")
    for given, printed, status in (
        ([cancelled()], ["1 of 1 tasks equal"], 0),
        ([cancelled(), cancelled(status="shipped")], ["task 7: ", "1 of 2 tasks equal"], 1),
    ):
        tasks.write_text(json.dumps(given), "utf-8")
        assert main(["--db", str(db), "--tasks", str(tasks)]) == status
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == len(printed)
        assert all(map(str.startswith, lines, printed))


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the benchmark's data is not beside the project")
def test_all_training_tasks_are_equal() -> None:
    files = ["--db", str(SHARED / "db.json"), "--tasks", str(SHARED / "train.json")]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.tau2", *files], cwd=ROOT, capture_output=True, text=True
    )
    assert (ran.stdout, ran.returncode) == ("74 of 74 tasks equal\n", 0), ran.stdout + ran.stderr
