"""A photo of another product of the same order: the customer is asked which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from agent.types import Caller, Message
from evals.dialogue_photos import lay_out
from services import Services
from tests.photo_desk import Says, add_photo, report
from tests.talk import Talk
from vision.types import Reference, Report

ORDER = "20261101-0000286"  # delivered: P3002 빨대 텀블러 DT-700, P6005 소가죽 다이어리
CUP, DIARY = "P3002", "P6005"
SORA = Caller("customer", "user_003")


@pytest.fixture
def pictured(shop: Services) -> Services:
    """The shop with its catalogue's pictures."""
    lay_out(shop)
    return shop


def shows_the_diary(references: Sequence[Reference]) -> Report:
    """A judge of a picture of the diary: nothing else fits it."""
    ordered = {one.product_id for one in references if one.ordered}
    assert {CUP, DIARY} <= {one.product_id for one in references}
    if DIARY in ordered:
        return report("review")
    return replace(report("damage", "wrong_item", 0.9), other=DIARY)


def asked(shop: Services) -> tuple[Talk, Message, Says]:
    judges = Says(shop, shows_the_diary)
    talk = Talk(shop, SORA)
    talk.session_id, image = add_photo(shop, SORA)
    return talk, talk.say(f"{ORDER} 텀블러가 깨져서 왔어요", images=(image,)), judges


def test_it_asks_which_product_is_meant(pictured: Services) -> None:
    talk, question, judges = asked(pictured)
    assert "더 비슷해요" in question.content
    assert "다이어리" in question.content
    buttons = [one for card in question.cards if card.type == "choice" for one in card.actions]
    assert "다이어리" in buttons[0].label
    told = talk.say(buttons[0].message)
    assert judges.asked == 2, "the photo is looked at for the line that is meant"
    assert "담당자가 사진을 직접 확인해요" in told.content
    offer = talk.say("반품할게요")
    assert offer.pending_action is not None
    assert "다이어리" in dict(offer.pending_action.rows)["상품"]


def test_the_first_one_after_all_goes_on_as_the_wrong_item(pictured: Services) -> None:
    talk, question, judges = asked(pictured)
    buttons = [one for card in question.cards if card.type == "choice" for one in card.actions]
    told = talk.say(buttons[1].message)
    assert "더 비슷해요" not in told.content, "asked once"
    assert judges.asked == 1
    offer = talk.say("교환할게요")
    assert offer.pending_action is not None, offer.content
    assert "텀블러" in dict(offer.pending_action.rows)["상품"]
