"""Photos in a real browser: from the customer's picture to the claim and its ticket, the staff's
page with its slider and its draft, a report judged again for an order, and marks put right by
dragging."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from agent.types import Caller
from services import PhotoReport, Services
from tests.browser.conftest import OpenPage, Server, SignIn, wait_idle
from tests.conftest import make_services
from tests.shelves import STAFF
from vision.generate import catalogue_photo, draw, hurt, photograph, random_design

pytestmark = pytest.mark.browser

WAIT_MS = 60_000  # the machine may be busy
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True,
}  # fmt: skip
MINJI = Caller("customer", "user_001", "김민지")


@dataclass(frozen=True)
class Goods:
    """A delivered order whose product has a picture, and a photo of it with damage."""

    order: Any
    photo: bytes


@pytest.fixture
def shop(server: Server) -> Services:
    """The server's own store, beside it."""
    found = make_services(server.folder)
    found.clock = lambda: datetime.now(UTC)
    return found


def jpeg(pixels: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=92)
    return out.getvalue()


def goods(shop: Services, caller: Caller, number: int = 0) -> Goods:
    """The ``number``-th order that may be returned, its product drawn and photographed."""
    listed = shop.tool(caller, "list_orders", statuses=("delivered",), limit=50).items
    orders = [shop.tool(caller, "get_order", order_id=one.order_id) for one in listed]
    free = [
        one for one in orders
        if len(one.lines) == 1 and not one.claims and "return" in shop.allowed_actions(one)
        and (caller is not STAFF or one.user_id != MINJI.user_id)  # hers are the other tests'
    ]  # fmt: skip
    rng = np.random.default_rng(1)
    whole = draw(random_design(rng, "shipping_box"))
    broken, box = hurt(whole, "hole", rng)
    photo, _ = photograph(broken, rng, boxes=[box], hardness=0.3, side_px=960)
    line = free[number].lines[0]
    for sku in ("", line.sku):  # whatever the demonstration shop has for the option
        shop.photos.set_product_photo(STAFF, line.product_id, jpeg(catalogue_photo(whole)), sku)
    return Goods(free[number], jpeg(photo))


def judged_alone(shop: Services, photo: bytes) -> PhotoReport:
    """The report that staff have made of a photo, for no order."""
    image_id = shop.save_photo(STAFF, photo, session_id=None, owner_id=STAFF.user_id)[1]
    return shop.photos.check(STAFF, image_id)


def idle(page: Page) -> None:
    page.wait_for_timeout(300)
    wait_idle(page)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def say(page: Page, text: str) -> None:
    """Write in the chat, and wait for the answer."""
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(text)
    box.press("Enter")
    idle(page)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def file(data: bytes) -> FilePayload:
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": data}


# ── the chat, and what staff see of it ───────────────────────────────────────────────────


def test_from_a_photo_in_the_chat_to_claim_and_ticket(
    open_page: OpenPage, sign_in: SignIn, server: Server, shop: Services
) -> None:
    what = goods(shop, MINJI)
    page = open_page("signin", **PHONE)
    sign_in(page, "minji@example.com")
    page.locator('[data-testid="stChatInput"] input[type=file]').set_input_files(file(what.photo))
    page.wait_for_timeout(500)
    say(page, f"{what.order.order_id} 주문 깨져서 왔어요")
    expect(page.get_by_alt_text("보내신 사진").first).to_be_visible(timeout=WAIT_MS)
    card = page.locator('[class*="st-key-photo-card-"]').first
    expect(card.get_by_text("문제가 보여요")).to_be_visible(timeout=WAIT_MS)
    expect(card.get_by_text("①")).to_be_visible()
    expect(card.locator("img")).to_have_attribute(
        "alt", "고객 사진. 표시한 곳: ① 구멍", timeout=WAIT_MS
    )
    assert fits(page)
    idle(page)
    say(page, "반품할게요")
    expect(page.get_by_text("환불 금액").last).to_be_visible(timeout=WAIT_MS)
    button(page, "확인").click()
    expect(page.get_by_text("반품을 신청했어요", exact=False).last).to_be_visible(timeout=WAIT_MS)
    order = shop.tool(MINJI, "get_order", order_id=what.order.order_id)
    (claim,) = order.claims
    assert (claim.status, claim.fault, len(claim.photos)) == ("requested", "seller", 1)
    found = shop.tool(STAFF, "customer_history", customer_id="user_001").tickets
    ticket = next(one for one in found if one.claim_id == claim.claim_id)
    _staff_see_it(open_page("signin"), sign_in, server, ticket.ticket_id, claim.claim_id)


def _staff_see_it(
    page: Page, sign_in: SignIn, server: Server, ticket_id: str, claim_id: str
) -> None:
    sign_in(page, "staff@example.com")
    page.goto(f"{server.url}/desk?ticket={ticket_id}&part=photos")
    for address in ("", f"{server.url}/claims?status=all&claim={claim_id}"):
        if address:
            page.goto(address)
        card = page.locator('[class*="st-key-photo-card-"]').first
        expect(card.get_by_text("문제가 보여요")).to_be_visible(timeout=WAIT_MS)
        expect(card.locator("img").first).to_have_attribute(
            "alt", "고객 사진. 표시한 곳: ① 구멍", timeout=WAIT_MS
        )
        expect(card.get_by_alt_text("등록된 상품 사진")).to_be_visible(timeout=WAIT_MS)
        expect(card.get_by_text("구멍", exact=False).first).to_be_visible()
        expect(card.get_by_text("상품 사진 비교", exact=False).first).to_be_visible()


# ── the staff's page ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_a_photo_is_judged_and_drafted_into_a_claim(
    open_page: OpenPage,
    sign_in: SignIn,
    server: Server,
    shop: Services,
    options: dict[str, Any],
) -> None:
    what = goods(shop, STAFF)  # anybody's; each time another: the one before has its claim
    page = open_page("signin", **options)
    sign_in(page, "staff@example.com")
    page.goto(f"{server.url}/defects")
    page.locator('[data-testid="stFileUploader"] input[type=file]').set_input_files(
        file(what.photo)
    )
    expect(page.get_by_text("photo.jpg")).to_be_visible(timeout=WAIT_MS)
    find = page.get_by_label("주문 찾기")
    find.fill(what.order.order_id)
    find.press("Enter")
    idle(page)
    expect(button(page, "사진 확인하기")).to_be_enabled(timeout=WAIT_MS)
    button(page, "사진 확인하기").click()
    legend = page.locator('[class*="st-key-photo-legend-"]')
    expect(legend.get_by_text("①")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_alt_text("등록된 상품 사진")).to_be_visible(timeout=WAIT_MS)
    picture = page.get_by_alt_text("고객 사진", exact=False)
    before = picture.get_attribute("src")
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    expect(legend.get_by_text("감췄어요", exact=False)).to_be_visible(timeout=WAIT_MS)
    slider.press("Home")
    expect(legend.get_by_text("감췄어요", exact=False)).to_have_count(0, timeout=WAIT_MS)
    assert picture.get_attribute("src") != "" != before
    assert fits(page)
    idle(page)
    button(page, "반품 신청 초안 만들기").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("함께 보낼 사진 1장")).to_be_visible(timeout=WAIT_MS)
    expect(dialog.get_by_text("환불 금액")).to_be_visible(timeout=WAIT_MS)
    button(dialog, "반품 신청하기").click()
    expect(page.get_by_text("반품 신청을 접수했어요", exact=False)).to_be_visible(timeout=WAIT_MS)
    (claim,) = shop.tool(STAFF, "get_order", order_id=what.order.order_id).claims
    assert (claim.user_id, claim.fault, len(claim.photos)) == (what.order.user_id, "seller", 1)
    expect(page.get_by_text(f"반품 신청 {claim.claim_id} 보기")).to_be_visible(timeout=WAIT_MS)


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_a_photo_of_no_order_is_judged_again_for_one(
    open_page: OpenPage,
    sign_in: SignIn,
    server: Server,
    shop: Services,
    options: dict[str, Any],
) -> None:
    what = goods(shop, STAFF)
    kept = judged_alone(shop, what.photo)
    page = open_page("signin", **options)
    sign_in(page, "staff@example.com")
    page.goto(f"{server.url}/defects?view=history&report={kept.report_id}")
    button(page, "주문을 골라 다시 확인하기").click()
    dialog = page.get_by_role("dialog")
    judge = button(dialog, "이 주문의 상품 사진과 견주기")
    expect(judge).to_be_disabled(timeout=WAIT_MS)
    find = dialog.get_by_label("주문 찾기")
    find.fill(what.order.order_id)
    find.press("Enter")
    expect(judge).to_be_enabled(timeout=WAIT_MS)
    assert fits(page)
    judge.click()
    expect(page.get_by_text("다시 확인했어요", exact=False)).to_be_visible(timeout=WAIT_MS)
    expect(dialog).to_have_count(0, timeout=WAIT_MS)
    expect(page.get_by_alt_text("등록된 상품 사진")).to_be_visible(timeout=WAIT_MS)
    expect(button(page, "반품 신청 초안 만들기")).to_be_visible(timeout=WAIT_MS)
    newest = shop.tool(STAFF, "list_photo_reports", order_id=what.order.order_id).items[0]
    assert (newest.verdict, newest.user_id) == ("damage", what.order.user_id)
    assert newest.created_at > kept.stored.created_at


@pytest.mark.parametrize("options", [{}, PHONE], ids=["mouse", "touch"])
def test_a_mark_is_dragged_onto_the_picture(
    open_page: OpenPage,
    sign_in: SignIn,
    server: Server,
    shop: Services,
    options: dict[str, Any],
) -> None:
    kept = judged_alone(shop, goods(shop, MINJI).photo)
    page = open_page("signin", **options)
    sign_in(page, "staff@example.com")
    page.goto(f"{server.url}/defects?view=history&report={kept.report_id}&part=correct")
    drag(page)
    expect(button(page, "그린 곳 더하기")).to_be_enabled(timeout=WAIT_MS)
    button(page, "그린 곳 더하기").click()
    expect(button(page, "그린 곳 더하기")).to_be_disabled(timeout=WAIT_MS)
    idle(page)
    button(page, "저장하기").click()
    expect(page.get_by_text("표시를 바로잡았어요", exact=False)).to_be_visible(timeout=WAIT_MS)
    saved = shop.tool(STAFF, "get_photo_report", report_id=kept.report_id).correction
    assert saved is not None
    drawn = saved.boxes[-1].box
    assert drawn == pytest.approx((0.5, 0.2, 0.75, 0.6), abs=0.03)


def drag(page: Page) -> None:
    """From half across and a fifth down to three quarters and three fifths."""
    plot = page.locator(".nsewdrag").first
    plot.wait_for(timeout=WAIT_MS)
    page.wait_for_timeout(1500)  # plotly lays it out once more
    box = plot.bounding_box()
    assert box is not None
    ends = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
            for x, y in ((0.5, 0.2), (0.62, 0.4), (0.75, 0.6))]  # fmt: skip
    if page.evaluate("'ontouchstart' in window"):
        touch = page.context.new_cdp_session(page)
        kinds = ("touchStart", "touchMove", "touchMove")
        for kind, (x, y) in zip(kinds, ends, strict=True):
            points = [{"x": x, "y": y}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            page.wait_for_timeout(60)
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        return
    page.mouse.move(*ends[0])
    page.mouse.down()
    for x, y in ends[1:]:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
