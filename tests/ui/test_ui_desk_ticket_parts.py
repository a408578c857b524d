"""What lies beside a ticket's conversation: canned replies, suggestions, orders, the past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from agent.shop.quote import WAIVED
from agent.types import Caller
from services import Services
from store import triage
from store.models import Ticket
from store.triage import TicketTriage, TriageField, TriageSource
from tests.conftest import Clock
from tests.desk import do, read
from tests.pages import shown
from tests.shelves import STAFF, order_of
from tests.ui.ticket_page import OTHER, keys, tap, write, written
from ui.desk import ticket_exceptions

Open = Callable[..., AppTest]


# ── canned replies ───────────────────────────────────────────────────────────────────────


def put(at: AppTest, reply_id: str) -> AppTest:
    tap(at, "desk-canned")
    return tap(at, f"canned-put-{reply_id}")


def test_a_canned_reply_is_filled_and_sent(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = put(write(open_ticket(ticket), ticket, "먼저 쓴 말"), "shipped-hello")
    text = written(at, ticket)
    assert text.startswith("먼저 쓴 말\n\n안녕하세요, 김민지 고객님.")
    assert "{" not in text
    tap(at, "desk-send")
    assert read(desk, ticket).events[-1].text == text


def test_a_variable_that_stands_open_is_not_sent(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = put(open_ticket(ticket), "shipped-delivery-late")
    assert "채우지 못한 변수가 있어요" in shown(at)
    at = tap(at, "desk-send")
    assert read(desk, ticket).version == ticket.version
    assert "아직 채우지 않은 변수가 있어요" in shown(at)
    at = write(at, ticket, written(at, ticket).replace("{주문번호}", "어제 주문"))
    tap(at, "desk-send")
    assert "어제 주문의 배송이" in read(desk, ticket).events[-1].text


def test_replies_are_managed_in_their_window(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = tap(tap(open_ticket(ticket), "desk-canned"), "canned-manage")
    at.text_input(key="canned-new-0-title").set_value("주말 안내")
    at.text_area(key="canned-new-0-text").set_value("{없는변수} 님")
    tap(at, "canned-save")
    assert "이런 변수는 없어요" in shown(at)
    at.text_input(key="canned-new-0-title").set_value("주말 안내")
    at.text_area(key="canned-new-0-text").set_value("{고객명} 고객님, 주말에는 쉬어요.")
    at.run()
    assert "김민지 고객님, 주말에는 쉬어요." in shown(at)  # the preview
    tap(at, "canned-save")
    made = [o for o in desk.tool(STAFF, "list_canned_replies") if o.title == "주말 안내"]
    assert len(made) == 1
    tap(at, "canned-delete")
    assert "주말 안내" not in [o.title for o in desk.tool(STAFF, "list_canned_replies")]


# ── orders, customer, past ───────────────────────────────────────────────────────────────


def about_a_claim(desk: Services, status: str, kind: str = "return") -> tuple[Ticket, Any]:
    queue = desk.tool(STAFF, "claim_queue", statuses=(status,), limit=100).items
    claim = next(row.claim for row in queue if row.claim.kind == kind)
    made: Ticket = desk.tool(
        STAFF, "create_ticket", issue_type="return_exchange", description="반품은요?",
        claim_id=claim.claim_id,
    )  # fmt: skip
    return made, claim


def test_a_claim_is_approved_beside_its_ticket(open_ticket: Open, desk: Services) -> None:
    ticket, claim = about_a_claim(desk, "requested")
    at = open_ticket(ticket, part="order")
    assert claim.order_id in "".join(
        str(getattr(link, "label", "")) for link in at.get("page_link")
    )
    tap(at, f"to-approved-{claim.claim_id}")
    assert desk.tool(STAFF, "get_claim", claim_id=claim.claim_id).status == "approved"


def test_an_exception_shows_its_sum_before_it_is_made(open_ticket: Open, desk: Services) -> None:
    ticket, claim = about_a_claim(desk, "requested")
    at = open_ticket(ticket, part="order")
    key = f"override-{claim.claim_id}-{claim.version}"
    wanted = "seller" if claim.fault == "buyer" else "buyer"
    at.selectbox(key=f"{key}-fault").set_value(wanted)
    at.run()
    shown_sum = desk.tool(
        STAFF, "quote_override", claim_id=claim.claim_id, fault=wanted, waive_fee=False
    )
    assert f"{shown_sum['refund_krw']:,}원" in shown(at)
    at = tap(at, f"{key}-save")
    assert "이유를 적어 주세요" in shown(at)
    at.text_input(key=f"{key}-reason").set_value("택배사 과실 확인")
    tap(at, f"{key}-save")
    now = desk.tool(STAFF, "get_claim", claim_id=claim.claim_id)
    assert (now.fault, now.refund_krw) == (wanted, shown_sum["refund_krw"])


def test_an_order_is_tied_to_a_ticket_without_one(
    open_ticket: Open, desk: Services, minji: Caller, ticket: Ticket
) -> None:
    at = open_ticket(ticket, part="order")
    order = desk.tool(minji, "list_orders", limit=1).items[0]
    tap(at, f"tie-{order.order_id}")
    assert read(desk, ticket).order_id == order.order_id
    assert "desk-no-order" not in keys(at)


def test_a_return_is_filed_for_the_customer(
    open_ticket: Open, desk: Services, minji: Caller, ticket: Ticket, clock: Clock
) -> None:
    order = order_of(desk, minji, "delivered")
    do(desk, "edit_ticket", ticket, order_id=order.order_id)
    clock.pass_(days=40)
    at = open_ticket(ticket, part="order")
    key = f"new-claim-{order.order_id}-{order.version}"
    assert any("기간" in str(one.value) for one in at.warning)
    at.text_input(key=f"{key}-reason").set_value("입원했던 고객")
    tap(at, f"{key}-save")
    claims = desk.tool(minji, "get_order", order_id=order.order_id).claims
    assert [one.status for one in claims] == ["requested"]
    assert read(desk, ticket).claim_id == claims[0].claim_id  # what the ticket is about now


def test_a_like_tickets_words_are_taken(
    open_ticket: Open, desk: Services, minji: Caller, ticket: Ticket
) -> None:
    twin = desk.tool(
        minji, "create_ticket", issue_type="delivery", description="택배가 대체 언제 오나요?"
    )
    do(desk, "resolve_ticket", twin, resolution="내일 도착한다고 안내했어요.")
    at = open_ticket(ticket, part="like")
    at = tap(at, f"like-put-{twin.ticket_id}")  # shows the answer at once
    assert written(at, ticket) == "내일 도착한다고 안내했어요."


def test_customer_and_past_say_who_did_what(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    do(desk, "edit_ticket", ticket, OTHER, priority="high")
    text = shown(open_ticket(ticket, part="past"))
    assert "우선순위: 보통 → 높음" in text
    assert "한관리" in text
    text = shown(open_ticket(ticket, part="customer"))
    assert "김민지" in text
    assert "690,800원" in text or "주문 금액" in text


def test_the_page_knows_the_quotes_own_words() -> None:
    assert ticket_exceptions.WAIVED == WAIVED


# ── what the helper suggests ─────────────────────────────────────────────────────────────


def suggested(desk: Services, ticket: Ticket, **fields: tuple[str, float]) -> None:
    """Suggestions as the worker leaves them."""
    found = TicketTriage(
        ticket.ticket_id, "classifier", "",
        {name: TriageField(*one) for name, one in fields.items()},
        "내일 도착할 예정이에요.", 0.71,
        (TriageSource("delivery#1", "배송 안내", "배송 기간", "1~3일 안에 도착합니다."),),
    )  # fmt: skip
    with desk.database.write() as tx:
        triage.put(tx, found, at=desk.clock())


def test_a_finding_is_taken_over_with_one_press(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    suggested(desk, ticket, issue_type=("delivery", 0.92), priority=("high", 0.8),
              sentiment=("angry", 0.7), language=("en", 0.99))  # fmt: skip
    at = open_ticket(ticket)
    labels = {str(one.key): str(one.label) for one in at.button}
    assert labels["desk-take-priority"] == "높음 80% 적용"
    assert "desk-take-issue_type" not in labels  # the ticket says so already
    text = shown(at)
    assert "배송 92%" in text
    assert "화남 70%" in text
    assert "영어 99%" in text
    at = tap(at, "desk-take-priority")
    assert read(desk, ticket).priority == "high"
    assert "desk-take-priority" not in keys(at)


def test_nobody_is_offered_the_contrary_of_what_staff_set(
    open_ticket: Open, desk: Services, ticket: Ticket, clock: Clock
) -> None:
    suggested(desk, ticket, priority=("high", 0.8))
    clock.pass_(minutes=1)
    do(desk, "edit_ticket", ticket, priority="low")
    assert "desk-take-priority" not in keys(open_ticket(ticket))
    clock.pass_(minutes=1)
    suggested(desk, ticket, priority=("urgent", 0.9))  # found out afterwards
    assert "desk-take-priority" in keys(open_ticket(ticket))


def test_a_suggested_answer_is_put_in_not_sent(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    suggested(desk, ticket, summary=("배송 날짜를 물음", 0.6))
    at = open_ticket(ticket)
    assert "배송 날짜를 물음" in shown(at)
    tap(at, "desk-draft")
    assert "내일 도착할 예정이에요." in shown(at)
    assert any("배송 안내" in str(one.label) for one in at.expander)  # its source
    tap(at, "desk-draft-put")
    assert written(at, ticket) == "내일 도착할 예정이에요."
    assert read(desk, ticket).version == ticket.version


def test_a_suggestion_for_a_ticket_that_changed_is_refused_and_asked_again(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    suggested(desk, ticket, priority=("urgent", 0.9))
    at = open_ticket(ticket)
    do(desk, "edit_ticket", ticket, OTHER, subject="동료가 고침")
    at = tap(at, "desk-take-priority")
    assert read(desk, ticket).priority == "normal"
    assert "동료가 고침" in shown(at)
    tap(at, "desk-stale-again")
    assert read(desk, ticket).priority == "urgent"


def test_new_suggestions_are_asked_for(open_ticket: Open, desk: Services, ticket: Ticket) -> None:
    at = open_ticket(ticket)
    tap(tap(at, "desk-draft"), "desk-draft-again")
    found = desk.tool(STAFF, "get_triage", ticket_id=ticket.ticket_id)
    assert found is not None
    assert found.value("issue_type") == "delivery"
