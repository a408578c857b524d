"""Tickets through their tools: the desk's work, the customer's answers, the chat between."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from agent.types import Caller
from errors import BadInput, Forbidden, NotAllowedNow, NotFound, NotSignedIn, StateChanged
from services import Services
from store import audit, tickets
from store.models import Ticket, from_text
from tests.conftest import Clock
from tests.shelves import STAFF, every_row, order_of, told
from tests.talk import Talk

ADMIN = Caller("admin", "admin_001", "한관리")
# Every tool of the desk that changes a ticket, with arguments that would work on an open one.
DESK: dict[str, dict[str, Any]] = {
    "take_ticket": {},
    "assign_ticket": {"assignee_id": "admin_001"},
    "reply_ticket": {"text": "확인하고 있어요."},
    "note_ticket": {"text": "물류팀 확인 중"},
    "edit_ticket": {"priority": "high"},
    "resolve_ticket": {"resolution": "다시 보내 드렸어요."},
    "close_ticket": {},
    "reopen_ticket": {},
}


@pytest.fixture
def ticket(shop: Services, minji: Caller) -> Ticket:
    """A new ticket of Minji's, outside any chat."""
    made: Ticket = shop.tool(
        minji, "create_ticket", issue_type="delivery", description="언제 오나요?"
    )
    return made


@pytest.fixture
def talk(shop: Services, minji: Caller) -> Talk:
    """A chat of Minji's that has been handed to a person."""
    chat = Talk(shop, minji)
    chat.say("상담원 연결해 주세요")
    return chat


def do(shop: Services, name: str, ticket: Ticket, caller: Caller = STAFF, **given: Any) -> Ticket:
    saved: Ticket = shop.tool(
        caller, name, ticket_id=ticket.ticket_id, version=ticket.version, **given
    )
    return saved


def read(shop: Services, ticket: Ticket, caller: Caller = STAFF) -> Ticket:
    found: Ticket = shop.tool(caller, "get_ticket", ticket_id=ticket.ticket_id)
    return found


def of_chat(shop: Services, talk: Talk) -> Ticket:
    """The newest ticket of a chat, whatever its state."""
    with shop.database.read() as tx:
        found = tickets.of_conversation(
            tx, talk.session_id or "", ("open", "in_progress", "waiting_customer", "resolved",
                                        "closed"),
        )  # fmt: skip
    assert found is not None
    return read(shop, found)


# ── who ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [*DESK, "ticket_queue", "list_audit"])
def test_the_desk_is_for_staff(
    shop: Services, minji: Caller, guest: Caller, ticket: Ticket, name: str
) -> None:
    given = {}
    if name in DESK:
        given = {"ticket_id": ticket.ticket_id, "version": ticket.version, **DESK[name]}
    before = every_row(shop)
    for caller in (minji, guest, Caller()):
        with pytest.raises(Forbidden):
            shop.tool(caller, name, **given)
    assert every_row(shop) == before


@pytest.mark.parametrize("name", DESK)
def test_a_missing_ticket_is_not_found(shop: Services, name: str) -> None:
    with pytest.raises(NotFound):
        shop.tool(STAFF, name, ticket_id="T20200101-9999", version=1, **DESK[name])


@pytest.mark.parametrize("name", DESK)
def test_an_old_version_changes_nothing(shop: Services, ticket: Ticket, name: str) -> None:
    taken = do(shop, "take_ticket", ticket, ADMIN)
    before = every_row(shop)
    with pytest.raises(StateChanged) as caught:
        do(shop, name, ticket, **DESK[name])
    assert every_row(shop) == before
    assert caught.value.changes == {
        "status": ("open", "in_progress"), "assignee_id": (None, "admin_001"),
    }  # fmt: skip
    assert caught.value.message.startswith("그사이 상태와 담당자가 바뀌었어요")
    assert taken.version == ticket.version + 1


def test_a_stale_save_after_words_alone_says_so(
    shop: Services, minji: Caller, ticket: Ticket
) -> None:
    shop.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text="급해요")
    with pytest.raises(StateChanged, match="그사이 고객 메시지가 도착했어요") as caught:
        do(shop, "take_ticket", ticket)
    assert caught.value.changes == {}


def test_a_field_that_was_changed_back_is_not_told(shop: Services, ticket: Ticket) -> None:
    high = do(shop, "edit_ticket", ticket, priority="high")
    do(shop, "edit_ticket", high, priority="normal", tags=["급함"])
    with pytest.raises(StateChanged) as caught:
        do(shop, "take_ticket", ticket)
    assert caught.value.changes == {"tags": ([], ["급함"])}


# ── the life of a ticket ─────────────────────────────────────────────────────────────────


def test_from_open_to_closed_and_what_the_customer_reads(
    shop: Services, clock: Clock, minji: Caller, ticket: Ticket
) -> None:
    states = [ticket.status]

    def step(name: str, now: Ticket, **given: Any) -> Ticket:
        clock.pass_(minutes=10)
        saved = do(shop, name, now, **given)
        states.append(saved.status)
        return saved

    def answer(text: str) -> Ticket:
        clock.pass_(minutes=10)
        saved: Ticket = shop.tool(
            minji, "add_ticket_message", ticket_id=ticket.ticket_id, text=text
        )
        states.append(saved.status)
        return read(shop, saved)

    now = step("take_ticket", ticket)
    now = step("note_ticket", now, text="택배사에 물어봄")
    now = step("reply_ticket", now, text="경비실에 맡겨도 될까요?", wait=True)
    now = answer("네, 맡겨 주세요")
    now = step("resolve_ticket", now, resolution="경비실에 맡겼어요.")
    now = answer("경비실에 없대요")
    assert (now.resolution, now.resolved_at) == ("", None)
    now = step("resolve_ticket", now, resolution="다시 찾아 드렸어요.")
    now = step("close_ticket", now)
    assert states == [
        "open", "in_progress", "in_progress", "waiting_customer", "in_progress", "resolved",
        "in_progress", "resolved", "closed",
    ]  # fmt: skip
    assert now.closed_at
    assert now.version == len(now.events) == len(states)
    assert [event.version for event in now.events] == list(range(1, len(states) + 1))
    mine = read(shop, ticket, minji)
    assert [event.kind for event in mine.events] == [
        "created", "taken", "reply", "message", "resolved", "message", "resolved", "closed",
    ]  # fmt: skip
    assert "택배사에 물어봄" not in repr(mine)
    assert mine.events[2].actor_name == "이상담"
    with shop.database.read() as tx:
        told_by_audit = audit.of_object(tx, "ticket", ticket.ticket_id)
    assert [row["action"] for row in told_by_audit] == [
        "create", "take", "note", "reply", "message", "resolve", "message", "resolve", "close",
    ]  # fmt: skip


def test_only_the_first_answer_meets_the_promise(
    shop: Services, clock: Clock, ticket: Ticket
) -> None:
    noted = do(shop, "note_ticket", ticket, text="메모는 답이 아니에요")
    assert noted.first_responded_at is None
    clock.pass_(minutes=30)
    first = do(shop, "reply_ticket", noted, text="안녕하세요")
    clock.pass_(minutes=30)
    again = do(shop, "reply_ticket", first, text="확인했어요")
    assert again.first_responded_at == first.first_responded_at == first.updated_at
    assert (first.status, first.assignee_id) == ("in_progress", "staff_001")


def test_the_resolution_clock_waits_for_the_customer(
    shop: Services, clock: Clock, minji: Caller, ticket: Ticket
) -> None:
    waiting = do(shop, "reply_ticket", ticket, text="사진을 보내 주시겠어요?", wait=True)
    clock.pass_(hours=2)
    shop.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text="보냈어요")
    after = read(shop, ticket)
    assert after.first_response_due == waiting.first_response_due
    gained = from_text(after.resolution_due or "") - from_text(waiting.resolution_due or "")
    assert (gained, after.waited_s) == (timedelta(hours=2), 7200)


def test_taking_over_and_assigning(shop: Services, ticket: Ticket) -> None:
    mine = do(shop, "take_ticket", ticket)
    with pytest.raises(NotAllowedNow):
        do(shop, "take_ticket", mine)
    theirs = do(shop, "take_ticket", mine, ADMIN)
    assert (theirs.assignee_id, theirs.status) == ("admin_001", "in_progress")
    back = do(shop, "assign_ticket", theirs, assignee_id="staff_001")
    assert back.assignee_id == "staff_001"
    for who, error in (("staff_001", NotAllowedNow), ("user_001", BadInput), ("x", BadInput)):
        with pytest.raises(error):
            do(shop, "assign_ticket", back, assignee_id=who)


def test_an_open_ticket_may_be_solved_at_once(shop: Services, ticket: Ticket) -> None:
    solved = do(shop, "resolve_ticket", ticket, resolution="다시 보내 드렸어요.")
    assert (solved.status, solved.assignee_id) == ("resolved", "staff_001")
    assert solved.first_responded_at == solved.resolved_at
    reopened = do(shop, "reopen_ticket", solved)
    assert (reopened.status, reopened.resolution) == ("in_progress", "")


@pytest.mark.parametrize("name", ["take_ticket", "assign_ticket", "reply_ticket"])
def test_what_is_done_is_opened_again_first(shop: Services, ticket: Ticket, name: str) -> None:
    solved = do(shop, "resolve_ticket", ticket, resolution="했어요")
    with pytest.raises(NotAllowedNow) as caught:
        do(shop, name, solved, **DESK[name])
    assert caught.value.allowed == ("reopen_ticket",)


@pytest.mark.parametrize("name", [name for name in DESK if name != "note_ticket"])
def test_nothing_but_a_note_is_added_to_a_closed_ticket(
    shop: Services, ticket: Ticket, name: str
) -> None:
    closed = do(shop, "close_ticket", do(shop, "resolve_ticket", ticket, resolution="했어요"))
    closed = do(shop, "note_ticket", closed, text="나중에 참고")
    before = every_row(shop)
    with pytest.raises(NotAllowedNow, match="새 문의"):
        do(shop, name, closed, **DESK[name])
    assert every_row(shop) == before


@pytest.mark.parametrize("name", ["reply_ticket", "note_ticket", "resolve_ticket"])
@pytest.mark.parametrize("text", ["", "  \n ", "가" * 4001])
def test_empty_and_endless_texts_are_refused(
    shop: Services, ticket: Ticket, name: str, text: str
) -> None:
    key = "resolution" if name == "resolve_ticket" else "text"
    before = every_row(shop)
    with pytest.raises(BadInput):
        do(shop, name, ticket, **{key: text})
    assert every_row(shop) == before


def test_only_resolved_tickets_close(shop: Services, ticket: Ticket) -> None:
    with pytest.raises(NotAllowedNow):
        do(shop, "close_ticket", ticket)
    with pytest.raises(NotAllowedNow, match="이미 열려"):
        do(shop, "reopen_ticket", ticket)


# ── editing ──────────────────────────────────────────────────────────────────────────────


def test_another_priority_makes_other_promises(shop: Services, ticket: Ticket) -> None:
    urgent = do(shop, "edit_ticket", ticket, priority="urgent")
    plain = shop.tool(
        STAFF, "create_ticket", issue_type="other", description="비교", priority="urgent",
        customer_id="user_002",
    )  # fmt: skip
    assert (urgent.first_response_due, urgent.resolution_due) == (
        plain.first_response_due, plain.resolution_due,
    )  # fmt: skip
    event = urgent.events[-1]
    assert (event.before, event.after) == ({"priority": "normal"}, {"priority": "urgent"})
    assert event.internal


def test_any_subset_is_edited_and_taken_off_again(
    shop: Services, minji: Caller, ticket: Ticket
) -> None:
    order = order_of(shop, minji, "delivered")
    claim = shop.tool(minji, "list_claims")[0]
    edited = do(
        shop, "edit_ticket", ticket, issue_type="refund", subject="  환불이   늦어요 ",
        tags=["급함", " 급함", "VIP", ""], order_id=order.order_id, claim_id=claim.claim_id,
    )  # fmt: skip
    assert (edited.issue_type, edited.subject, edited.tags) == (
        "refund",
        "환불이 늦어요",
        ("급함", "VIP"),
    )
    assert (edited.order_id, edited.claim_id) == (order.order_id, claim.claim_id)
    bare = do(shop, "edit_ticket", edited, order_id="", claim_id="", tags=[])
    assert (bare.order_id, bare.claim_id, bare.tags) == (None, None, ())
    assert bare.events[-1].before == {
        "order_id": order.order_id, "claim_id": claim.claim_id, "tags": ["급함", "VIP"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        {}, {"priority": "normal"}, {"priority": "now"}, {"issue_type": "shipping"},
        {"subject": " "}, {"subject": "가" * 101}, {"tags": ["가" * 21]},
        {"tags": [str(n) for n in range(11)]}, {"order_id": ""},
    ],
)  # fmt: skip
def test_what_cannot_be_edited_changes_nothing(
    shop: Services, ticket: Ticket, given: dict[str, Any]
) -> None:
    before = every_row(shop)
    with pytest.raises(BadInput):
        do(shop, "edit_ticket", ticket, **given)
    assert every_row(shop) == before


def test_another_customers_order_or_claim_is_not_attached(
    shop: Services, jihun: Caller, ticket: Ticket
) -> None:
    foreign = {
        "order_id": order_of(shop, jihun, "paid").order_id,
        "claim_id": shop.tool(jihun, "list_claims")[0].claim_id,
    }
    for name, value in foreign.items():
        with pytest.raises(NotFound):
            do(shop, "edit_ticket", ticket, **{name: value})


# ── made by staff ────────────────────────────────────────────────────────────────────────

PLAIN = {"issue_type": "other", "description": "전화로 물어보셨어요"}


def test_staff_open_a_ticket_for_the_owner(shop: Services, minji: Caller, jihun: Caller) -> None:
    order = order_of(shop, jihun, "paid")
    claim = shop.tool(jihun, "list_claims")[0]
    for given in (
        {"order_id": order.order_id}, {"claim_id": claim.claim_id}, {"customer_id": "user_002"},
        {"order_id": order.order_id, "customer_id": "user_002"},
    ):  # fmt: skip
        made = shop.tool(STAFF, "create_ticket", **PLAIN, **given)
        assert made.user_id == "user_002"
        assert read(shop, made).events[0].actor_id == "staff_001"
    assert shop.tool(STAFF, "create_ticket", **PLAIN).user_id == "staff_001"
    with pytest.raises(BadInput, match="서로 달라요"):
        shop.tool(STAFF, "create_ticket", **PLAIN, order_id=order.order_id, customer_id="user_001")
    with pytest.raises(NotFound):
        shop.tool(STAFF, "create_ticket", **PLAIN, customer_id="user_999")


def test_a_customer_names_nobody_else(shop: Services, minji: Caller, guest: Caller) -> None:
    other = told(shop, minji, "create_ticket", {**PLAIN, "customer_id": "user_002"})
    assert other[0] is NotFound
    assert other == told(shop, minji, "create_ticket", {**PLAIN, "customer_id": "user_999"})
    assert shop.tool(minji, "create_ticket", **PLAIN, customer_id="user_001").user_id == "user_001"
    with pytest.raises(NotSignedIn):
        shop.tool(guest, "create_ticket", **PLAIN, customer_id="user_001")


# ── the customer writes ──────────────────────────────────────────────────────────────────


def test_writing_to_somebody_elses_ticket_is_writing_to_none(
    shop: Services, jihun: Caller, guest: Caller, ticket: Ticket
) -> None:
    other = told(shop, jihun, "add_ticket_message", {"ticket_id": ticket.ticket_id, "text": "저요"})
    assert other[0] is NotFound
    assert other == told(
        shop, jihun, "add_ticket_message", {"ticket_id": "T20200101-9999", "text": "저요"}
    )
    with pytest.raises(NotSignedIn):
        shop.tool(guest, "add_ticket_message", ticket_id=ticket.ticket_id, text="저요")
    with pytest.raises(Forbidden):
        shop.tool(STAFF, "add_ticket_message", ticket_id=ticket.ticket_id, text="저요")


@pytest.mark.parametrize("assigned", [True, False])
def test_an_answer_reopens_what_is_resolved(
    shop: Services, minji: Caller, ticket: Ticket, assigned: bool
) -> None:
    solved = do(shop, "resolve_ticket", ticket, resolution="했어요")
    if not assigned:
        with shop.database.write() as tx:
            tickets.change(tx, solved, {"assignee_id": None}, at=shop.clock())
    after = shop.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text="아니에요")
    assert after.status == ("in_progress" if assigned else "open")


def test_a_closed_ticket_takes_no_answer_and_says_what_to_do(
    shop: Services, clock: Clock, minji: Caller, ticket: Ticket
) -> None:
    solved = do(shop, "resolve_ticket", ticket, resolution="했어요")
    clock.pass_(days=7)  # nobody has closed it yet
    given = {"ticket_id": ticket.ticket_id, "text": "저기요"}
    late = told(shop, minji, "add_ticket_message", given)
    do(shop, "close_ticket", solved)
    assert late == told(shop, minji, "add_ticket_message", given)
    assert late[0] is NotAllowedNow
    assert "새 문의" in late[1]


def test_what_is_written_is_masked_everywhere(shop: Services, minji: Caller, talk: Talk) -> None:
    ticket = of_chat(shop, talk)
    secret = "900101-1234567"
    shop.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text=f"주민번호 {secret}")
    now = do(shop, "reply_ticket", read(shop, ticket), text=f"{secret} 확인했어요")
    now = do(shop, "note_ticket", now, text=secret)
    now = do(shop, "edit_ticket", now, subject=secret, tags=[secret])
    do(shop, "resolve_ticket", now, resolution=secret)
    assert secret not in repr(every_row(shop))


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


def test_a_yes_to_the_agents_own_offer_is_no_answer_to_the_desk(
    shop: Services, minji: Caller, talk: Talk
) -> None:
    order = order_of(shop, minji, "paid")
    talk.say(f"{order.order_id} 주문 취소할래요")
    do(shop, "reply_ticket", of_chat(shop, talk), text="사진을 보내 주시겠어요?", wait=True)
    talk.say("네")
    assert of_chat(shop, talk).status == "waiting_customer"


@pytest.mark.parametrize(
    "text", ["고마워요", "감사합니다", "네", "네 알겠습니다", "아니요", "안녕하세요"]
)
def test_thanks_and_a_bare_yes_reopen_nothing(shop: Services, talk: Talk, text: str) -> None:
    do(shop, "resolve_ticket", of_chat(shop, talk), resolution="다시 보내 드렸어요.")
    talk.say(text)
    assert of_chat(shop, talk).status == "resolved"


def test_a_wish_reopens_and_its_entry_knows_its_turn(shop: Services, talk: Talk) -> None:
    solved = do(shop, "resolve_ticket", of_chat(shop, talk), resolution="보내 드렸어요.")
    talk.say("아직도 택배가 안 왔어요")
    now = of_chat(shop, talk)
    assert (now.status, now.version) == ("in_progress", solved.version + 1)
    with shop.database.read() as tx:
        event = audit.of_object(tx, "ticket", now.ticket_id)[-1]
        turn = tx.value("select max(created_at) from turns where turn_id = ?", (event["turn_id"],))
    assert (event["action"], event["source"]) == ("message", "chat")
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
