"""Messages that say more than one thing, or say what not to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.types import Slots, Understood
from agent.wishes import SURE, after_but_not, split_wishes, unspaced

# The last of these words in a text decides what it is understood as.
_WORDS = {
    "취소": "cancel", "반품": "return_exchange", "배송지": "change_order", "환불": "refund_status",
    "언제 와": "delivery", "안녕": "smalltalk", "정책": "policy",
}  # fmt: skip


class Understands:
    """Understands by one word; keeps what it was asked."""

    def __init__(self, confidence: float = 0.95, slots: Slots | None = None) -> None:
        self.confidence, self.slots = confidence, slots or Slots()
        self.asked: list[str] = []

    def __call__(self, text: str) -> Understood:
        self.asked.append(text)
        found = [(text.rfind(word), intent) for word, intent in _WORDS.items() if word in text]
        intent = max(found)[1] if found else "unclear"
        return Understood(intent, self.confidence if found else 0.2, self.slots)


# ── two wishes ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("텀블러는 취소하고 후드티는 반품할게요", "cancel", "후드티는 반품할게요"),
        ("텀블러 취소해 주세요. 후드티는 반품할게요", "cancel", "후드티는 반품할게요"),
        ("텀블러 취소해주시고 배송지 바꿔주세요", "cancel", "배송지 바꿔주세요"),
        ("반품할게요 그리고 환불은 언제 되나요", "return_exchange", "환불은 언제 되나요"),
        ("후드티 반품할게요\n배송지도 바꿔주세요", "return_exchange", "배송지도 바꿔주세요"),
        ("주문 취소할게요, 배송지 바꿀게요, 반품할게요", "cancel", "배송지 바꿀게요"),
    ],
)
def test_two_things_to_do_are_taken_apart(text: str, first: str, second: str) -> None:
    found = split_wishes(text, Understands())
    assert found is not None
    (piece, understood), rest = found
    assert understood.intent == first
    assert piece in text
    assert rest == second


@pytest.mark.parametrize(
    "text",
    [
        "주문 취소할게요",
        "주문 취소하고 싶어요. 꼭 취소해 주세요",  # one thing said twice
        "안녕하세요. 주문 취소할게요",  # a greeting is no wish
        "정책이 궁금하고 주문도 취소할게요",
        "사이즈가 작고 색도 달라서 반품할게요",  # the reason stays with it
        "취소. 반품",  # too short to tell
        "",
        "취소",
    ],
)
def test_one_thing_to_do_stays_whole(text: str) -> None:
    assert split_wishes(text, Understands()) is None


def test_unsure_pieces_are_not_taken_apart() -> None:
    text = "텀블러는 취소하고 후드티는 반품할게요"
    assert split_wishes(text, Understands(SURE - 0.01)) is None
    assert split_wishes(text, Understands(SURE)) is not None


def test_a_piece_with_a_reason_is_part_of_a_wish() -> None:
    text = "텀블러는 취소하고 후드티는 반품할게요"
    assert split_wishes(text, Understands(slots=Slots(reason_code="defect"))) is None


@given(st.text(st.sampled_from("취소반품하고그리또 .,!?\n배송지"), max_size=60))
def test_pieces_are_parts_of_the_message(text: str) -> None:
    found = split_wishes(text, Understands())
    if found is not None:
        (piece, one), rest = found
        assert piece in text
        assert rest in text
        assert one.intent != Understands()(rest).intent


# ── but not ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("취소 말고 배송지만 바꿀게요", "change_order"),
        ("반품 말고 취소 말고 환불 언제 되나요", "refund_status"),
        ("반품 말고요", "return_exchange"),  # nothing said instead
        ("취소 말고 안녕히 계세요", "smalltalk"),  # no thing to do behind it: the whole counts
        ("주문 취소할게요", "cancel"),
    ],
)
def test_what_stands_behind_but_not_is_meant(text: str, intent: str) -> None:
    assert after_but_not(text, Understands()).intent == intent


def test_slots_are_read_from_the_whole_message() -> None:
    slots = Slots(order_id="20261119-0000001")
    got = after_but_not("취소 말고 배송지만 바꿀게요", Understands(slots=slots))
    assert (got.intent, got.slots) == ("change_order", slots)


def test_an_unsure_rest_does_not_decide() -> None:
    understands = Understands(SURE - 0.01)
    assert after_but_not("취소할래요 말고 배송지만 바꿀게요", understands) == understands(
        "취소할래요 말고 배송지만 바꿀게요"
    )


@pytest.mark.parametrize(
    "text", ["취소하지 마세요", "취소 하지 말아 주세요", "반품하지 마세요", "환불하지 마시고요"]
)
def test_do_not_is_a_no(text: str) -> None:
    got = after_but_not(text, Understands())
    assert got.intent == "smalltalk"
    assert got.slots.yes_no is False


def test_do_not_do_something_unknown_stays_what_it_is() -> None:
    assert after_but_not("포장하지 마세요", Understands()).intent == "unclear"


# ── spaces ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("택 배 조 회 좀", "택배조회좀"),
        ("주 문 취 소 해 줘", "주문취소해줘"),
        ("이 거 왜 요", "이 거 왜 요"),  # too few to be sure
        ("주문 취 소 해 줘", "주문 취 소 해 줘"),
        ("  ", "  "),
        ("", ""),
    ],
)
def test_needless_spaces_are_taken_out(text: str, wanted: str) -> None:
    assert unspaced(text) == wanted


@given(st.text(max_size=40))
def test_only_spaces_are_taken_out(text: str) -> None:
    assert "".join(unspaced(text).split()) == "".join(text.split())
    assert unspaced(unspaced(text)) == unspaced(text)
