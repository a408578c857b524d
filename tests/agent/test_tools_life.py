"""An order's and a claim's whole life through the tools: money, goods and states at each step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from agent.shop.claims import TRANSITIONS
from agent.tools import ToolContext, run
from agent.types import Caller
from errors import BadInput, NotAllowedNow, NotFound, NotSignedIn, StateChanged
from services import Services
from tests.conftest import Clock
from tests.life import PATHS, advance, fresh_return, grown, reread, several
from tests.shelves import STAFF, every_row, order_of, other_options, set_stock, stock

# ── cancelling a part ────────────────────────────────────────────────────────────────────


def test_one_line_is_cancelled_and_the_rest_stays_paid(shop: Services, minji: Caller) -> None:
    order = several(shop, minji, "paid")
    line, before = order.lines[0], stock(shop, order.lines[0].sku)
    pieces = [(line.line_id, line.quantity)]
    shown = shop.tool(minji, "quote_cancel", order_id=order.order_id, lines=pieces)
    claim = shop.tool(
        minji, "cancel_order", order_id=order.order_id, lines=pieces, version=order.version
    )
    after = reread(shop, order)
    assert claim.quote == shown
    assert after.status == "paid"
    assert after.refunded_krw == shown["refund_krw"] > 0
    assert stock(shop, line.sku) == before + line.quantity
    assert [x.kept for x in after.lines] == [0, *(x.quantity for x in order.lines[1:])]


def test_cancelling_line_by_line_pays_everything_back_and_closes_the_order(
    shop: Services, minji: Caller
) -> None:
    order = several(shop, minji, "paid")
    for line in order.lines:
        shop.tool(
            minji, "cancel_order", order_id=order.order_id, lines=[(line.line_id, line.quantity)]
        )
    after = reread(shop, order)
    assert after.status == "cancelled"
    assert after.refunded_krw == after.paid_krw == order.total_krw


@pytest.mark.parametrize("pieces", [[], [("nothing", 1)], [("first", 0)], [("first", 99)]])
def test_pieces_the_order_does_not_hold_are_refused(
    shop: Services, minji: Caller, pieces: list[tuple[str, int]]
) -> None:
    order = order_of(shop, minji, "paid")
    wanted = [(order.lines[0].line_id if i == "first" else i, n) for i, n in pieces]
    with pytest.raises(BadInput):
        shop.tool(minji, "cancel_order", order_id=order.order_id, lines=wanted)
    assert reread(shop, order) == order


def test_a_request_for_one_line_is_approved_and_the_rest_is_sent(
    shop: Services, minji: Caller
) -> None:
    order = grown(shop, order_of(shop, minji, "preparing"), 2)
    claim = shop.tool(
        minji, "request_cancel", order_id=order.order_id, lines=[(order.lines[0].line_id, 1)]
    )
    sent = {"carrier": "CJ대한통운", "tracking_no": "123456789012"}
    approved = advance(shop, claim, "approved")
    with pytest.raises(NotAllowedNow) as caught:
        shop.tool(STAFF, "advance_order", order_id=order.order_id, to="shipped", **sent)
    assert caught.value.code == "cancel_approved"
    advance(shop, approved, "completed")
    after = shop.tool(STAFF, "advance_order", order_id=order.order_id, to="shipped", **sent)
    assert after.status == "shipped"
    assert after.shipment.tracking_no == "123456789012"
    assert after.refunded_krw == claim.refund_krw


def test_dispatch_refuses_a_cancellation_that_nobody_has_decided(
    shop: Services, minji: Caller
) -> None:
    order = order_of(shop, minji, "preparing")
    claim = shop.tool(minji, "request_cancel", order_id=order.order_id)
    shop.tool(
        STAFF, "advance_order", order_id=order.order_id, to="shipped", carrier="한진택배",
        tracking_no="1",
    )  # fmt: skip
    refused = shop.tool(minji, "get_claim", claim_id=claim.claim_id)
    assert refused.status == "rejected"
    assert "출고" in refused.note
    assert reread(shop, order).lines[0].free == order.lines[0].quantity


# ── the claim's life ─────────────────────────────────────────────────────────────────────


def test_a_return_lives_to_its_end_and_pays_what_was_quoted(
    shop: Services, minji: Caller, clock: Clock
) -> None:
    order = order_of(shop, minji, "delivered")
    claim = fresh_return(shop, minji, "wrong_item")
    on_shelf = stock(shop, order.lines[0].sku)
    clock.pass_(days=1)
    claim = advance(shop, claim, *PATHS["return"][:3])
    (waiting,) = shop.tool(minji, "refund_state", order_id=order.order_id)
    assert waiting.status == "due"
    assert waiting.due == date(2026, 11, 25)  # Saturday the 21st, then Mon, Tue, Wed
    assert not reread(shop, order).refunded_krw
    claim = advance(shop, claim, "completed")
    after = reread(shop, order)
    assert after.refunded_krw == claim.quote["refund_krw"] == claim.refund_krw
    assert stock(shop, order.lines[0].sku) == on_shelf + order.lines[0].quantity
    assert shop.tool(minji, "refund_state", order_id=order.order_id)[0].status == "paid"


def test_broken_goods_do_not_go_back_on_the_shelf(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "delivered")
    before = stock(shop, order.lines[0].sku)
    advance(shop, fresh_return(shop, minji, "damaged"), *PATHS["return"])
    assert stock(shop, order.lines[0].sku) == before


def test_a_late_refund_bears_interest_on_top(shop: Services, minji: Caller, clock: Clock) -> None:
    order = order_of(shop, minji, "delivered")
    claim = advance(shop, fresh_return(shop, minji), *PATHS["return"][:3])
    (due,) = shop.tool(minji, "refund_state", order_id=order.order_id)
    clock.pass_(days=(due.due - date(2026, 11, 20)).days + 73)
    advance(shop, claim, "completed")
    (paid,) = shop.tool(minji, "refund_state", order_id=order.order_id)
    assert paid.interest_krw == claim.refund_krw * 15 * 73 // 36500 > 0
    assert reread(shop, order).refunded_krw == claim.refund_krw  # the interest is no refund


def test_an_exchange_gives_the_order_its_new_option(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "delivered")
    line, new = order.lines[0], other_options(shop, order)[True]
    set_stock(shop, new, 5)
    old = stock(shop, line.sku)
    claim = shop.tool(
        minji, "create_claim", order_id=order.order_id, kind="exchange",
        lines=[(line.line_id, 1, new)], reason_code="wrong_option",
    )  # fmt: skip
    assert stock(shop, new) == 4
    advance(shop, claim, *PATHS["exchange"])
    after = reread(shop, order)
    assert sum(x.quantity for x in after.lines if x.sku == new) == 1
    assert sum(x.quantity for x in after.lines) == sum(x.quantity for x in order.lines)
    assert (after.items_krw, after.total_krw) == (order.items_krw, order.total_krw)
    assert (stock(shop, line.sku), stock(shop, new)) == (old + 1, 4)


@pytest.mark.parametrize("kind", ["return", "exchange"])
def test_a_refusal_gives_everything_its_former_state_back(
    shop: Services, minji: Caller, kind: str
) -> None:
    order = order_of(shop, minji, "delivered")
    line, new = order.lines[0], other_options(shop, order)[True]
    set_stock(shop, new, 5)
    claim = shop.tool(
        minji, "create_claim", order_id=order.order_id, kind=kind, reason_code="defect",
        lines=[(line.line_id, 1, new if kind == "exchange" else None)],
    )  # fmt: skip
    with pytest.raises(BadInput, match="이유"):
        advance(shop, claim, "rejected")
    refused = advance(shop, claim, "rejected", note="사용한 흔적이 있어요.")
    after = reread(shop, order)
    assert refused.note == "사용한 흔적이 있어요."
    assert [x.free for x in after.lines] == [x.free for x in order.lines]
    assert after.status == "delivered"
    assert not after.refunded_krw
    assert stock(shop, new) == 5
    again = shop.tool(
        minji, "create_claim", order_id=order.order_id, kind="return", reason_code="defect",
        lines=[(line.line_id, line.quantity, None)],
    )  # fmt: skip
    assert again.status == "requested"


@pytest.mark.parametrize("to", ["requested", "collected", "completed", "nonsense"])
def test_a_state_that_does_not_follow_is_refused_with_those_that_do(
    shop: Services, minji: Caller, to: str
) -> None:
    claim = fresh_return(shop, minji)
    with pytest.raises(NotAllowedNow) as caught:
        advance(shop, claim, to)
    assert caught.value.allowed == TRANSITIONS["return"]["requested"]
    assert shop.tool(minji, "get_claim", claim_id=claim.claim_id) == claim


def test_a_claim_that_changed_meanwhile_is_refused(shop: Services, minji: Caller) -> None:
    claim = fresh_return(shop, minji)
    advance(shop, claim, "approved")
    with pytest.raises(StateChanged):
        advance(shop, claim, "rejected", note="늦었어요.")


def test_the_rest_of_a_line_can_be_returned_later(shop: Services, minji: Caller) -> None:
    order = grown(shop, order_of(shop, minji, "delivered"), 3)
    for left in (3, 2, 1):
        now = reread(shop, order)
        assert now.lines[0].free == left
        fresh = shop.tool(
            minji, "create_claim", order_id=order.order_id, kind="return", reason_code="defect",
            lines=[(order.lines[0].line_id, 1, None)],
        )  # fmt: skip
        advance(shop, fresh, *PATHS["return"])
    with pytest.raises(NotAllowedNow):
        shop.tool(
            minji, "quote_claim", order_id=order.order_id, kind="return", reason_code="defect",
            lines=[(order.lines[0].line_id, 1, None)],
        )  # fmt: skip


def test_a_fault_noticed_too_long_ago_is_too_late(
    shop: Services, minji: Caller, clock: Clock
) -> None:
    clock.pass_(days=40)
    with pytest.raises(NotAllowedNow, match="문제를 안 날"):
        fresh_return(shop, minji, "defect", noticed_on=date(2026, 11, 20))
    assert fresh_return(shop, minji, "defect", noticed_on=date(2026, 12, 20)).status == "requested"


def test_a_claim_that_a_later_one_counts_on_is_taken_back_after_it(
    shop: Services, minji: Caller
) -> None:
    order = grown(shop, order_of(shop, minji, "delivered"), 2)
    with shop.database.write() as tx:
        tx.update("orders", {"order_id": order.order_id},
                  {"shipping_krw": 0, "total_krw": order.items_krw - order.coupon_krw})  # fmt: skip
    line = order.lines[0]
    shop.rules = replace(shop.rules, free_shipping_threshold_krw=10**9)
    first, second = (
        shop.tool(
            minji, "create_claim", order_id=order.order_id, kind="return",
            lines=[(line.line_id, 1, None)], reason_code="change_of_mind",
        )
        for _ in range(2)
    )  # fmt: skip
    assert (first.quote["fee_krw"], second.quote["fee_krw"]) == (6000, 3000)
    with pytest.raises(NotAllowedNow, match=second.claim_id):
        shop.tool(minji, "withdraw_claim", claim_id=first.claim_id)
    shop.tool(minji, "withdraw_claim", claim_id=second.claim_id)
    assert shop.tool(minji, "withdraw_claim", claim_id=first.claim_id).status == "withdrawn"


def test_an_order_a_guest_has_proved_may_be_looked_at_only(
    shop: Services, minji: Caller, jihun: Caller, guest: Caller
) -> None:
    order = order_of(shop, minji, "paid")
    before = every_row(shop)
    for caller, error in ((guest, NotSignedIn), (jihun, NotFound)):
        with shop.database.write() as tx:
            context = ToolContext(
                tx, caller, shop.rules, shop.clock(), granted=frozenset({order.order_id})
            )
            assert run(context, "get_order", order_id=order.order_id) == order
            with pytest.raises(error):
                run(context, "cancel_order", order_id=order.order_id)
    assert every_row(shop) == before


def test_a_new_price_meanwhile_does_not_touch_an_exchange_under_way(
    shop: Services, minji: Caller
) -> None:
    order = order_of(shop, minji, "delivered")
    line, new = order.lines[0], other_options(shop, order)[True]
    set_stock(shop, new, 5)
    claim = shop.tool(
        minji, "create_claim", order_id=order.order_id, kind="exchange",
        lines=[(line.line_id, line.quantity, new)], reason_code="wrong_option",
    )  # fmt: skip
    with shop.database.write() as tx:
        tx.update("product_options", {"sku": new}, {"extra_krw": 20000})
    advance(shop, claim, *PATHS["exchange"])
    after = reread(shop, order)
    assert after.lines[0].sku == new
    assert sum(x.amount_krw for x in after.lines) == after.items_krw == order.items_krw
