"""The customer's pages in a real browser: from "I want to cancel" to the refund on the page."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from store.database import Database

pytestmark = pytest.mark.browser

ASK = "지난주에 산 거 취소하고 싶어요"
IDLE = '[data-testid=stApp][data-test-script-state="notRunning"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def idle(page: Page) -> None:
    page.wait_for_timeout(250)
    page.wait_for_selector(IDLE)


def say(page: Page, text: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(text)
    box.press("Enter")
    expect(box).to_have_value("")
    idle(page)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def mine(page: Page) -> Locator:
    return page.locator('[class*="st-key-mine-"]')


def no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.fixture
def console(open_page, sign_in):
    """A page signed in as a customer."""

    def _open(email: str = "minji@example.com", **options: object) -> Page:
        page = open_page("signin", **options)
        sign_in(page, email)
        return page

    return _open


def test_cancel_from_words_to_the_refund_on_the_order_page(console, server):
    page = console()
    page.goto(server.url)
    say(page, ASK)
    choices = page.locator('[class*="st-key-card-"]').filter(has=button(page, "이 주문 선택"))
    expect(choices).to_have_count(2)
    order_id = re.search(r"\d{8}-\d{7}", choices.last.inner_text())
    assert order_id is not None
    button(choices.last, "이 주문 선택").click()
    confirm = page.locator('[class*="st-key-confirm-"]')
    expect(confirm.get_by_text("환불 금액")).to_be_visible()
    button(confirm, "확인").dblclick()  # the second click may change nothing
    expect(page.get_by_text("취소했어요", exact=False).first).to_be_visible()
    idle(page)
    expect(button(page, "확인")).to_have_count(0)
    expect(mine(page)).to_have_count(3)
    chat_url = page.url
    assert "c=s_" in chat_url

    page.reload()
    expect(mine(page)).to_have_count(3)
    say(page, "네")  # a second confirmation tells the first one's result
    expect(mine(page)).to_have_count(4)

    page.goto(f"{server.url}/orders?order={order_id[0]}")
    expect(page.get_by_text("취소완료").first).to_be_visible()
    expect(page.get_by_text("환불 완료", exact=False)).to_have_count(1)  # paid back once

    other = console("jihun@example.com")
    other.goto(chat_url)
    expect(other.get_by_text("무엇을 도와드릴까요", exact=False)).to_be_visible()
    expect(mine(other)).to_have_count(0)
    other.goto(f"{server.url}/orders?order={order_id[0]}")
    expect(other.get_by_text("해당 주문을 찾을 수 없어요")).to_be_visible()


def test_a_guest_asks_about_a_policy_and_reads_the_clause(open_page):
    page = open_page()
    expect(page.get_by_text("로그인해 주세요", exact=False).first).to_be_visible()
    say(page, "반품 배송비는 누가 내요?")
    page.locator('[class*="st-key-source-"] button:visible').first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("시행 중", exact=False)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_deleting_a_chat_asks_first(console, server):
    page = console("jihun@example.com")
    page.goto(server.url)
    say(page, "고마워요 이 대화는 지울게요")
    listed = page.get_by_test_id("stSidebar").locator(
        '[class*="st-key-chat-s_"] button:visible', has_text="고마워요 이 대화는 지울게요"
    )
    expect(listed).to_be_visible()
    page.locator('[class*="st-key-delete-s_"] button:visible').first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("되돌릴 수 없어요", exact=False)).to_be_visible()
    button(dialog, "그대로 두기").click()
    expect(dialog).to_have_count(0)
    expect(mine(page)).to_have_count(1)
    page.locator('[class*="st-key-delete-s_"] button:visible').first.click()
    button(dialog, "지우기").click()
    expect(dialog).to_have_count(0)
    expect(listed).to_have_count(0)
    expect(mine(page)).to_have_count(0)


def test_a_phone_shows_everything_in_one_column(console, server):
    page = console("jihun@example.com", **PHONE)
    page.goto(server.url)
    expect(page.get_by_test_id("stSidebar")).not_to_be_in_viewport()
    assert no_sideways_scroll(page)
    say(page, "주문 취소하고 싶어요")
    card = page.locator('[class*="st-key-card-"]').last
    assert card.bounding_box()["width"] > 340
    assert button(card, "이 주문 선택").bounding_box()["height"] >= 40
    assert no_sideways_scroll(page)
    for path in ("orders", "tickets", "policies?q=반품 배송비는 누가 내요"):
        page.goto(f"{server.url}/{path}")
        idle(page)
        assert no_sideways_scroll(page), path


def test_filters_live_in_the_url_and_survive_a_detail(console, server):
    page = console()
    page.goto(f"{server.url}/orders")
    page.get_by_role("radio", name="배송중").or_(button(page, "배송중")).first.click()
    idle(page)
    assert "status=shipped" in page.url
    page.reload()
    expect(button(page, "상세 보기")).to_have_count(1)
    button(page, "상세 보기").click()
    expect(page.get_by_text("운송장", exact=False)).to_be_visible()
    assert "order=" in page.url
    button(page, "주문 목록").click()
    expect(button(page, "상세 보기")).to_have_count(1)
    assert "status=shipped" in page.url
    page.go_back()
    expect(page.get_by_text("운송장", exact=False)).to_be_visible()


@pytest.fixture
def shoes(server):
    """Order, option and e-mail of somebody whose shoes came just now, and who asked nothing."""
    with Database(server.folder / "sangdam.db").write() as tx:
        order_id, option, email = tx.rows(
            "select o.order_id, l.option_name, u.email from orders o join users u using (user_id) "
            "join order_lines l using (order_id) where l.product_name like '%운동화%' "
            "and o.status = 'delivered' and o.order_id not in (select order_id from claims) "
            "and u.user_id != 'user_001' group by o.order_id having count(*) = 1 limit 1"
        )[0].values()
        tx.execute("update orders set delivered_at = ? where order_id = ?",
                   (datetime.now(UTC).isoformat(), order_id))  # fmt: skip
    return order_id, option, email


def test_an_exchange_is_quoted_before_it_is_filed(console, server, shoes):
    order_id, option, email = shoes
    page = console(email)
    page.goto(f"{server.url}/orders?order={order_id}")
    button(page, "교환 신청").click()
    dialog = page.get_by_role("dialog")
    file = button(dialog, "교환 신청하기")
    expect(file).to_be_disabled()
    dialog.get_by_role("combobox").last.click()
    others = page.get_by_role("option").filter(has_not_text="품절").filter(has_not_text=option)
    others.last.click()
    expect(dialog.get_by_text("내실 금액")).to_be_visible()
    expect(dialog.get_by_text("6,000원").last).to_be_visible()
    file.click()
    expect(page.get_by_text("교환 신청을 접수했어요", exact=False)).to_be_visible()
    expect(dialog).to_have_count(0)
    button(page, "교환 신청 철회").click()
    button(dialog, "신청 철회하기").click()
    expect(page.get_by_text("교환 신청을 철회했어요", exact=False)).to_be_visible()


def test_a_bad_address_stays_in_the_dialog(console, server):
    page = console("jihun@example.com")
    page.goto(f"{server.url}/orders?status=paid")
    button(page, "상세 보기").first.click()
    button(page, "배송지 변경").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("도로명 주소").fill("서울")
    button(dialog, "이 주소로 바꾸기").click()
    expect(dialog.get_by_text("도로명과 번호까지", exact=False)).to_be_visible()
    dialog.get_by_label("도로명 주소").fill("서울 마포구 월드컵북로 400")
    button(dialog, "이 주소로 바꾸기").click()
    expect(page.get_by_text("배송지를 바꿨어요", exact=False)).to_be_visible()
    expect(page.get_by_text("월드컵북로 400", exact=False)).to_be_visible()


def test_asking_about_an_order_opens_the_chat_with_it(console, server):
    page = console()
    page.goto(f"{server.url}/orders?status=shipped")
    button(page, "상담하기").click()
    expect(mine(page)).to_have_count(1)
    expect(mine(page)).to_contain_text("주문")
    idle(page)
    assert "/orders" not in page.url


def test_a_bad_photo_keeps_the_words_in_the_input(console, server):
    page = console("jihun@example.com")
    page.goto(server.url)
    box = page.get_by_test_id("stChatInputTextArea")
    page.locator('[data-testid="stChatInput"] input[type=file]').set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    )
    page.wait_for_timeout(500)
    box.fill("깨져서 왔어요")
    box.press("Enter")
    expect(page.get_by_test_id("stToast")).to_be_visible()
    expect(box).to_have_value("깨져서 왔어요")
    expect(mine(page)).to_have_count(0)


def test_enter_sends_once_while_hangul_is_composed(open_page):
    page = open_page()
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("안녕하세요")
    box.dispatch_event("compositionstart")
    box.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "isComposing": True})
    page.wait_for_timeout(400)
    expect(mine(page)).to_have_count(0)
    box.dispatch_event("compositionend")
    box.press("Enter")
    expect(mine(page)).to_have_count(1)
    idle(page)
    expect(mine(page)).to_have_count(1)
