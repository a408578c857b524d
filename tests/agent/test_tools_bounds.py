"""How much, how far and how urgent a caller may ask, and what stays inside the desk."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from agent.tools.base import ToolContext, clean, run
from agent.types import Caller, Source
from errors import BadInput
from services import Services
from store import audit
from store.models import Ticket
from tests.shelves import STAFF, order_of

CARD = "4111-1111-1111-1111"
SECRET = "010-1234-5678 또는 minji@example.com으로 연락"


def ticket(shop: Services, caller: Caller, **given: Any) -> Ticket:
    plain = {"issue_type": "other", "description": "도와주세요"}
    made: Ticket = shop.tool(caller, "create_ticket", **{**plain, **given})
    return made


# ── how many ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["list_claims", "list_tickets"])
def test_a_list_is_one_to_a_hundred_long(
    shop: Services, minji: Caller, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    for module in ("claims", "tickets"):
        monkeypatch.setattr(
            f"store.{module}.find", lambda *_, limit, **__: asked.append(limit) or []
        )
    for limit in (-1, 0, 1, 100, 101, 10**30):
        shop.tool(minji, name, limit=limit)
    more = 1 if name == "list_tickets" else 0  # tells whether a page follows
    assert asked == [limit + more for limit in (1, 1, 1, 100, 100, 100)]


def test_a_limit_that_is_no_number_is_not_run_as_sql(shop: Services, minji: Caller) -> None:
    with pytest.raises(TypeError):
        shop.tool(minji, "list_claims", limit="(select count(*) from users)")


# ── how far ──────────────────────────────────────────────────────────────────────────────

HUGE = "9" * 400


@pytest.mark.parametrize(
    "cursor", [f"{HUGE}~1~x", "99999999999999999999~1~x", "4~1~x", "-1~1~x", "1~nan~x", "1~inf~x",
               f"1~{HUGE}~x"],
)  # fmt: skip
def test_a_place_beyond_the_queue_is_no_cursor(shop: Services, cursor: str) -> None:
    with pytest.raises(BadInput) as caught:
        shop.tool(STAFF, "ticket_queue", cursor=cursor)
    assert caught.value.code == "bad_cursor"


@pytest.mark.parametrize("days", [10**10, 10**30, 800_000, -1, -(10**10)])
def test_the_audit_goes_back_a_hundred_years_at_most(shop: Services, days: int) -> None:
    with pytest.raises(BadInput, match="36,500일"):
        shop.tool(STAFF, "list_audit", days=days)
    assert shop.tool(STAFF, "list_audit", days=36_500).items


@pytest.mark.parametrize("end", ["since", "until"])
@pytest.mark.parametrize("day", [date.max, date.min, date(2200, 1, 1), date(1900, 1, 1)])
def test_a_day_far_away_is_refused(shop: Services, minji: Caller, end: str, day: date) -> None:
    with pytest.raises(BadInput, match="1970년부터 2100년"):
        shop.tool(minji, "list_orders", **{end: day})
    every = shop.tool(minji, "list_orders", since=date(1970, 1, 1), until=date(2100, 12, 31))
    assert every.items


# ── how long ─────────────────────────────────────────────────────────────────────────────


def test_a_description_has_a_longest_length_and_a_subject_is_cut(
    shop: Services, minji: Caller
) -> None:
    with pytest.raises(BadInput, match="4,000자"):
        ticket(shop, minji, description="가" * 4001)
    made = ticket(shop, minji, description="가" * 4000, subject="나" * 100_000)
    assert (len(made.description), made.subject) == (4000, "나" * 100)


def test_reasons_are_cut(shop: Services, minji: Caller) -> None:
    long = "가" * 1_000_000
    paid, packed = order_of(shop, minji, "paid"), order_of(shop, minji, "preparing")
    back = order_of(shop, minji, "delivered")
    claims = [
        shop.tool(minji, "cancel_order", order_id=paid.order_id, reason_text=long),
        shop.tool(minji, "request_cancel", order_id=packed.order_id, reason_text=long),
        shop.tool(
            minji, "create_claim", order_id=back.order_id, kind="return", reason_code="defect",
            lines=[(back.lines[0].line_id, 1, None)], reason_text=long,
        ),
    ]  # fmt: skip
    for claim in claims:
        found = shop.tool(minji, "get_claim", claim_id=claim.claim_id)
        assert found.reason_text == "가" * 1000


@pytest.mark.parametrize("before", range(980, 1001))
def test_no_part_of_a_card_number_is_left_where_a_text_is_cut(before: int) -> None:
    kept = clean("가" * before + " " + CARD + "나" * 2000, 1000)
    assert len(kept) <= 1000
    assert not any(sign.isdigit() for sign in kept)


# ── how urgent ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("priority", ["low", "normal", "high", "urgent"])
@pytest.mark.parametrize("source", ["api", "page", "chat"])
def test_only_the_desk_itself_calls_a_matter_urgent(
    shop: Services, minji: Caller, priority: str, source: Source
) -> None:
    with shop.database.write() as tx:
        context = ToolContext(tx, minji, shop.rules, shop.clock(), source=source)
        made = run(
            context, "create_ticket", issue_type="other", description="급해요", priority=priority
        )
    limited = priority == "urgent" and source != "chat"
    assert made.priority == ("high" if limited else priority)


def test_staff_open_an_urgent_ticket(shop: Services) -> None:
    assert ticket(shop, STAFF, customer_id="user_001", priority="urgent").priority == "urgent"


# ── what stays inside the desk ───────────────────────────────────────────────────────────


def test_tags_are_the_staffs(shop: Services, minji: Caller) -> None:
    mine = ticket(shop, minji)
    tagged = shop.tool(
        STAFF, "edit_ticket", ticket_id=mine.ticket_id, version=1, tags=["진상"], subject="새 제목"
    )
    assert tagged.tags == ("진상",)
    seen = [
        shop.tool(minji, "get_ticket", ticket_id=mine.ticket_id),
        *shop.tool(minji, "list_tickets", limit=1).items,
        shop.tool(minji, "add_ticket_message", ticket_id=mine.ticket_id, text="네"),
    ]
    for one in seen:
        assert (one.ticket_id, one.subject, one.tags) == (mine.ticket_id, "새 제목", ())
        assert "진상" not in repr(one)
    assert shop.tool(STAFF, "get_ticket", ticket_id=mine.ticket_id).tags == ("진상",)


def test_the_audit_tells_of_words_only_that_they_changed(shop: Services, minji: Caller) -> None:
    mine = ticket(shop, minji, subject=SECRET)
    shop.tool(STAFF, "edit_ticket", ticket_id=mine.ticket_id, version=1, subject=SECRET + "!")
    shop.tool(STAFF, "resolve_ticket", ticket_id=mine.ticket_id, version=2, resolution=SECRET)
    shop.tool(STAFF, "reopen_ticket", ticket_id=mine.ticket_id, version=3)
    claim = shop.tool(minji, "list_claims", statuses=("requested",))[0]
    shop.tool(STAFF, "advance_claim", claim_id=claim.claim_id, to="rejected", note=SECRET)
    with shop.database.read() as tx:
        rows = tx.rows("select before, after from audit_events")
    assert not any("010-1234" in side for row in rows for side in row.values())
    told = {
        (row.entry.action, change.field): (change.before_ko, change.after_ko)
        for found in (mine.ticket_id, claim.claim_id)
        for row in shop.tool(STAFF, "list_audit", object_id=found).items
        for change in row.changes
    }
    assert told["edit", "subject"] == ("(이전 내용)", "(새 내용)")
    assert told["resolve", "resolution"] == ("없음", "(새 내용)")
    assert told["reopen", "resolution"] == ("(이전 내용)", "없음")
    assert told["change", "note"] == ("없음", "(새 내용)")
    seen = shop.tool(STAFF, "get_ticket", ticket_id=mine.ticket_id)
    assert [e.text for e in seen.events if e.kind == "resolved"] == [SECRET]


def test_the_audit_keeps_addresses(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "paid")
    shop.tool(minji, "change_address", order_id=order.order_id, road="서울 중구 세종대로 110")
    with shop.database.read() as tx:
        (entry, *_) = audit.find(tx, object_id=order.order_id, action="change_address")
    assert entry.after["road"] == "서울 중구 세종대로 110"
