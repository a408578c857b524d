"""What must never happen, tried through the same doors a customer has."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from agent.types import Caller, ErrorEvent
from errors import NotFound
from services import Services
from store.models import Order
from tests.conftest import Clock
from tests.talk import Talk

RESIDENT = "900101-1234567"


def orders(shop: Services, caller: Caller, status: str) -> list[Order]:
    found: list[Order] = shop.tool(caller, "list_orders", statuses=(status,), limit=20).items
    return found


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("between", ["고마워요", "환불은 며칠 걸려요?", "이어폰 방수 돼요?"])
@pytest.mark.parametrize("yes", ["네", "네 알겠어요", "네 감사합니다", "응"])
def test_a_typed_yes_never_runs_an_older_offer(
    shop: Services, minji: Caller, between: str, yes: str
) -> None:
    order = orders(shop, minji, "paid")[0]
    talk = Talk(shop, minji)
    offer = talk.say(f"{order.order_id} 주문 취소할게요")
    assert offer.pending_action is not None
    talk.say(between)
    talk.say(yes)
    assert shop.tool(minji, "get_order", order_id=order.order_id).status == "paid"
    done = talk.confirm(offer)  # the button holds for its ten minutes
    assert "취소했어요" in done.content


def test_a_yes_after_something_done_is_not_its_repetition_forever(
    shop: Services, minji: Caller
) -> None:
    talk = Talk(shop, minji)
    talk.confirm(talk.say(f"{orders(shop, minji, 'paid')[0].order_id} 주문 취소할게요"))
    assert "취소했어요" in talk.say("네").content
    talk.say("반품하고 싶어요")
    assert "취소했어요" not in talk.say("네").content


@pytest.mark.parametrize("status", ["rejected", "withdrawn"])
def test_a_refund_that_will_not_come_is_not_promised(
    shop: Services, minji: Caller, status: str
) -> None:
    order = orders(shop, minji, "preparing")[0]
    claim = shop.tool(minji, "request_cancel", order_id=order.order_id)
    with shop.database.write() as tx:
        tx.update("claims", {"claim_id": claim.claim_id}, {"status": status})
    message = Talk(shop, minji).say(f"{order.order_id} 환불 언제 들어와요?")
    assert "돌려드려요" not in message.content


def test_withdrawing_and_filing_again_costs_the_same(shop: Services, minji: Caller) -> None:
    wanted = ("20261116-0000363", "return")
    order = shop.tool(minji, "get_order", order_id=wanted[0])
    line = next(x for x in order.lines if x.claim_status is None)
    what = {
        "order_id": order.order_id,
        "kind": "return",
        "lines": [(line.line_id, 1, None)],
        "reason_code": "change_of_mind",
    }
    first = shop.tool(minji, "create_claim", **what)
    shop.tool(minji, "withdraw_claim", claim_id=first.claim_id)
    again = shop.tool(minji, "create_claim", **what)
    assert again.quote["fee_krw"] == first.quote["fee_krw"] > 0
    assert again.refund_krw == first.refund_krw


def test_nothing_typed_anywhere_is_stored_unmasked(shop: Services, minji: Caller) -> None:
    talk = Talk(shop, minji)
    reply = talk.say(f"제 주민번호는 {RESIDENT}예요. 배송 어디쯤이에요?")
    talk.say("상담원 연결해 주세요")
    shop.rate(minji, reply.message_id, good=False, reason=f"내 번호 {RESIDENT}")
    paid = orders(shop, minji, "paid")[0]
    secret = f"카드 4111-1111-1111-1111 {RESIDENT}"
    shop.tool(minji, "cancel_order", order_id=paid.order_id, reason_text=secret)
    shop.tool(minji, "create_ticket", issue_type="other", description=secret, subject=secret)
    with shop.database.read() as tx:
        for table in ("messages", "conversations", "claims", "tickets", "ticket_events",
                      "feedback", "turns", "audit_events", "pending_actions"):  # fmt: skip
            for row in tx.rows(f"select * from {table}"):
                assert RESIDENT not in str(row), table
                assert "4111-1111" not in str(row), table


def test_a_guest_cannot_walk_through_order_numbers(shop: Services, clock: Clock) -> None:
    for number in range(1, 4):
        talk = Talk(shop, Caller(guest_key=f"browser {number}"))
        talk.say(f"2026111{number}-0000001 minji@example.com 주문 어떻게 됐어요?")
    known = orders(shop, Caller("customer", "user_001"), "paid")[0].order_id
    locked = Talk(shop, Caller(guest_key="another")).say(f"{known} minji@example.com 주문 조회")
    assert "한 시간 뒤" in locked.content
    assert not locked.cards
    clock.pass_(minutes=61)
    seen = Talk(shop, Caller(guest_key="later")).say(f"{known} minji@example.com 주문 조회")
    assert [card.id for card in seen.cards] == [known]


def test_staff_read_a_chat_but_do_not_speak_in_it_as_the_customer(
    shop: Services, minji: Caller
) -> None:
    talk = Talk(shop, minji)
    talk.say(f"{orders(shop, minji, 'paid')[0].order_id} 주문 취소할게요")
    staff = Caller("staff", "staff_001", "이상담")
    assert shop.messages(staff, talk.session_id or "")
    events = list(shop.run_turn(staff, "아니요", session_id=talk.session_id))
    assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["not_found"]
    assert shop.pending_action(minji, talk.session_id or "") is not None


def test_photos_belong_to_their_owner_and_go_with_their_chat(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    session, image = shop.save_photo(minji, picture(), session_id=None)
    (file,) = shop.photo_folder.iterdir()
    with pytest.raises(NotFound):
        shop.save_photo(jihun, picture(), session_id=session)
    assert len(list(Path(shop.photo_folder).iterdir())) == 1
    theirs = next(
        o
        for o in orders(shop, jihun, "delivered")
        if "return" in shop.allowed_actions(o) and o.lines[0].claim_status is None
    )
    with pytest.raises(NotFound):
        shop.tool(
            jihun, "create_claim", order_id=theirs.order_id, kind="return",
            lines=[(theirs.lines[0].line_id, 1, None)], reason_code="defect", photos=[image],
        )  # fmt: skip
    shop.delete_conversation(minji, session)
    assert not file.exists()
    with pytest.raises(NotFound):
        shop.photo(minji, image)


def test_an_offer_that_ran_out_is_not_made_again_by_a_late_yes(
    shop: Services, clock: Clock, minji: Caller
) -> None:
    order = orders(shop, minji, "paid")[0]
    talk = Talk(shop, minji)
    talk.say(f"{order.order_id} 주문 취소할게요")
    talk.say("고마워요")
    clock.pass_(minutes=11)
    assert "진행할까요" not in talk.say("네").content
    assert shop.tool(minji, "get_order", order_id=order.order_id).status == "paid"
