"""What staff do with suggestions: look, take over, correct."""

from __future__ import annotations

from typing import Any

import pytest

from agent.tools.triage_corrections import note_corrections
from agent.types import Caller
from errors import BadInput, Forbidden, NotAllowedNow, NotFound, StateChanged
from services import Services
from store import triage
from store.models import Ticket
from store.triage import TicketTriage, TriageField
from tests.conftest import Clock
from tests.desk import do, read
from tests.shelves import STAFF


@pytest.fixture
def looked_at(shop: Services, minji: Caller, clock: Clock) -> Ticket:
    """A ticket of Minji's with suggestions made here."""
    ticket: Ticket = shop.tool(
        minji, "create_ticket", issue_type="other", priority="normal",
        description="깨져서 왔어요. 010-1234-5678로 전화 주세요",
    )  # fmt: skip
    order = shop.tool(minji, "list_orders", limit=1).items[0]
    fields = {
        "issue_type": TriageField("defect", 0.9), "priority": TriageField("high", 0.8),
        "sentiment": TriageField("negative", 0.7), "language": TriageField("ko", 1.0),
        "order_id": TriageField(order.order_id, 0.6), "claim_id": TriageField("", 0.0),
        "summary": TriageField("파손", 0.5),
    }  # fmt: skip
    with shop.database.write() as tx:
        triage.put(tx, TicketTriage(ticket.ticket_id, "classifier", "", fields), at=clock())
    return read(shop, ticket)


def corrected(shop: Services) -> list[tuple[str, str, str]]:
    """(field, predicted, corrected), newest first."""
    rows = shop.tool(STAFF, "list_triage_corrections")
    return [(row.field, row.predicted, row.corrected) for row in rows]


def test_suggestions_are_for_staff(
    shop: Services, minji: Caller, guest: Caller, looked_at: Ticket
) -> None:
    for caller in (minji, guest, Caller()):
        with pytest.raises(Forbidden):
            shop.tool(caller, "get_triage", ticket_id=looked_at.ticket_id)
        with pytest.raises(Forbidden):
            shop.tool(caller, "list_triage_corrections")
        with pytest.raises(Forbidden):
            do(shop, "accept_triage", looked_at, caller, fields=["priority"])
    with pytest.raises(NotFound):
        shop.tool(STAFF, "get_triage", ticket_id="T20200101-0001")


def test_before_triage_has_looked_there_is_nothing(shop: Services, minji: Caller) -> None:
    ticket: Ticket = shop.tool(minji, "create_ticket", issue_type="other", description="그냥요")
    assert shop.tool(STAFF, "get_triage", ticket_id=ticket.ticket_id) is None
    with pytest.raises(BadInput, match="아직"):
        do(shop, "accept_triage", read(shop, ticket), fields=["priority"])


def test_what_is_accepted_is_an_edit_by_the_person(shop: Services, looked_at: Ticket) -> None:
    saved = do(shop, "accept_triage", looked_at, fields=["issue_type", "priority", "order_id"])
    found = shop.tool(STAFF, "get_triage", ticket_id=looked_at.ticket_id)
    assert (saved.issue_type, saved.priority) == ("defect", "high")
    assert saved.order_id == found.value("order_id")
    assert saved.version == looked_at.version + 1
    event = saved.events[-1]
    assert (event.kind, event.actor_id, event.internal) == ("edited", "staff_001", True)
    assert corrected(shop) == []  # agreeing corrects nothing
    with pytest.raises(BadInput, match="이미"):
        do(shop, "accept_triage", saved, fields=["priority"])
    with pytest.raises(StateChanged):
        do(shop, "accept_triage", looked_at, fields=["priority"])


@pytest.mark.parametrize("fields", [[], ["claim_id"], ["summary"], ["status"], ["priority", "x"]])
def test_only_what_is_suggested_can_be_accepted(
    shop: Services, looked_at: Ticket, fields: list[str]
) -> None:
    with pytest.raises(BadInput):
        do(shop, "accept_triage", looked_at, fields=fields)
    assert read(shop, looked_at) == looked_at


def test_a_suggestion_that_changed_unseen_is_not_taken_over(
    shop: Services, looked_at: Ticket
) -> None:
    with pytest.raises(NotAllowedNow, match="제안이 바뀌었어요"):
        do(shop, "accept_triage", looked_at, fields=["priority"], seen={"priority": "low"})
    assert read(shop, looked_at) == looked_at
    saved = do(shop, "accept_triage", looked_at, fields=["priority"], seen={"priority": "high"})
    assert saved.priority == "high"


def test_what_staff_set_instead_is_kept_masked(shop: Services, looked_at: Ticket) -> None:
    saved = do(shop, "edit_ticket", looked_at, issue_type="return_exchange", priority="high")
    assert corrected(shop) == [("issue_type", "defect", "return_exchange")]
    (row,) = shop.tool(STAFF, "list_triage_corrections")
    assert (row.actor_id, row.ticket_id, row.confidence) == ("staff_001", saved.ticket_id, 0.9)
    assert "깨져서 왔어요" in row.text
    assert "1234" not in row.text
    saved = do(shop, "edit_ticket", saved, issue_type="complaint")
    assert corrected(shop) == [("issue_type", "defect", "complaint")]  # the newest counts
    saved = do(shop, "edit_ticket", saved, subject="다른 제목", tags=["파손"])
    assert len(corrected(shop)) == 1
    do(shop, "edit_ticket", saved, issue_type="defect")  # after all: no lesson in it
    assert corrected(shop) == []


def test_before_triage_has_looked_the_classifier_is_what_is_corrected(
    shop: Services, minji: Caller
) -> None:
    text = "환불이 아직 안 들어왔어요"
    ticket: Ticket = shop.tool(minji, "create_ticket", issue_type="refund", description=text)
    do(shop, "edit_ticket", read(shop, ticket), issue_type="payment")
    assert corrected(shop) == [("issue_type", "refund", "payment")]


def test_a_corrected_mood_is_not_overwritten(
    shop: Services, looked_at: Ticket, clock: Clock
) -> None:
    from dataclasses import replace

    from agent.tools.base import ToolContext

    with shop.database.write() as tx:
        context = ToolContext(tx, STAFF, shop.rules, clock())
        assert note_corrections(context, looked_at, replace(looked_at, sentiment="angry")) == 1
        assert note_corrections(context, looked_at, looked_at) == 0
        tx.update("tickets", {"ticket_id": looked_at.ticket_id}, {"sentiment": "angry"})
    shop.triage.suggest(looked_at.ticket_id)
    after = read(shop, looked_at)
    assert after.sentiment == "angry"
    assert after.summary != "파손"


def test_corrections_come_in_pages(shop: Services, looked_at: Ticket) -> None:
    saved = do(shop, "edit_ticket", looked_at, issue_type="payment", priority="low", order_id="")
    assert saved.order_id is None
    first = shop.tool(STAFF, "list_triage_corrections", limit=1)
    rest = shop.tool(STAFF, "list_triage_corrections", before_seq=first[0].correction_seq)
    assert [row.field for row in (*first, *rest)] == ["priority", "issue_type"]


def test_training_data_says_neither_who_nor_where(shop: Services, looked_at: Ticket) -> None:
    do(shop, "edit_ticket", looked_at, priority="urgent")
    (row,) = shop.triage.training_data()
    assert (row["field"], row["predicted"], row["corrected"]) == ("priority", "high", "urgent")
    assert set(row) == {"field", "predicted", "confidence", "corrected", "text", "created_at"}


def test_what_triage_found_is_editable_and_the_staffs_alone(
    shop: Services, minji: Caller, looked_at: Ticket
) -> None:
    saved = do(
        shop, "change_ticket", looked_at, summary="뚜껑이 깨진 텀블러", sentiment="angry",
        language="en",
    )  # fmt: skip
    assert (saved.summary, saved.sentiment, saved.language) == (
        "뚜껑이 깨진 텀블러", "angry", "en",
    )  # fmt: skip
    assert {"summary", "sentiment", "language"} <= {name for name, *_ in corrected(shop)}
    shop.triage.suggest(looked_at.ticket_id)
    assert read(shop, looked_at).summary == "뚜껑이 깨진 텀블러"  # the worker keeps off
    theirs = read(shop, looked_at, minji)
    assert (theirs.summary, theirs.sentiment, theirs.language) == (None, None, None)
    assert "뚜껑이 깨진 텀블러" not in str(theirs)
    wrongs: tuple[dict[str, Any], ...] = (
        {"summary": " "}, {"summary": "가" * 121}, {"sentiment": "sad"},
    )  # fmt: skip
    for wrong in wrongs:
        with pytest.raises(BadInput):
            do(shop, "edit_ticket", saved, **wrong)


def test_a_ticket_of_a_chosen_person_is_triaged_as_it_opens(shop: Services, minji: Caller) -> None:
    from services.sessions import Sessions

    chat = Sessions(shop).ask_person(minji, None, "충전하다가 배터리에서 불이 났어요")
    found = shop.tool(STAFF, "list_tickets", customer_id="user_001", limit=1).items[0]
    assert (found.conversation_id, found.priority) == (chat, "urgent")
