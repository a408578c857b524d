"""Parts of an order cancelled, other payment methods, claims of a part, and the staff's queue."""

from __future__ import annotations

import io

from PIL import Image
from streamlit.testing.v1 import AppTest

from agent.shop.claims import DEAD_STATUSES, FAULT_OF, UNSOLD_REASONS
from tests.pages import press, shown
from tests.shelves import STAFF, stock
from ui import cards, claim_desk, claim_dialogs

TWO_LINES = "20261115-0000355"  # minji: a tumbler and two hoodies, 101,700 KRW by KakaoPay
ONE_LINE = "20261113-0000345"  # minji: earphones, 59,000 KRW by card


def again(at: AppTest, name: str) -> AppTest:
    """Redraw with the dialog still open: AppTest knows no runs of a dialog alone."""
    at.session_state["sangdam_order_dialog"] = name
    at.run()
    assert not at.exception
    return at


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def test_one_piece_is_cancelled_and_the_page_says_what_is_left(open_page, desk, minji):
    at = press(open_page("orders", order=TWO_LINES), "주문 취소")
    assert "101,700원" in shown(at)  # all of it is ticked to begin with
    at.checkbox(key=f"cancel-{TWO_LINES}-1").uncheck()
    again(at, "cancel")
    assert "74,513원" in shown(at)
    assert "무료배송 기준에 못 미쳐서" in shown(at)
    at.selectbox(key=f"cancel-{TWO_LINES}-2-quantity").set_value(1)
    again(at, "cancel")
    assert "38,756원" in shown(at)
    press(at, "고른 상품 취소하기")
    order = desk.tool(minji, "get_order", order_id=TWO_LINES)
    assert (order.status, order.refunded_krw) == ("paid", 38756)
    assert [line.kept for line in order.lines] == [1, 1]
    assert "2개 중 1개 취소 완료" in shown(at)
    assert "남은 1개" in shown(at)


def test_nothing_ticked_can_not_be_cancelled(open_page):
    at = press(open_page("orders", order=TWO_LINES), "주문 취소")
    at.checkbox(key=f"cancel-{TWO_LINES}-1").uncheck()
    again(at, "cancel")
    at.checkbox(key=f"cancel-{TWO_LINES}-2").uncheck()
    again(at, "cancel")
    assert at.button(key="cancel-yes").disabled
    assert "취소할 상품을 골라 주세요" in shown(at)


def test_an_unpaid_order_shows_what_is_left_to_pay(open_page, desk, minji):
    with desk.database.write() as tx:
        tx.execute("update orders set status = 'pending_payment' where order_id = ?", (TWO_LINES,))
        tx.execute("delete from payments where order_id = ?", (TWO_LINES,))
    at = press(open_page("orders", order=TWO_LINES), "주문 취소")
    at.checkbox(key=f"cancel-{TWO_LINES}-2").uncheck()
    again(at, "cancel")
    press(at, "고른 상품 취소하기")
    order = desk.tool(minji, "get_order", order_id=TWO_LINES)
    assert desk.due_krw(order) == 101_700 - 24_186
    assert "77,514원" in shown(at)


def test_another_payment_method_is_chosen(open_page, desk, minji):
    at = press(open_page("orders", order=ONE_LINE), "결제 수단 변경")
    gift = next(m for m in at.radio(key="payment-method").options if "기프트카드" in m)
    assert "잔액 70,000원" in gift
    at.radio(key="payment-method").set_value(gift)
    again(at, "change_payment")
    press(at, "이 수단으로 바꾸기")
    assert "결제 수단을 바꿨어요" in at.success[0].value
    order = desk.tool(minji, "get_order", order_id=ONE_LINE)
    assert order.payments[1].label == "기프트카드"
    assert "결제 수단 변경" not in labels(at)


def test_too_small_a_balance_stays_in_the_dialog(open_page):
    at = press(open_page("orders", order=TWO_LINES), "결제 수단 변경")
    gift = next(m for m in at.radio(key="payment-method").options if "기프트카드" in m)
    at.radio(key="payment-method").set_value(gift)
    again(at, "change_payment")
    press(at, "이 수단으로 바꾸기")
    again(at, "change_payment")
    assert "잔액이 부족해요" in at.warning[0].value


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "#884422").save(file, "JPEG")
    return file.getvalue()


def test_a_faulty_piece_is_claimed_with_photo_and_day(open_page, desk, minji):
    order_id = "20261116-0000363"  # shoes, delivered three days ago
    at = press(open_page("orders", order=order_id), "반품 신청")
    at.selectbox(key="return-reason").set_value("damaged")
    again(at, "return")
    assert at.date_input(key="return-noticed").value is not None
    at.file_uploader(key="return-photos").upload("a.jpg", photo(), "image/jpeg")
    again(at, "return")
    press(at, "반품 신청하기")
    claim = desk.tool(minji, "get_order", order_id=order_id).claims[-1]
    assert len(claim.photos) == 1
    assert claim.noticed_on == "2026-11-20"
    assert desk.photo(minji, claim.photos[0])
    assert "환불 예정" in shown(at)
    assert "상품이 도착하면" in shown(at)


def test_options_of_another_price_are_named_not_offered(open_page):
    at = press(open_page("orders", order=TWO_LINES), "옵션 변경")
    at.selectbox(key="option-line").set_value(f"{TWO_LINES}-2")
    again(at, "change_option")
    assert not [o for o in at.radio(key=f"option-{TWO_LINES}-2").options if "XL" in o]
    assert "가격이 달라요" in shown(at)


# ── staff ────────────────────────────────────────────────────────────────────────────────


def waiting(desk, kind: str, status: str) -> str:
    found = desk.tool(STAFF, "claim_queue", statuses=(status,), limit=100).items
    return next(item.claim.claim_id for item in found if item.claim.kind == kind)


def test_customers_do_not_get_the_queue(open_page):
    assert "볼 수 있는 권한이 없어요" in open_page("claims").subheader[0].value


def test_what_the_pages_know_of_the_rules_is_the_shops_own():
    assert set(claim_desk._BROKEN) == UNSOLD_REASONS
    assert cards.CAME_TO_NOTHING == DEAD_STATUSES
    assert {r for r in claim_dialogs.REASONS if FAULT_OF[r] == "seller"} == set(
        claim_dialogs.SELLER_FAULT
    )


def test_a_return_is_carried_to_its_refund(open_page, desk):
    claim_id = waiting(desk, "return", "collected")
    at = open_page("claims", "staff@example.com", claim=claim_id)
    claim = desk.tool(STAFF, "get_claim", claim_id=claim_id)
    assert f"**{claim.refund_krw:,}원 환불**" in shown(at)
    assert "재고 1개 복귀" in shown(at)
    order = desk.tool(STAFF, "get_order", order_id=claim.order_id)
    sku = next(x.sku for x in order.lines if x.line_id == claim.lines[0].line_id)
    before = stock(desk, sku)
    press(at, "완료")
    assert "완료" in at.success[0].value
    assert stock(desk, sku) == before + 1
    assert "환불했어요" in shown(at)
    assert not {"승인", "거절", "완료"} & set(labels(at))


def test_a_refusal_needs_its_reason(open_page, desk):
    claim_id = waiting(desk, "return", "requested")
    at = open_page("claims", "staff@example.com", claim=claim_id)
    assert {"승인", "거절"} <= set(labels(at))
    press(at, "거절")
    assert "이유를 적어 주세요" in at.warning[0].value
    at.text_area[0].set_value("사용한 흔적이 있어요.").run()
    press(at, "거절")
    claim = desk.tool(STAFF, "get_claim", claim_id=claim_id)
    assert (claim.status, claim.note) == ("rejected", "사용한 흔적이 있어요.")


def test_a_stale_claim_is_told_and_drawn_again(open_page, desk):
    claim_id = waiting(desk, "return", "requested")
    at = open_page("claims", "staff@example.com", claim=claim_id)
    desk.tool(STAFF, "advance_claim", claim_id=claim_id, to="approved")
    press(at, "승인")
    assert "바뀌었어요" in at.warning[0].value
    assert "수거 시작" in labels(at)


def test_the_queue_filters_by_state(open_page, desk):
    at = open_page("claims", "staff@example.com", status="rejected")
    assert labels(at).count("열기") == len(
        desk.tool(STAFF, "claim_queue", statuses=("rejected",), limit=100).items
    )
    press(at, "열기")
    assert "처리 기록" in shown(at)
