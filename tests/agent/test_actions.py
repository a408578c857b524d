"""A proposal and its yes: once, in time, by its customer, on what was shown, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from agent import actions
from agent.tools.base import ToolContext
from agent.types import Caller, ErrorEvent, Message
from errors import NotFound
from services import Services
from store import audit
from store.models import Order
from tests.conftest import Clock
from tests.talk import Talk


def paid(shop: Services, caller: Caller) -> Order:
    order: Order = shop.tool(caller, "list_orders", statuses=("paid",)).items[0]
    return order


def whole(shop: Services, caller: Caller, order_id: str) -> Order:
    order: Order = shop.tool(caller, "get_order", order_id=order_id)
    return order


def status_of(shop: Services, message: Message) -> str:
    assert message.pending_action
    with shop.database.read() as tx:
        return str(
            tx.value(
                "select status from pending_actions where action_id = ?",
                (message.pending_action.action_id,),
            )
        )


def things(shop: Services) -> dict[str, list[dict[str, Any]]]:
    """All that a confirmed change could touch."""
    tables = ("orders", "order_lines", "payments", "claims", "claim_lines", "product_options",
              "audit_events")  # fmt: skip
    with shop.database.read() as tx:
        return {table: tx.rows(f"select * from {table}") for table in tables}


@pytest.fixture
def talk(shop: Services, minji: Caller) -> Talk:
    return Talk(shop, minji)


@pytest.fixture
def offer(shop: Services, minji: Caller, talk: Talk) -> Message:
    """An open proposal to cancel a paid order."""
    message = talk.say(f"{paid(shop, minji).order_id} 주문 취소할게요")
    assert message.pending_action
    assert message.pending_action.kind == "cancel_order"
    return message


@pytest.fixture
def unchanged(shop: Services) -> Iterator[None]:
    """Nothing of the shop may have changed at the end of the test."""
    before = things(shop)
    yield
    assert things(shop) == before


def order_of(message: Message) -> str:
    assert message.pending_action
    return dict(message.pending_action.rows)["주문번호"]


# ── yes ──────────────────────────────────────────────────────────────────────────────────


def test_a_yes_does_what_was_shown(
    shop: Services, minji: Caller, talk: Talk, offer: Message
) -> None:
    assert offer.pending_action
    shown = dict(offer.pending_action.rows)
    done = talk.confirm(offer)
    order = whole(shop, minji, order_of(offer))
    assert order.status == "cancelled"
    [refund] = [p for p in order.payments if p.kind == "refund"]
    assert shown["환불 금액"] == f"{refund.amount_krw:,}원"
    assert shown["환불 금액"] in done.content
    [claim] = order.claims
    assert claim.quote["refund_krw"] == claim.refund_krw == refund.amount_krw
    assert refund.claim_id == claim.claim_id
    assert refund.label == claim.quote["method_label"] == shown["환불 수단"]
    assert status_of(shop, offer) == "executed"


def test_typing_yes_is_pressing_the_button(
    shop: Services, minji: Caller, talk: Talk, offer: Message
) -> None:
    talk.say("네")
    assert whole(shop, minji, order_of(offer)).status == "cancelled"


def test_confirming_again_says_the_same_and_does_nothing(
    shop: Services, talk: Talk, offer: Message
) -> None:
    first = talk.confirm(offer)
    after = things(shop)
    for again in (talk.confirm(offer), talk.confirm(offer), talk.say("네")):
        assert again.content == first.content
    assert things(shop) == after


def test_the_audit_names_turn_actor_and_source(
    shop: Services, minji: Caller, offer: Message
) -> None:
    assert offer.pending_action
    list(
        shop.run_turn(
            minji, "", session_id=offer.session_id, source="terminal",
            confirm=offer.pending_action.action_id,
        )
    )  # fmt: skip
    order = whole(shop, minji, order_of(offer))
    with shop.database.read() as tx:
        events = [
            *audit.of_object(tx, "order", order.order_id)[-1:],
            *audit.of_object(tx, "claim", order.claims[0].claim_id),
        ]
        turn = tx.value(
            "select turn_id from turns where conversation_id = ? order by rowid desc limit 1",
            (offer.session_id,),
        )
    assert [(e["object_type"], e["action"]) for e in events] == [
        ("order", "cancel"), ("claim", "create"),
    ]  # fmt: skip
    for event in events:
        assert event["turn_id"] == turn
        assert event["source"] == "terminal"
        assert (event["actor_id"], event["actor_role"]) == ("user_001", "customer")
    assert json.loads(events[0]["before"]) == {"status": "paid"}
    assert json.loads(events[0]["after"])["status"] == "cancelled"


def test_a_proposal_alone_leaves_no_audit(shop: Services, minji: Caller, talk: Talk) -> None:
    before = things(shop)
    assert talk.say(f"{paid(shop, minji).order_id} 주문 취소할게요").pending_action
    assert things(shop) == before


# ── no, too late, something else ─────────────────────────────────────────────────────────


def test_a_no_closes_it_for_good(talk: Talk, offer: Message, unchanged: None) -> None:
    talk.say("아니요")
    assert status_of(talk.shop, offer) == "declined"
    assert "아무것도 바꾸지 않았어요" in talk.confirm(offer).content
    assert status_of(talk.shop, offer) == "declined"


def test_ten_minutes_are_enough_and_not_more(
    shop: Services, talk: Talk, clock: Clock, offer: Message, unchanged: None
) -> None:
    clock.pass_(minutes=shop.rules.confirmation_ttl_minutes)
    assert shop.pending_action(talk.caller, offer.session_id) is None
    assert "확인 시간이 지나서" in talk.confirm(offer).content
    assert status_of(shop, offer) == "expired"


def test_a_moment_before_is_in_time(
    shop: Services, talk: Talk, clock: Clock, offer: Message
) -> None:
    clock.pass_(minutes=shop.rules.confirmation_ttl_minutes, milliseconds=-1)
    view = shop.pending_action(talk.caller, offer.session_id)
    assert view == offer.pending_action
    talk.confirm(offer)
    assert status_of(shop, offer) == "executed"


def test_a_newer_proposal_takes_the_place_of_the_older(
    shop: Services, minji: Caller, talk: Talk, offer: Message
) -> None:
    other = shop.tool(minji, "list_orders", statuses=("pending_payment",)).items[0]
    newer = talk.say(f"{other.order_id} 주문 취소할게요")
    with shop.database.read() as tx:
        open_ones = tx.value(
            "select count(*) from pending_actions where conversation_id = ? and status = 'pending'",
            (talk.session_id,),
        )
    assert open_ones == 1
    assert (status_of(shop, offer), status_of(shop, newer)) == ("superseded", "pending")
    before = things(shop)
    assert "가장 최근 확인 카드" in talk.confirm(offer).content
    assert things(shop) == before
    talk.confirm(newer)
    assert whole(shop, minji, other.order_id).status == "cancelled"
    assert whole(shop, minji, order_of(offer)).status == "paid"


def test_an_order_that_changed_is_refused_and_offered_anew(
    shop: Services, minji: Caller, talk: Talk, offer: Message
) -> None:
    order_id = order_of(offer)
    shop.tool(minji, "change_address", order_id=order_id, road="서울 중구 세종대로 110")
    before = things(shop)
    reply = talk.confirm(offer)
    assert things(shop) == before
    assert status_of(shop, offer) == "refused"
    assert "바뀌었어요" in reply.content
    assert reply.pending_action  # as it is now
    talk.confirm(reply)
    assert whole(shop, minji, order_id).status == "cancelled"


def test_an_order_that_was_dispatched_meanwhile_is_refused(
    shop: Services, talk: Talk, offer: Message
) -> None:
    with shop.database.write() as tx:
        tx.execute(
            "update orders set status = 'shipped', version = version + 1 where order_id = ?",
            (order_of(offer),),
        )
    before = things(shop)
    reply = talk.confirm(offer)
    assert things(shop) == before
    assert reply.pending_action is None
    assert status_of(shop, offer) == "refused"


def test_the_same_order_offered_twice_is_cancelled_once(
    shop: Services, minji: Caller, talk: Talk, offer: Message
) -> None:
    other = Talk(shop, minji)
    second = other.say(f"{order_of(offer)} 주문 취소할게요")
    talk.confirm(offer)
    after = things(shop)
    other.confirm(second)
    assert things(shop) == after
    assert status_of(shop, second) == "refused"


# ── whose ────────────────────────────────────────────────────────────────────────────────


def test_somebody_elses_proposal_is_a_missing_one(
    shop: Services, jihun: Caller, guest: Caller, offer: Message, unchanged: None
) -> None:
    assert offer.pending_action
    for stranger in (jihun, guest, Caller("staff", "staff_001", "이상담")):
        told = []
        for key in (offer.pending_action.action_id, "act_missing"):
            events = list(shop.run_turn(stranger, "", confirm=key))
            told += [(e.code, e.text) for e in events if isinstance(e, ErrorEvent)]
        assert [code for code, _ in told] == ["not_found"] * 2
        assert told[0] == told[1]
    assert status_of(shop, offer) == "pending"


def test_a_refusal_in_the_middle_rolls_everything_back(
    shop: Services, minji: Caller, talk: Talk
) -> None:
    """The last piece goes to somebody else between offer and yes."""
    order = next(
        whole(shop, minji, o.order_id)
        for o in shop.tool(minji, "list_orders", statuses=("delivered",)).items
        if not whole(shop, minji, o.order_id).claims
    )
    line = order.lines[0]
    options = shop.tool(minji, "get_product", product_id=line.product_id).options
    new = next(o.sku for o in options if o.sku != line.sku)
    from agent.turn import Proposal

    proposal = Proposal(
        "create_claim",
        {"order_id": order.order_id, "kind": "exchange", "lines": [[line.line_id, 1, new]],
         "reason_code": "wrong_option"},
        "교환", (), order.order_id, order.version,
    )  # fmt: skip
    talk.say("안녕하세요")
    assert talk.session_id
    from datetime import timedelta

    with shop.database.write() as tx:
        tx.execute("update product_options set stock = 0 where sku = ?", (new,))
        view = actions.save(
            tx, proposal, conversation_id=talk.session_id, user_id="user_001",
            now=shop.clock(), ttl=timedelta(minutes=10),
        )  # fmt: skip
    before = things(shop)
    outcome = actions.execute(
        shop.database, view.action_id, lambda tx: ToolContext(tx, minji, shop.rules, shop.clock()),
        user_id="user_001",
    )  # fmt: skip
    assert outcome.state == "refused"
    assert "재고" in outcome.result["reason"]
    assert things(shop) == before
    with pytest.raises(NotFound):
        actions.execute(
            shop.database, view.action_id,
            lambda tx: ToolContext(tx, minji, shop.rules, shop.clock()), user_id="user_002",
        )  # fmt: skip


# ── the other changes ────────────────────────────────────────────────────────────────────


def test_a_requested_cancel_and_taking_it_back(shop: Services, minji: Caller, talk: Talk) -> None:
    order = shop.tool(minji, "list_orders", statuses=("preparing",)).items[0]
    asked = talk.say(f"{order.order_id} 주문 취소할게요")
    assert asked.pending_action
    assert asked.pending_action.kind == "request_cancel"
    talk.confirm(asked)
    [claim] = whole(shop, minji, order.order_id).claims
    assert (claim.kind, claim.status) == ("cancel", "requested")
    back = talk.say(f"{order.order_id} 취소 요청 철회할게요")
    assert back.pending_action
    assert back.pending_action.kind == "withdraw_claim"
    talk.confirm(back)
    assert whole(shop, minji, order.order_id).claims[0].status == "withdrawn"


def test_a_new_address_by_chat_is_the_one_shown(shop: Services, minji: Caller, talk: Talk) -> None:
    order = paid(shop, minji)
    talk.say(f"{order.order_id} 배송지 바꿀게요")
    asked = talk.say("서울 마포구 월드컵북로 396")
    assert asked.pending_action
    assert any("월드컵북로 396" in value for _, value in asked.pending_action.rows)
    assert whole(shop, minji, order.order_id).road == order.road
    talk.confirm(asked)
    assert "월드컵북로 396" in whole(shop, minji, order.order_id).road
