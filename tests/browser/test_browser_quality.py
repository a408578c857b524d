"""The quality page in a real browser: a suite, a run by a click, measuring and stopping."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from evals.types import Case, ClassRow, Confusion, SuiteResult
from store import eval_runs
from store.database import Database
from tests.evals.evals_helpers import result

pytestmark = pytest.mark.browser

IDLE = '[data-testid=stApp][data-test-script-state="notRunning"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
LABELS = ("cancel", "delivery", "policy")


def idle(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE)


@pytest.fixture(scope="module")
def measured(server):
    """Three stored runs, and the models where an evaluation looks for them."""
    cases = tuple(
        Case(f"evals/intents/test.tsv:{n}", f"{n}번 문장이에요", "policy", "delivery", 1.0)
        for n in range(5)
    )
    classes = tuple(ClassRow(label, 20, 0.9, 0.8, 0.85) for label in LABELS)
    confusion = Confusion(LABELS, ((20, 0, 0), (0, 20, 0), (1, 4, 15)))
    with Database(server.folder / "sangdam.db").write() as tx:
        for number, hits in enumerate((80, 85, 92)):
            at = datetime.now(UTC) - timedelta(days=3 - number)
            metrics = result(hits, 100, goal=0.9).metrics
            one = SuiteResult("intents", "의도", metrics, classes, confusion, cases)
            eval_runs.add(tx, f"run-{number}", started=at, finished=at, revision="abc1234",
                          results={"intents": one.as_json()})  # fmt: skip
    for part in ("models", "policy_index"):
        shutil.copytree(server.folder / part, server.folder / "evals" / "cache" / part)
    return server


@pytest.fixture
def console(open_page, sign_in, measured):
    def _open(path: str, **options: object) -> Page:
        page = open_page("signin", **options)
        sign_in(page, "staff@example.com")
        page.goto(f"{measured.url}/{path}")
        expect(page.get_by_role("heading", name="품질", exact=True)).to_be_visible()
        idle(page)
        return page

    return _open


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_fits_and_opens_a_case(console, options):
    page = console("quality?suite=intents", **options)
    expect(page.get_by_text(re.compile("목표 .*개 중 .*개 도달"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_text("0번 문장이에요").first.click()
    expect(page.get_by_text("evals/intents/test.tsv:0")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_click_on_a_point_shows_that_run(console):
    page = console("quality?suite=intents", **DESK)
    points = page.locator(".scatterlayer .points path")
    expect(points).to_have_count(3 + 2)  # the line's, and two wrong cells
    points.nth(0).click(force=True)
    expect(page.get_by_text("지난 측정을 보고 있어요")).to_be_visible()
    assert "run=run-0" in page.url
    page.get_by_role("button", name="최근 측정으로").click()
    expect(page.get_by_text("지난 측정을 보고 있어요")).to_have_count(0)


def test_an_example_goes_to_the_chat_by_one_click(console):
    page = console("quality?suite=intents", **DESK)
    page.get_by_text("3번 문장이에요").first.click()
    page.get_by_role("button", name="이 문장으로 물어보기").filter(visible=True).click()
    expect(page).to_have_title("상담 채팅 · 상담")
    expect(page.get_by_text("3번 문장이에요").first).to_be_visible()


def test_measuring_shows_its_progress_and_stops(console, measured):
    page = console("quality", **DESK)
    page.get_by_role("button", name="지금 측정하기").click()
    page.get_by_role("button", name="측정 시작").click()
    stop = page.get_by_role("button", name="멈추기")
    expect(stop).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    stop.click()
    expect(page.get_by_text("측정을 멈췄어요", exact=False)).to_be_visible()
    expect(stop).to_have_count(0)
    assert not list((measured.folder / "evals").glob("*/report.json"))
