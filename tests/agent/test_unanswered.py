"""Questions that the policies do not answer reach their owner, without personal data."""

from __future__ import annotations

import pytest

from agent.types import Caller
from errors import Forbidden, NotFound
from services import Services
from tests.conftest import Clock
from tests.talk import Talk

STAFF = Caller("staff", "staff_001", "이상담")
ODD = "반려 고슴도치 동반 투숙 규정이 어떻게 되나요"


def rows(shop: Services, **given: object):  # type: ignore[no-untyped-def]
    return shop.tool(STAFF, "open_questions", **given)


def test_a_question_without_an_answer_is_kept_once_and_counted(
    shop: Services, minji: Caller, guest: Caller, clock: Clock
) -> None:
    first = Talk(shop, minji).say(ODD)
    assert first.intent == "policy"
    assert not first.citations
    clock.pass_(hours=1)
    Talk(shop, guest).say(f"{ODD}??")
    (row,) = rows(shop)
    assert (row.times, row.intent, row.settled_at) == (2, "policy", None)
    assert row.last_at > row.first_at


def test_an_answered_question_is_not_kept(shop: Services, minji: Caller) -> None:
    assert Talk(shop, minji).say("반품 배송비는 누가 내나요?").citations
    assert not rows(shop)


def test_personal_numbers_do_not_reach_the_list(shop: Services, minji: Caller) -> None:
    Talk(shop, minji).say(f"{ODD} 010-1234-5678 hong@example.com")
    (row,) = rows(shop)
    assert "1234" not in row.question + row.key
    assert "hong" not in row.question + row.key


def test_settling_moves_it_and_asking_again_opens_it(shop: Services, minji: Caller) -> None:
    Talk(shop, minji).say(ODD)
    key = rows(shop)[0].key
    shop.tool(STAFF, "settle_questions", keys=[key])
    assert not rows(shop)
    assert rows(shop, settled=True)[0].settled_by == "staff_001"
    with pytest.raises(NotFound, match="이미 처리된"):
        shop.tool(STAFF, "settle_questions", keys=[key])
    Talk(shop, minji).say(ODD)
    assert rows(shop)[0].times == 2
    assert not rows(shop, settled=True)


def test_only_staff_may_look_or_settle(shop: Services, minji: Caller, guest: Caller) -> None:
    for caller in (minji, guest):
        with pytest.raises(Forbidden):
            shop.tool(caller, "open_questions")
        with pytest.raises(Forbidden):
            shop.tool(caller, "settle_questions", keys=["x"])
