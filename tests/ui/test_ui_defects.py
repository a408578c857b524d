"""불량 확인 run whole: the form, a report with its slider, history, corrections, the draft."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services import CorrectedBox
from tests.pages import press, shown
from tests.shelves import STAFF, order_of
from tests.ui.photo_reports import keep, report
from vision.types import Finding

BROKEN = CorrectedBox("broken", (0.2, 0.2, 0.6, 0.6))


def page(open_page, **query: str):
    return open_page("defects", "staff@example.com", **query)


@pytest.mark.parametrize("email", ["minji@example.com", None])
def test_nobody_else_gets_in(open_page, email):
    at = open_page("defects", email)
    assert "사진 확인하기" not in [one.label for one in at.button]


def test_the_form_says_what_is_missing(open_page):
    at = page(open_page)
    assert at.button(key="defects-start").disabled
    assert "사진을 먼저 올려 주세요." in shown(at)
    assert "이상이 없다고 답하지는 않아요" in shown(at)


def test_a_report_shows_what_was_found_and_why(open_page, desk, minji):
    kept = keep(desk, minji)
    text = shown(page(open_page, reports=kept.report_id))
    assert "금이 감 · 82% · 상품 사진 비교·검출 모델" in text
    assert "얼룩 · 41%" in text
    assert "긁힘" not in text
    assert "1곳은 감췄어요" in text
    assert "상품 사진과 견주어 보니 왼쪽 위가 달라요" in text
    assert "선명도 좋음" in text
    assert "구도 모자람" in text
    assert "예시 모델" in text
    assert "설정되어 있지 않아요" in text


def test_the_slider_hides_and_shows(open_page, desk, minji):
    kept = keep(desk, minji)
    at = page(open_page, reports=kept.report_id)
    key = f"defects-least-{kept.report_id}"
    at.select_slider(key=key).set_value(60).run()
    assert "얼룩" not in shown(at)
    assert "금이 감" in shown(at)
    at.select_slider(key=key).set_value(0).run()
    assert "긁힘 · 12%" in shown(at)


def test_a_place_that_is_told_is_shown_though_nothing_is_sure(open_page, desk, minji):
    faint = Finding("dent", 0.24, (0.5, 0.1, 0.8, 0.4), ("reference", "detector"))
    hint = Finding("stain", 0.29, (0.0, 0.0, 0.2, 0.1), ("detector",))
    found = report("review", (hint, faint))
    quiet = replace(found.opinions[1], state="clear")
    found = replace(found, opinions=(found.opinions[0], quiet, found.opinions[2]))
    kept = keep(desk, minji, found)
    at = page(open_page, reports=kept.report_id)
    assert at.select_slider(key=f"defects-least-{kept.report_id}").value == 20
    assert "찌그러짐 · 24% · 상품 사진 비교" in shown(at)
    assert "상품 사진 비교·검출 모델" not in shown(at), "it says itself that it saw nothing"


def test_a_hint_alone_stays_hidden(open_page, desk, minji):
    hint = Finding("stain", 0.2, (0.0, 0.0, 0.2, 0.1), ("detector",))
    at = page(open_page, reports=keep(desk, minji, report("review", (hint,))).report_id)
    assert "얼룩 · 20%" not in shown(at)
    assert "30%보다 낮은 1곳은 감췄어요" in shown(at)


def test_a_product_is_compared_with_the_option_that_was_sent(open_page):
    at = page(open_page)
    at.segmented_control(key="defects-about").set_value("product").run()
    at.selectbox(key="defects-product").select("P1001").run()
    names = at.selectbox(key="defects-option-P1001").options
    assert names[0].startswith("고르지 않음")
    assert "화이트" in names
    at.selectbox(key="defects-product").select("P1004").run()
    assert at.selectbox(key="defects-option-P1004").value == ""


def test_several_photos_are_looked_at_one_by_one(open_page, desk, minji):
    first, second = keep(desk, minji), keep(desk, minji, report("retake", ()), seed=1)
    at = page(open_page, reports=f"{first.report_id},{second.report_id}")
    assert "금이 감" in shown(at)
    at.button_group(key="defects-which").set_value(second.report_id).run()
    assert not at.exception
    assert "금이 감" not in shown(at)
    assert "조금 더 밝은 곳에서" in at.code[0].value


def test_a_deleted_photo_is_said(open_page):
    assert "확인한 사진이 지워졌어요" in shown(page(open_page, reports="pr_gone"))
    assert "기록을 찾을 수 없어요" in shown(page(open_page, view="history", report="pr_gone"))


def test_a_draft_becomes_the_customers_claim(open_page, desk, minji):
    order = order_of(desk, minji, "delivered")
    line = order.lines[0]
    kept = keep(desk, minji, order_id=order.order_id, line_id=line.line_id)
    at = press(page(open_page, reports=kept.report_id), "반품 신청 초안 만들기")
    assert at.selectbox(key="return-reason").value == "damaged"
    assert at.checkbox(key=f"return-{line.line_id}").value
    assert "함께 보낼 사진 1장" in shown(at)
    assert "0원" in shown(at)
    press(at, "반품 신청하기")
    claim = desk.tool(minji, "get_order", order_id=order.order_id).claims[0]
    assert (claim.kind, claim.fault, claim.photos) == ("return", "seller", (kept.image_id,))
    assert claim.user_id == minji.user_id
    assert claim.status == "requested"
    assert f"반품 신청 {claim.claim_id} 보기" in [link.proto.label for link in at.get("page_link")]


def test_without_an_order_there_is_no_draft(open_page, desk, minji):
    at = page(open_page, reports=keep(desk, minji, product_id="P1001").report_id)
    assert not [one for one in at.button if "초안" in one.label]
    assert "주문을 고르면 그 상품 사진과 견주고" in shown(at)


def test_the_order_may_be_chosen_afterwards(open_page, desk, minji):
    """The order's customer gets the photo too: a claim takes nobody else's."""
    order = order_of(desk, minji, "delivered")
    at = page(open_page, reports=keep(desk, STAFF).report_id)
    at.session_state["defects-find"] = order.order_id  # AppTest closes a dialog one types in
    press(at, "주문을 골라 다시 확인하기")
    press(at, "이 주문의 상품 사진과 견주기")
    assert "고른 주문의 상품 사진과 견주어 다시 확인했어요." in shown(at)
    [fresh] = desk.photos.reports(minji).items
    assert at.query_params["reports"] == fresh.report_id
    assert fresh.stored.order_id == order.order_id
    assert desk.photo(minji, fresh.image_id)


# ── history ──────────────────────────────────────────────────────────────────────────────


def test_the_history_is_filtered_by_the_address_and_paged(open_page, desk, minji):
    for seed in range(20):
        keep(desk, minji, seed=seed, product_id="P1001")
    other = keep(desk, minji, report("review", ()), seed=30)
    at = page(open_page, view="history")
    assert len([one for one in at.button if one.label == "열기"]) == 12
    press(at, "더 오래된 사진")
    assert len([one for one in at.button if one.label == "열기"]) == 9
    at = page(open_page, view="history", verdict="review")
    assert [one.key for one in at.button if one.label == "열기"] == [f"open-{other.report_id}"]
    assert "해당하는 사진이 없어요" in shown(page(open_page, view="history", fixed="yes"))


def test_one_is_opened_whole(open_page, desk, minji):
    kept = keep(desk, minji, product_id="P1001")
    at = page(open_page, view="history")
    at.button(key=f"open-{kept.report_id}").click().run()
    assert not at.exception
    assert at.query_params["report"] == kept.report_id
    assert "소닉웨이브 무선 이어폰" in shown(at)
    assert "견주어 볼 등록 사진이 없어요" in shown(at)


# ── corrections ──────────────────────────────────────────────────────────────────────────


def opened(open_page, kept, **query: str):
    return page(open_page, view="history", report=kept.report_id, part="correct", **query)


def test_marks_are_renamed_dropped_and_added(open_page, desk, minji):
    kept = keep(desk, minji)
    at = opened(open_page, kept)
    at.selectbox(key=f"defects-kind-{kept.report_id}-0-0-1").set_value("broken").run()
    at.button(key=f"defects-drop-{kept.report_id}-0-0-2").click().run()
    at.selectbox(key="defects-label").set_value("hole").run()
    at.number_input(key="defects-number-왼쪽").set_value(50).run()
    press(at, "이 자리 더하기")
    at.text_input[0].set_value("손잡이가 깨짐").run()
    press(at, "저장하기")
    saved = desk.tool(STAFF, "get_photo_report", report_id=kept.report_id).correction
    assert [one.label for one in saved.boxes] == ["broken", "hole"]
    assert saved.boxes[1].box == (0.5, 0.25, 0.75, 0.75)
    assert saved.note == "손잡이가 깨짐"
    assert "표시를 바로잡았어요" in shown(at)
    look = page(open_page, view="history", report=kept.report_id)
    assert "담당자가 고친 표시: 깨짐, 구멍" in shown(look)


def test_nothing_wrong_is_a_correction_too(open_page, desk, minji):
    kept = keep(desk, minji)
    at = press(opened(open_page, kept), "상품에는 문제가 없어요")
    assert "‘상품에는 문제가 없음’" in shown(at)
    press(at, "저장하기")
    saved = desk.tool(STAFF, "get_photo_report", report_id=kept.report_id).correction
    assert saved is not None
    assert not saved.boxes
    assert "상품에는 문제가 없음" in shown(page(open_page, view="history"))


def test_a_change_meanwhile_is_shown_and_not_overwritten(open_page, desk, minji):
    kept = keep(desk, minji)
    at = opened(open_page, kept)
    desk.tool(STAFF, "correct_photo_report", report_id=kept.report_id, boxes=[BROKEN])
    press(at, "저장하기")
    assert "그사이 다른 사람이" in shown(at)
    assert "깨짐" in shown(at)
    stands = desk.tool(STAFF, "get_photo_report", report_id=kept.report_id).correction
    assert [one.label for one in stands.boxes] == ["broken"]
    press(at, "고친 내용 불러오기")
    assert "그사이 다른 사람이" not in shown(at)
    assert at.selectbox(key=f"defects-kind-{kept.report_id}-1-0-1").value == "broken"


def test_the_only_order_found_is_chosen(open_page, desk, minji):
    order = order_of(desk, minji, "delivered")
    at = page(open_page)
    assert at.selectbox(key="defects-order").value is None
    at.text_input(key="defects-find").set_value(order.order_id).run()
    assert not at.exception
    assert at.selectbox(key="defects-order").value == order.order_id
    assert "사진을 먼저 올려 주세요." in shown(at)
