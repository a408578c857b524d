"""A part of an order cancelled, and a claim carried through by staff, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from store.database import Database

pytestmark = pytest.mark.browser

IDLE = '[data-testid=stApp][data-test-script-state="notRunning"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def idle(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def of_store(server, sql: str) -> str:
    with Database(server.folder / "sangdam.db").read() as tx:
        return str(tx.value(sql))


def test_one_product_of_two_is_cancelled_on_the_order_page(open_page, sign_in, server):
    order_id = of_store(
        server,
        "select o.order_id from orders o join payments p using (order_id) "
        "where o.status = 'delivered' and o.user_id = 'user_002' order by o.created_at limit 1",
    )
    line_ids = (f"{order_id}-1", f"{order_id}-9")
    with Database(server.folder / "sangdam.db").write() as tx:  # an order of the test's own
        tx.execute("update orders set status = 'paid', delivered_at = null where order_id = ?",
                   (order_id,))  # fmt: skip
        tx.execute("delete from claims where order_id = ?", (order_id,))
        tx.execute(
            "insert into order_lines (line_id, order_id, position, product_id, sku, product_name,"
            " option_name, quantity, unit_price_krw) select ?, order_id, 9, product_id, sku,"
            " product_name, option_name, 2, unit_price_krw from order_lines where line_id = ?",
            (line_ids[1], line_ids[0]),
        )
        tx.execute(
            "update orders set items_krw = 3 * (select unit_price_krw from order_lines where "
            "line_id = ?) where order_id = ?",
            (line_ids[0], order_id),
        )
    page = open_page("signin")
    sign_in(page, "jihun@example.com")
    page.goto(f"{server.url}/orders?order={order_id}")
    button(page, "주문 취소").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("환불 금액")).to_be_visible()
    dialog.get_by_test_id("stCheckbox").first.click()
    expect(button(dialog, "고른 상품 취소하기")).to_be_visible()
    idle(page)
    button(dialog, "고른 상품 취소하기").click()
    expect(page.get_by_text("고른 상품을 취소했어요", exact=False)).to_be_visible()
    expect(page.get_by_text("취소 완료").first).to_be_visible()
    assert of_store(server, f"select status from orders where order_id = '{order_id}'") == "paid"


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_staff_open_a_claim_and_carry_it_on(open_page, sign_in, server, options):
    claim_id = of_store(
        server, "select claim_id from claims where status = 'approved' and kind = 'return'"
    )
    page = open_page("signin", **options)
    sign_in(page, "staff@example.com")
    page.goto(f"{server.url}/claims?status=approved&claim={claim_id}")
    expect(page.get_by_text(claim_id, exact=False).first).to_be_visible()
    expect(page.get_by_text("처리 기록")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button(page, "수거 시작").click()
    expect(page.get_by_text("신청의 상태를 바꿨어요: 수거 중", exact=False).first).to_be_visible()
    expect(button(page, "수거 완료")).to_be_visible()
    state = of_store(server, f"select status from claims where claim_id = '{claim_id}'")
    assert state == "collecting"
