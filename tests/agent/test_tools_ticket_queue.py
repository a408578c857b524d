"""The queue's tools: what they ask of the store, and several tickets changed at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from agent.tools.ticket_bulk import BulkResult
from agent.types import Caller
from errors import BadInput, Forbidden
from services import Services
from store import audit
from store.models import Ticket, to_text
from tests.conftest import Clock
from tests.desk import do, read
from tests.shelves import STAFF, every_row

ADMIN = Caller("admin", "admin_001", "한관리")
RUNNING = ("open", "in_progress", "waiting_customer")
BULK: dict[str, dict[str, Any]] = {
    "assign_tickets": {"assignee_id": "admin_001"},
    "tag_tickets": {"add": ["급함"]},
    "close_tickets": {},
}


@pytest.fixture
def three(shop: Services, minji: Caller) -> list[Ticket]:
    """Three new tickets of Minji's."""
    return [
        shop.tool(minji, "create_ticket", issue_type="delivery", description=f"배송 문의 {number}")
        for number in range(3)
    ]


def versions(given: Sequence[Ticket]) -> dict[str, int]:
    return {ticket.ticket_id: ticket.version for ticket in given}


def bulk(shop: Services, name: str, given: Sequence[Ticket], **more: Any) -> BulkResult:
    result: BulkResult = shop.tool(STAFF, name, versions=versions(given), **more)
    return result


def ids(shop: Services, **filters: Any) -> set[str]:
    found = shop.tool(STAFF, "ticket_queue", limit=100, **filters).items
    return {item.ticket.ticket_id for item in found}


# ── the queue ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["queue_counts", "queue_choices", *BULK])
def test_the_queue_is_for_staff(
    shop: Services, minji: Caller, guest: Caller, three: list[Ticket], name: str
) -> None:
    given = {"versions": versions(three), **BULK[name]} if name in BULK else {}
    before = every_row(shop)
    for caller in (minji, guest, Caller()):
        with pytest.raises(Forbidden):
            shop.tool(caller, name, **given)
    assert every_row(shop) == before


def test_each_view_s_count_is_what_it_shows(shop: Services, three: list[Ticket]) -> None:
    do(shop, "take_ticket", three[0])
    do(shop, "reply_ticket", three[1], text="사진을 보내 주세요", wait=True)
    counts = shop.tool(STAFF, "queue_counts")
    views: dict[str, dict[str, Any]] = {
        "running": {}, "mine": {"assignee_id": "me"}, "unassigned": {"assignee_id": "nobody"},
        "overdue": {"overdue": True}, "waiting": {"statuses": ("waiting_customer",)},
        "unread": {"unread": True},
    }  # fmt: skip
    assert counts == {view: len(ids(shop, **asks)) for view, asks in views.items()}
    assert three[0].ticket_id in ids(shop, assignee_id="me")
    assert counts["mine"] > 0
    assert shop.tool(ADMIN, "queue_counts")["mine"] != counts["running"]


def test_new_filters_narrow_the_queue(shop: Services, three: list[Ticket]) -> None:
    first, second, _ = three
    do(shop, "edit_ticket", first, tags=["급함"], issue_type="defect")
    with shop.database.write() as tx:
        tx.update("tickets", {"ticket_id": second.ticket_id}, {
            "sentiment": "angry", "customer_spoke_at": to_text(shop.clock()),
            "staff_spoke_at": None, "summary": "이어폰 왼쪽이 안 들려요",
        })  # fmt: skip
    assert first.ticket_id in ids(shop, tag="급함", issue_type="defect")
    assert second.ticket_id not in ids(shop, tag="급함")
    assert ids(shop, sentiment="angry") == {second.ticket_id}
    assert second.ticket_id in ids(shop, unread=True)
    assert ids(shop, text="왼쪽이 안 들려요") == {second.ticket_id}


def test_what_came_after_a_look_is_counted(
    shop: Services, clock: Clock, minji: Caller, three: list[Ticket]
) -> None:
    looked = clock()
    assert shop.tool(STAFF, "ticket_queue", newer_than=looked).newer == 0
    clock.pass_(minutes=1)
    shop.tool(minji, "create_ticket", issue_type="refund", description="환불이 안 보여요")
    assert shop.tool(STAFF, "ticket_queue", newer_than=looked).newer == 1
    assert shop.tool(STAFF, "ticket_queue", newer_than=looked, issue_type="payment").newer == 0
    assert shop.tool(STAFF, "ticket_queue", newer_than=looked + timedelta(hours=1)).newer == 0


def test_a_row_shows_the_order_s_product(shop: Services, minji: Caller) -> None:
    order = shop.tool(minji, "list_orders", limit=1).items[0]
    made = shop.tool(
        minji, "create_ticket", issue_type="delivery", description="언제 오나요",
        order_id=order.order_id,
    )  # fmt: skip
    items = shop.tool(STAFF, "ticket_queue", limit=100).items
    item = next(item for item in items if item.ticket.ticket_id == made.ticket_id)
    whole = shop.tool(minji, "get_order", order_id=order.order_id)
    assert item.product_name == whole.lines[0].product_name
    assert item.lines == len(whole.lines)


def test_choices_name_staff_without_their_data(shop: Services) -> None:
    found = shop.tool(STAFF, "queue_choices")
    assert {one.user_id for one in found.staff} == {"staff_001", "admin_001"}
    assert {*vars(type(found.staff[0]))["__slots__"]} == {"user_id", "name", "role"}


# ── several at once ──────────────────────────────────────────────────────────────────────


def test_several_are_given_to_one_and_the_stale_one_is_told(
    shop: Services, three: list[Ticket]
) -> None:
    do(shop, "edit_ticket", three[1], ADMIN, priority="high")
    result = bulk(shop, "assign_tickets", three, assignee_id="me")
    assert result.done == (three[0].ticket_id, three[2].ticket_id)
    (refused,) = result.refused
    assert refused.ticket_id == three[1].ticket_id
    assert "우선순위" in refused.reason
    now = [read(shop, ticket) for ticket in three]
    assert [ticket.assignee_id for ticket in now] == ["staff_001", None, "staff_001"]
    assert now[1].priority == "high"
    with shop.database.read() as tx:
        entries = audit.of_object(tx, "ticket", three[0].ticket_id)
    assert [entry["action"] for entry in entries] == ["create", "assign"]


def test_each_says_why_it_stayed(shop: Services, three: list[Ticket]) -> None:
    solved = do(shop, "resolve_ticket", three[0], resolution="다시 보냈어요.")
    mine = bulk(shop, "assign_tickets", [solved, three[1]], assignee_id="admin_001")
    assert mine.done == (three[1].ticket_id,)
    assert "다시 열어" in mine.refused[0].reason
    closed = bulk(shop, "close_tickets", [solved, three[2]])
    assert closed.done == (solved.ticket_id,)
    assert "종료" in closed.refused[0].reason
    assert read(shop, solved).status == "closed"
    missing = shop.tool(STAFF, "close_tickets", versions={"T20200101-9999": 1})
    assert "찾을 수 없어요" in missing.refused[0].reason


def test_a_stranger_as_assignee_changes_none(shop: Services, three: list[Ticket]) -> None:
    before = every_row(shop)
    result = bulk(shop, "assign_tickets", three, assignee_id="user_001")
    assert not result.done
    assert len(result.refused) == 3
    assert every_row(shop) == before


def test_tags_are_put_on_and_taken_off(shop: Services, three: list[Ticket]) -> None:
    tagged = do(shop, "edit_ticket", three[0], tags=["vip", "급함"])
    given = [tagged, three[1]]
    result = bulk(shop, "tag_tickets", given, add=[" 급함 ", "", "재문의"])
    assert result.done == tuple(ticket.ticket_id for ticket in given)
    now = [read(shop, ticket) for ticket in given]
    assert [ticket.tags for ticket in now] == [("vip", "급함", "재문의"), ("급함", "재문의")]
    result = bulk(shop, "tag_tickets", now, remove=["급함", "없는 것"])
    assert not result.refused
    assert [read(shop, ticket).tags for ticket in now] == [("vip", "재문의"), ("재문의",)]


def test_a_tag_that_is_there_already_makes_no_entry(shop: Services, three: list[Ticket]) -> None:
    tagged = do(shop, "edit_ticket", three[0], tags=["급함"])
    result = bulk(shop, "tag_tickets", [tagged], add=["급함"])
    assert result.done == (tagged.ticket_id,)
    assert read(shop, tagged).version == tagged.version


def test_a_tag_over_its_length_is_refused_for_each(shop: Services, three: list[Ticket]) -> None:
    result = bulk(shop, "tag_tickets", three, add=["길" * 21])
    assert len(result.refused) == 3
    assert "태그는" in result.refused[0].reason


@pytest.mark.parametrize("name", BULK)
def test_none_and_too_many_are_refused(shop: Services, name: str) -> None:
    many = {f"T20261120-{number:04d}": 1 for number in range(101)}
    for given in ({}, many):
        with pytest.raises(BadInput):
            shop.tool(STAFF, name, versions=given, **BULK[name])


def test_no_tag_at_all_is_refused(shop: Services, three: list[Ticket]) -> None:
    with pytest.raises(BadInput):
        bulk(shop, "tag_tickets", three, add=[" "])
