"""A photo of something broken, from the picture to the claim and its ticket."""

from __future__ import annotations

import pytest

from agent.flows import FLOWS
from agent.types import Caller, Card, Message, Status
from errors import BadInput, Unavailable
from services import Services
from store import tickets
from store.models import Claim, Ticket
from tests.photo_desk import ADVICE, Says, add_photo, report
from tests.shelves import STAFF
from tests.talk import Talk

SHOES = "20261116-0000363"  # Minji's, delivered, one line without a claim


def start(shop: Services, caller: Caller, *shades: int) -> tuple[Talk, tuple[str, ...]]:
    """A chat with photos that have been uploaded, not sent."""
    talk, images = Talk(shop, caller), list[str]()
    for shade in shades or (200,):
        talk.session_id, image = add_photo(shop, caller, talk.session_id, shade=shade)
        images.append(image)
    return talk, tuple(images)


def cards(message: Message, kind: str) -> list[Card]:
    return [card for card in message.cards if card.type == kind]


def claim_of(shop: Services, caller: Caller, order_id: str = SHOES) -> Claim:
    claims: list[Claim] = shop.tool(caller, "list_claims", limit=50)
    return next(claim for claim in claims if claim.order_id == order_id)


def tickets_of(shop: Services, claim: Claim) -> list[Ticket]:
    with shop.database.read() as tx:
        every = tickets.find(tx, user_id=claim.user_id, limit=100)
    return [one for one in every if one.claim_id == claim.claim_id]


def test_from_the_photo_to_claim_and_ticket(shop: Services, minji: Caller) -> None:
    judges = Says(shop, report("damage"))
    talk, images = start(shop, minji, 200, 180)
    seen = talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images)
    assert [event.text for event in talk.events if isinstance(event, Status)][1:] == [
        "사진을 살펴보고 있어요"
    ]
    assert "깨진 것처럼 보여요(82%, 가운데)" in seen.content
    assert "ungrounded_reply" not in seen.guardrails
    assert [card.data["image_id"] for card in cards(seen, "photo_report")] == list(images)
    one = cards(seen, "photo_report")[0].data
    assert one["verdict_ko"] == "문제가 보여요"
    assert one["has_reference"]
    assert one["findings"] == [
        {"label": "broken", "label_ko": "깨짐", "confidence": 0.82,
         "box": [0.4, 0.4, 0.6, 0.6], "judges": ["reference"]},
    ]  # fmt: skip
    offer = talk.say("반품할게요")
    assert judges.asked == 2, "what was looked at is not looked at again"
    assert not cards(offer, "photo_report")
    assert offer.pending_action is not None
    assert ("사진", "2장") in offer.pending_action.rows
    done = talk.confirm(offer)
    claim = claim_of(shop, minji)
    assert (claim.status, claim.fault, claim.photos) == ("requested", "seller", images)
    (ticket,) = tickets_of(shop, claim)
    assert (ticket.issue_type, ticket.order_id, ticket.conversation_id) == (
        "defect", SHOES, talk.session_id,
    )  # fmt: skip
    assert "사진 확인: 깨짐 82% (가운데)" in ticket.description
    assert claim.claim_id in ticket.description
    assert ticket.ticket_id in done.content
    assert [card.id for card in cards(done, "ticket")] == [ticket.ticket_id]
    assert not done.handoff, "nobody has asked for a person"
    again = talk.confirm(offer)
    assert ticket.ticket_id in again.content
    assert len(tickets_of(shop, claim)) == 1


def test_a_photo_alone_gives_the_reason(shop: Services, minji: Caller) -> None:
    Says(shop, report("damage", "missing_part", 0.7))
    talk, images = start(shop, minji)
    asked = talk.say("", images=images)
    assert asked.intent == "defect"
    assert cards(asked, "order"), "which order?"
    told = talk.say(f"{SHOES} 주문이에요")
    assert "빠진 부분이 있는 것처럼 보여요" in told.content
    offer = talk.say("교환할게요")
    assert offer.pending_action is not None
    assert ("사유", "빠진 게 있어요") in offer.pending_action.rows


def test_the_customers_own_reason_stands(shop: Services, minji: Caller) -> None:
    Says(shop, report("damage", "stain", 0.9))
    talk, images = start(shop, minji)
    talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images)
    offer = talk.say("반품할게요")
    assert offer.pending_action is not None
    assert ("사유", "파손되어 왔어요") in offer.pending_action.rows


def test_a_photo_that_cannot_be_judged_is_asked_for_once(shop: Services, minji: Caller) -> None:
    judges = Says(shop, report("retake"))
    talk, images = start(shop, minji)
    asked = talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images)
    assert ADVICE in asked.content
    buttons = [action.label for card in cards(asked, "choice") for action in card.actions]
    assert buttons == ["다른 사진 보내기", "이 사진으로 접수하기"]
    waiting = talk.say("다른 사진을 보낼게요")
    assert "올려 주세요" in waiting.content
    _, second = add_photo(shop, minji, talk.session_id, shade=100)
    on = talk.say("", images=(second,))
    assert judges.asked == 2
    assert "담당자가 직접 확인해요" in on.content
    assert "반품할까요" in on.content, "the second one goes on"
    done = talk.confirm(talk.say("반품할게요"))
    claim = claim_of(shop, minji)
    assert claim.photos == (*images, second)
    assert "사진 확인 필요" in tickets_of(shop, claim)[0].description
    assert "반품을 신청했어요" in done.content


@pytest.mark.parametrize(
    "answer", ["이 사진으로 접수할게요", "아니요", "사진 없어요", "반품할게요"]
)
def test_the_choice_goes_on_with_the_photo(shop: Services, minji: Caller, answer: str) -> None:
    Says(shop, report("retake"))
    talk, images = start(shop, minji)
    talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images)
    on = talk.say(answer)
    assert on.intent == "defect"
    assert "반품" in on.content
    assert "담당자가 직접 확인해요" in on.content


def test_a_better_photo_replaces_the_doubt(shop: Services, minji: Caller) -> None:
    Says(shop, report("retake"), report("damage", "crack", 0.66))
    talk, images = start(shop, minji)
    talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images)
    _, second = add_photo(shop, minji, talk.session_id, shade=100)
    on = talk.say("이걸로 볼 수 있을까요?", images=(second,))
    assert "금이 간 것처럼 보여요(66%, 가운데)" in on.content


def test_doubt_goes_to_a_person(shop: Services, minji: Caller) -> None:
    Says(shop, report("review"))
    talk, images = start(shop, minji)
    told = talk.say(f"{SHOES} 운동화 이거 봐 주세요 사진이에요", images=images)
    assert "담당자가 사진을 직접 확인해요" in told.content
    if cards(told, "choice")[0].title == "사유":
        told = talk.say("파손되어 왔어요")
    talk.confirm(talk.say("반품할게요"))
    assert "사진 확인 필요" in tickets_of(shop, claim_of(shop, minji))[0].description


@pytest.mark.parametrize("error", [Unavailable("지금은 안 돼요."), BadInput("손상된 사진이에요.")])
def test_a_judge_that_fails_loses_no_claim(shop: Services, minji: Caller, error: Exception) -> None:
    judges = Says(shop, error)
    talk, images = start(shop, minji)
    told = talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images)
    assert "바로 살펴보지 못했어요" in told.content
    assert not cards(told, "photo_report")
    offer = talk.say("반품할게요")
    assert judges.asked == 1, "it is not asked for the same photo in every turn"
    assert "살펴보지 못했어요" not in offer.content
    talk.confirm(offer)
    claim = claim_of(shop, minji)
    assert claim.photos == images
    assert "아직 살펴보지 못한" in tickets_of(shop, claim)[0].description


def test_a_photo_beside_the_offer_renews_it(shop: Services, minji: Caller) -> None:
    Says(shop, report("damage"))
    talk = Talk(shop, minji)
    talk.say(f"{SHOES} 운동화가 깨져서 왔어요")
    first = talk.say("반품할게요")
    assert first.pending_action is not None
    for text in ("", "네", "이 사진도 같이요"):
        _, image = add_photo(shop, minji, talk.session_id, shade=90)
        renewed = talk.say(text, images=(image,))
        assert cards(renewed, "photo_report")
        assert renewed.pending_action is not None, renewed.content
    assert ("사진", "3장") in renewed.pending_action.rows
    assert "그사이 다른 내용으로" in talk.confirm(first).content
    talk.confirm(renewed)
    assert len(claim_of(shop, minji).photos) == 3


def test_a_return_for_the_shops_fault_is_looked_at_too(shop: Services, minji: Caller) -> None:
    judges = Says(shop, report("damage"))
    talk, images = start(shop, minji)
    talk.say(f"{SHOES} 운동화 반품할게요", images=images)
    assert judges.asked == 0, "a change of mind needs no judge"
    told = talk.say("파손되어 왔어요")
    assert judges.asked == 1
    assert "깨진 것처럼 보여요" in told.content


def test_a_guests_photo_waits_for_the_sign_in(shop: Services, guest: Caller) -> None:
    judges = Says(shop, report("damage"))
    talk, images = start(shop, guest)
    told = talk.say("깨져서 왔어요", images=images)
    assert "로그인" in told.content
    assert "사진은 로그인하신 뒤에" in told.content
    assert judges.asked == 0


def test_a_photo_beside_another_question_is_no_claim(shop: Services, minji: Caller) -> None:
    judges = Says(shop, report("damage"))
    talk, images = start(shop, minji)
    told = talk.say("블루투스 이어폰 방수 되나요?", images=images)
    assert told.intent == "product_info"
    assert judges.asked == 0


def test_five_photos_at_most_are_looked_at(shop: Services, minji: Caller) -> None:
    judges = Says(shop, report("review"))
    talk, images = start(shop, minji, *range(60, 200, 20))
    talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images[:2])
    offer = talk.say("반품할게요", images=images[2:])
    assert judges.asked == 7, "two, and the newest five"
    assert offer.pending_action is not None
    talk.confirm(offer)
    assert claim_of(shop, minji).photos == images[2:]


def test_the_claim_joins_the_chats_running_ticket(shop: Services, minji: Caller) -> None:
    Says(shop, report("damage"))
    talk, images = start(shop, minji)
    talk.say("상담원 연결해 주세요")
    talk.say("상담 도우미에게 돌아갈게요")
    talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images)
    done = talk.confirm(talk.say("반품할게요"))
    claim = claim_of(shop, minji)
    (ticket,) = tickets_of(shop, claim)
    assert ticket.ticket_id in done.content
    whole: Ticket = shop.tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id)
    assert "사진 확인: 깨짐 82%" in whole.events[-1].text
    assert whole.events[-1].internal
    assert whole.conversation_id == talk.session_id


def test_a_page_or_a_program_gets_the_ticket_too(shop: Services, minji: Caller) -> None:
    _, image = add_photo(shop, minji)
    order = shop.tool(minji, "get_order", order_id=SHOES)
    line = next(x for x in order.lines if x.claim_status is None)
    given = {"order_id": SHOES, "kind": "return", "lines": [(line.line_id, 1, None)]}
    claim = shop.tool(
        minji, "create_claim", source="api", reason_code="damaged", photos=[image], **given
    )
    (ticket,) = tickets_of(shop, claim)
    assert ticket.conversation_id is None
    assert "아직 살펴보지 못한" in ticket.description
    shop.tool(minji, "withdraw_claim", claim_id=claim.claim_id)
    mind = shop.tool(
        minji, "create_claim", source="api", reason_code="change_of_mind", photos=[image], **given
    )
    assert not tickets_of(shop, mind), "for a change of mind nobody need look"


def test_nothing_is_written_but_the_report_before_the_yes(shop: Services, minji: Caller) -> None:
    Says(shop, report("damage"))
    talk, images = start(shop, minji)
    for text, sent in (("깨져서 왔어요", images), (f"{SHOES} 주문이에요", ()), ("반품할게요", ())):
        message = talk.say(text, images=sent)
        writes = {"create_claim", "create_ticket", "cancel_order"}
        assert not writes & set(message.tools_used)
    assert FLOWS["defect"].working == "주문을 확인하고 있어요"
    with shop.database.read() as tx:
        made = tx.rows("select action, object_type from audit_events where turn_id is not null")
    assert [tuple(row.values()) for row in made] == [("create", "photo_report")]


def test_a_photo_at_the_offer_is_told_of_by_itself(shop: Services, minji: Caller) -> None:
    Says(shop, report("damage", "crack", 0.95), report("damage", "dent", 0.7), report("retake"))
    talk, images = start(shop, minji)
    talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=images)
    talk.say("교환할게요")
    _, second = add_photo(shop, minji, talk.session_id, shade=100)
    told = talk.say("", images=(second,))
    assert "찌그러진 것처럼 보여요(70%, 가운데)" in told.content
    assert "금이 간" not in told.content, "that one was told before"
    _, third = add_photo(shop, minji, talk.session_id, shade=60)
    told = talk.say("", images=(third,))
    assert "보내 주신 그대로" in told.content
    assert "보여요(" not in told.content
    assert told.pending_action is not None
