"""The console under its security headers: everything works, the browser complains of nothing."""

from __future__ import annotations

import urllib.request

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

pytestmark = pytest.mark.browser

WANTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "SAMEORIGIN",
    "content-security-policy": "frame-ancestors 'self'",
    "cross-origin-opener-policy": "same-origin",
}
PATHS = ("", "orders", "policies", "tickets", "claims", "quality", "audit", "account")


@pytest.mark.parametrize("path", ["/", "/orders", "/healthz", "/_stcore/health", "/nothing.js"])
def test_the_whole_server_sends_them(server, path):
    with urllib.request.urlopen(f"{server.url}{path}") as answer:
        assert {name: answer.headers[name] for name in WANTED} == WANTED
        assert "strict-transport-security" not in answer.headers


def test_no_page_makes_the_browser_complain(open_page, sign_in, server):
    page: Page = open_page("signin")
    told: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # Below a page's path Streamlit looks for its own two addresses, then above it.
        if message.type == "error" and "/_stcore/" not in str(message.location["url"]):
            told.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: told.append(str(error)))
    sign_in(page, "staff@example.com")
    for path in PATHS:
        page.goto(f"{server.url}/{path}")
        page.wait_for_selector('[data-testid=stApp][data-test-script-state="notRunning"]')
        page.wait_for_timeout(300)
        assert not told, (path, told)
    expect(page.get_by_test_id("stSidebarNav")).to_be_visible()


def test_nobody_else_may_show_the_console_in_a_frame(open_page, server):
    other = server.url.replace("127.0.0.1", "localhost")  # another origin to the browser
    page: Page = open_page("signin")
    for place, shown in ((server.url, True), (other, False)):
        page.goto(f"{place}/healthz")
        page.evaluate(
            "url => document.body.append(Object.assign(document.createElement('iframe'), "
            "{src: `${url}/signin`}))",
            server.url,
        )
        page.wait_for_timeout(1500)
        frame = page.frames[1]
        assert frame.url.startswith(server.url) is shown
