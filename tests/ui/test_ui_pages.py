"""The customer's pages run whole against the seeded shop: chat, orders, tickets, policies."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from agent.types import ErrorEvent
from tests.pages import press, shown

ASK = "지난주에 산 거 취소하고 싶어요"


def say(at: AppTest, text: str) -> AppTest:
    at.chat_input[0].set_value(text).run()
    assert not at.exception
    return at


def chat_of(at: AppTest) -> str | None:
    try:  # AppTest's session_state has no get()
        return str(at.session_state["sangdam_conversation_id"])
    except KeyError:
        return None


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "gray").save(out, "JPEG")
    return out.getvalue()


# ── chat ─────────────────────────────────────────────────────────────────────────────────


def test_choose_quote_confirm_and_the_order_is_cancelled(open_page, desk, minji):
    at = say(open_page("chat"), ASK)
    assert labels(at).count("이 주문 선택") == 2
    press(at, "이 주문 선택")
    assert "환불 금액" in shown(at)
    assert {"확인", "그만두기"} <= set(labels(at))
    assert "이 주문 선택" not in labels(at)  # only the newest message has live buttons
    press(at, "확인")
    assert "취소했어요" in shown(at)
    assert "확인" not in labels(at)
    found = desk.tool(minji, "list_orders", statuses=("cancelled",)).items
    orders = [desk.tool(minji, "get_order", order_id=one.order_id) for one in found]
    assert any(order.refunded_krw == order.total_krw > 0 for order in orders)


def test_declining_changes_nothing(open_page, desk, minji):
    before = desk.tool(minji, "list_orders", statuses=("paid",)).items
    at = press(say(open_page("chat"), ASK), "이 주문 선택")
    press(at, "그만두기")
    assert "확인" not in labels(at)
    assert desk.tool(minji, "list_orders", statuses=("paid",)).items == before


def test_the_url_keeps_the_chat_and_another_customers_shows_nothing(open_page, desk, minji):
    at = say(open_page("chat"), "안녕하세요")
    session_id = chat_of(at)
    again = open_page("chat", c=session_id)
    assert "안녕하세요" in [one.value for one in again.text]
    stranger = open_page("chat", "jihun@example.com", c=session_id)
    assert "안녕하세요" not in [one.value for one in stranger.text]
    assert chat_of(stranger) is None
    assert "무엇을 도와드릴까요" in shown(stranger)


def test_a_question_lost_with_its_server_can_be_sent_again(open_page, desk, minji, clock):
    """The process died while a model talked: only the customer's words are in the store."""
    session_id = chat_of(say(open_page("chat"), "안녕하세요"))
    turn = desk.run_turn(minji, "커피 어디쯤 왔어요?", session_id=session_id)
    next(turn)
    lost = desk.messages(minji, session_id)[-1]
    assert lost.role == "user"
    assert "다시 보내기" not in labels(open_page("chat", c=session_id))  # it may still come
    clock.pass_(minutes=2)
    at = open_page("chat", c=session_id)
    assert [one.value for one in at.text].count("커피 어디쯤 왔어요?") == 1
    press(at, "다시 보내기")
    assert desk.messages(minji, session_id)[-1].role == "assistant"
    assert "다시 보내기" not in labels(at)


def test_a_new_chat_and_deleting_one(open_page, desk, minji):
    at = say(open_page("chat"), "고마워요")
    session_id = chat_of(at)
    press(at, "새 상담")
    assert "무엇을 도와드릴까요" in shown(at)
    at.button(key=f"delete-{session_id}").click().run()
    press(at, "지우기")
    assert session_id not in [one.conversation_id for one in desk.conversations(minji)]


def test_a_guest_reads_a_hint_and_cites_a_clause(open_page):
    at = open_page("chat", None)
    assert "로그인해 주세요" in shown(at)
    say(at, "반품 배송비는 누가 내요?")
    sources = [button for button in at.button if str(button.key).startswith("source-")]
    assert sources
    sources[0].click().run()
    assert "시행 중" in shown(at)


def test_a_photo_goes_with_the_message(open_page, desk, minji):
    at = open_page("chat")
    at.chat_input[0].set_value("깨져서 왔어요").upload("a.jpg", photo(), "image/jpeg").run()
    assert not at.exception
    first = desk.messages(minji, chat_of(at))[0]
    assert len(first.payload["image_ids"]) == 1


def test_six_photos_are_too_many_and_the_words_stay(open_page, desk, minji):
    at = open_page("chat")
    said = at.chat_input[0].set_value("깨져서 왔어요")
    for number in range(6):
        said.upload(f"{number}.jpg", photo(), "image/jpeg")
    said.run()
    assert not at.exception
    assert "5장까지" in at.toast[0].value
    assert not desk.photo_folder.exists()


def test_a_bad_photo_is_told_and_nothing_is_sent(open_page, desk):
    at = open_page("chat")
    at.chat_input[0].set_value("깨져서 왔어요").upload("a.jpg", b"no photo", "image/jpeg").run()
    assert not at.exception
    assert at.toast
    assert chat_of(at) is None  # that the text is back in the input is seen in a browser


def test_a_failed_turn_can_be_sent_again(open_page, desk, monkeypatch):
    whole = desk.run_turn
    monkeypatch.setattr(desk, "run_turn", lambda *a, **k: iter([ErrorEvent("busy", "잠시 뒤에요")]))
    at = say(open_page("chat"), "안녕하세요")
    assert [one.value for one in at.text] == ["안녕하세요", "잠시 뒤에요"]
    monkeypatch.setattr(desk, "run_turn", whole)
    press(at, "다시 보내기")
    assert "잠시 뒤에요" not in shown(at)


def test_a_message_too_long_gets_the_desks_answer(open_page):
    at = say(open_page("chat"), "긴 이야기예요. " * 500)
    assert len(at.chat_message) == 2
    assert "4,000" in at.chat_message[1].text[0].value


def test_thumbs_and_a_reason_are_kept(open_page, desk, minji):
    at = say(open_page("chat"), "안녕하세요")
    at.feedback[0].set_value(0).run()
    at.pills[0].set_value("답이 틀렸어요").run()
    reply = desk.messages(minji, chat_of(at))[1]
    assert reply.payload["feedback"] == {"rating": 0, "reason": "답이 틀렸어요"}


# ── orders ───────────────────────────────────────────────────────────────────────────────


def paid_order(desk, minji) -> str:
    return str(desk.tool(minji, "list_orders", statuses=("paid",)).items[0].order_id)


def test_filters_and_paging(open_page):
    at = open_page("orders")
    assert labels(at).count("상세 보기") == 8
    press(at, "더 보기")
    assert labels(at).count("상세 보기") > 8
    at.pills(key="orders-status").set_value("shipped").run()
    assert labels(at).count("상세 보기") == 1
    at.text_input(key="orders-q").set_value("없는 상품").run()
    assert "조건에 맞는 주문이 없어요" in shown(at)
    press(at, "조건 지우기")
    assert labels(at).count("상세 보기") > 8


@pytest.mark.parametrize("email", ["minji@example.com", "jihun@example.com"])
def test_missing_and_somebody_elses_look_the_same(open_page, desk, minji, email):
    wanted = "20200101-0000001" if email[0] == "m" else paid_order(desk, minji)
    at = open_page("orders", email, order=wanted)
    assert labels(at) == ["주문 목록"]
    assert "**해당 주문을 찾을 수 없어요**" in shown(at)


def test_cancel_dialog_shows_the_refund_then_cancels(open_page, desk, minji):
    at = open_page("orders", order=paid_order(desk, minji))
    press(at, "주문 취소")
    assert "환불 금액" in shown(at)
    press(at, "주문 취소하기")
    assert "주문을 취소했어요" in at.success[0].value
    assert "취소완료" in shown(at)
    assert "주문 취소" not in labels(at)


def test_a_stale_page_is_told_and_drawn_again(open_page, desk, minji):
    order_id = paid_order(desk, minji)
    at = press(open_page("orders", order=order_id), "주문 취소")
    desk.tool(minji, "change_address", order_id=order_id, road="서울 중구 세종대로 110")
    press(at, "주문 취소하기")
    assert "바뀌었어요" in at.warning[0].value
    assert desk.tool(minji, "get_order", order_id=order_id).status == "paid"


def test_an_address_is_read_with_the_click(open_page, desk, minji):
    order_id = paid_order(desk, minji)
    before = desk.tool(minji, "get_order", order_id=order_id)
    at = press(open_page("orders", order=order_id), "배송지 변경")
    at.text_input(key="road").set_value("서울")
    press(at, "이 주소로 바꾸기")
    assert desk.tool(minji, "get_order", order_id=order_id) == before
    press(at, "배송지 변경")
    at.text_input(key="road").set_value("서울 중구 세종대로 110")
    press(at, "이 주소로 바꾸기")
    assert desk.tool(minji, "get_order", order_id=order_id).version == before.version + 1


def test_a_claim_is_withdrawn(open_page, desk, minji):
    asked = next(one for one in desk.tool(minji, "list_claims") if one.status == "requested")
    at = press(open_page("orders", order=asked.order_id), "반품 신청 철회")
    press(at, "신청 철회하기")
    assert "철회했어요" in at.success[0].value


# ── tickets and policies ─────────────────────────────────────────────────────────────────


def test_tickets_say_when_an_answer_comes(open_page, desk, minji):
    at = press(open_page("tickets"), "자세히 보기")
    assert "문의를 접수했어요" in shown(at)
    assert any("답변" in one.value for one in at.info)


def test_no_tickets_and_somebody_elses(open_page, desk, minji):
    ticket_id = desk.tool(minji, "list_tickets").items[0].ticket_id
    assert "아직 남긴 문의가 없어요" in shown(open_page("tickets", "jihun@example.com"))
    at = open_page("tickets", "jihun@example.com", ticket=ticket_id)
    assert "**해당 문의를 찾을 수 없어요**" in shown(at)


def test_policy_search_ranks_opens_and_admits_nothing(open_page):
    at = press(open_page("policies", None), "반품은 며칠 안에 할 수 있어요?")
    assert "키워드" in shown(at)
    assert ":primary[**반품**]" in shown(at)
    press(at, "조항 보기")
    assert "시행 중" in shown(at)
    at.text_input(key="policies-q").set_value("ㅁㄴㅇㄹ zzqx").run()
    assert "**맞는 조항을 찾지 못했어요**" in shown(at)
