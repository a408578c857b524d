"""Exceptions of the staff: another fault, no fee, a claim out of its period."""

from __future__ import annotations

from typing import Any

import pytest

from agent.shop.quote import WAIVED
from agent.types import Caller
from errors import BadInput, Forbidden, NotAllowedNow, NotFound, StateChanged
from services import Services
from store.models import Claim
from tests.conftest import Clock
from tests.life import advance, fresh_return, several
from tests.shelves import STAFF, every_row, order_of

WHY = "택배 기사가 던져서 깨졌다고 확인함"


def override(shop: Services, claim: Claim, **given: Any) -> Claim:
    found: Claim = shop.tool(
        STAFF, "override_claim",
        **{"claim_id": claim.claim_id, "version": claim.version, "reason": WHY, **given},
    )  # fmt: skip
    return found


def asked(shop: Services, claim: Claim, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = shop.tool(STAFF, "quote_override", claim_id=claim.claim_id, **given)
    return found


def test_the_sellers_fault_takes_the_fee_off_and_the_customer_sees_it(
    shop: Services, minji: Caller
) -> None:
    claim = fresh_return(shop, minji, "change_of_mind")
    fee = claim.quote["fee_krw"]
    assert (claim.fault, fee > 0) == ("buyer", True)
    shown = asked(shop, claim, fault="seller")
    done = override(shop, claim, fault="seller")
    assert done.quote == shown
    assert (done.fault, done.quote["fee_krw"], done.version) == ("seller", 0, claim.version + 1)
    assert done.refund_krw >= claim.refund_krw + fee
    assert shop.tool(minji, "get_claim", claim_id=claim.claim_id).refund_krw == done.refund_krw
    end = advance(shop, done, "approved", "collecting", "collected", "completed")
    order = shop.tool(minji, "get_order", order_id=claim.order_id)
    assert order.refunded_krw == done.refund_krw == end.refund_krw


def test_a_waived_fee_can_be_asked_for_again(shop: Services, minji: Caller) -> None:
    claim = fresh_return(shop, minji, "wrong_option")
    waived = override(shop, claim, waive_fee=True)
    assert (waived.fault, waived.quote["fee_krw"]) == ("buyer", 0)
    assert waived.quote["fee_label"] == WAIVED
    assert waived.refund_krw == claim.refund_krw + claim.quote["fee_krw"]
    again = override(shop, waived, waive_fee=False)
    assert (again.quote, again.refund_krw) == (claim.quote, claim.refund_krw)


def test_there_and_back_is_the_same_quote(shop: Services, minji: Caller) -> None:
    claim = fresh_return(shop, minji, "defect")
    assert asked(shop, claim) == claim.quote
    back = override(shop, override(shop, claim, fault="buyer"), fault="seller")
    assert (back.quote, back.fault) == (claim.quote, "seller")


def test_the_reason_is_in_the_audit_and_masked(shop: Services, minji: Caller) -> None:
    claim = fresh_return(shop, minji, "change_of_mind")
    override(shop, claim, fault="seller", reason=f"{WHY} 900101-1234567")
    row = shop.tool(STAFF, "list_audit", object_id=claim.claim_id).items[0]
    assert (row.entry.action, row.entry.actor_id, row.action_ko) == (
        "override", "staff_001", "예외 적용",
    )  # fmt: skip
    assert row.entry.before["fault"] == "buyer"
    assert row.entry.after["fault"] == "seller"
    assert row.entry.after["override_reason"].startswith(WHY)
    assert "1234567" not in str(row.entry.after)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"fault": "seller", "reason": "  "}, BadInput),
        ({"fault": "nobody"}, BadInput),
        ({}, BadInput),
        ({"fault": "buyer"}, BadInput),  # it is the buyer's already
        ({"fault": "seller", "version": 99}, StateChanged),
        ({"fault": "seller", "claim_id": "C20200101-0001"}, NotFound),
    ],
)
def test_what_cannot_be_changed_changes_nothing(
    shop: Services, minji: Caller, given: dict[str, Any], error: type[Exception]
) -> None:
    claim = fresh_return(shop, minji, "change_of_mind")
    before = every_row(shop)
    with pytest.raises(error):
        override(shop, claim, **given)
    assert every_row(shop) == before


def test_only_before_it_is_over_and_only_by_staff(shop: Services, minji: Caller) -> None:
    claim = fresh_return(shop, minji, "change_of_mind")
    given = {"claim_id": claim.claim_id, "fault": "seller"}
    with pytest.raises(Forbidden):
        shop.tool(minji, "override_claim", **given, version=claim.version, reason=WHY)
    with pytest.raises(Forbidden):
        shop.tool(minji, "quote_override", **given)
    done = advance(shop, claim, "rejected", note="사용한 상품이에요.")
    with pytest.raises(NotAllowedNow):
        override(shop, done, fault="seller")
    with pytest.raises(NotAllowedNow):
        shop.tool(STAFF, "quote_override", **given)


def test_two_parts_of_an_order_never_pay_back_more_than_was_paid(shop: Services) -> None:
    order = several(shop, STAFF, "delivered")
    found = []
    for line in order.lines:
        found.append(
            shop.tool(
                STAFF,
                "create_claim",
                order_id=order.order_id,
                kind="return",
                lines=[(line.line_id, line.free, None)],
                reason_code="change_of_mind",
            )
        )
    for claim in found:
        now = shop.tool(STAFF, "get_claim", claim_id=claim.claim_id)
        done = override(shop, now, fault="seller")
        advance(shop, done, "approved", "collecting", "collected", "completed")
    paid = shop.tool(STAFF, "get_order", order_id=order.order_id)
    assert paid.refunded_krw == paid.paid_krw  # goods and the first delivery, once


def test_a_cancellation_has_no_fault_to_change(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "preparing")
    asked_for = shop.tool(minji, "request_cancel", order_id=order.order_id)
    claim = shop.tool(STAFF, "get_order", order_id=order.order_id).claims[-1]
    assert asked_for is not None
    assert claim.kind == "cancel"
    with pytest.raises(BadInput):
        override(shop, claim, fault="seller" if claim.fault == "buyer" else "buyer")


# ── a claim the rules refuse ─────────────────────────────────────────────────────────────


def test_staff_file_a_return_after_its_period(shop: Services, minji: Caller, clock: Clock) -> None:
    order = order_of(shop, minji, "delivered")
    clock.pass_(days=30)
    line = order.lines[0]
    given: dict[str, Any] = {
        "order_id": order.order_id, "kind": "return", "reason_code": "change_of_mind",
        "lines": [(line.line_id, 1, None)],
    }  # fmt: skip
    with pytest.raises(NotAllowedNow):
        shop.tool(STAFF, "create_claim", **given)
    given |= {"version": order.version}
    with pytest.raises(Forbidden):
        shop.tool(minji, "open_claim", **given, reason=WHY)
    with pytest.raises(BadInput):
        shop.tool(STAFF, "open_claim", **given, reason=" ")
    claim = shop.tool(STAFF, "open_claim", **given, reason="입원했던 고객")
    assert (claim.status, claim.user_id, claim.fault) == ("requested", "user_001", "buyer")
    audit = shop.tool(STAFF, "list_audit", object_id=claim.claim_id).items
    assert audit[0].entry.after["override_reason"] == "입원했던 고객"
    with pytest.raises(BadInput):  # an exception makes no pieces
        shop.tool(
            STAFF, "open_claim",
            **{**given, "lines": [(line.line_id, line.quantity + 1, None)],
               "version": order.version + 1},
            reason=WHY,
        )  # fmt: skip
