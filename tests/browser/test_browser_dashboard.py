"""The dashboard in a real browser: it fits, a bar leads to its conversations, and on to one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

IDLE = '[data-testid=stApp][data-test-script-state="notRunning"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}


def idle(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE)


@pytest.fixture
def console(open_page, sign_in, server):
    def _open(query: str, **options: object) -> Page:
        page = open_page("signin", **options)
        sign_in(page, "staff@example.com")
        page.goto(f"{server.url}/dashboard?{query}")
        expect(page.get_by_role("heading", name="지표", exact=True)).to_be_visible()
        idle(page)
        return page

    return _open


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("view", ["summary", "talks", "tickets", "quality", "costs", "products"])
def test_every_section_fits(console, options, view):
    page = console(f"view={view}", **options)
    expect(page.locator("[class*=st-key-dash-chart-]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_the_first_screen_holds_the_numbers_and_both_charts(console):
    page = console("", **DESK)
    for chart in page.locator(".js-plotly-plot").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 800
    expect(page.locator("[class*=st-key-dash-tile-]")).to_have_count(8)


def test_a_click_on_a_bar_leads_to_its_conversations(console):
    page = console("view=talks&range=90", **DESK)
    bars = page.locator(".st-key-dash-chart-intents .barlayer .point path")
    expect(bars.first).to_be_visible()
    bars.first.click(force=True)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("무엇을 물었나요")
    links = dialog.locator("[data-testid=stPageLink] a")
    expect(links.first).to_be_visible()
    assert "behind=intents" in page.url
    links.first.click()
    expect(page).to_have_url(re.compile(r"/runs\?.*c=(conv|s)_"))
    expect(page).to_have_title(re.compile("대화 검토"))


def test_a_closed_list_can_be_opened_again(console):
    page = console("", **DESK)
    for _ in range(2):
        page.locator(".st-key-dash-chart-handoff_reasons .barlayer .point path").first.click(
            force=True
        )
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        idle(page)
        assert "behind" not in page.url
    page.locator(".st-key-dash-open-backlog button").filter(visible=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("남은 티켓")
    page.get_by_role("dialog").locator("[data-testid=stPageLink] a").first.click()
    expect(page).to_have_url(re.compile(r"/desk\?.*ticket=T"))


def test_everything_is_downloaded_in_one_file(console):
    page = console("", **DESK)
    with page.expect_download() as found:
        page.get_by_role("button", name="내려받기").click()
    assert re.fullmatch(r"figures-.*\.zip", found.value.suggested_filename)
