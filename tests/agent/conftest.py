"""A ticket of Minji's, and a chat that has one."""

from __future__ import annotations

import pytest

from agent.types import Caller
from services import Services
from store.models import Ticket
from tests.talk import Talk


@pytest.fixture
def ticket(shop: Services, minji: Caller) -> Ticket:
    """A new ticket of Minji's, outside any chat."""
    made: Ticket = shop.tool(
        minji, "create_ticket", issue_type="delivery", description="언제 오나요?"
    )
    return made


@pytest.fixture
def talk(shop: Services, minji: Caller) -> Talk:
    """A chat of Minji's that has been handed to a person."""
    chat = Talk(shop, minji)
    chat.say("상담원 연결해 주세요")
    return chat
