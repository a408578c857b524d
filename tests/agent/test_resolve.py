"""What a message means given the open question and what was spoken about last."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.flows import FLOWS
from agent.memory import Asking, Context
from agent.resolve import fills, resolve
from agent.types import DateRange, IntentGuess, Slots, Understood

ORDER = "20261119-0000001"
DAY = DateRange(date(2026, 11, 19), date(2026, 11, 19), "어제")


def meant(
    text: str,
    intent: str,
    confidence: float = 0.9,
    *,
    context: Context | None = None,
    images: bool = False,
    **slots: Any,
) -> str:
    """The intent a message is resolved to; what was spoken about last is the runner-up."""
    last = context.intent if context else ""
    rest = (IntentGuess(last, 0.06),) if last and last != intent else ()
    return resolve(
        Understood(intent, confidence, Slots(**slots), rest), text, context or Context(),
        images=images, min_confidence=0.3,
    ).intent  # fmt: skip


def asked(intent: str, slot: str) -> Context:
    return Context(asking=Asking(intent, slot), intent=intent)


# ── which messages answer a question ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("slot", "text", "slots", "answers"),
    [
        ("order", "두 번째 거요", {"ordinal": 2}, True),
        ("order", ORDER, {"order_id": ORDER}, True),
        ("order", "텀블러요", {"products": ("텀블러",)}, True),
        ("order", "그거요", {"refers_back": True}, True),
        ("order", "어제 산 거요", {"when": DAY}, True),
        ("order", "서울 중구 세종대로 110", {"address": "서울 중구 세종대로 110"}, True),
        ("order", "글쎄요", {}, False),
        ("guest_order", ORDER, {"order_id": ORDER}, True),
        ("guest_order", "minji@example.com", {"email": "minji@example.com"}, True),
        ("guest_order", "텀블러요", {"products": ("텀블러",)}, False),
        ("line", "후드티요", {"products": ("후드티",)}, True),
        ("line", "어제 산 거요", {"when": DAY}, False),
        ("withdraw", "첫 번째요", {"ordinal": 1}, True),
        ("withdraw", "음", {}, False),
        ("reason", "깨졌어요", {"reason_code": "damaged"}, True),
        ("reason", "색이 화면이랑 영 딴판이에요", {}, True),
        ("reason", "그냥요", {}, False),
        ("kind", "교환이요", {"claim_kind": "exchange"}, True),
        ("kind", "글쎄요", {}, False),
        ("option", "화이트요", {"wanted_option": "화이트"}, True),
        ("option", "제일 큰 걸로", {}, True),
        ("option", "아직 잘 모르겠어서 조금만 더 생각해 볼게요 죄송해요", {}, False),
        ("address", "세종대로 110", {"address": "세종대로 110"}, True),
        ("address", "우리 집 옆집 3층으로요", {}, True),
        ("address", "3층", {}, False),
        ("address", "회사로 보내 주세요", {}, False),
        ("what", "배송지요", {}, True),
        ("what", "다요", {}, False),
        ("handoff", "네", {"yes_no": True}, False),
        ("no_such_slot", "네", {"ordinal": 1}, False),
    ],
)
def test_answers(slot: str, text: str, slots: dict[str, Any], answers: bool) -> None:
    assert fills(Asking("cancel", slot), Slots(**slots), text, images=False) is answers


def test_a_photo_answers_what_is_wrong() -> None:
    assert fills(Asking("defect", "reason"), Slots(), "", images=True)
    assert not fills(Asking("defect", "reason"), Slots(), "", images=False)


@pytest.mark.parametrize("slot", ["line", "option", "kind"])
def test_another_kind_of_claim_answers_a_claims_questions(slot: str) -> None:
    long = "그냥 이번에는 교환 말고 반품하는 걸로 할게요"
    slots = Slots(claim_kind="return")
    assert fills(Asking("return_exchange", slot), slots, long, images=False)
    if slot != "kind":
        assert not fills(Asking("change_order", slot), slots, long, images=False)


# ── with an open question ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("context", "text", "intent", "confidence", "slots", "wanted"),
    [
        # An answer stays with its question, whatever it looks like alone.
        (asked("cancel", "order"), "두 번째 거요", "unclear", 0.2, {"ordinal": 2}, "cancel"),
        (asked("cancel", "order"), "텀블러요", "product_info", 0.6, {"products": ("텀블러",)},
         "cancel"),
        (asked("return_exchange", "kind"), "교환이요", "smalltalk", 0.5,
         {"claim_kind": "exchange"}, "return_exchange"),
        (asked("defect", "reason"), "깨졌어요", "complaint", 0.9, {"reason_code": "damaged"},
         "defect"),
        # … unless it surely asks for something else.
        (asked("cancel", "order"), "텀블러 배송 언제 되나요?", "delivery", 0.9,
         {"products": ("텀블러",)}, "delivery"),
        (asked("cancel", "order"), "텀블러 배송 언제 되나요?", "delivery", 0.4,
         {"products": ("텀블러",)}, "cancel"),
        # A question that does not answer is itself.
        (asked("cancel", "order"), "반품은 며칠 안에 되나요?", "policy", 0.9, {}, "policy"),
        # Wishes that share their questions never jump from one to the other.
        (asked("return_exchange", "reason"), "받아 보니까 불량이에요", "defect", 0.95,
         {"reason_code": "defect"}, "return_exchange"),
        (asked("defect", "kind"), "반품할게요", "return_exchange", 0.99,
         {"claim_kind": "return"}, "defect"),
        # "환불받을게요" in a claim is the claim; "환불 언제 돼요?" is a question.
        (asked("return_exchange", "kind"), "환불받을게요", "refund_status", 0.9, {},
         "return_exchange"),
        (asked("return_exchange", "kind"), "환불 언제 돼요?", "refund_status", 0.9, {},
         "refund_status"),
        # A place without a number is asked for again.
        (asked("change_order", "address"), "회사로요", "unclear", 0.2, {}, "change_order"),
        (asked("change_order", "address"), "응", "unclear", 0.2, {}, "unclear"),
        # An offer of a person, taken.
        (asked("complaint", "handoff"), "네", "smalltalk", 0.9, {"yes_no": True}, "handoff"),
        (asked("complaint", "handoff"), "아니요", "smalltalk", 0.9, {"yes_no": False},
         "smalltalk"),
    ],
)  # fmt: skip
def test_an_open_question_decides_first(
    context: Context, text: str, intent: str, confidence: float, slots: dict[str, Any], wanted: str
) -> None:
    assert meant(text, intent, confidence, context=context, **slots) == wanted


# ── without one ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "intent", "confidence", "slots", "wanted"),
    [
        ("주문 취소할게요", "cancel", 0.9, {}, "cancel"),
        ("음 그게", "policy", 0.2, {}, "unclear"),
        # Taking a request back is not the order's cancelling.
        ("취소 요청 철회할게요", "cancel", 0.99, {}, "claim_status"),
        ("반품 신청 취소해 주세요", "return_exchange", 0.9, {}, "claim_status"),
        ("반품 안 할래요", "return_exchange", 0.9, {}, "claim_status"),
        ("철회가 뭐예요", "policy", 0.9, {}, "policy"),
        # A product by its model, or by what is asked about it.
        ("DT-500 있어요", "unclear", 0.4, {"products": ("DT-500",)}, "product_info"),
        ("텀블러 취소하면 얼마 돌려받아요", "policy", 0.9, {"products": ("텀블러",)}, "cancel"),
        ("텀블러 언제 와요", "product_info", 0.9, {"products": ("텀블러",)}, "delivery"),
        # Broken things told without the word.
        ("화면이 깨져 있네요", "complaint", 0.6, {"reason_code": "damaged"}, "defect"),
        ("화면이 깨져 있네요", "complaint", 0.9, {"reason_code": "damaged"}, "complaint"),
        ("마음이 바뀌었어요", "complaint", 0.6, {"reason_code": "change_of_mind"}, "complaint"),
        # What only the rules speak of, and a wish without doubt, where the model doubts.
        ("두 건 묶음배송 되나요", "order_status", 0.4, {}, "policy"),
        ("후기는 언제 쓸 수 있나요", "product_info", 0.6, {}, "policy"),
        ("이어폰 취소 처리해 묻지 말고", "refund_status", 0.4, {"products": ("이어폰",)}, "cancel"),
        ("이어폰 취소해도 되나요?", "policy", 0.6, {"products": ("이어폰",)}, "policy"),
        # "네?" wants to hear it again; a bare "ㄱㄱ" wants no person.
        ("네?", "smalltalk", 0.99, {}, "unclear"),
        ("뭐라고요?", "complaint", 0.9, {}, "unclear"),
        ("ㄱㄱ", "handoff", 0.6, {"yes_no": True}, "smalltalk"),
        # A number alone asks for the order's state.
        (ORDER, "unclear", 0.2, {"order_id": ORDER}, "order_status"),
    ],
)
def test_the_message_alone(
    text: str, intent: str, confidence: float, slots: dict[str, Any], wanted: str
) -> None:
    assert meant(text, intent, confidence, **slots) == wanted


@pytest.mark.parametrize(
    ("before", "text", "intent", "confidence", "slots", "wanted"),
    [
        ("delivery", "두 번째 거요", "unclear", 0.2, {"ordinal": 2}, "delivery"),
        ("cancel", ORDER, "unclear", 0.2, {"order_id": ORDER}, "cancel"),
        ("product_info", "두 번째 거요", "unclear", 0.2, {"ordinal": 2}, "product_info"),
        ("policy", "두 번째 거요", "unclear", 0.2, {"ordinal": 2}, "unclear"),
        ("delivery", "그럼 텀블러는요?", "product_info", 0.6, {"products": ("텀블러",)},
         "delivery"),
        ("policy", "그럼 불량이면요?", "defect", 0.5, {}, "policy"),
        ("policy", "안 뜯었으면요?", "defect", 0.8, {}, "policy"),
        ("policy", "제주도는요?", "delivery", 0.8, {}, "policy"),
        # A message with no subject of its own leans on the last one.
        ("refund_status", "그게 언제쯤인데요?", "delivery", 0.7, {}, "refund_status"),
        ("product_info", "더 싼 거 있어요?", "unclear", 0.8, {}, "product_info"),
        ("policy", "그럼 얼마예요?", "product_info", 0.9, {}, "product_info"),
        ("delivery", "진짜 짜증나네요", "complaint", 0.99, {}, "complaint"),
        ("delivery", "상담원 바꿔요", "handoff", 0.6, {}, "handoff"),
        ("smalltalk", "그건 언제 와요", "delivery", 0.6, {}, "delivery"),
        # Said in full it speaks for itself.
        ("delivery", "두 번째 거 취소할게요", "cancel", 0.95, {"ordinal": 2}, "cancel"),
    ],
)  # fmt: skip
def test_what_was_spoken_about_last_goes_on(
    before: str, text: str, intent: str, confidence: float, slots: dict[str, Any], wanted: str
) -> None:
    assert meant(text, intent, confidence, context=Context(intent=before), **slots) == wanted


def test_how_much_of_an_offered_cancel_comes_back() -> None:
    text = "네 근데 얼마 돌려받아요?"
    offered = Context(intent="cancel", offered="act_1")
    assert meant(text, "out_of_scope", 0.4, context=offered) == "cancel"
    assert meant(text, "refund_status", 0.9, context=Context(intent="cancel")) == "refund_status"


def test_a_photo_without_a_word_shows_something_broken() -> None:
    assert meant("", "unclear", 0.0, images=True) == "defect"
    assert meant("  ", "unclear", 0.0, images=False) == "unclear"


def test_an_unsure_guess_is_kept_among_the_alternatives() -> None:
    guess = Understood("policy", 0.2, Slots(), (IntentGuess("delivery", 0.1),))
    got = resolve(guess, "음 그게", Context(), images=False, min_confidence=0.3)
    assert got.intent == "unclear"
    assert got.alternatives == (IntentGuess("policy", 0.2), IntentGuess("delivery", 0.1))


_slots = st.builds(
    Slots,
    order_id=st.sampled_from([None, ORDER]), ordinal=st.sampled_from([None, 1, -1]),
    products=st.sampled_from([(), ("텀블러",), ("DT-500",)]), refers_back=st.booleans(),
    yes_no=st.sampled_from([None, True, False]),
    reason_code=st.sampled_from([None, "defect", "change_of_mind"]),
    claim_kind=st.sampled_from([None, "return", "exchange"]),
)  # fmt: skip
_intents = st.sampled_from(sorted(FLOWS))
_askings = st.builds(
    Asking, intent=_intents,
    slot=st.sampled_from(["order", "guest_order", "line", "reason", "kind", "option", "address",
                          "what", "withdraw", "handoff"]),
)  # fmt: skip
_texts = st.sampled_from(["", "네", "텀블러 언제 와요?", "취소 요청 철회할게요", "그럼 그건요?"])


@given(
    _intents, st.floats(0, 1), _slots, _texts,
    st.builds(Context, asking=st.none() | _askings, intent=st.just("") | _intents), st.booleans(),
)  # fmt: skip
def test_whatever_is_said_ends_in_a_known_intent_with_its_slots(
    intent: str, confidence: float, slots: Slots, text: str, context: Context, images: bool
) -> None:
    guess = Understood(intent, confidence, slots)
    got = resolve(guess, text, context, images=images, min_confidence=0.3)
    assert got.intent in FLOWS
    beside_a_photo = images and slots.yes_no is not None  # "네" runs no offer made without it
    assert got.slots in (slots, replace(slots, yes_no=None) if beside_a_photo else slots)
    assert got.intent == "unclear" or got.confidence >= 0.3


# ── recommending ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("추천해줘", "product_info"), ("다른 거 추천해줘", "product_info"),
        ("같이 살 만한 거 추천해줘", "product_info"), ("비싼 거 말고 추천 좀", "product_info"),
        ("뷰티 중에 2만원 이하 추천해줘", "product_info"), ("상품 골라줘", "product_info"),
        ("영화 추천해줘", "out_of_scope"), ("볼 거 추천해줘", "out_of_scope"),
        ("저녁 메뉴 추천", "out_of_scope"), ("다른 쇼핑몰 추천해줘", "out_of_scope"),
    ],
)  # fmt: skip
def test_only_goods_are_recommended(text: str, intent: str) -> None:
    assert meant(text, "out_of_scope") == intent


@pytest.mark.parametrize("text", ["선물 포장 되나요", "추천인 코드 어디에 써요", "친구 추천 혜택"])
def test_a_service_of_the_shop_is_no_product(text: str) -> None:
    assert meant(text, "product_info") == "policy"
