"""A chat that a person has, on the customer's pages: who answers, what is drawn, the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from store import tickets
from tests.desk import do
from tests.pages import press, shown
from ui import bubbles, chat_watch

ASK, TELL = "궁금한 점을 적어 주세요", "상담원에게 전할 말을 적어 주세요"
HAND_OFF, BROKEN = "상담원 연결해 주세요", "받은 텀블러 뚜껑이 깨져 있어요"
BACK = "상담 도우미에게 돌아가기"


def say(at: AppTest, text: str) -> AppTest:
    at.chat_input[0].set_value(text).run()
    assert not at.exception
    return at


def chat_of(at: AppTest) -> str:
    return str(at.session_state["sangdam_conversation_id"])


def ticket_of(desk, at: AppTest):
    with desk.database.read() as tx:
        found = tickets.of_conversation(
            tx, chat_of(at), ("open", "in_progress", "waiting_customer", "resolved")
        )
    assert found is not None
    return found


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def texts(at: AppTest) -> list[str]:
    return [one.value for one in at.text]


def test_a_hand_off_shows_who_answers_and_when(open_page):
    at = open_page("chat")
    assert at.chat_input[0].placeholder == ASK
    say(at, HAND_OFF)
    assert "**상담원이 답해요**" in shown(at)
    assert "보통 11월 23일(월) 오전 11시까지 답해요" in shown(at)  # 8 desk hours after Friday noon
    assert "상담원에게 연결했어요" in shown(at)
    assert at.chat_input[0].placeholder == TELL
    assert BACK in labels(at)


def test_on_a_holiday_nobody_is_promised_the_weekdays_hours(open_page, clock):
    clock.now = datetime(2026, 12, 25, 3, 0, tzinfo=UTC)  # Christmas, a Friday noon
    at = open_page("chat")
    assert any("오늘은 공휴일이라 상담을 쉬어요" in text for text in at.radio[0].proto.captions)
    say(at, HAND_OFF)
    assert "오늘은 공휴일이라 상담을 쉬어요" in shown(at)
    assert "상담 시간은 평일" not in shown(at)


def test_outside_the_desks_hours_they_are_told(open_page, clock):
    clock.now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # a Saturday
    at = open_page("chat")
    assert "상담 시간이 아니에요. 11월 23일(월) 오후 5시까지 답해요" in at.radio[0].proto.captions
    say(at, HAND_OFF)
    assert "상담 시간은 평일 9~18시예요" in shown(at)


def test_a_message_to_a_person_is_delivered_and_nothing_else_is_drawn(open_page, desk, minji):
    at = say(say(open_page("chat"), HAND_OFF), BROKEN)
    assert texts(at)[-1] == BROKEN
    assert shown(at).count("전달했어요") == 1 + sum("전달했어요" in one for one in texts(at))
    assert "다시 보내기" not in labels(at)
    say(at, "빨리 부탁드려요")  # the receipt is under the newest one only
    receipts = [one.value for one in at.caption if "전달했어요" in one.value]
    assert len(receipts) == 1
    roles = [one.role for one in desk.messages(minji, chat_of(at))]
    assert roles[-4:] == ["user", "receipt", "user", "receipt"]


def test_a_long_wait_for_a_person_is_no_lost_question(open_page, clock):
    at = say(say(open_page("chat"), HAND_OFF), BROKEN)
    clock.pass_(hours=3)
    again = open_page("chat", c=chat_of(at))
    assert "다시 보내기" not in labels(again)
    assert any("전달했어요" in one.value for one in again.caption)


def test_what_was_written_on_the_tickets_page_is_no_lost_question(open_page, desk, minji, clock):
    at = say(open_page("chat"), HAND_OFF)
    ticket = ticket_of(desk, at)
    press(at, BACK)
    desk.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text="언제 오나요?")
    clock.pass_(hours=3)
    again = open_page("chat", c=chat_of(at))
    assert "언제 오나요?" in texts(again)
    assert "다시 보내기" not in labels(again)


def test_a_persons_words_carry_their_name(open_page, desk):
    at = say(open_page("chat"), HAND_OFF)
    ticket = do(desk, "take_ticket", ticket_of(desk, at))
    do(desk, "reply_ticket", ticket, text="사진을 보내 주세요.")
    again = open_page("chat", c=chat_of(at))
    assert "이상담 상담원이 답해 드려요" in shown(again)
    assert "**이상담 상담원이 답하고 있어요**" in shown(again)
    assert ":orange[**이상담**]" in shown(again)
    assert texts(again)[-1] == "사진을 보내 주세요."


def test_a_new_word_makes_the_page_look_again(open_page, desk, minji):
    """The watch compares what it draws: words, a change of hands, who has the ticket."""
    from services.sessions import Sessions

    at = say(open_page("chat"), HAND_OFF)
    look = Sessions(desk).answering
    before = look(minji, chat_of(at))
    assert before.live
    assert look(minji, chat_of(at)) == before
    ticket = do(desk, "take_ticket", ticket_of(desk, at))
    taken = look(minji, chat_of(at))
    do(desk, "reply_ticket", ticket, text="안녕하세요")
    assert len({before, taken, look(minji, chat_of(at))}) == 3
    assert chat_watch.LIVE_S <= 2


def test_back_to_the_agent_and_to_the_person_again(open_page, desk, minji):
    at = press(say(open_page("chat"), HAND_OFF), BACK)
    assert "이제 상담 도우미가 답해요" in shown(at)
    assert "**상담 도우미가 답하고 있어요**" in shown(at)
    assert at.chat_input[0].placeholder == ASK
    say(at, "반품 배송비는 누가 내요?")
    assert desk.messages(minji, chat_of(at))[-1].role == "assistant"
    press(at, "상담원에게 말하기")
    assert "**상담원이 답해요**" in shown(at)
    assert desk.messages(minji, chat_of(at))[-1].payload["event"] == "handed_over"


def resolved(open_page, desk) -> AppTest:
    at = say(open_page("chat"), HAND_OFF)
    do(desk, "resolve_ticket", ticket_of(desk, at), resolution="다시 보내 드렸어요.")
    return open_page("chat", c=chat_of(at))


def test_a_resolution_is_judged_in_the_chat(open_page, desk):
    at = resolved(open_page, desk)
    assert "잘 해결됐나요" in shown(at)
    assert "**상담원이 답해요**" not in shown(at)
    press(at, "해결됐어요")
    assert ticket_of(desk, at).verdict == "solved"
    assert not {"해결됐어요", "아직이에요"} & set(labels(at))


def test_not_solved_yet_is_the_persons_again(open_page, desk):
    at = press(resolved(open_page, desk), "아직이에요")
    found = ticket_of(desk, at)
    assert (found.status, found.verdict) == ("in_progress", "unsolved")
    assert "상담원이 답" in shown(at)
    assert at.chat_input[0].placeholder == TELL


def test_a_resolution_is_judged_on_the_tickets_page(open_page, desk):
    ticket_id = ticket_of(desk, resolved(open_page, desk)).ticket_id
    at = press(open_page("tickets", ticket=ticket_id), "해결됐어요")
    assert "알려 주셔서 고마워요" in shown(at)
    assert "해결됐다고 알려 주셨어요" in shown(at)
    assert "해결됐어요" not in labels(at)


def test_not_solved_yet_on_the_tickets_page_opens_it_again(open_page, desk):
    ticket_id = ticket_of(desk, resolved(open_page, desk)).ticket_id
    at = press(open_page("tickets", ticket=ticket_id), "아직이에요")
    assert "문의를 다시 열어" in shown(at)
    assert "아직 해결되지 않았다고 알려 주셨어요" in shown(at)
    assert not [one for one in labels(open_page("tickets", ticket=ticket_id)) if "해결" in one]


@pytest.mark.parametrize("email", ["minji@example.com", "jihun@example.com"])
def test_a_person_may_be_chosen_at_the_start(open_page, desk, email):
    at = open_page("chat", email)
    assert at.radio[0].value == "agent"
    at.radio[0].set_value("person").run()
    assert at.chat_input[0].placeholder == TELL
    assert "배송 어디쯤 왔어요?" not in labels(at)
    say(at, BROKEN)
    found = ticket_of(desk, at)
    assert (found.description, found.subject, found.handoff_reason) == (BROKEN, BROKEN, "asked")
    said = desk.messages(desk.accounts.caller(found.user_id), chat_of(at))
    assert [one.role for one in said] == ["system", "user", "receipt"]
    assert found.user_id in {"user_001", "user_002"}
    again = open_page("chat", email)
    assert BROKEN in [one.label for one in again.sidebar.button]


def test_a_photo_alone_reaches_a_person(open_page, desk):
    from tests.api.helpers import photo

    at = open_page("chat")
    at.radio[0].set_value("person").run()
    at.chat_input[0].set_value("").upload("a.jpg", photo(), "image/jpeg").run()
    assert not at.exception
    assert ticket_of(desk, at).status == "open"


def test_a_guest_is_told_to_sign_in_for_a_person(open_page):
    at = open_page("chat", None)
    assert not at.radio
    assert "로그인해 주세요" in shown(at)
    assert "로그인하기" in [link.label for link in at.get("page_link")]
    say(at, HAND_OFF)
    assert "로그인" in texts(at)[-1]
    assert at.chat_input[0].placeholder == ASK


def test_a_text_too_long_for_a_person_is_told_and_kept(open_page, desk):
    at = open_page("chat")
    at.radio[0].set_value("person").run()
    say(at, "가" * 4001)
    assert "4,000자" in shown(at)
    assert "다시 보내기" in labels(at)


def test_a_chat_that_is_taken_away_does_not_answer(open_page, desk, minji):
    """Staff take a chat over whose page still shows the agent: the message goes to them."""
    at = press(say(open_page("chat"), HAND_OFF), BACK)
    do(desk, "take_ticket", ticket_of(desk, at))
    say(at, BROKEN)
    assert desk.messages(minji, chat_of(at))[-1].role == "receipt"
    assert any("전달했어요" in one.value for one in at.caption)


def test_nothing_a_person_writes_is_markup() -> None:
    told = SimpleNamespace(
        message_id="m_1", content="<b>**굵게**</b>", created_at="2026-11-20T03:00:00.000Z",
        payload={"event": "taken"},
    )  # fmt: skip

    def draw(told: object) -> None:
        from ui import bubbles

        bubbles.notice(told)  # type: ignore[arg-type]

    at = AppTest.from_function(draw, args=(told,)).run()
    assert "\\<b\\>\\*\\*굵게" in at.caption[0].value
    assert bubbles.CSS.startswith("<style>")
