"""The open ticket: answering, notes, what a stale save keeps, who else is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from agent.types import Caller
from services import Services
from store.models import Ticket
from tests.desk import do, of_chat, read
from tests.pages import press, shown
from tests.shelves import STAFF
from tests.talk import Talk
from tests.ui.ticket_page import OTHER, choose, keys, tap, write, written
from ui.desk.ticket_base import form_key

Open = Callable[..., AppTest]


@pytest.fixture
def chat(desk: Services, minji: Caller) -> Talk:
    """A chat of Minji's that a person has."""
    talk = Talk(desk, minji)
    talk.say("상담원 연결해 주세요")
    return talk


# ── head ─────────────────────────────────────────────────────────────────────────────────


def test_the_head_says_where_it_stands(open_ticket: Open, ticket: Ticket) -> None:
    text = shown(open_ticket(ticket))
    assert "택배가 언제 오나요?" in text
    assert "담당자 없음" in text
    assert "답변까지" in text
    assert ticket.ticket_id.replace("-", r"\-") in text


def test_a_missing_ticket_says_so(open_page: Open) -> None:
    at = open_page("desk", "staff@example.com", ticket="T20200101-0001")
    assert "해당 문의를 찾을 수 없어요" in shown(at)


def test_taking_waiting_and_giving_back(open_ticket: Open, desk: Services, chat: Talk) -> None:
    ticket = of_chat(desk, chat)
    at = tap(open_ticket(ticket), "desk-take_ticket")
    now = read(desk, ticket)
    assert (now.assignee_id, now.status) == ("staff_001", "in_progress")
    assert "desk-take_ticket" not in keys(at)
    at = tap(at, "desk-change_ticket")
    assert read(desk, ticket).status == "waiting_customer"
    at = tap(at, "desk-give-back")
    look = desk.tool(STAFF, "look_at_ticket", ticket_id=ticket.ticket_id)
    assert look.answerer == "agent"
    assert "desk-give-back" not in keys(at)


def test_the_form_saves_only_what_was_changed(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = open_ticket(ticket)
    form = form_key(ticket)
    at.selectbox(key=f"{form}-priority").set_value("urgent")
    at.text_input(key=f"{form}-subject").set_value("배송 지연 문의")
    press(at, "저장")
    now = read(desk, ticket)
    assert (now.priority, now.subject, now.issue_type) == ("urgent", "배송 지연 문의", "delivery")
    assert now.version == ticket.version + 1
    assert "문의 정보를 고쳤어요" in shown(at)


def test_saving_nothing_says_so(open_ticket: Open, desk: Services, ticket: Ticket) -> None:
    at = press(open_ticket(ticket), "저장")
    assert "바꿀 내용이 없어요" in shown(at)
    assert read(desk, ticket).version == ticket.version


def test_colleagues_at_the_ticket_are_named(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    desk.presence.seen(ticket.ticket_id, "admin_001", "한관리", "a", writing=True)
    at = open_ticket(ticket)
    assert "한관리 님도 보고 있어요 · 답변을 쓰는 중" in shown(at)
    assert desk.presence.viewers(ticket.ticket_id, besides="admin_001") == ("이상담",)
    write(at, ticket, "쓰는 중")
    me = next(o for o in desk.presence.present(ticket.ticket_id) if o.user_id == "staff_001")
    assert me.writing


def test_opening_another_ticket_leaves_the_first(
    open_ticket: Open, desk: Services, minji: Caller, ticket: Ticket
) -> None:
    at = open_ticket(ticket)
    next_one = desk.tool(minji, "create_ticket", issue_type="other", description="다른 문의")
    at.query_params["ticket"] = next_one.ticket_id
    at.run()
    assert desk.presence.viewers(ticket.ticket_id) == ()
    assert desk.presence.viewers(next_one.ticket_id) == ("이상담",)


# ── answering ────────────────────────────────────────────────────────────────────────────


def test_an_answer_goes_to_the_chat_masked_and_the_box_is_empty(
    open_ticket: Open, desk: Services, chat: Talk, minji: Caller
) -> None:
    ticket = of_chat(desk, chat)
    at = write(open_ticket(ticket), ticket, "카드 4111-1111-1111-1111로 환불했어요.")
    tap(at, "desk-send")
    assert written(at, ticket) == ""
    assert "답변을 보냈어요" in shown(at)
    told = desk.messages(minji, chat.session_id or "")[-1]
    assert (told.role, told.payload["name"]) == ("staff", "이상담")
    assert "환불했어요" in told.content
    assert "4111" not in told.content
    assert "환불했어요" in shown(at)  # in the conversation


def test_sending_may_wait_for_the_customer_or_resolve(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = tap(write(open_ticket(ticket), ticket, "사진을 보내 주세요."), "desk-wait")
    assert read(desk, ticket).status == "waiting_customer"
    at = tap(write(at, ticket, "교환해 드렸어요."), "desk-resolve")
    now = read(desk, ticket)
    assert (now.status, now.resolution) == ("resolved", "교환해 드렸어요.")
    assert "desk-send" not in keys(at)  # a note is all that can be written
    at = tap(at, "desk-reopen_ticket")
    assert read(desk, ticket).status == "in_progress"
    assert "desk-send" in keys(at)


def test_an_empty_answer_is_refused_in_words(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = tap(open_ticket(ticket), "desk-send")
    assert "내용을 적어 주세요" in shown(at)
    assert read(desk, ticket).version == ticket.version


def test_a_note_is_the_staffs_alone(
    open_ticket: Open, desk: Services, chat: Talk, minji: Caller
) -> None:
    ticket = of_chat(desk, chat)
    at = choose(open_ticket(ticket), ticket, "note")
    write(at, ticket, "블랙리스트 확인 필요", kind="note")
    tap(at, "desk-note-save")
    assert "블랙리스트 확인 필요" in shown(at)
    assert "내부 메모" in shown(at)
    assert all("블랙리스트" not in m.content for m in desk.messages(minji, chat.session_id or ""))
    mine = desk.tool(minji, "get_ticket", ticket_id=ticket.ticket_id)
    assert all("블랙리스트" not in event.text for event in mine.events)


def test_words_stay_with_their_ticket_while_one_moves_around(
    open_ticket: Open, desk: Services, minji: Caller, ticket: Ticket
) -> None:
    other = desk.tool(minji, "create_ticket", issue_type="other", description="다른 문의")
    at = write(open_ticket(ticket), ticket, "쓰다 만 답변")
    at.query_params["ticket"] = other.ticket_id
    at.run()
    assert written(at, other) == ""
    write(at, other, "다른 답변")
    at.query_params["ticket"] = ticket.ticket_id
    at.run()
    assert written(at, ticket) == "쓰다 만 답변"
    at.session_state["desk-part"] = "past"
    at.run()
    at.session_state["desk-part"] = "talk"
    at.run()
    assert written(at, ticket) == "쓰다 만 답변"


def test_what_people_wrote_is_never_markup(
    open_ticket: Open, desk: Services, minji: Caller
) -> None:
    bad = "<img src=x onerror=alert(1)> **굵게** :red[빨강] " + "긴 글 " * 400
    ticket = desk.tool(minji, "create_ticket", issue_type="other", description=bad[:3000],
                       subject="<b>제목</b> [링크](http://x)")  # fmt: skip
    do(desk, "note_ticket", ticket, text="<script>1</script>")
    at = open_ticket(ticket)
    marked = "\n".join(str(one.value) for one in at.markdown)
    assert "<b>" not in marked
    assert "<img" not in marked
    assert r"\<b\>제목" in marked
    texts = [str(one.value) for one in at.text]
    assert any(one.startswith("<img") for one in texts)
    assert any("전체 보기" in str(one.label) for one in at.expander)


# ── a stale save ─────────────────────────────────────────────────────────────────────────


def test_a_stale_answer_keeps_the_words_and_says_what_changed(
    open_ticket: Open, desk: Services, chat: Talk, minji: Caller
) -> None:
    ticket = of_chat(desk, chat)
    at = write(open_ticket(ticket), ticket, "제 답변이에요.")
    changed = do(desk, "edit_ticket", ticket, OTHER, priority="urgent")
    do(desk, "reply_ticket", changed, OTHER, text="먼저 답했어요.")
    at = tap(at, "desk-send")
    text = shown(at)
    assert "그사이 문의가 바뀌어서 멈췄어요" in text
    assert "우선순위: 높음 → 긴급" in text or "우선순위: 보통 → 긴급" in text
    assert "한관리" in text
    assert "먼저 답했어요." in text
    assert written(at, ticket) == "제 답변이에요."
    assert "제 답변이에요." not in str(desk.messages(minji, chat.session_id or ""))
    tap(at, "desk-stale-again")
    said = [m.content for m in desk.messages(minji, chat.session_id or "") if m.role == "staff"]
    assert said == ["먼저 답했어요.", "제 답변이에요."]
    kinds = [(e.kind, e.actor_id) for e in read(desk, ticket).events]
    assert kinds[-3:] == [
        ("edited", "admin_001"), ("reply", "admin_001"), ("reply", "staff_001"),
    ]  # fmt: skip
    assert written(at, ticket) == ""


def test_a_stale_form_saves_ones_own_field_over_the_news(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = open_ticket(ticket)
    at.selectbox(key=f"{form_key(ticket)}-priority").set_value("low")
    do(desk, "edit_ticket", ticket, OTHER, subject="동료가 고친 제목")
    press(at, "저장")
    assert "내가 바꾸려던 것" in shown(at)
    assert "우선순위: 보통 → 낮음" in shown(at)
    assert read(desk, ticket).priority == "normal"
    tap(at, "desk-stale-again")
    now = read(desk, ticket)
    assert (now.priority, now.subject) == ("low", "동료가 고친 제목")


def test_taking_note_of_the_news_lets_one_write_on(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = write(open_ticket(ticket), ticket, "답변")
    do(desk, "edit_ticket", ticket, OTHER, priority="high")
    at = at.run()
    assert "우선순위: 보통 → 높음" in shown(at)  # before anything is refused
    tap(at, "desk-news-ok")
    assert "desk-news-ok" not in keys(at)
    tap(at, "desk-send")
    assert read(desk, ticket).events[-1].text == "답변"


def test_it_changed_again_while_one_read_the_news(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = write(open_ticket(ticket), ticket, "답변")
    changed = do(desk, "edit_ticket", ticket, OTHER, priority="high")
    at = tap(at, "desk-send")
    do(desk, "note_ticket", changed, OTHER, text="잠깐만요, 제가 통화 중이에요.")
    at = tap(at, "desk-stale-again")
    assert "잠깐만요" in shown(at)
    assert written(at, ticket) == "답변"
    tap(at, "desk-stale-again")
    assert read(desk, ticket).events[-1].kind == "reply"


def test_what_the_customer_says_stops_nobody_who_has_not_begun(
    open_ticket: Open, desk: Services, minji: Caller, ticket: Ticket
) -> None:
    waiting = do(desk, "reply_ticket", ticket, text="사진을 보내 주세요.", wait=True)
    at = open_ticket(ticket)
    desk.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text="보냈어요")
    assert read(desk, ticket).version > waiting.version
    at = at.run()
    assert "보냈어요" in shown(at)
    tap(write(at, ticket, "고맙습니다."), "desk-send")
    assert read(desk, ticket).events[-1].text == "고맙습니다."


def test_somebody_closed_it_meanwhile(open_ticket: Open, desk: Services, ticket: Ticket) -> None:
    at = write(open_ticket(ticket), ticket, "늦은 답변")
    do(desk, "resolve_ticket", ticket, OTHER, resolution="해결")
    at = tap(at, "desk-send")
    assert "그사이 문의가 바뀌어서 멈췄어요" in shown(at)
    at = tap(at, "desk-stale-again")
    assert "먼저 다시 열어 주세요" in shown(at)
    tap(at, "desk-reopen_ticket")
    assert written(at, ticket) == "늦은 답변"
