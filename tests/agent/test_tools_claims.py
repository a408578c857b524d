"""Claims, a guest's order, products, policies and tickets through their tools."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.tools.base import ToolContext, run
from agent.types import Caller
from errors import (
    BadInput,
    NotAllowedNow,
    NotFound,
    NotSignedIn,
    StateChanged,
    TooMany,
    Unavailable,
)
from services import Services
from store.models import Order
from tests.conftest import Clock
from tests.shelves import (
    MISSING,
    STAFF,
    every_row,
    order_of,
    other_options,
    set_stock,
    stock,
)

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
    order = shop.tool(minji, "list_orders", statuses=(status,)).items[0]
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
        guest, "search_products", min_price_krw=30000, max_price_krw=40000, limit=99
    ).matches
    assert found
    assert all(30000 <= match.product.price_krw <= 40000 for match in found)
    for match in found:
        for option in match.product.options:
            set_stock(shop, option.sku, 0)
    assert not shop.tool(
        guest, "search_products", min_price_krw=30000, max_price_krw=40000, in_stock=True
    ).matches
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
        STAFF, "create_ticket", issue_type="complaint", description=" 화나요 ", priority="urgent",
        customer_id=minji.user_id,
    )  # fmt: skip
    whole = shop.tool(minji, "get_ticket", ticket_id=ticket.ticket_id)
    assert (whole.status, whole.description, whole.subject) == ("open", "화나요", "불편 문의")
    assert [event.kind for event in whole.events] == ["created"]
    # Friday noon in Seoul: an hour later, and eight desk hours reach into Monday.
    assert whole.first_response_due == "2026-11-20T04:00:00.000Z"
    assert whole.resolution_due == "2026-11-23T02:00:00.000Z"


def test_days_of_the_list_are_korean_days(shop: Services, minji: Caller) -> None:
    from agent.shop.calendar import day_of
    from store.models import from_text

    newest = shop.tool(minji, "list_orders").items[0]
    day = day_of(from_text(newest.created_at))
    on_it = shop.tool(minji, "list_orders", since=day, until=day).items
    assert newest in on_it
    assert all(day_of(from_text(order.created_at)) == day for order in on_it)
    later = day + timedelta(days=1)
    assert newest not in shop.tool(minji, "list_orders", since=later).items
    assert newest not in shop.tool(minji, "list_orders", until=day - timedelta(days=1)).items
