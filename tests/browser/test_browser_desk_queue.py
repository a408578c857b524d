"""The desk's queue in a real browser: live, by keys alone, several at once, on a phone."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

import settings
from agent.shop.rules import Rules
from agent.tools import ToolContext, run
from agent.types import Caller
from store.database import Database
from store.models import Ticket

pytestmark = pytest.mark.browser

MINJI = Caller("customer", "user_001", "김민지")
STAFF = Caller("staff", "staff_001", "이상담")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LIVE_MS = 15_000  # three seconds and what a busy machine takes


@pytest.fixture
def tool(server, tmp_path):
    """Run a tool on the server's store, as another person would meanwhile."""
    plain = settings.load({}, env_file=tmp_path / "none", toml_file=tmp_path / "none")
    rules = Rules.of(plain.rules())

    def _tool(caller: Caller, name: str, **given: Any) -> Any:
        with Database(server.folder / "sangdam.db").write() as tx:
            return run(ToolContext(tx, caller, rules, datetime.now(UTC)), name, **given)

    return _tool


@pytest.fixture
def made(tool):
    """Two new tickets, urgent enough to stand at the top; the second word is this test's own."""
    word = secrets.token_hex(4)

    def _make(which: str) -> Ticket:
        text = f"{which} {word} 문의예요"
        return tool(STAFF, "create_ticket", issue_type="delivery", description=text, subject=text,
                    priority="urgent", customer_id="user_001")  # fmt: skip

    return _make("첫째"), _make("둘째")


@pytest.fixture
def desk(open_page, sign_in, server):
    """The desk of staff, at an address, with what the tests look at in reach."""

    def _desk(query: str, **options: object) -> Page:
        page = open_page("signin", **options)
        sign_in(page, "staff@example.com")
        page.goto(f"{server.url}/desk?{query}")
        expect(page.locator(".st-key-desk-views")).to_be_attached(timeout=60_000)
        return page

    return _desk


def row(page: Page, ticket: Ticket) -> Locator:
    return page.locator(f".st-key-trow-{ticket.ticket_id}")


def opener(page: Page, ticket: Ticket) -> Locator:
    return page.locator(f".st-key-open-{ticket.ticket_id} button")


def read(tool, ticket: Ticket) -> Ticket:
    return tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id)


def reply_box(page: Page) -> Locator:
    return page.locator(".st-key-desk-write textarea")


def test_new_tickets_appear_and_disturb_nothing(desk, tool, made):
    page = desk(f"view=running&ticket={made[0].ticket_id}")
    expect(row(page, made[0])).to_be_visible()
    page.evaluate("window.notReloaded = true")
    page.locator(f".st-key-pick-{made[1].ticket_id} label").click()
    expect(page.get_by_text("1건 선택")).to_be_visible()
    reply_box(page).click()
    page.keyboard.type("확인하고 있어요")
    new = tool(MINJI, "create_ticket", issue_type="refund", description="환불이 안 보여요")
    expect(row(page, new)).to_be_attached(timeout=LIVE_MS)
    expect(row(page, new).get_by_text("새 문의")).to_be_attached()
    tool(STAFF, "edit_ticket", ticket_id=made[0].ticket_id, version=1, tags=["급함"])
    expect(row(page, made[0]).get_by_text("급함")).to_be_visible(timeout=LIVE_MS)
    expect(reply_box(page)).to_have_value("확인하고 있어요")
    expect(reply_box(page)).to_be_focused()
    expect(page.get_by_text("1건 선택")).to_be_visible()
    page.locator(f".st-key-pick-{made[1].ticket_id} label").click()
    page.get_by_role("button", name="새 문의 1건").click()
    expect(page.get_by_role("button", name="새 문의 1건")).to_have_count(0)
    assert page.evaluate("window.notReloaded")


def test_the_keys_alone_lead_through_the_queue(desk, tool, made):
    page = desk(f"view=unassigned&q={made[0].subject.split()[1]}")
    expect(opener(page, made[1])).to_be_attached()
    page.wait_for_function("window.sangdamDeskKeys")
    page.keyboard.press("j")
    expect(opener(page, made[0])).to_be_focused()
    # A Hangul keyboard sends "ㅓ" where "j" is printed.
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', "
        "{code: 'KeyJ', key: 'ㅓ', bubbles: true, cancelable: true}))"
    )
    expect(opener(page, made[1])).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.get_by_text("1건 선택")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text("1건 선택")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(reply_box(page)).to_be_visible()
    page.keyboard.press("r")
    expect(reply_box(page)).to_be_focused()
    page.keyboard.type("jkxar/")  # in a box the keys are letters
    expect(reply_box(page)).to_have_value("jkxar/")
    page.keyboard.press("Escape")
    expect(reply_box(page)).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(reply_box(page)).to_have_count(0)
    page.keyboard.press("/")
    expect(page.locator(".st-key-desk-q input")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(row(page, made[0])).to_have_count(0, timeout=LIVE_MS)  # it is nobody's no more
    assert read(tool, made[0]).assignee_id == "staff_001"
    assert read(tool, made[1]).assignee_id is None


def test_several_are_tagged_and_assigned_at_once(desk, tool, made):
    page = desk(f"view=unassigned&q={made[0].subject.split()[1]}")
    for ticket in made:
        page.locator(f".st-key-pick-{ticket.ticket_id} label").click()
        page.wait_for_timeout(300)
    expect(page.get_by_text("2건 선택")).to_be_visible()
    bar = page.locator(".st-key-desk-bulk")
    bar.get_by_role("button", name="태그").click()
    page.get_by_label("새 태그").click()
    page.keyboard.type("재문의")
    page.wait_for_timeout(3500)  # the list is drawn anew meanwhile
    expect(page.get_by_label("새 태그")).to_have_value("재문의")
    page.get_by_role("button", name="붙이기").click()
    expect(page.get_by_text("2건에 태그를 붙였어요")).to_be_visible()
    assert [read(tool, ticket).tags for ticket in made] == [("재문의",), ("재문의",)]
    page.keyboard.press("Escape")
    page.locator(".st-key-desk-pick-all label").click()
    bar.get_by_role("button", name="나에게").click()
    expect(page.get_by_text("건을 나에게 배정했어요")).to_be_visible()
    assert [read(tool, ticket).assignee_id for ticket in made] == ["staff_001"] * 2


def test_on_a_phone_the_ticket_takes_the_queue_s_place(desk, made):
    page = desk(f"view=unassigned&q={made[0].subject.split()[1]}", **PHONE)
    expect(row(page, made[0])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opener(page, made[0]).click()
    expect(reply_box(page)).to_be_attached()
    expect(row(page, made[0])).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="목록").click()
    expect(row(page, made[0])).to_be_visible()
    expect(reply_box(page)).to_have_count(0)
