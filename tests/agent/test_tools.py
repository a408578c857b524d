"""Every tool: who may use it, what it refuses, and that a refusal changes nothing."""

from __future__ import annotations

import inspect
import re

import pytest

from agent.tools.base import REGISTRY, ToolContext, run
from agent.types import Caller
from errors import (
    BadInput,
    Forbidden,
    NotAllowedNow,
    NotFound,
    NotSignedIn,
    StateChanged,
    TooMany,
    Unavailable,
)
from services import Services
from store import audit
from tests.photo_desk import add_photo
from tests.shelves import (
    MISSING,
    ROAD,
    STAFF,
    every_row,
    order_of,
    other_options,
    set_stock,
    stock,
    told,
)
from tests.talk import Talk
from tests.tool_tables import (
    DESK,
    LISTS,
    OPEN,
    OWN,
    OWNED,
    REVIEW,
    Ids,
    arguments,
    desk_arguments,
)


@pytest.fixture
def theirs(shop: Services, jihun: Caller) -> Ids:
    """Things of Jihun's."""
    orders = {s: order_of(shop, jihun, s).order_id for s in ("paid", "delivered")}
    orders["preparing"] = shop.tool(jihun, "list_orders", statuses=("preparing",)).items[0].order_id
    line = shop.tool(jihun, "get_order", order_id=orders["delivered"]).lines[0].line_id
    claim = shop.tool(jihun, "list_claims", statuses=("requested",))[0].claim_id
    made = shop.tool(jihun, "create_ticket", issue_type="other", description="비밀이에요")
    chat = Talk(shop, jihun).say("안녕하세요").session_id
    photo, report = looked_at(shop, jihun)
    return Ids(orders, line, claim, made.ticket_id, jihun.user_id or "", chat, photo, report)


def looked_at(shop: Services, caller: Caller) -> tuple[str, str]:
    """A photo of the caller's and its report."""
    _, image_id = add_photo(shop, caller)
    kept = shop.tool(caller, "keep_photo_report", image_id=image_id, report=REVIEW)
    return image_id, kept.report_id


# ── who ──────────────────────────────────────────────────────────────────────────────────


def test_every_tool_is_in_one_of_the_tables() -> None:
    assert {*OWNED, *LISTS, *OPEN, *DESK, *OWN} == set(REGISTRY)


@pytest.mark.parametrize("name", [*OWNED, *LISTS, *OWN])
def test_a_guest_is_told_to_sign_in(shop: Services, guest: Caller, theirs: Ids, name: str) -> None:
    given = {**arguments(theirs), **OWN}.get(name, {})
    before = every_row(shop)
    for caller in (guest, Caller()):
        with pytest.raises(NotSignedIn):
            shop.tool(caller, name, **given)
    assert every_row(shop) == before


@pytest.mark.parametrize("name", OWNED)
def test_somebody_elses_is_told_exactly_like_a_missing_one(
    shop: Services, minji: Caller, theirs: Ids, name: str
) -> None:
    missing = Ids(
        dict.fromkeys(theirs.orders, MISSING),
        "x",
        "C20200101-9999",
        "T20200101-9999",
        "user_999",
        "s_none",
        "img_none",
        "pr_none",
    )
    before = every_row(shop)
    other = told(shop, minji, name, arguments(theirs)[name])
    assert other == told(shop, minji, name, arguments(missing)[name])
    assert other[0] is NotFound
    assert every_row(shop) == before


@pytest.mark.parametrize("name", DESK)
def test_the_desks_tools_are_for_staff(
    shop: Services, minji: Caller, jihun: Caller, guest: Caller, theirs: Ids, name: str
) -> None:
    before = every_row(shop)
    for caller in (jihun, minji, guest):
        with pytest.raises(Forbidden):
            shop.tool(caller, name, **desk_arguments(theirs)[name])
    assert every_row(shop) == before


def test_a_ticket_about_somebody_elses_claim_is_one_about_a_missing_claim(
    shop: Services, minji: Caller, theirs: Ids
) -> None:
    plain = {"issue_type": "refund", "description": "도와주세요"}
    other = told(shop, minji, "create_ticket", {**plain, "claim_id": theirs.claim})
    assert other[0] is NotFound
    assert other == told(shop, minji, "create_ticket", {**plain, "claim_id": "C20200101-9999"})


@pytest.mark.parametrize("name", LISTS)
def test_lists_hold_the_callers_own(
    shop: Services, minji: Caller, jihun: Caller, theirs: Ids, name: str
) -> None:
    looked_at(shop, minji)
    for caller in (minji, jihun):
        given = shop.tool(caller, name, limit=99)
        found = getattr(given, "items", given)
        assert found
        assert {thing.user_id for thing in found} == {caller.user_id}


def test_no_tool_takes_a_caller(shop: Services) -> None:
    for tool in REGISTRY.values():
        assert not {"user_id", "caller", "role"} & set(tool.parameters), tool.name


@pytest.mark.parametrize("name", [n for n, tool in REGISTRY.items() if tool.kind == "WRITE"])
def test_a_writing_tool_is_refused_where_one_may_only_look(
    shop: Services, jihun: Caller, theirs: Ids, name: str
) -> None:
    guest = {"order_id": MISSING, "email": "a@example.com"}
    given = (arguments(theirs) | desk_arguments(theirs)).get(name, guest)
    with shop.database.read() as tx:
        context = ToolContext(tx, jihun, shop.rules, shop.clock())
        with pytest.raises(Forbidden):
            run(context, name, **given)
        assert context.used == []


def test_an_internal_note_is_for_staff_only(shop: Services, jihun: Caller, theirs: Ids) -> None:
    from store import tickets

    with shop.database.write() as tx:
        tickets.add_event(
            tx, theirs.ticket, at=shop.clock(), actor_id="staff_001", kind="note",
            text="의심스러움", internal=True,
        )  # fmt: skip
    mine, staffs = (
        shop.tool(caller, "get_ticket", ticket_id=theirs.ticket) for caller in (jihun, STAFF)
    )
    internal = [event.kind for event in staffs.events if event.internal]
    assert internal[-1] == "note"
    assert len(staffs.events) == len(mine.events) + len(internal)
    assert "의심스러움" not in repr(mine)


# ── docstrings ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", REGISTRY)
def test_every_tool_says_what_it_is_and_what_it_raises(name: str) -> None:
    tool = REGISTRY[name]
    text = inspect.getdoc(tool.function) or ""
    assert tool.help.endswith((".", ":")) or text.count("\n")
    if tool.kind == "WRITE" or "raise " in inspect.getsource(tool.function):
        assert "aises" in text
    for other in re.findall(r"aises as ``(\w+)``", text):
        text += inspect.getdoc(REGISTRY[other].function) or ""
    for error in (Unavailable, TooMany, NotFound, BadInput, StateChanged):
        if f"raise {error.__name__}(" in inspect.getsource(tool.function):
            assert error.__name__ in text, f"{name} raises {error.__name__} and does not say so"


# ── orders ───────────────────────────────────────────────────────────────────────────────


def test_cancelling_pays_back_restocks_and_completes(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "paid")
    quoted = shop.tool(minji, "quote_cancel", order_id=order.order_id)
    before = {line.sku: stock(shop, line.sku) for line in order.lines}
    claim = shop.tool(minji, "cancel_order", order_id=order.order_id, version=order.version)
    after = shop.tool(minji, "get_order", order_id=order.order_id)
    assert (after.status, after.version, claim.status) == (
        "cancelled", order.version + 1, "completed",
    )  # fmt: skip
    assert claim.quote == quoted
    assert quoted["refund_krw"] == claim.refund_krw == after.refunded_krw == order.paid_krw
    for line in order.lines:
        assert stock(shop, line.sku) == before[line.sku] + line.quantity
    with pytest.raises(NotAllowedNow):
        shop.tool(minji, "cancel_order", order_id=order.order_id)


def test_an_unpaid_order_is_cancelled_without_a_refund(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "pending_payment")
    assert shop.tool(minji, "cancel_order", order_id=order.order_id).refund_krw == 0
    after = shop.tool(minji, "get_order", order_id=order.order_id)
    assert (after.status, after.payments) == ("cancelled", ())


def test_a_prepared_order_is_asked_about_once(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "preparing")
    claim = shop.tool(minji, "request_cancel", order_id=order.order_id)
    assert claim.status == "requested"
    after = shop.tool(minji, "get_order", order_id=order.order_id)
    assert (after.status, after.refunded_krw) == ("preparing", 0)
    before = every_row(shop)
    with pytest.raises(NotAllowedNow):
        shop.tool(minji, "request_cancel", order_id=order.order_id)
    assert every_row(shop) == before
    shop.tool(minji, "withdraw_claim", claim_id=claim.claim_id)
    assert shop.tool(minji, "request_cancel", order_id=order.order_id).status == "requested"


@pytest.mark.parametrize("status", ["preparing", "shipped", "delivered", "cancelled"])
@pytest.mark.parametrize("name", ["cancel_order", "change_address", "change_options"])
def test_what_the_state_forbids_changes_nothing(
    shop: Services, minji: Caller, status: str, name: str
) -> None:
    order = shop.tool(minji, "list_orders", statuses=(status,)).items[0]
    line = order.lines[0]
    given = {
        "cancel_order": {}, "change_address": {"road": ROAD},
        "change_options": {"changes": [(line.line_id, line.sku)]},
    }[name]  # fmt: skip
    before = every_row(shop)
    with pytest.raises(NotAllowedNow) as caught:
        shop.tool(minji, name, order_id=order.order_id, **given)
    whole = shop.tool(minji, "get_order", order_id=order.order_id)
    assert caught.value.allowed == shop.allowed_actions(whole)
    assert every_row(shop) == before


@pytest.mark.parametrize("name", ["cancel_order", "change_address", "change_options"])
def test_an_old_version_is_refused(shop: Services, minji: Caller, name: str) -> None:
    order = order_of(shop, minji, "paid")
    given = {
        "cancel_order": {}, "change_address": {"road": ROAD},
        "change_options": {"changes": [(order.lines[0].line_id, order.lines[0].sku)]},
    }[name]  # fmt: skip
    before = every_row(shop)
    with pytest.raises(StateChanged):
        shop.tool(minji, name, order_id=order.order_id, version=order.version - 1, **given)
    assert every_row(shop) == before


def test_an_unknown_reason_is_refused(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "paid")
    before = every_row(shop)
    with pytest.raises(BadInput):
        shop.tool(minji, "cancel_order", order_id=order.order_id, reason_code="because")
    assert every_row(shop) == before


@pytest.mark.parametrize("road", ["", "서울", " " * 30, "가" * 201])
def test_an_address_that_is_none_is_refused(shop: Services, minji: Caller, road: str) -> None:
    order = order_of(shop, minji, "paid")
    with pytest.raises(BadInput):
        shop.tool(minji, "change_address", order_id=order.order_id, road=road)
    assert shop.tool(minji, "get_order", order_id=order.order_id) == order


def test_an_address_is_changed_and_the_old_one_is_in_the_audit(
    shop: Services, minji: Caller
) -> None:
    order = order_of(shop, minji, "paid")
    after = shop.tool(
        minji, "change_address", order_id=order.order_id, road=f"  {ROAD}\n", detail="3층",
        zip_code="04524",
    )  # fmt: skip
    assert (after.road, after.detail, after.zip) == (ROAD, "3층", "04524")
    with shop.database.read() as tx:
        event = audit.of_object(tx, "order", order.order_id)[-1]
    assert event["action"] == "change_address"
    assert order.road in event["before"]


def test_an_option_is_swapped_with_its_stock(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "paid")
    line, new = order.lines[0], other_options(shop, order)[True]
    set_stock(shop, new, line.quantity)
    had = stock(shop, line.sku)
    after = shop.tool(
        minji, "change_options", order_id=order.order_id, changes=[(line.line_id, new)]
    )
    assert after.lines[0].sku == new
    assert after.lines[0].option_name != line.option_name
    assert after.total_krw == order.total_krw
    assert (stock(shop, new), stock(shop, line.sku)) == (0, had + line.quantity)


def test_an_option_without_enough_stock_is_refused(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "paid")
    line, new = order.lines[0], other_options(shop, order)[True]
    set_stock(shop, new, line.quantity - 1)
    before = every_row(shop)
    with pytest.raises(BadInput, match="재고"):
        shop.tool(minji, "change_options", order_id=order.order_id, changes=[(line.line_id, new)])
    assert every_row(shop) == before


def test_an_option_of_another_price_is_refused(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "paid")
    line, new = order.lines[0], other_options(shop, order)[True]
    with shop.database.write() as tx:
        tx.execute("update product_options set extra_krw = extra_krw + 1 where sku = ?", (new,))
    before = every_row(shop)
    with pytest.raises(BadInput, match="가격이 다른"):
        shop.tool(minji, "change_options", order_id=order.order_id, changes=[(line.line_id, new)])
    assert every_row(shop) == before


def test_another_product_the_same_option_and_a_strange_line_are_refused(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    order = order_of(shop, minji, "paid")
    line, foreign = order.lines[0], order_of(shop, jihun, "paid").lines[0]
    before = every_row(shop)
    for line_id, sku in (
        (line.line_id, foreign.sku), (line.line_id, "no-sku"), (line.line_id, line.sku),
        (foreign.line_id, foreign.sku), ("", line.sku),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            shop.tool(minji, "change_options", order_id=order.order_id, changes=[(line_id, sku)])
    assert every_row(shop) == before
