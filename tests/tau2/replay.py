"""Run their tasks with our tools and compare what comes of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import settings
from agent.types import Caller
from errors import SangdamError
from services import Services
from tests.tau2.compare import Difference, canonical, differences, expected
from tests.tau2.export import export
from tests.tau2.load import NOW, STAFF_ID, load
from tests.tau2.shape import Shop
from tests.tau2.tools import WRITES, call

__all__ = ["SETTINGS", "STAFF", "Report", "copy_of", "replay", "services"]

# Where their shop's policy is another than domain.md's (docs/tau2.md says why for each).
SETTINGS: Mapping[str, int | bool] = {
    "shipping_fee_krw": 0,
    "free_shipping_threshold_krw": 0,
    "return_fee_one_way_krw": 0,
    "return_fee_round_trip_krw": 0,
    "return_window_days": 36500,
    "seller_fault_window_months": 1200,
    "seller_fault_notice_days": 36500,
    "option_changes_max": 1,
    "cancel_after_option_change": False,
    "price_difference": True,
    "exchange_same_option": True,
    "claims_per_order_max": 1,
    "refund_to_stored_value": True,
}
STAFF = Caller("staff", STAFF_ID, "τ² agent")
WORKERS = 4
Task = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one task; no ``findings`` when it is equal."""

    task_id: str
    findings: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether every result and the whole final state are the expected ones."""
        return not self.findings

    def __str__(self) -> str:
        return f"task {self.task_id}: {'; '.join(self.findings) or 'equal'}"


def services(folder: Path) -> Services:
    """A shop with their policy in a folder of its own, this machine's settings left aside."""
    nowhere = folder / "none"
    plain = settings.load({}, env_file=nowhere, toml_file=nowhere)
    theirs = plain.replace(data_dir=str(folder), demo=False, **SETTINGS)
    return Services(theirs, clock=lambda: NOW)


def copy_of(loaded: Path, folder: Path) -> Services:
    """A shop of its own on a copy of a loaded database file; makes ``folder``."""
    folder.mkdir()
    mine = services(folder)
    shutil.copyfile(loaded, mine.database.path)
    return mine


def replay(shop: Shop, tasks: Sequence[Task]) -> Iterator[Report]:
    """The report of each task in turn; each starts from a fresh copy of ``shop``.

    Raises ValueError for a shop that does not come back from our store as it went in.
    """
    with tempfile.TemporaryDirectory(prefix="tau2-") as name:
        base = services(Path(name) / "base")
        base.database.prepare()
        load(shop, base.database)
        before = canonical(shop)
        lost = list(differences(before, canonical(export(base.database))))
        if lost:
            raise ValueError(f"the store does not hold the shop as it is: {lost[0]}")
        # A tool that breaks down is a finding as well: the future hands its error over
        # without ending the run.
        with ThreadPoolExecutor(WORKERS) as pool:
            started = [
                (task, pool.submit(_run, task, before, base.database.path, Path(name) / str(n)))
                for n, task in enumerate(tasks)
            ]
            for task, future in started:
                yield _report(task, future)


def _report(task: Task, future: Future[tuple[str, ...]]) -> Report:
    crash = future.exception()
    findings = future.result() if crash is None else (f"crashed with {crash!r}",)
    return Report(str(task["id"]), findings)


def _run(task: Task, before: Shop, loaded: Path, folder: Path) -> tuple[str, ...]:
    """Everything that differs in one task, in words."""
    mine = copy_of(loaded, folder)
    results = [
        finding
        for place, action in enumerate(task["actions"], 1)
        if (finding := _act(mine, place, action))
    ]
    got = canonical(export(mine.database))
    wanted = expected(before, task["changed"])
    states = [f"{_cause(task, one)}{one}" for one in differences(wanted, got)]
    shutil.rmtree(folder)
    return (*results, *states)


def _act(mine: Services, place: int, action: Mapping[str, Any]) -> str:
    """Run an action; what is wrong with its result, or nothing."""
    got, why = "ok", ""
    try:
        call(partial(mine.tool, STAFF), action["name"], action["arguments"])
    except SangdamError as error:
        got, why = "refused", f" ({error.code}: {error})"
    if got == action["result"]:
        return ""
    return f"{_named(place, action)}: expected {action['result']}, got {got}{why}"


def _cause(task: Task, found: Difference) -> str:
    """The action behind a difference: the last write to name the object, or else the last."""
    writes = [
        (place, action)
        for place, action in enumerate(task["actions"], 1)
        if action["name"] in WRITES
    ]
    naming = [one for one in writes if found.object_id in one[1]["arguments"].values()]
    last = (naming or writes)[-1:]
    return f"after {_named(*last[0])}: " if last else ""


def _named(place: int, action: Mapping[str, Any]) -> str:
    return f"{action['name']} (action {place})"
