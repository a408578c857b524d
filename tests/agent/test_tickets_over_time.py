"""Tickets over time: what is said in the chat, silence, and the queue."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from agent.types import PERSON, Caller
from errors import BadInput
from services import Services
from store import audit, tickets
from store.models import Ticket
from tests.conftest import Clock
from tests.desk import do, of_chat, read
from tests.shelves import STAFF, every_row, order_of
from tests.talk import Talk

AGENT_AGAIN = "상담 도우미에게 돌아갈게요"

# ── the chat ─────────────────────────────────────────────────────────────────────────────


def test_a_reply_shows_in_the_chat_by_name(shop: Services, minji: Caller, talk: Talk) -> None:
    ticket = of_chat(shop, talk)
    now = do(shop, "reply_ticket", ticket, text="안녕하세요, 이상담이에요.", wait=True)
    do(shop, "note_ticket", now, text="까다로운 고객")
    said = shop.messages(minji, talk.session_id or "")
    assert (said[-1].role, said[-1].content) == ("staff", "안녕하세요, 이상담이에요.")
    assert said[-1].payload == {"name": "이상담"}
    shop.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text="네, 안녕하세요")
    assert shop.messages(minji, talk.session_id or "")[-1].role == "user"


def test_what_is_said_in_the_chat_answers_the_desk(shop: Services, talk: Talk) -> None:
    do(shop, "reply_ticket", of_chat(shop, talk), text="언제 받으시면 좋을까요?", wait=True)
    talk.say("내일 오후에 보내 주세요")
    now = of_chat(shop, talk)
    assert (now.status, now.waiting_since) == ("in_progress", None)
    assert (now.events[-1].kind, now.events[-1].text) == ("message", "내일 오후에 보내 주세요")


@pytest.mark.parametrize("text", ["네", "아니요 괜찮아요", "감사합니다"])
def test_a_bare_answer_answers_the_desk_too(shop: Services, talk: Talk, text: str) -> None:
    do(shop, "reply_ticket", of_chat(shop, talk), text="경비실에 맡길까요?", wait=True)
    talk.say(text)
    assert of_chat(shop, talk).status == "in_progress"


def test_a_yes_while_a_person_answers_is_the_persons(
    shop: Services, minji: Caller, talk: Talk
) -> None:
    """An offer of the agent's that is still open is not run by it; its button still is."""
    order = order_of(shop, minji, "paid")
    talk.say(AGENT_AGAIN)
    offer = talk.say(f"{order.order_id} 주문 취소할래요")
    assert offer.pending_action is not None
    do(shop, "reply_ticket", of_chat(shop, talk), text="사진을 보내 주시겠어요?", wait=True)
    assert talk.say("네").model == PERSON
    assert of_chat(shop, talk).status == "in_progress"
    assert shop.tool(minji, "get_order", order_id=order.order_id).status == "paid"
    talk.confirm(offer)
    assert shop.tool(minji, "get_order", order_id=order.order_id).status == "cancelled"


@pytest.mark.parametrize("text", ["고마워요", "감사합니다", "네 알겠습니다", "안녕하세요"])
def test_thanks_say_nothing_of_the_resolution(shop: Services, talk: Talk, text: str) -> None:
    do(shop, "resolve_ticket", of_chat(shop, talk), resolution="다시 보내 드렸어요.")
    talk.say(text)
    talk.say("아니요")  # no longer an answer to "잘 해결됐나요?"
    now = of_chat(shop, talk)
    assert (now.status, now.verdict) == ("resolved", None)


def test_a_bare_answer_to_the_question_is_a_verdict(shop: Services, talk: Talk) -> None:
    do(shop, "resolve_ticket", of_chat(shop, talk), resolution="다시 보내 드렸어요.")
    talk.say("네")
    assert (of_chat(shop, talk).status, of_chat(shop, talk).verdict) == ("resolved", "solved")


def test_a_bare_no_to_the_question_opens_it_again(shop: Services, talk: Talk) -> None:
    do(shop, "resolve_ticket", of_chat(shop, talk), resolution="다시 보내 드렸어요.")
    talk.say("아니요")
    assert (of_chat(shop, talk).status, of_chat(shop, talk).verdict) == ("in_progress", "unsolved")


def test_a_wish_reopens_and_its_entry_knows_its_turn(shop: Services, talk: Talk) -> None:
    solved = do(shop, "resolve_ticket", of_chat(shop, talk), resolution="보내 드렸어요.")
    talk.say("아직도 택배가 안 왔어요")
    now = of_chat(shop, talk)
    assert (now.status, now.version) == ("in_progress", solved.version + 1)
    with shop.database.read() as tx:
        event = audit.of_object(tx, "ticket", now.ticket_id)[-1]
        turn = tx.value("select max(created_at) from turns where turn_id = ?", (event["turn_id"],))
    assert (event["action"], event["source"]) == ("judge", "chat")
    assert (now.verdict, now.reopens, now.events[-1].text) == (
        "unsolved", 1, "아직도 택배가 안 왔어요"
    )  # fmt: skip
    assert turn is not None


def test_asking_for_a_person_again_opens_the_same_ticket(shop: Services, talk: Talk) -> None:
    ticket = of_chat(shop, talk)
    do(shop, "resolve_ticket", ticket, resolution="보내 드렸어요.")
    again = talk.say("상담원 연결해 주세요")
    assert again.ticket_id == ticket.ticket_id
    assert of_chat(shop, talk).status == "in_progress"


def test_an_old_resolved_ticket_is_closed_and_a_new_one_made(
    shop: Services, clock: Clock, talk: Talk
) -> None:
    ticket = of_chat(shop, talk)
    do(shop, "resolve_ticket", ticket, resolution="보내 드렸어요.")
    clock.pass_(days=8)
    again = talk.say("상담원 연결해 주세요")
    assert read(shop, ticket).status == "closed"
    assert again.ticket_id != ticket.ticket_id
    assert of_chat(shop, talk).status == "open"


def test_another_persons_chat_moves_no_ticket(shop: Services, jihun: Caller, talk: Talk) -> None:
    do(shop, "resolve_ticket", of_chat(shop, talk), resolution="했어요")
    Talk(shop, jihun).say("아직도 택배가 안 왔어요")
    assert of_chat(shop, talk).status == "resolved"


# ── silence ──────────────────────────────────────────────────────────────────────────────


def test_silence_closes_once_and_says_who(shop: Services, clock: Clock, ticket: Ticket) -> None:
    solved = do(shop, "resolve_ticket", ticket, resolution="했어요")
    shop.housekeeping()
    assert read(shop, ticket).status == "resolved"
    clock.pass_(days=6, hours=23)
    do(shop, "note_ticket", solved, text="메모는 침묵을 깨지 않아요")
    clock.pass_(hours=1)
    assert shop.housekeeping() >= 1
    closed = read(shop, ticket)
    assert (closed.status, closed.closed_at) == ("closed", closed.updated_at)
    assert (closed.events[-1].kind, closed.events[-1].actor_id) == ("closed", None)
    with shop.database.read() as tx:
        event = audit.of_object(tx, "ticket", ticket.ticket_id)[-1]
    assert (event["actor_id"], event["actor_role"], event["source"]) == (None, "system", "system")
    before = every_row(shop)
    assert shop.housekeeping() == 0
    assert every_row(shop) == before


def test_thanks_in_the_chat_break_the_silence(shop: Services, clock: Clock, talk: Talk) -> None:
    do(shop, "resolve_ticket", of_chat(shop, talk), resolution="했어요")
    clock.pass_(days=6)
    talk.say("고마워요")
    clock.pass_(days=6)
    shop.housekeeping()
    assert of_chat(shop, talk).status == "resolved"
    clock.pass_(days=1)
    shop.housekeeping()
    assert of_chat(shop, talk).status == "closed"


def test_only_what_is_resolved_closes_by_itself(
    shop: Services, clock: Clock, ticket: Ticket
) -> None:
    do(shop, "reply_ticket", ticket, text="사진이 필요해요", wait=True)
    clock.pass_(days=30)
    shop.housekeeping()
    assert read(shop, ticket).status == "waiting_customer"


def test_many_at_once_close_a_ticket_once(shop: Services, clock: Clock, ticket: Ticket) -> None:
    do(shop, "resolve_ticket", ticket, resolution="했어요")
    shop.housekeeping()
    clock.pass_(days=7)
    with shop.database.read() as tx:
        due = tx.value("select count(*) from tickets where status = 'resolved'")
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(shop.housekeeping())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0] * 7 + [due]
    assert [event.kind for event in read(shop, ticket).events].count("closed") == 1


# ── the queue ────────────────────────────────────────────────────────────────────────────


def whole(shop: Services, *, limit: int, **filters: Any) -> list[Ticket]:
    """Every page of the queue."""
    found, cursor = list[Ticket](), None
    while True:
        page = shop.tool(STAFF, "ticket_queue", limit=limit, cursor=cursor, **filters)
        assert len(page.items) <= limit
        found += [item.ticket for item in page.items]
        if (cursor := page.next_cursor) is None:
            return found


ALL = ("open", "in_progress", "waiting_customer", "resolved", "closed")


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_the_pages_hold_every_ticket_once(shop: Services, limit: int) -> None:
    found = whole(shop, limit=limit, statuses=ALL)
    with shop.database.read() as tx:
        every = tickets.find(tx, user_id=None, limit=1000)
    assert sorted(t.ticket_id for t in found) == sorted(t.ticket_id for t in every)
    assert found == whole(shop, limit=100, statuses=ALL)


def test_the_most_urgent_comes_first(shop: Services) -> None:
    found = whole(shop, limit=100, statuses=ALL)
    rank = {"open": 0, "in_progress": 0, "waiting_customer": 1, "resolved": 2, "closed": 3}
    ranks = [rank[t.status] for t in found]
    assert ranks == sorted(ranks)
    running = [t for t in found if t.status in ("open", "in_progress")]
    due = [t.resolution_due if t.first_responded_at else t.first_response_due for t in running]
    assert due == sorted(d or "" for d in due)
    closed = [t.updated_at for t in found if t.status == "closed"]
    assert closed == sorted(closed, reverse=True)


def test_a_page_stays_put_while_others_are_added(shop: Services, minji: Caller) -> None:
    first = shop.tool(STAFF, "ticket_queue", limit=5)
    seen = {item.ticket.ticket_id for item in first.items}
    shop.tool(minji, "create_ticket", issue_type="other", description="새 문의", priority="high")
    second = shop.tool(STAFF, "ticket_queue", limit=100, cursor=first.next_cursor)
    assert not seen & {item.ticket.ticket_id for item in second.items}


def test_the_queue_is_filtered(shop: Services, clock: Clock, minji: Caller, ticket: Ticket) -> None:
    mine = do(shop, "take_ticket", ticket)
    ids = [t.ticket_id for t in whole(shop, limit=100, assignee_id="me")]
    assert mine.ticket_id in ids
    assert mine.ticket_id not in [t.ticket_id for t in whole(shop, limit=100, assignee_id="nobody")]
    assert all(t.assignee_id is None for t in whole(shop, limit=100, assignee_id="nobody"))
    assert {t.status for t in whole(shop, limit=100)} <= {"open", "in_progress", "waiting_customer"}
    assert {t.priority for t in whole(shop, limit=100, priority="high", statuses=ALL)} == {"high"}
    for text in (mine.ticket_id.lower(), "언제 오나요", "김민지"):
        assert mine.ticket_id in [t.ticket_id for t in whole(shop, limit=100, text=text)]
    assert whole(shop, limit=100, text="%") == []


def test_late_tickets_are_those_whose_clock_says_so(shop: Services, clock: Clock) -> None:
    clock.pass_(hours=3)
    pages = {
        late: shop.tool(STAFF, "ticket_queue", limit=100, overdue=late, statuses=ALL).items
        for late in (True, False)
    }
    running = ("open", "in_progress", "waiting_customer")
    assert pages[True]
    assert all(item.sla.breached and item.ticket.status in running for item in pages[True])
    assert not any(item.sla.breached for item in pages[False] if item.ticket.status in running)
    both = len(pages[True]) + len(pages[False])
    assert both == len(whole(shop, limit=100, statuses=ALL))


@pytest.mark.parametrize("cursor", ["x", "0~x~T", "0~1.0", "~~", "0~1~2~3"])
def test_a_cursor_that_is_none_is_refused(shop: Services, cursor: str) -> None:
    with pytest.raises(BadInput):
        shop.tool(STAFF, "ticket_queue", cursor=cursor)
