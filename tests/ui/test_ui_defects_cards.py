"""The card of a photo where it stands: chat, ticket, claims, order; and the picture itself."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from services.photo_examples import examples
from tests.pages import press, shown
from tests.photo_desk import Says, add_photo
from tests.photo_desk import report as photo_report
from tests.shelves import STAFF, order_of
from tests.talk import Talk
from tests.ui.photo_reports import CRACK, jpeg, keep, report, store
from ui import states
from ui.defects import canvas, model
from ui.photo_boxes import Mark, drawn, number_of, thumbnail


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


# ── drawing ──────────────────────────────────────────────────────────────────────────────


def test_a_box_changes_the_picture_at_its_edge_only():
    data = jpeg(size=(640, 480))
    plain, marked = opened(drawn(data, [])), opened(drawn(data, [Mark(1, CRACK.box, 0.8)]))
    assert plain.shape == marked.shape == (480, 640, 3)
    differs = np.abs(plain - marked).max(axis=2) > 60
    rows, columns = np.nonzero(differs)
    assert 40 <= columns.min() <= 64 <= 256 <= columns.max() <= 270
    assert rows.max() <= 256
    assert not differs[100:200, 100:220].any()  # what is inside stays to be seen


def test_a_surer_box_is_thicker_and_a_whole_one_is_none():
    data = jpeg()
    plain = opened(drawn(data, []))

    def inked(mark: Mark) -> int:
        return int((np.abs(opened(drawn(data, [mark])) - plain).max(axis=2) > 60).sum())

    assert inked(Mark(1, CRACK.box, 0.95)) > inked(Mark(1, CRACK.box, 0.05)) > 500
    assert inked(Mark(1, (0.0, 0.0, 1.0, 1.0), 0.9)) == 0


@pytest.mark.parametrize("box", [(0, 0, 0.001, 0.001), (0.999, 0.999, 1, 1), (0, 0, 1, 0.01)])
def test_boxes_at_the_edges_are_drawn(box):
    assert opened(drawn(jpeg(), [Mark(7, box, 0.5), Mark(25, box, 1.0)])).shape == (480, 640, 3)


def test_large_pictures_are_made_small():
    assert max(opened(drawn(jpeg(size=(2000, 1500)), [])).shape) == 960
    assert opened(thumbnail(jpeg(), side_px=84)).shape == (84, 84, 3)
    assert [number_of(1), number_of(20), number_of(21)] == ["①", "⑳", "(21)"]


def test_every_verdict_has_a_look():
    looks = states.STATES["photo"]
    assert set(looks) == {"damage", "review", "retake"}
    assert len({one.icon for one in looks.values()}) == 3
    assert not any("이상" in one.word for one in looks.values())


# ── pieces of the page ───────────────────────────────────────────────────────────────────


def test_a_selection_becomes_a_box_inside_the_picture():
    def event(x, y):
        return {"selection": {"box": [{"x": [1, 2], "y": [1, 2]}, {"x": x, "y": y}]}}

    assert canvas.box_of(event([480, 320], [96, 288]), 640, 480) == (0.5, 0.2, 0.75, 0.6)
    assert canvas.box_of(event([-50, 320], [96, 900]), 640, 480) == (0.0, 0.2, 0.5, 1.0)
    assert canvas.box_of(event([700, 800], [10, 20]), 640, 480) is None
    assert canvas.box_of({"selection": {"box": []}}, 640, 480) is None
    assert canvas.box_of(None, 640, 480) is None


def test_the_models_figures_stand_side_by_side():
    drawn_ones = {"damaged": 220, "clean": 180, "map50": 0.41, "any_ap50": 0.5, "auroc": 0.9,
                  "found": 0.6, "false_alarms": 0.011}  # fmt: skip
    real = {"damaged": 60, "clean": 60, "map50": None, "any_ap50": 0.03, "auroc": 0.51,
            "found": 0.05, "false_alarms": 0.2}  # fmt: skip
    lines = model.table({"generated": drawn_ones, "deeppcb": real}).splitlines()
    assert lines[0] == "|  | 그린 시험 사진 | 실제 회로 기판 |"
    assert "| mAP50 (종류와 자리가 맞음) | 0.41 | – |" in lines
    assert "| 정상 사진에서 헛짚은 비율 | 1.1% | 20.0% |" in lines


def test_the_model_is_named_for_what_it_is(open_page, desk):
    at = open_page("defects", "staff@example.com", view="model")
    text = shown(at)
    assert desk.photos.detector_info().title.split(" (")[0] in text
    assert "바로잡은 사진 0건" in text
    assert "vision export" in at.code[0].value


def test_every_example_is_a_picture():
    for one in examples():
        assert max(opened(one.data).shape) <= 2000
        assert one.caption


# ── where it stands ──────────────────────────────────────────────────────────────────────


def test_catalogue_pictures_are_set_and_removed(open_page, desk):
    desk.photos.set_product_photo(STAFF, "P1004", jpeg())
    at = open_page("defects", "staff@example.com", view="photos", product="P1004")
    assert "상품 전체" in shown(at)
    assert "상점에서 올림" in shown(at)
    press(at, "사진 지우기")
    assert "상품 사진을 지웠어요" in shown(at)
    assert "아직 사진이 없어요" in shown(at)
    desk.photos.set_product_photo(STAFF, "P1004", jpeg())
    kept = keep(desk, STAFF, product_id="P1004")
    at = open_page("defects", "staff@example.com", reports=kept.report_id)
    assert "등록 사진이 없어요" not in shown(at)


def test_the_third_photo_of_a_message_is_folded(open_page, desk, minji):
    order = order_of(desk, minji, "delivered")
    Says(desk, found := photo_report("damage"))
    talk = Talk(desk, minji)
    talk.session_id, first = add_photo(desk, minji)
    rest = [add_photo(desk, minji, talk.session_id, shade=shade)[1] for shade in (90, 120, 150)]
    talk.say(f"{order.order_id} 주문 깨져서 왔어요", images=(first, *rest))
    at = open_page("chat", c=talk.session_id)
    assert shown(at).count(found.reasons[0].rstrip(".")) == 4
    assert [one.label for one in at.expander] == ["나머지 사진 2장"]


def test_a_ticket_has_the_photos_of_its_chat(desk, minji, open_ticket):
    talk = Talk(desk, minji)
    talk.say("안녕하세요")
    session_id, image_id = desk.save_photo(minji, jpeg(), session_id=talk.session_id)
    talk.say("이 사진 좀 봐 주세요", images=(image_id,))
    ticket = desk.tool(minji, "create_ticket", issue_type="defect", description="깨졌어요")
    with desk.database.write() as tx:
        tx.execute(
            "update tickets set conversation_id = ? where ticket_id = ?",
            (session_id, ticket.ticket_id),
        )
        tx.execute("delete from photo_corrections")
        tx.execute("delete from photo_reports")
    at = open_ticket(ticket, part="photos")
    assert "아직 확인하지 않은 사진이에요." in shown(at)
    desk.tool(minji, "keep_photo_report", image_id=image_id, report=report())
    at = open_ticket(ticket, part="photos")
    assert "금이 감 · 82%" in shown(at)
    assert "문제가 보여요" in shown(open_ticket(ticket))  # beside the words, too


def test_a_ticket_without_photos_says_so(open_ticket, ticket):
    assert "아직 사진이 없어요" in shown(open_ticket(ticket, part="photos"))


def test_staff_see_it_beside_the_claim_and_the_customer_at_the_order(open_page, desk, minji):
    order = order_of(desk, minji, "delivered")
    kept = keep(desk, minji, order_id=order.order_id, line_id=order.lines[0].line_id)
    claim = desk.tool(
        minji, "create_claim", order_id=order.order_id, kind="return",
        lines=[(order.lines[0].line_id, 1, None)], reason_code="damaged",
        photos=[kept.image_id, store(desk, minji, 5)],
    )  # fmt: skip
    at = open_page("claims", "staff@example.com", status="all", claim=claim.claim_id)
    assert "금이 감 · 82%" in shown(at)
    assert [tab.label for tab in at.tabs] == ["사진 1", "사진 2"]
    assert "아직 확인하지 않은 사진이에요." in shown(at)
    own = open_page("orders", order=order.order_id)
    assert "검출 모델" not in shown(own)
