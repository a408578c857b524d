"""Triage in the background: what is suggested, that nothing is lost, that nothing leaks."""

from __future__ import annotations

import io
import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from agent.triage.about import product_of
from agent.types import Caller
from errors import NotFound
from services import Services
from services.sessions import Sessions
from services.triage import TriageDesk
from store import claims, orders, tickets
from store.models import Ticket
from store.triage import TicketTriage
from tests.conftest import Clock
from tests.desk import do, read
from tests.shelves import STAFF
from tests.talk import Talk

JIHUN = Caller("customer", "user_002", "박지훈")


def opened(shop: Services, caller: Caller, text: str, **more: Any) -> Ticket:
    made: Ticket = shop.tool(caller, "create_ticket", issue_type="other", description=text, **more)
    return made


def suggested(shop: Services, ticket: Ticket) -> TicketTriage | None:
    found: TicketTriage | None = shop.tool(STAFF, "get_triage", ticket_id=ticket.ticket_id)
    return found


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def done(shop: Services) -> None:
    """Everything that is due, the seeded tickets as well."""
    shop.triage.run_due()


# ── one ticket ───────────────────────────────────────────────────────────────────────────


def test_everything_is_suggested_and_kept_with_the_ticket(shop: Services, minji: Caller) -> None:
    order = next(o for o in shop.tool(minji, "list_orders", limit=20).items
                 if o.status == "delivered")  # fmt: skip
    text = f"안녕하세요. {order.order_id} 상품이 깨져서 왔어요. 너무 속상해요."
    ticket = opened(shop, minji, text)
    found = shop.triage.suggest(ticket.ticket_id)
    assert (found.made_by, found.model) == ("classifier", "")
    assert found.value("issue_type") == "defect"
    assert (found.value("priority"), found.value("language")) == ("high", "ko")
    assert found.value("sentiment") in ("negative", "angry")
    assert (found.value("order_id"), found.confidence("order_id")) == (order.order_id, 0.98)
    assert "깨져서 왔어요" in found.value("summary")
    assert len(found.value("summary")) <= 120
    assert found.reply.startswith("김민지님, 안녕하세요.")
    assert order.lines[0].product_name in found.reply
    assert found.sources
    assert found.sources[0].quote[:20] in found.reply
    assert 0 < found.reply_confidence <= 1
    assert all(0 <= one.confidence <= 1 for one in found.fields.values())
    after = read(shop, ticket)
    assert after.version == ticket.version  # nobody's save is stale by it
    assert (after.sentiment, after.language) == (found.value("sentiment"), "ko")
    assert after.summary == found.value("summary")
    assert suggested(shop, ticket) == found


def test_it_is_named_in_the_history_once_and_for_staff_alone(shop: Services, minji: Caller) -> None:
    ticket = opened(shop, minji, "환불이 안 들어와요", priority="normal")
    for _ in range(2):
        shop.triage.suggest(ticket.ticket_id)
    (event,) = (one for one in read(shop, ticket).events if one.kind == "triaged")
    assert (event.actor_id, event.internal, event.version) == (None, True, None)
    assert not [one for one in read(shop, ticket, minji).events if one.kind == "triaged"]


def test_another_customers_order_is_as_good_as_none(shop: Services, minji: Caller) -> None:
    theirs = shop.tool(JIHUN, "list_orders", limit=1).items[0]
    ticket = opened(shop, minji, f"{theirs.order_id} 이 주문 환불해 주세요")
    found = shop.triage.suggest(ticket.ticket_id)
    assert found.value("order_id") != theirs.order_id
    assert theirs.title not in found.reply


def test_the_tickets_own_order_and_claim_are_certain(shop: Services, minji: Caller) -> None:
    with shop.database.read() as tx:
        claim = claims.find(tx, user_id="user_001", limit=1)[0]
    ticket = opened(
        shop, minji, "이거 어떻게 되고 있나요?", order_id=claim.order_id, claim_id=claim.claim_id
    )
    found = shop.triage.suggest(ticket.ticket_id)
    for name, value in (("order_id", claim.order_id), ("claim_id", claim.claim_id)):
        assert (found.value(name), found.confidence(name)) == (value, 1.0)
    with shop.database.read() as tx:
        order = orders.get(tx, claim.order_id, user_id=None)
    assert order is not None
    assert any(line.product_name in found.reply for line in order.lines)


def test_a_matter_without_an_order_guesses_none(shop: Services, minji: Caller) -> None:
    found = shop.triage.suggest(opened(shop, minji, "회원 탈퇴는 어디에서 하나요?").ticket_id)
    assert found.value("issue_type") == "account"
    assert (found.value("order_id"), found.value("claim_id")) == ("", "")


def test_contacts_stay_out_of_the_summary(shop: Services, minji: Caller) -> None:
    text = "제 번호 010-1234-5678로 연락 주세요 minji@example.com 도요. 환불이 안 들어왔어요."
    found = shop.triage.suggest(opened(shop, minji, text).ticket_id)
    summary = found.value("summary")
    assert "환불이 안 들어왔어요" in summary
    assert "1234" not in summary
    assert "@" not in summary


def test_danger_is_told_first_in_the_draft(shop: Services, minji: Caller) -> None:
    found = shop.triage.suggest(opened(shop, minji, "충전하다가 불이 났어요").ticket_id)
    assert found.value("priority") == "urgent"
    assert "전원을 끄고" in found.reply


def test_where_nothing_is_known_the_draft_asks_and_is_worth_little(
    shop: Services, minji: Caller
) -> None:
    found = shop.triage.suggest(opened(shop, minji, "으음… 흠흠 에휴").ticket_id)
    assert not found.sources
    assert "조금 더 자세히" in found.reply
    assert found.reply_confidence < 0.3


def test_internal_notes_and_staff_documents_are_in_no_suggestion(
    shop: Services, minji: Caller
) -> None:
    ticket = opened(shop, minji, "환불이 늦어요. 언제 되나요?")
    do(shop, "note_ticket", ticket, text="블랙컨슈머 의심 고객이니 주의")
    found = shop.triage.suggest(ticket.ticket_id)
    told = f"{found.reply} {found.value('summary')} {[s.quote for s in found.sources]}"
    assert "블랙컨슈머" not in told
    assert not [source for source in found.sources if source.chunk_id.startswith("staff-")]


def test_a_missing_ticket_is_told(shop: Services) -> None:
    with pytest.raises(NotFound):
        shop.triage.suggest("T20200101-0001")


# ── what is due ──────────────────────────────────────────────────────────────────────────


def test_what_was_opened_while_nobody_looked_is_found(shop: Services, minji: Caller) -> None:
    ticket = opened(shop, minji, "배송이 너무 늦어요")
    assert suggested(shop, ticket) is None
    another_process = TriageDesk(shop)  # the first one was killed
    assert another_process.run_due() > 0
    assert suggested(shop, ticket) is not None
    assert another_process.run_due() == 0


def test_a_customers_new_words_make_it_due_again(
    shop: Services, minji: Caller, clock: Clock
) -> None:
    ticket = opened(shop, minji, "배송 언제 오나요?")
    done(shop)
    before = suggested(shop, ticket)
    assert before is not None
    clock.pass_(minutes=5)
    shop.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id,
              text="포장을 뜯다가 손을 다쳤어요 피가 많이 났어요")  # fmt: skip
    assert shop.triage.run_due() == 1
    after = suggested(shop, ticket)
    assert after is not None
    assert (before.value("priority"), after.value("priority")) == ("normal", "urgent")
    assert after.created_at == before.created_at < after.updated_at


def test_staffs_own_words_make_nothing_due(shop: Services, minji: Caller, clock: Clock) -> None:
    ticket = opened(shop, minji, "배송 언제 오나요?")
    done(shop)
    clock.pass_(minutes=5)
    do(shop, "reply_ticket", ticket, text="내일 도착해요.")
    assert shop.triage.run_due() == 0


def test_a_chat_that_is_handed_over_is_read_as_a_whole(shop: Services, minji: Caller) -> None:
    chat = Talk(shop, minji)
    chat.say("택배가 예정일이 지났는데 아직 안 왔어요")
    chat.say("상담원 연결해 주세요")
    done(shop)
    with shop.database.read() as tx:
        ticket = tickets.open_of_conversation(tx, chat.session_id or "")
    assert ticket is not None
    found = suggested(shop, ticket)
    assert found is not None
    assert found.value("issue_type") == "delivery"
    assert "안 왔어요" in found.value("summary")


def test_one_that_fails_keeps_nobody_up_and_is_tried_again(
    shop: Services, minji: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done(shop)
    bad = opened(shop, minji, "고장")
    good = opened(shop, minji, "환불 언제 되나요?")
    real = TriageDesk.suggest

    def broken(self: TriageDesk, ticket_id: str) -> TicketTriage:
        if ticket_id == bad.ticket_id:
            raise sqlite3.OperationalError("disk I/O error")
        return real(self, ticket_id)

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(TriageDesk, "suggest", broken)
        assert shop.triage.run_due() == 1
        assert shop.triage.run_due() == 0  # not at once again
    assert suggested(shop, good) is not None
    assert bad.ticket_id in caplog.text
    shop.triage._later[bad.ticket_id] = 0.0  # its time has come
    assert shop.triage.run_due() == 1
    assert suggested(shop, bad) is not None


def test_the_thread_works_when_it_is_poked_and_ends_when_told(
    shop: Services, minji: Caller
) -> None:
    shop.triage.start()
    shop.triage.start()
    try:
        ticket = opened(shop, minji, "결제가 두 번 됐어요")  # the tool's end pokes it
        until(lambda: suggested(shop, ticket) is not None)
    finally:
        assert shop.triage.stop(20)
    assert shop.triage.stop()
    late = opened(shop, minji, "배송 언제 오나요?")
    assert suggested(shop, late) is None
    shop.triage.start()  # and begins anew
    try:
        until(lambda: suggested(shop, late) is not None)
    finally:
        assert shop.triage.stop(20)


def test_a_broken_own_model_stops_no_ticket(
    shop: Services, minji: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    shop.triage_model.parent.mkdir(parents=True, exist_ok=True)
    shop.triage_model.write_bytes(b"half a file")
    made = shop.tool(minji, "create_ticket", issue_type="other", description="감전됐어요")
    assert made.priority == "high"  # urgent, as far as a customer may say so
    assert "cannot be read" in caplog.text


# ── what the customer has told already ───────────────────────────────────────────────────


def test_a_product_is_known_by_what_it_is_not_by_its_models_number(
    shop: Services, minji: Caller
) -> None:
    found = [one for one in shop.tool(minji, "list_orders", limit=50).items
             if "텀블러 DT-500" in str(one.lines)]  # fmt: skip
    assert found
    assert product_of("텀블러 뚜껑이 깨졌어요", found[0])
    assert not product_of("배송비 2,500원이 더 결제됐어요", found[0])


def test_a_photo_that_was_sent_is_not_asked_for(shop: Services, minji: Caller) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(picture, "JPEG")
    chat, photo = shop.save_photo(minji, picture.getvalue(), session_id=None)
    Sessions(shop).ask_person(minji, chat, "받은 텀블러가 깨져 있어요")
    with shop.database.read() as tx:
        ticket = tickets.open_of_conversation(tx, chat)
    assert ticket is not None
    assert "사진이 있으면" in shop.triage.suggest(ticket.ticket_id).reply
    list(shop.run_turn(minji, "사진이에요", session_id=chat, image_ids=(photo,)))
    assert "사진이 있으면" not in shop.triage.suggest(ticket.ticket_id).reply
