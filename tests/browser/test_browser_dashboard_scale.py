"""The dashboard's page in a browser over a million turns and 100,000 tickets."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
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

OPENS_WITHIN_S = 3.0
SERVER_CPU_S = 1.8  # of the server's processor time, whatever else the machine does
KEPT_S = 16  # answers are kept for 15 s: a visit that counts asks for all of them
VISITS = 6  # at most: the first one that is quick enough is the last
# Tells by the clock how long a second of processor time takes.
_SPIN = "import time\na = time.time()\nwhile time.process_time() < 1: pass\nprint(time.time() - a)"


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


def test_it_opens_within_three_seconds(busy: Server, chromium: Browser) -> None:
    """From the address to eight numbers and both charts, nothing kept from an earlier visit.

    The bound is for two cores of one's own: while others use them it grows by as much as a
    second of processor time takes longer. The best of a few visits counts, for the same reason;
    the server's share is measured in processor time. What else the machine does with its memory
    shows in neither, so a slow visit is followed by another one.
    """
    context = chromium.new_context(locale="ko-KR", viewport={"width": 1280, "height": 800})
    context.add_cookies([mint_cookie(busy, "staff@example.com")])  # type: ignore[list-item]
    found = []
    for _ in range(VISITS):
        slower, before = _slowness(), _cpu_s(busy)
        opened = _open(busy, context.new_page())
        slower = max(slower, _slowness())
        found.append((opened / slower, opened, slower, _cpu_s(busy) - before))
        if found[-1][0] < OPENS_WITHIN_S and found[-1][3] < SERVER_CPU_S:
            break
        time.sleep(KEPT_S)
    context.close()
    told = [tuple(round(one, 2) for one in visit) for visit in found]
    print(f"(seconds on free cores, by the clock, slowness, server's processor time): {told}")
    assert min(found)[0] < OPENS_WITHIN_S, told
    assert min(visit[3] for visit in found) < SERVER_CPU_S, told


def _open(server: Server, page: Page) -> float:
    started = time.perf_counter()
    page.goto(f"{server.url}/dashboard")
    page.locator("[data-testid=stMetricValue]").nth(7).wait_for(timeout=90_000)
    for chart in ("conversations_by_day", "handoff_reasons"):
        bar = page.locator(f".st-key-dash-chart-{chart} .barlayer .point")
        bar.first.wait_for(state="attached", timeout=90_000)
    opened = time.perf_counter() - started
    page.wait_for_selector(IDLE, timeout=90_000)
    talks = page.locator(".st-key-dash-tile-conversations [data-testid=stMetricValue]")
    assert int(talks.inner_text().replace(",", "")) > 190_000
    page.close()
    return opened


def _slowness() -> float:
    """How much longer two processes at once take for a second of work: 1 on two free cores."""
    spins = [
        subprocess.Popen([sys.executable, "-c", _SPIN], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    return max(1.0, *(float(spin.communicate()[0]) for spin in spins))


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
