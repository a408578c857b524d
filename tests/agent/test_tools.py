"""Every tool: who may use it, what it refuses, and that a refusal changes nothing."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from agent.tools.base import REGISTRY, ToolContext, run
from agent.types import Caller
from errors import (
    BadInput,
    Forbidden,
    NotAllowedNow,
    NotFound,
    NotSignedIn,
    SangdamError,
    StateChanged,
    TooMany,
    Unavailable,
)
from services import Services
from store import audit
from store.models import Order
from tests.conftest import Clock

STAFF = Caller("staff", "staff_001", "이상담")
ROAD = "서울 중구 세종대로 110"
MISSING = "20200101-9999999"


@dataclass
class Ids:
    """Whose things the arguments name."""

    orders: dict[str, str] = field(default_factory=dict)
    line: str = ""
    claim: str = ""
    ticket: str = ""


def arguments(ids: Ids) -> dict[str, dict[str, Any]]:
    """For every tool that names something of a customer's: arguments naming ``ids``."""
    claim = {
        "order_id": ids.orders["delivered"], "kind": "return", "reason_code": "defect",
        "lines": [(ids.line, 1, None)],
    }  # fmt: skip
    return {
        "get_order": {"order_id": ids.orders["paid"]},
        "quote_cancel": {"order_id": ids.orders["paid"]},
        "cancel_order": {"order_id": ids.orders["paid"]},
        "request_cancel": {"order_id": ids.orders["preparing"]},
        "change_address": {"order_id": ids.orders["paid"], "road": ROAD},
        "change_option": {"order_id": ids.orders["paid"], "line_id": "x", "sku": "P1001-BK"},
        "get_claim": {"claim_id": ids.claim},
        "quote_claim": claim,
        "create_claim": claim,
        "withdraw_claim": {"claim_id": ids.claim},
        "get_ticket": {"ticket_id": ids.ticket},
        "create_ticket": {
            "issue_type": "other", "description": "도와주세요", "order_id": ids.orders["paid"],
        },
    }  # fmt: skip


OWNED = tuple(arguments(Ids(dict.fromkeys(("paid", "preparing", "delivered"), ""))))
LISTS = ("list_orders", "list_claims", "list_tickets")
OPEN = ("search_policies", "search_products", "get_product", "lookup_guest_order")


def every_row(shop: Services) -> dict[str, list[dict[str, Any]]]:
    """The whole database."""
    with shop.database.read() as tx:
        names = tx.rows("select name from sqlite_master where type = 'table'")
        return {row["name"]: tx.rows(f'select * from "{row["name"]}"') for row in names}


def stock(shop: Services, sku: str) -> int:
    with shop.database.read() as tx:
        return int(tx.value("select stock from product_options where sku = ?", (sku,)))


def set_stock(shop: Services, sku: str, pieces: int) -> None:
    with shop.database.write(durable=False) as tx:
        tx.execute("update product_options set stock = ? where sku = ?", (pieces, sku))


def order_of(shop: Services, caller: Caller, status: str, *, claims: int = 0) -> Order:
    """The caller's newest order in a state, with so many claims, read whole."""
    for listed in shop.tool(caller, "list_orders", statuses=(status,), limit=50):
        order: Order = shop.tool(caller, "get_order", order_id=listed.order_id)
        if len(order.claims) == claims:
            return order
    raise AssertionError(f"the seed has no {status} order with {claims} claims")


@pytest.fixture
def theirs(shop: Services, jihun: Caller) -> Ids:
    """Things of Jihun's."""
    orders = {s: order_of(shop, jihun, s).order_id for s in ("paid", "delivered")}
    orders["preparing"] = shop.tool(jihun, "list_orders", statuses=("preparing",))[0].order_id
    line = shop.tool(jihun, "get_order", order_id=orders["delivered"]).lines[0].line_id
    claim = shop.tool(jihun, "list_claims", statuses=("requested",))[0].claim_id
    made = shop.tool(jihun, "create_ticket", issue_type="other", description="비밀이에요")
    return Ids(orders, line, claim, made.ticket_id)


def told(shop: Services, caller: Caller, name: str, given: dict[str, Any]) -> tuple[Any, ...]:
    with pytest.raises(SangdamError) as caught:
        shop.tool(caller, name, **given)
    error = caught.value
    return type(error), error.message, error.code, error.http_status, vars(error)


# ── who ──────────────────────────────────────────────────────────────────────────────────


def test_every_tool_is_in_one_of_the_tables() -> None:
    assert set(OWNED) | set(LISTS) | set(OPEN) == set(REGISTRY)


@pytest.mark.parametrize("name", [*OWNED, *LISTS])
def test_a_guest_is_told_to_sign_in(shop: Services, guest: Caller, theirs: Ids, name: str) -> None:
    given = arguments(theirs).get(name, {})
    before = every_row(shop)
    for caller in (guest, Caller()):
        with pytest.raises(NotSignedIn):
            shop.tool(caller, name, **given)
    assert every_row(shop) == before


@pytest.mark.parametrize("name", OWNED)
def test_somebody_elses_is_told_exactly_like_a_missing_one(
    shop: Services, minji: Caller, theirs: Ids, name: str
) -> None:
    missing = Ids(dict.fromkeys(theirs.orders, MISSING), "x", "C20200101-9999", "T20200101-9999")
    before = every_row(shop)
    other = told(shop, minji, name, arguments(theirs)[name])
    assert other == told(shop, minji, name, arguments(missing)[name])
    assert other[0] is NotFound
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
    for caller in (minji, jihun):
        found = shop.tool(caller, name, limit=99)
        assert found
        assert {thing.user_id for thing in found} == {caller.user_id}


def test_no_tool_takes_a_caller(shop: Services) -> None:
    for tool in REGISTRY.values():
        assert not {"user_id", "caller", "customer_id", "role"} & set(tool.parameters), tool.name


@pytest.mark.parametrize("name", [n for n, tool in REGISTRY.items() if tool.kind == "WRITE"])
def test_a_writing_tool_is_refused_where_one_may_only_look(
    shop: Services, jihun: Caller, theirs: Ids, name: str
) -> None:
    given = arguments(theirs).get(name, {"order_id": MISSING, "email": "a@example.com"})
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
    assert len(staffs.events) == len(mine.events) + 1
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
@pytest.mark.parametrize("name", ["cancel_order", "change_address", "change_option"])
def test_what_the_state_forbids_changes_nothing(
    shop: Services, minji: Caller, status: str, name: str
) -> None:
    order = shop.tool(minji, "list_orders", statuses=(status,))[0]
    line = order.lines[0]
    given = {
        "cancel_order": {}, "change_address": {"road": ROAD},
        "change_option": {"line_id": line.line_id, "sku": line.sku},
    }[name]  # fmt: skip
    before = every_row(shop)
    with pytest.raises(NotAllowedNow) as caught:
        shop.tool(minji, name, order_id=order.order_id, **given)
    whole = shop.tool(minji, "get_order", order_id=order.order_id)
    assert caught.value.allowed == shop.allowed_actions(whole)
    assert every_row(shop) == before


@pytest.mark.parametrize("name", ["cancel_order", "change_address", "change_option"])
def test_an_old_version_is_refused(shop: Services, minji: Caller, name: str) -> None:
    order = order_of(shop, minji, "paid")
    given = {
        "cancel_order": {}, "change_address": {"road": ROAD},
        "change_option": {"line_id": order.lines[0].line_id, "sku": order.lines[0].sku},
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


def other_options(shop: Services, order: Order) -> dict[bool, str]:
    """For the order's first line: another option of the same price (True), of another (False)."""
    line = order.lines[0]
    options = {
        o.sku: o for o in shop.tool(STAFF, "get_product", product_id=line.product_id).options
    }
    now = options[line.sku].extra_krw
    return {o.extra_krw == now: o.sku for o in options.values() if o.sku != line.sku}


def test_an_option_is_swapped_with_its_stock(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "paid")
    line, new = order.lines[0], other_options(shop, order)[True]
    set_stock(shop, new, line.quantity)
    had = stock(shop, line.sku)
    after = shop.tool(
        minji, "change_option", order_id=order.order_id, line_id=line.line_id, sku=new
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
        shop.tool(minji, "change_option", order_id=order.order_id, line_id=line.line_id, sku=new)
    assert every_row(shop) == before


def test_an_option_of_another_price_is_refused(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "paid")
    line, new = order.lines[0], other_options(shop, order)[True]
    with shop.database.write() as tx:
        tx.execute("update product_options set extra_krw = extra_krw + 1 where sku = ?", (new,))
    before = every_row(shop)
    with pytest.raises(BadInput, match="가격이 다른"):
        shop.tool(minji, "change_option", order_id=order.order_id, line_id=line.line_id, sku=new)
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
            shop.tool(minji, "change_option", order_id=order.order_id, line_id=line_id, sku=sku)
    assert every_row(shop) == before


# ── claims ───────────────────────────────────────────────────────────────────────────────


def claim_of(order: Order, kind: str = "return", sku: str | None = None) -> dict[str, Any]:
    return {
        "order_id": order.order_id, "kind": kind, "reason_code": "wrong_option",
        "lines": [(order.lines[0].line_id, 1, sku)],
    }  # fmt: skip


def test_an_exchange_sets_stock_aside_and_withdrawing_puts_it_back(
    shop: Services, minji: Caller
) -> None:
    order = order_of(shop, minji, "delivered")
    new = other_options(shop, order)[True]
    had = stock(shop, new)
    claim = shop.tool(minji, "create_claim", **claim_of(order, "exchange", new))
    assert (claim.status, claim.refund_krw, stock(shop, new)) == ("requested", 0, had - 1)
    with pytest.raises(NotAllowedNow):  # the line is taken
        shop.tool(minji, "create_claim", **claim_of(order))
    gone = shop.tool(minji, "withdraw_claim", claim_id=claim.claim_id, version=claim.version)
    assert (gone.status, stock(shop, new)) == ("withdrawn", had)
    with pytest.raises(NotAllowedNow):
        shop.tool(minji, "withdraw_claim", claim_id=claim.claim_id)
    assert stock(shop, new) == had
    assert shop.tool(minji, "create_claim", **claim_of(order)).status == "requested"


def test_a_claim_is_filed_as_quoted(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "delivered")
    quoted = shop.tool(minji, "quote_claim", **claim_of(order))
    claim = shop.tool(minji, "create_claim", **claim_of(order), version=order.version)
    assert (claim.quote, claim.refund_krw) == (quoted, quoted["refund_krw"])
    assert shop.tool(minji, "get_order", order_id=order.order_id).version == order.version + 1


def test_what_no_claim_can_be_changes_nothing(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "delivered")
    good, line = claim_of(order), order.lines[0]
    same, other = line.sku, other_options(shop, order)[True]
    bad: list[dict[str, Any]] = [
        {"kind": "cancel"}, {"kind": ""}, {"reason_code": "because"}, {"lines": []},
        {"lines": [("x", 1, None)]}, {"lines": [(line.line_id, 0, None)]},
        {"lines": [(line.line_id, -1, None)]}, {"lines": [(line.line_id, 99, None)]},
        {"lines": [(line.line_id, 1, None), (line.line_id, 1, None)]},
        {"lines": [(line.line_id, 1, other)]},  # a return sends nothing new
        {"kind": "exchange"}, {"kind": "exchange", "lines": [(line.line_id, 1, "no-sku")]},
        {"kind": "exchange", "lines": [(line.line_id, 1, same)]},
        {"version": order.version - 1},
    ]  # fmt: skip
    before = every_row(shop)
    for change in bad:
        with pytest.raises((BadInput, NotFound, StateChanged)):
            shop.tool(minji, "create_claim", **{**good, **change})
    assert every_row(shop) == before


def test_an_exchange_for_something_sold_out_is_refused(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "delivered")
    new = other_options(shop, order)[True]
    set_stock(shop, new, 0)
    before = every_row(shop)
    with pytest.raises(BadInput, match="재고"):
        shop.tool(minji, "create_claim", **claim_of(order, "exchange", new))
    assert every_row(shop) == before


@pytest.mark.parametrize("status", ["pending_payment", "paid", "preparing", "shipped", "cancelled"])
def test_only_delivered_goods_are_sent_back(shop: Services, minji: Caller, status: str) -> None:
    order = shop.tool(minji, "list_orders", statuses=(status,))[0]
    for name in ("quote_claim", "create_claim"):
        with pytest.raises(NotAllowedNow):
            shop.tool(minji, name, **claim_of(order))


def test_a_change_of_mind_has_its_days_and_a_fault_its_months(
    shop: Services, minji: Caller, clock: Clock
) -> None:
    order = order_of(shop, minji, "delivered")
    clock.pass_(days=30)
    with pytest.raises(NotAllowedNow, match="7일"):
        shop.tool(minji, "create_claim", **claim_of(order))
    broken = {**claim_of(order), "reason_code": "defect"}
    assert shop.tool(minji, "quote_claim", **broken)["fee_krw"] == 0
    clock.pass_(days=90)
    with pytest.raises(NotAllowedNow, match="3개월"):
        shop.tool(minji, "create_claim", **broken)


def test_a_claim_that_moved_on_is_not_withdrawn(shop: Services, jihun: Caller) -> None:
    collecting = shop.tool(jihun, "list_claims", statuses=("collecting",))[0]
    before = every_row(shop)
    with pytest.raises(NotAllowedNow):
        shop.tool(jihun, "withdraw_claim", claim_id=collecting.claim_id)
    waiting = shop.tool(jihun, "list_claims", statuses=("requested",))[0]
    with pytest.raises(StateChanged):
        shop.tool(jihun, "withdraw_claim", claim_id=waiting.claim_id, version=waiting.version + 1)
    assert every_row(shop) == before


# ── a guest's order ──────────────────────────────────────────────────────────────────────


def look(shop: Services, order_id: str, email: str) -> Any:
    return shop.tool(Caller(guest_key="g"), "lookup_guest_order", order_id=order_id, email=email)


def test_number_and_address_together_open_an_order(shop: Services, minji: Caller) -> None:
    order_id = order_of(shop, minji, "paid").order_id
    assert look(shop, order_id, " Minji@Example.com ").order_id == order_id
    assert look(shop, order_id, "jihun@example.com") is None
    assert look(shop, MISSING, "minji@example.com") is None


def test_three_wrong_tries_close_the_look_up_for_an_hour(
    shop: Services, minji: Caller, clock: Clock
) -> None:
    refusals = []
    for order_id in (order_of(shop, minji, "paid").order_id, MISSING):
        for number in range(3):
            assert look(shop, order_id, f"{order_id}-{number}@example.com") is None
        with pytest.raises(TooMany) as caught:
            look(shop, order_id, "minji@example.com")  # right, and too late
        refusals.append((caught.value.message, caught.value.retry_after_s, caught.value.code))
    assert refusals[0] == refusals[1]
    assert refusals[0][1:] == (3600, "guest_lookup_locked")
    clock.pass_(minutes=60, seconds=1)
    mine = order_of(shop, minji, "paid").order_id
    assert look(shop, mine, "minji@example.com").order_id == mine


def test_right_tries_are_not_counted(shop: Services, minji: Caller) -> None:
    order_id = order_of(shop, minji, "paid").order_id
    for _ in range(5):
        assert look(shop, order_id, "minji@example.com")


def test_a_proof_opens_that_order_and_no_other(
    shop: Services, minji: Caller, guest: Caller
) -> None:
    mine = order_of(shop, minji, "paid").order_id
    other = order_of(shop, minji, "shipped").order_id
    with shop.database.write() as tx:
        context = ToolContext(tx, guest, shop.rules, shop.clock(), granted=frozenset({mine}))
        assert run(context, "get_order", order_id=mine).order_id == mine
        with pytest.raises(NotSignedIn):
            run(context, "get_order", order_id=other)
        ticket = run(
            context, "create_ticket", issue_type="delivery", description="언제 와요",
            order_id=mine,
        )  # fmt: skip
        assert ticket.user_id == minji.user_id


# ── products, policies, tickets ──────────────────────────────────────────────────────────


def test_products_are_filtered_by_price_and_stock(shop: Services, guest: Caller) -> None:
    found = shop.tool(
        guest, "search_products", words=[], min_price_krw=30000, max_price_krw=40000, limit=99
    )
    assert found
    assert all(30000 <= match.product.price_krw <= 40000 for match in found)
    for match in found:
        for option in match.product.options:
            set_stock(shop, option.sku, 0)
    assert not shop.tool(
        guest, "search_products", words=[], min_price_krw=30000, max_price_krw=40000,
        in_stock=True,
    )  # fmt: skip
    with pytest.raises(NotFound):
        shop.tool(guest, "get_product", product_id="P0000")


def test_policies_without_an_index_are_unavailable(shop: Services, guest: Caller) -> None:
    with shop.database.read() as tx, pytest.raises(Unavailable):
        run(ToolContext(tx, guest, shop.rules, shop.clock()), "search_policies", query="환불")


def test_staff_documents_are_found_by_staff_only(shop: Services, minji: Caller) -> None:
    query = "취소 요청과 환불 승인 절차 내부 직원용"
    kinds = []
    for caller in (minji, STAFF):
        hits = shop.tool(caller, "search_policies", query=query, top_k=20).hits
        kinds.append({hit.chunk.chunk_id.startswith("staff-") for hit in hits})
    assert kinds == [{False}, {True, False}]


@pytest.mark.parametrize("change", [{"issue_type": "x"}, {"priority": "x"}, {"description": " \n"}])
def test_a_ticket_that_cannot_be_sorted_is_refused(
    shop: Services, minji: Caller, change: dict[str, str]
) -> None:
    with pytest.raises(BadInput):
        shop.tool(minji, "create_ticket", **{"issue_type": "other", "description": "네", **change})


def test_a_ticket_has_its_promises_and_its_first_entry(shop: Services, minji: Caller) -> None:
    ticket = shop.tool(
        minji, "create_ticket", issue_type="complaint", description=" 화나요 ", priority="urgent"
    )
    whole = shop.tool(minji, "get_ticket", ticket_id=ticket.ticket_id)
    assert (whole.status, whole.description, whole.subject) == ("open", "화나요", "불편 문의")
    assert [event.kind for event in whole.events] == ["created"]
    # Friday noon in Seoul: an hour later, and eight desk hours reach into Monday.
    assert whole.first_response_due == "2026-11-20T04:00:00.000Z"
    assert whole.resolution_due == "2026-11-23T02:00:00.000Z"


def test_days_of_the_list_are_korean_days(shop: Services, minji: Caller) -> None:
    from agent.shop.calendar import day_of
    from store.models import from_text

    newest = shop.tool(minji, "list_orders")[0]
    day = day_of(from_text(newest.created_at))
    on_it = shop.tool(minji, "list_orders", since=day, until=day)
    assert newest in on_it
    assert all(day_of(from_text(order.created_at)) == day for order in on_it)
    later = day + timedelta(days=1)
    assert newest not in shop.tool(minji, "list_orders", since=later)
    assert newest not in shop.tool(minji, "list_orders", until=day - timedelta(days=1))
