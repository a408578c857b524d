"""정책 검사 in a real browser: inspect a question, write a policy, see the answer change."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_idle

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
FEE = "반품 배송비는 누가 내요?"
QUESTION = "반려동물과 함께 매장에 와도 되나요?"
BODY = "## 반려동물과 함께 매장에 와도 되나요\n이동장에 넣은 반려동물은 매장에 들어올 수 있습니다."


@pytest.fixture
def console(open_page, sign_in, server):
    def _open(path: str, **options: object) -> Page:
        page = open_page("signin", **options)
        sign_in(page, "staff@example.com")
        page.goto(f"{server.url}/{path}")
        wait_idle(page)
        expect(page.get_by_role("heading", name="정책 검사", exact=True)).to_be_visible()
        return page

    return _open


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def view(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    wait_idle(page)


def ask(page: Page, question: str) -> None:
    page.get_by_placeholder("고객이 물을 말").fill(question)
    page.get_by_placeholder("고객이 물을 말").press("Enter")
    page.wait_for_timeout(300)
    wait_idle(page)


def apply(page: Page) -> None:
    page.get_by_role("button", name="바뀌는 내용 보기", disabled=False).click()
    expect(page.get_by_text("적용하면 검색에서 이렇게 바뀌어요")).to_be_visible()
    page.get_by_role("button", name="적용하기").click()
    expect(page.get_by_text(re.compile("저장했어요"))).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_every_view_fits_and_a_clause_opens_with_its_neighbours(console, options):
    page = console(f"inspection?q={FEE}", **options)
    expect(page.get_by_text("답할 만큼 확실해요")).to_be_visible()
    for stage in ("keyword", "vector", "fused", "reranked"):
        expect(page.locator(f".st-key-stage-{stage}")).to_be_visible()
    fits(page)
    page.locator(".st-key-clause-reranked-1 button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("^뒤 조항"))).to_be_visible()
    page.keyboard.press("Escape")
    for name in ("문서", "가져오기", "답 못한 질문"):
        view(page, name)
        fits(page)


def test_a_policy_is_written_found_changed_and_withdrawn(console, open_page):
    page = console("inspection", **DESK)
    ask(page, QUESTION)
    expect(page.get_by_text("가장 잘 맞는 조항이에요.")).to_have_count(0)

    view(page, "문서")
    page.get_by_role("button", name="새 정책").click()
    page.get_by_role("textbox", name="제목").fill("반려동물 동반")
    page.get_by_role("textbox", name="본문 (Markdown)").fill(BODY)
    page.get_by_role("textbox", name="본문 (Markdown)").press("Control+Enter")
    expect(page.locator(".st-key-policy-preview").get_by_text("이동장에 넣은")).to_be_visible()
    apply(page)

    view(page, "검사")
    expect(page.get_by_text("답할 만큼 확실해요")).to_be_visible()
    expect(page.locator(".st-key-fate-0")).to_contain_text("반려동물 동반")
    customer = open_page(f"policies?q={QUESTION}")
    expect(customer.get_by_text("반려동물 동반").first).to_be_visible()

    view(page, "문서")
    page.get_by_role("button", name="반려동물 동반").click()
    page.get_by_role("textbox", name="본문 (Markdown)").fill(BODY.replace("있습니다", "없습니다"))
    page.get_by_role("textbox", name="본문 (Markdown)").press("Control+Enter")
    page.get_by_role("button", name="바뀌는 내용 보기", disabled=False).click()
    expect(page.get_by_text("마지막으로 검사한 질문의 순위")).to_be_visible()
    apply(page)
    customer.reload()
    wait_idle(customer)
    expect(customer.get_by_text("들어올 수 없습니다").first).to_be_visible()

    page.get_by_role("button", name="반려동물 동반").click()
    page.get_by_role("button", name="이 판 거두기").click()
    page.get_by_role("button", name="거두기", exact=True).click()
    expect(page.get_by_text("판을 거뒀어요")).to_be_visible(timeout=60_000)
    customer.reload()
    wait_idle(customer)
    expect(customer.get_by_text("반려동물 동반")).to_have_count(0)
