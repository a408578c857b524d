"""Triage with a language model: better where it answers, as before where it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.types import Caller
from services import Services
from store.models import Ticket
from store.triage import TicketTriage
from tests.agent.llm.conftest import Live
from tests.desk import do, read
from tests.llmserver import LLMServer, Reply, providers_table
from tests.talk import Talk

TEXT = "며칠 전에 받은 컵이 깨져서 왔어요. 010-1234-5678로 연락 주세요."
SORTED = {
    "issue_type": "defect", "priority": "high", "sentiment": "angry",
    "summary": "고객이 받은 컵이 깨져 있었다.",
}  # fmt: skip
RULE = "불량이거나 배송 중 파손된 상품은 새 상품으로 교환해 드려요."
PURPOSES = {"triage": ["one"], "generate": ["one"]}


@pytest.fixture
def clever(live: Live, server: LLMServer) -> Services:
    """The shop with a model for triage and drafts."""
    return live(one=providers_table(server, "openai"), more={"purposes": PURPOSES})


def answers(server: LLMServer, sorted_: Any = SORTED, draft: str = RULE) -> list[str]:
    """Answer each task of a role in its way; returns what the model is shown, call by call."""
    shown: list[str] = []

    def reply(body: Any) -> Reply:
        said = json.dumps(body, ensure_ascii=False)
        shown.append(said)
        if "<messages>" in said:
            return Reply(sorted_ if isinstance(sorted_, str) else json.dumps(sorted_))
        return Reply(draft)

    server.say(reply)
    return shown


def opened(shop: Services, caller: Caller, text: str = TEXT) -> Ticket:
    made: Ticket = shop.tool(caller, "create_ticket", issue_type="other", description=text)
    return made


def test_a_model_that_agrees_makes_it_surer(
    clever: Services, server: LLMServer, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = opened(clever, minji)
    server.say(Reply(status=500))
    before = clever.triage.suggest(ticket.ticket_id)
    answers(server)
    after = clever.triage.suggest(ticket.ticket_id)
    assert (before.made_by, after.made_by, after.model) == ("classifier", "model", "tiny")
    assert after.value("issue_type") == before.value("issue_type") == "defect"
    assert before.confidence("issue_type") < after.confidence("issue_type") <= 1
    assert (after.value("sentiment"), after.confidence("sentiment")) == ("angry", 0.6)
    assert after.value("summary") == SORTED["summary"]
    assert after.reply == RULE
    assert after.reply_confidence >= 0.6
    assert read(clever, ticket).summary == SORTED["summary"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500),
        Reply(fault="cut"),
        Reply("확인 후 연락드리겠습니다."),
        Reply('{"issue_type": "spam", "priority": "now"}'),
        Reply('{"issue_type": "defect"}'),
    ],
    ids=["down", "cut", "no json", "unknown words", "half of it"],
)
def test_a_model_that_fails_leaves_what_was_found_offline(
    shop: Services, clever: Services, server: LLMServer, minji: Caller, reply: Reply
) -> None:
    server.say(reply)
    with_model = clever.triage.suggest(opened(clever, minji).ticket_id)
    without = shop.triage.suggest(opened(shop, minji).ticket_id)
    for name, one in without.fields.items():
        assert with_model.fields[name] == one
    assert with_model.reply == without.reply


def test_what_a_model_invents_is_in_no_draft(
    clever: Services, server: LLMServer, minji: Caller
) -> None:
    answers(server, draft="확인 후 연락드리고 5만원을 보상해 드릴게요.")
    found = clever.triage.suggest(opened(clever, minji).ticket_id)
    assert "보상" not in found.reply
    assert found.reply.startswith("김민지님, 안녕하세요.")


def test_no_model_takes_danger_back(clever: Services, server: LLMServer, minji: Caller) -> None:
    answers(server, {**SORTED, "priority": "low"})
    found = clever.triage.suggest(opened(clever, minji, "쓰다가 불이 나서 다쳤어요").ticket_id)
    assert (found.value("priority"), found.confidence("priority")) == ("urgent", 0.95)
    found = clever.triage.suggest(opened(clever, minji, "환불 언제 되나요?").ticket_id)
    assert (found.value("priority"), found.confidence("priority")) == ("low", 0.6)


def test_no_internal_note_and_no_contact_is_shown_to_a_model(
    clever: Services, server: LLMServer, minji: Caller
) -> None:
    shown = answers(server)
    ticket = opened(clever, minji)
    noted = do(clever, "note_ticket", ticket, text="블랙컨슈머 의심, 사장님 지시로 보류")
    do(clever, "reply_ticket", noted, text="사진을 올려 주시겠어요?")
    clever.triage.suggest(ticket.ticket_id)
    assert len(shown) == 2
    assert all("블랙컨슈머" not in said and "보류" not in said for said in shown)
    assert all("1234-5678" not in said for said in shown)
    assert "사진을 올려 주시겠어요?" in shown[0]  # what the customer may read is told


def test_of_a_chat_its_words_are_told_and_nothing_of_an_older_matter(
    clever: Services, server: LLMServer, minji: Caller
) -> None:
    shown = answers(server)
    chat = Talk(clever, minji)
    chat.say("택배가 예정일이 지났는데 아직 안 왔어요")
    chat.say("상담원 연결해 주세요")
    with clever.database.read() as tx:
        ticket_id = tx.value(
            "select ticket_id from tickets where conversation_id = ?", (chat.session_id,)
        )
    shown.clear()
    clever.triage.suggest(ticket_id)
    assert "예정일이 지났는데" in shown[0]
    assert "상담원에게 연결했어요" not in shown[0]  # the chat's own notices are nobody's words


def test_the_books_name_what_it_was_for(clever: Services, server: LLMServer, minji: Caller) -> None:
    answers(server)
    clever.triage.suggest(opened(clever, minji).ticket_id)
    with clever.database.read() as tx:
        purposes = {row["purpose"] for row in tx.rows("select purpose from llm_calls")}
    assert purposes == {"triage", "generate"}


def test_without_a_model_nobody_is_asked(shop: Services, minji: Caller) -> None:
    found: TicketTriage = shop.triage.suggest(opened(shop, minji).ticket_id)
    assert found.made_by == "classifier"
    with shop.database.read() as tx:
        assert tx.value("select count(*) from llm_calls") == 0
