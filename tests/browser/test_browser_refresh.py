"""What stands below a part that looks again by itself keeps what is written in it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ROOT, start_server

PAGE = Path(__file__).with_name("refreshing.py")
WATCH_S = 15  # without a place of its own the box is lost within a second or two

pytestmark = pytest.mark.browser


def test_a_box_below_keeps_its_words(chromium: Browser, tmp_path: Path) -> None:
    with start_server(
        tmp_path, script=PAGE, health="_stcore/health", PYTHONPATH=str(ROOT)
    ) as server:
        page = chromium.new_page()
        page.goto(server.url)
        box = page.get_by_label("box")
        expect(box).to_be_visible(timeout=30_000)
        box.press_sequentially("half a sentence")  # in the browser only
        looks = page.get_by_text(re.compile(r"^\d+ looks$"))
        before = int((looks.text_content() or "0").split()[0])
        end = time.monotonic() + WATCH_S
        while time.monotonic() < end:
            expect(box).to_have_value("half a sentence")
            page.wait_for_timeout(200)
        assert int((looks.text_content() or "0").split()[0]) > before + 9  # it looked all the time
        page.close()


def test_every_part_that_looks_again_has_a_place_of_its_own() -> None:
    """Nothing but ``ui/refresh.py`` makes a fragment."""
    sources = [*ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "Home.py"]
    using = [path.name for path in sources if "st.fragment" in path.read_text("utf-8")]
    assert using == ["refresh.py"]
