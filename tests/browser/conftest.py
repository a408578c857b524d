"""A real server and a real browser: ``server.url``, ``open_page()``, ``sign_in(page, email)``.

One server process and one browser serve the whole session, each test gets its own browser
contexts (their own cookies). ``start_server(folder)`` starts further processes.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from services.secret import secret_key
from store import accounts
from store.database import Database
from tests.api.console import Console, SlowModel
from ui import auth

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
IDLE = '[data-testid=stApp][data-test-script-state="notRunning"]'
START_S = 180.0  # a first start trains the model; the machine may be busy
CACHE = ROOT / "var" / "test-cache"  # what tests/conftest.py keeps between runs

OpenPage = Callable[..., Page]
SignIn = Callable[..., None]


@dataclass(frozen=True)
class Server:
    """A running console: its address, its data folder, its log."""

    url: str
    folder: Path
    log: Path


@contextmanager
def start_server(
    folder: Path,
    *,
    address: str = "127.0.0.1",
    script: Path = ROOT / "Home.py",
    health: str = "healthz",
    **environment: str,
) -> Iterator[Server]:
    """Run ``streamlit run`` on a free port until the block ends; ``health`` tells it is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"server-{port}.log"
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += [f"--server.address={address}", f"--server.port={port}"]
    clean = {name: value for name, value in os.environ.items() if name[:8] != "SANGDAM_"}
    clean |= {"SANGDAM_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **environment}
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=clean, stdout=out, stderr=out)
    try:
        server = Server(f"http://127.0.0.1:{port}", folder, log)
        _wait_for_health(server, process, health)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait_for_health(server: Server, process: subprocess.Popen[bytes], path: str) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/{path}", timeout=2) as answer:
                if answer.headers.get_content_type() != "text/html":  # Streamlit's for any path
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{server.log.read_text('utf-8')[-4000:]}")


def wait_idle(page: Page, timeout_s: float = 90) -> None:
    """Wait until the script has run and nothing is being prepared any more."""
    page.wait_for_selector(IDLE, timeout=timeout_s * 1000)
    expect(page.get_by_text("상담 창구를 준비하고 있어요")).to_have_count(0, timeout=90_000)
    page.wait_for_selector(IDLE, timeout=timeout_s * 1000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's chromium, started once."""
    if not Path(CHROMIUM).is_file():
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a data folder of its own, seeded by its own first start.

    Index and model come from the unit tests' cache when that is there (both are checked
    against their sources), else the first start builds them too.
    """
    folder = tmp_path_factory.mktemp("console")
    for part in ("models", "policy_index"):
        if (CACHE / part).is_dir():
            shutil.copytree(CACHE / part, folder / part)
    with start_server(folder) as running:
        page = chromium.new_page()
        page.goto(f"{running.url}/signin")
        expect(page.get_by_label("이메일").first).to_be_visible(timeout=START_S * 1000)
        page.close()
        yield running


@pytest.fixture(scope="module")
def fresh_server(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A process nobody has opened a page of, on a copy of the seeded folder (starts faster)."""
    folder = tmp_path_factory.mktemp("fresh") / "data"
    shutil.copytree(server.folder, folder, ignore=shutil.ignore_patterns("*.db*", "*.log"))
    with (
        closing(sqlite3.connect(server.folder / "sangdam.db")) as source,
        closing(sqlite3.connect(folder / "sangdam.db")) as copy,
    ):
        source.backup(copy)
    with start_server(folder) as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser, server: Server) -> Iterator[OpenPage]:
    """``open_page("orders")``: that page in a new browser profile; keywords go to the context."""
    contexts = []

    def _open(url_path: str = "", *, url: str | None = None, **options: object) -> Page:
        context = chromium.new_context(locale="ko-KR", **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{url or server.url}/{url_path}")
        wait_idle(page)
        return page

    yield _open
    for context in contexts:
        context.close()


@pytest.fixture
def chat(slow: tuple[Console, SlowModel], open_page: OpenPage, sign_in: SignIn) -> Page:
    """A customer's chat page on the module's own ``slow``, a console with a slow model."""
    running, _ = slow
    page = open_page("signin", url=running.url)
    log = running.folder / "server.log"
    sign_in(page, "minji@example.com", on=Server(running.url, running.folder, log))
    return page


def mint_cookie(server: Server, email: str) -> dict[str, str]:
    """A cookie as the browser keeps it, for a new session written into the server's store."""
    key = secret_key(server.folder)
    now = datetime.now(UTC)
    with Database(server.folder / "sangdam.db").write() as tx:
        user = accounts.by_email(tx, email)
        assert user is not None, f"{email} has no account"
        session_id = accounts.open_session(tx, user.user_id, days=1, at=now)
    claims = {"username": user.user_id, "session": session_id, "exp_date": now.timestamp() + 3600}
    token = jwt.encode(claims, key, algorithm="HS256")
    return {"name": auth.cookie_name(key), "value": token, "url": server.url}


@pytest.fixture(scope="session")
def sign_in(server: Server) -> SignIn:
    """``sign_in(page, email)``: leaves the page at the chat, signed in.

    By a minted cookie, not through the form: that takes seconds and has tests of its own.
    """

    def _sign_in(page: Page, email: str, *, on: Server = server) -> None:
        page.context.add_cookies([mint_cookie(on, email)])  # type: ignore[list-item]
        page.goto(f"{on.url}/")
        wait_idle(page)

    return _sign_in
