"""What stands below a part that looks again by itself keeps what is written in it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

ROOT = Path(__file__).resolve().parents[2]
WATCH_S = 15  # without a place of its own the box is lost within a second or two

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A real Streamlit server with the page of ``refreshing.py``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "tests/browser/refreshing.py")]
    command += ["--server.address=127.0.0.1", f"--server.port={port}"]
    paths = os.environ | {"PYTHONPATH": str(ROOT)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=paths, stdout=log, stderr=log)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2)
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(10)


def test_a_box_below_keeps_its_words(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    page.goto(address)
    box = page.get_by_label("box")
    expect(box).to_be_visible(timeout=30_000)
    box.press_sequentially("half a sentence")  # in the browser only
    looks = page.get_by_text(re.compile(r"^\d+ looks$"))
    before = int((looks.text_content() or "0").split()[0])
    end = time.monotonic() + WATCH_S
    while time.monotonic() < end:
        expect(box).to_have_value("half a sentence")
        page.wait_for_timeout(200)
    assert int((looks.text_content() or "0").split()[0]) > before + 20  # it did look all the time
    page.close()


def test_every_part_that_looks_again_has_a_place_of_its_own() -> None:
    """Nothing but ``ui/refresh.py`` makes a fragment."""
    sources = [*ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "Home.py"]
    using = [path.name for path in sources if "st.fragment" in path.read_text("utf-8")]
    assert using == ["refresh.py"]
