"""API keys in a real browser: made with a mistake mended, copied, used up, revoked."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from errors import NotSignedIn
from services.keys import PREFIX, ApiKeys
from store.database import Database

pytestmark = pytest.mark.browser

IDLE = '[data-testid=stApp][data-test-script-state="notRunning"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}


def idle(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_make_copy_revoke(open_page, sign_in, server, options, request):
    name = f"챗봇 {request.node.callspec.id}"
    page = open_page("signin", permissions=["clipboard-read", "clipboard-write"], **options)
    sign_in(page, "admin@example.com")
    page.goto(f"{server.url}/keys")
    button(page, "새 API 키").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("이름").fill(" ")
    button(dialog, "만들기").click()
    expect(dialog.get_by_text("이름을 1자에서 60자까지 적어 주세요.")).to_be_visible()
    dialog.get_by_label("이름").fill(name)
    button(dialog, "만들기").click()

    shown = page.get_by_role("dialog", name="비밀값을 지금 복사해 주세요")
    code = shown.get_by_test_id("stCode")
    expect(code).to_contain_text(re.compile(PREFIX + r"[\w-]{43}"))
    assert fits(page)
    page.keyboard.press("Escape")  # too easily lost: only its own button closes it
    idle(page)
    expect(code).to_be_visible()
    code.hover()
    code.get_by_role("button").click()
    secret = page.evaluate("navigator.clipboard.readText()")
    assert secret in code.inner_text()
    keys = ApiKeys(Database(server.folder / "sangdam.db"), lambda: datetime.now(UTC))
    assert keys.check(secret).name == name
    button(shown, "복사했어요").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text(f"{name} 키를 만들었어요", exact=False)).to_be_visible()
    expect(page.get_by_text(name, exact=True)).to_be_visible()
    assert secret not in page.content()
    assert fits(page)

    button(page, "폐기").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("되돌릴 수 없어요")).to_be_visible()
    button(dialog, "폐기하기").click()
    expect(page.get_by_text("API 키를 폐기했어요.")).to_be_visible()
    expect(page.get_by_text(re.compile("만료되거나 폐기한 키"))).to_be_visible()
    with pytest.raises(NotSignedIn):
        keys.check(secret)
