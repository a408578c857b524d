"""Tickets through their tools: the desk's work, the customer's answers, the chat between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.types import Caller
from errors import BadInput, Forbidden, NotAllowedNow, NotFound, NotSignedIn, StateChanged
from services import Services
from store import audit, tickets
from store.models import Ticket, from_text
from tests.conftest import Clock
from tests.desk import do, of_chat, read
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
    saves = [event for event in now.events if event.kind != "triaged"]
    assert now.version == len(saves) == len(states)
    assert [event.version for event in saves] == list(range(1, len(states) + 1))
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
