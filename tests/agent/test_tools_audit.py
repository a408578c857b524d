"""The audit in staff's words, and that every change made in a chat is in it with its turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.shop import words
from agent.tools.base import REGISTRY, ToolContext, run
from agent.types import Caller
from errors import BadInput
from services import Services
from store import payment_methods, unanswered
from store.models import PaymentMethod
from store.photos import CorrectedBox
from tests.conftest import Clock
from tests.photo_desk import add_photo
from tests.shelves import ROAD, STAFF, order_of, other_options
from tests.talk import Talk
from tests.tool_tables import REVIEW

Try = tuple[Caller, dict[str, Any]]
MINJI = Caller("customer", "user_001", "김민지")


def order(shop: Services, status: str) -> str:
    return order_of(shop, MINJI, status).order_id


def ticket(shop: Services, *, resolved: bool = False) -> dict[str, Any]:
    made = shop.tool(MINJI, "create_ticket", issue_type="other", description="도와주세요")
    if resolved:
        made = shop.tool(
            STAFF, "resolve_ticket", ticket_id=made.ticket_id, version=1, resolution="했어요"
        )
    return {"ticket_id": made.ticket_id, "version": made.version}


def options(shop: Services) -> dict[str, Any]:
    paid = order_of(shop, MINJI, "paid")
    line, sku = paid.lines[0], other_options(shop, paid)[True]
    return {"order_id": paid.order_id, "changes": [(line.line_id, sku)]}


def payment(shop: Services) -> dict[str, Any]:
    card = PaymentMethod("PM-x", "user_001", "card", "국민카드", "1111")
    with shop.database.write() as tx:
        payment_methods.add(tx, card, position=9)
    return {"order_id": order(shop, "paid"), "method_id": "PM-x"}


def a_return(shop: Services) -> dict[str, Any]:
    found = order_of(shop, MINJI, "delivered")
    return {
        "order_id": found.order_id, "kind": "return", "reason_code": "defect",
        "lines": [(found.lines[0].line_id, 1, None)],
    }  # fmt: skip


def requested(shop: Services) -> dict[str, Any]:
    return {"claim_id": shop.tool(MINJI, "list_claims", statuses=("requested",))[0].claim_id}


def version_of(shop: Services) -> dict[str, Any]:
    return {"version": order_of(shop, MINJI, "delivered").version}


def without_a_greeting(shop: Services) -> dict[str, Any]:
    shop.tool(STAFF, "delete_canned_reply", reply_id="shipped-hello", version=0)
    return {}


def unanswered_key(shop: Services) -> str:
    with shop.database.write() as tx:
        unanswered.note(tx, "선물 포장 되나요", intent="policy", nearest=None, at=shop.clock())
    return unanswered.key_of("선물 포장 되나요")


def versions(shop: Services, *, resolved: bool = False) -> dict[str, int]:
    given = ticket(shop, resolved=resolved)
    return {given["ticket_id"]: given["version"]}


def triaged(shop: Services) -> dict[str, Any]:
    """A ticket whose type triage sees otherwise than who made it."""
    made = shop.tool(
        MINJI, "create_ticket", issue_type="other", description="택배가 일주일째 안 와요"
    )
    shop.triage.suggest(made.ticket_id)
    return {"ticket_id": made.ticket_id, "version": made.version, "fields": ["issue_type"]}


def with_a_person(shop: Services) -> str:
    message = Talk(shop, MINJI).say("상담원 연결해 주세요")
    return message.session_id


def kept_report(shop: Services) -> str:
    """The report of a photo of Minji's."""
    _, image_id = add_photo(shop, MINJI)
    given = {"image_id": image_id, "report": REVIEW}
    return str(shop.tool(MINJI, "keep_photo_report", **given).report_id)


def product_photo(shop: Services) -> dict[str, Any]:
    given = {"product_id": "P1001", "sha256": "0" * 64, "width_px": 640, "height_px": 480}
    shop.tool(STAFF, "set_product_photo", **given)
    return {"product_id": "P1001"}


# For every tool that writes: who does it, and arguments with which it works.
TRIES: dict[str, Callable[[Services], Try]] = {
    "cancel_order": lambda s: (MINJI, {"order_id": order(s, "paid")}),
    "request_cancel": lambda s: (MINJI, {"order_id": order(s, "preparing")}),
    "change_address": lambda s: (MINJI, {"order_id": order(s, "paid"), "road": ROAD}),
    "change_options": lambda s: (MINJI, options(s)),
    "change_payment": lambda s: (MINJI, payment(s)),
    "change_customer_address": lambda s: (MINJI, {"road": ROAD, "zip_code": "04524"}),
    "lookup_guest_order": lambda s: (
        Caller(guest_key="g"), {"order_id": order(s, "paid"), "email": "minji@example.com"}),
    "advance_order": lambda s: (STAFF, {"order_id": order(s, "paid"), "to": "preparing"}),
    "create_claim": lambda s: (MINJI, a_return(s)),
    "withdraw_claim": lambda s: (MINJI, requested(s)),
    "advance_claim": lambda s: (STAFF, {**requested(s), "to": "approved"}),
    "override_claim": lambda s: (
        STAFF, {**requested(s), "version": 1, "waive_fee": True, "reason": "확인함"}),
    "open_claim": lambda s: (STAFF, {**a_return(s), **version_of(s), "reason": "확인함"}),
    "save_canned_reply": lambda s: (STAFF, {"title": "제목", "text": "내용"}),
    "delete_canned_reply": lambda s: (STAFF, {"reply_id": "shipped-hello", "version": 0}),
    "restore_canned_replies": lambda s: (STAFF, without_a_greeting(s)),
    "create_ticket": lambda s: (MINJI, {"issue_type": "other", "description": "도와주세요"}),
    "add_ticket_message": lambda s: (
        MINJI, {"ticket_id": ticket(s)["ticket_id"], "text": "아직이에요"}),
    "take_ticket": lambda s: (STAFF, ticket(s)),
    "assign_ticket": lambda s: (STAFF, ticket(s) | {"assignee_id": "admin_001"}),
    "reply_ticket": lambda s: (STAFF, ticket(s) | {"text": "확인했어요"}),
    "note_ticket": lambda s: (STAFF, ticket(s) | {"text": "확인 중"}),
    "edit_ticket": lambda s: (STAFF, ticket(s) | {"priority": "high"}),
    "change_ticket": lambda s: (STAFF, ticket(s) | {"priority": "high", "status": "in_progress"}),
    "resolve_ticket": lambda s: (STAFF, ticket(s) | {"resolution": "했어요"}),
    "close_ticket": lambda s: (STAFF, ticket(s, resolved=True)),
    "reopen_ticket": lambda s: (STAFF, ticket(s, resolved=True)),
    "judge_resolution": lambda s: (
        MINJI, {"ticket_id": ticket(s, resolved=True)["ticket_id"], "solved": True}),
    "ask_person": lambda s: (MINJI, {"conversation_id": Talk(s, MINJI).say("안녕").session_id}),
    "assign_tickets": lambda s: (STAFF, {"versions": versions(s), "assignee_id": "admin_001"}),
    "tag_tickets": lambda s: (STAFF, {"versions": versions(s), "add": ["급함"]}),
    "close_tickets": lambda s: (STAFF, {"versions": versions(s, resolved=True)}),
    "accept_triage": lambda s: (STAFF, triaged(s)),
    "return_to_agent": lambda s: (MINJI, {"conversation_id": with_a_person(s)}),
    "keep_photo_report": lambda s: (
        MINJI, {"image_id": add_photo(s, MINJI)[1], "report": REVIEW}),
    "correct_photo_report": lambda s: (
        STAFF, {"report_id": kept_report(s),
                "boxes": [CorrectedBox("dent", (0.1, 0.1, 0.4, 0.4))]}),
    "set_product_photo": lambda s: (
        STAFF, {"product_id": "P1001", "sha256": "1" * 64, "width_px": 640, "height_px": 480}),
    "remove_product_photo": lambda s: (STAFF, product_photo(s)),
    "settle_questions": lambda s: (STAFF, {"keys": [unanswered_key(s)]}),
    "note_policy_change": lambda s: (
        STAFF, {"action": "edit", "doc_id": "x", "before": {}, "after": {"title": "새 제목"}},
    ),
    "keep_policy_case": lambda s: (STAFF, {"question": "선물 포장 되나요", "chunk_id": "x"}),
}  # fmt: skip


def test_every_tool_that_writes_is_tried() -> None:
    assert set(TRIES) == {name for name, tool in REGISTRY.items() if tool.kind == "WRITE"}


@pytest.mark.parametrize("name", TRIES)
def test_a_change_made_in_a_chat_is_in_the_audit_with_its_turn(shop: Services, name: str) -> None:
    caller, given = TRIES[name](shop)
    with shop.database.write() as tx:
        run(
            ToolContext(tx, caller, shop.rules, shop.clock(), source="chat", turn_id="t_this"),
            name, **given,
        )  # fmt: skip
    rows = shop.tool(STAFF, "list_audit", turn_id="t_this").items
    assert rows, f"{name} leaves no trace"
    for row in rows:
        assert (row.entry.actor_id, row.entry.actor_role) == (caller.user_id, caller.role)
        assert (row.entry.source, row.source_ko) == ("chat", "상담 채팅")
        assert row.entry.action in words.AUDIT_ACTION, "give it a Korean word"
        assert row.entry.object_type in words.AUDIT_OBJECT, "give it a Korean word"
        for change in row.changes:
            assert change.field in words.AUDIT_FIELD, "give it a Korean word"
            assert change.before != change.after


def test_a_refused_change_leaves_no_trace(shop: Services) -> None:
    given = ticket(shop, resolved=True)
    with pytest.raises(BadInput):
        shop.tool(STAFF, "edit_ticket", **given, priority="now")
    rows = shop.tool(STAFF, "list_audit", object_id=given["ticket_id"]).items
    assert [row.entry.action for row in rows] == ["resolve", "create"]


def test_values_are_words_and_people_have_names(shop: Services) -> None:
    given = ticket(shop)
    shop.tool(STAFF, "take_ticket", **given)
    row = shop.tool(STAFF, "list_audit", object_id=given["ticket_id"], limit=1).items[0]
    assert (row.entry.actor_name, row.action_ko, row.object_ko, row.source_ko) == (
        "이상담", "담당 맡음", "문의", "화면",
    )  # fmt: skip
    said = {change.field_ko: (change.before_ko, change.after_ko) for change in row.changes}
    assert said == {"상태": ("접수", "처리 중"), "담당자": ("없음", "이상담")}


def test_money_and_lists_read_well(shop: Services) -> None:
    given = ticket(shop)
    shop.tool(STAFF, "edit_ticket", **given, tags=["급함", "VIP"], priority="low")
    row = shop.tool(STAFF, "list_audit", object_id=given["ticket_id"], limit=1).items[0]
    said = {change.field: change.after_ko for change in row.changes}
    assert said == {"tags": "급함, VIP", "priority": "낮음"}


def test_pages_follow_each_other_without_a_gap(shop: Services) -> None:
    seen: list[int] = []
    cursor = None
    while True:
        page = shop.tool(STAFF, "list_audit", limit=37, cursor=cursor)
        seen += [row.entry.event_seq for row in page.items]
        if (cursor := page.next_cursor) is None:
            break
    with shop.database.read() as tx:
        every = [row["event_seq"] for row in tx.rows("select event_seq from audit_events")]
    assert seen == sorted(every, reverse=True)
    assert len(shop.tool(STAFF, "list_audit", limit=9999).items) == min(100, len(every))


def test_days_count_back_from_now(shop: Services, clock: Clock) -> None:
    given = ticket(shop)
    clock.pass_(days=2)
    shop.tool(STAFF, "take_ticket", **given)
    one = shop.tool(STAFF, "list_audit", object_id=given["ticket_id"], days=1).items
    assert [row.entry.action for row in one] == ["take"]
    assert len(shop.tool(STAFF, "list_audit", object_id=given["ticket_id"], days=3).items) == 2


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "²", "9" * 30])
def test_a_cursor_that_is_none_is_refused(shop: Services, cursor: str) -> None:
    with pytest.raises(BadInput):
        shop.tool(STAFF, "list_audit", cursor=cursor)
