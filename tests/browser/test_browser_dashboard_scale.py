"""The dashboard's page in a browser over a million turns and 100,000 tickets."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from store.database import Database
from store.seed.bulk_turns import grow_turns
from tests.browser.conftest import IDLE, START_S, Server, mint_cookie, start_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEPT_S = 16  # answers are kept for 15 s: a visit that counts asks for all of them
PAIRS = 5  # at most: the first that is quick enough is the last
TIMES_AS_LONG = 2  # by the clock; measured: 1.1 to 1.5
TIMES_AS_MUCH = 4  # of the server's processor time; measured: 2.6


@pytest.fixture(scope="module")
def busy(
    server: Server, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server whose last 30 days hold all of it."""
    folder = tmp_path_factory.mktemp("scale") / "data"
    shutil.copytree(server.folder, folder, ignore=shutil.ignore_patterns("*.db*", "*.log"))
    with (
        closing(sqlite3.connect(server.folder / "sangdam.db")) as source,
        closing(sqlite3.connect(folder / "sangdam.db")) as copy,
    ):
        source.backup(copy)
    grow_turns(
        Database(folder / "sangdam.db"), turns=1_000_000, tickets=100_000,
        until=datetime.now(UTC), days=30,
    )  # fmt: skip
    with start_server(folder) as running:
        page = chromium.new_page()  # it is prepared once somebody has come
        page.goto(f"{running.url}/signin")
        page.get_by_label("이메일").first.wait_for(timeout=START_S * 1000)
        page.close()
        yield running
    shutil.rmtree(folder)


def test_it_opens_nearly_as_fast_as_over_a_few_turns(
    busy: Server, server: Server, chromium: Browser
) -> None:
    """From the address to eight numbers and both charts, nothing kept from an earlier visit.

    Measured against the same page over the demonstration's few turns, one visit after the other:
    half of the time is the browser reading scripts, and all of it depends on the machine (2.3 to
    5.3 s were seen over the million, the code being the same).
    """
    found = []
    for _ in range(1 + PAIRS):
        few, many = _visit(server, chromium, 1), _visit(busy, chromium, 190_000)
        found.append((few, many))
        if len(found) > 1 and _quick(few, many):
            break
        time.sleep(KEPT_S)
    found = found[1:]  # a server's very first visit of a page takes longer
    print(f"(seconds by the clock, server's processor time) over few turns, over many: {found}")
    assert any(_quick(few, many) for few, many in found), found


def _quick(few: tuple[float, float], many: tuple[float, float]) -> bool:
    return many[0] < TIMES_AS_LONG * few[0] and many[1] < TIMES_AS_MUCH * few[1]


def _visit(server: Server, chromium: Browser, talks: int) -> tuple[float, float]:
    """Seconds until everything is there, at least ``talks`` conversations counted, and seconds of
    the server's processor time.
    """
    context = chromium.new_context(locale="ko-KR", viewport={"width": 1280, "height": 800})
    context.add_cookies([mint_cookie(server, "staff@example.com")])  # type: ignore[list-item]
    before = _cpu_s(server)
    page = context.new_page()
    opened = _open(server, page)
    counted = page.locator(".st-key-dash-tile-conversations [data-testid=stMetricValue]")
    assert int(counted.inner_text().replace(",", "")) >= talks
    context.close()
    return round(opened, 2), round(_cpu_s(server) - before, 2)


def _open(server: Server, page: Page) -> float:
    started = time.perf_counter()
    page.goto(f"{server.url}/dashboard")
    page.locator("[data-testid=stMetricValue]").nth(7).wait_for(timeout=90_000)
    for chart in ("conversations_by_day", "handoff_reasons"):
        bar = page.locator(f".st-key-dash-chart-{chart} .barlayer .point")
        bar.first.wait_for(state="attached", timeout=90_000)
    opened = time.perf_counter() - started
    page.wait_for_selector(IDLE, timeout=90_000)
    return opened


def _cpu_s(server: Server) -> float:
    """Processor time the server has used so far."""
    port = f"--server.port={server.url.rpartition(':')[2]}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and port in _read(entry / "cmdline"):
            used = _read(entry / "stat").rpartition(b")")[2].split()
            return (int(used[11]) + int(used[12])) / 100
    raise AssertionError("the server is gone")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a process that ended meanwhile
        return b""
