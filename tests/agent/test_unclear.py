"""The one question that an unclear message gets: it names what it may have meant."""

from __future__ import annotations

import pytest

from agent.flows import FLOWS, talk
from agent.types import Caller, Message
from services import Services


@pytest.mark.parametrize(
    ("intent", "text", "reading"),
    [
        ("return_exchange", "반품이요", "반품을 신청하시려는"),
        ("return_exchange", "교환", "교환을 신청하시려는"),
        ("return_exchange", "그거 어떻게", "반품이나 교환을 신청하시려는"),
        ("return_exchange", "반품 교환", "반품이나 교환을 신청하시려는"),
        ("policy", "반품이요", "반품 규정이 궁금하신"),
        ("policy", "그거 어떻게", "쇼핑몰 규정이 궁금하신"),
    ],
)
def test_a_reading_takes_up_the_message(intent: str, text: str, reading: str) -> None:
    assert talk._reading(intent, text) == reading


def test_every_wish_with_a_button_has_a_reading() -> None:
    offered = {name for name, row in FLOWS.items() if row.example}
    assert offered == set(talk._READINGS)


def test_marks_alone_are_asked_openly(shop: Services) -> None:
    caller = Caller("customer", "user_001", "김민지")
    message = next(e for e in shop.run_turn(caller, "...!") if isinstance(e, Message))
    assert message.intent == "unclear"
    assert message.cards[0].type == "choice"
    assert len(message.cards[0].actions) == len(talk.START)
