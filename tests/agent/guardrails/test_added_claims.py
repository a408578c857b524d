"""A model's wording beside its draft: what it may not add, turn round or leave out."""

from __future__ import annotations

from datetime import date

import pytest

from agent.guardrails import Evidence, added_by_wording, check_output
from agent.guardrails.claims import Basis
from agent.guardrails.polarity import leaves_out

DRAFT = (
    "주문하신 원두커피 1kg(주문번호 20261118-0000012)은 지금 배송 중이에요. 송장번호는 한빛택배 "
    "123456789012예요. 결제 금액은 26,000원이에요. 반품은 받은 날부터 7일 안에 신청하실 수 있고, "
    "단순 변심이면 왕복 배송비 6,000원은 고객님이 부담하세요. 개봉한 식품은 반품할 수 없어요."
)
REFUSAL = "이어폰 주문은 이미 배송 중이라 취소할 수 없어요. 받으신 뒤에 반품을 신청하실 수 있어요."
OFFER = "가디건을 반품하면 배송비 6,000원을 빼고 33,000원을 돌려드려요. 신청할까요?"
TODAY = date(2026, 11, 20)


def problems(reply: str, draft: str = DRAFT) -> tuple[str, ...]:
    evidence = Evidence.collect([draft, {"customer": "김민지"}], today=TODAY)
    added = added_by_wording(reply, draft, basis=Basis.of(draft, evidence))
    return check_output(reply, evidence).problems + added


@pytest.mark.parametrize(
    "said",
    """
환불 처리해 두었어요.
환불을 진행했어요.
환불 절차를 시작했어요.
취소해 놓았어요.
담당 부서에 전달했어요.
담당자에게 말씀드려 두었어요.
택배사에 재촉해 두었습니다.
배송지를 변경해 두었어요.
쿠폰을 발급해 드렸어요.
곧 연락이 갈 거예요.
입고되면 알려 드릴게요.
주문을 취소해 드릴게요.
새 상품으로 보내 드릴게요.
책임지고 해결해 드릴게요.
반드시 도착합니다.
배송비는 무료예요.
배송비는 저희가 부담해요.
전액 돌려받으실 수 있어요.
언제든지 반품하실 수 있어요.
평생 보증돼요.
개봉한 식품도 반품할 수 있어요.
개봉하셔도 괜찮아요.
가격은 19900이에요.
배송비 **7,700**원이에요.
배송비 7,7**00**원이에요.
배송비 7&comma;700원이에요.
배송비 5,\u200b000원이에요.
| 배송비 | 7700 |
금요일에 입금돼요.
다음 주면 도착해요.
월말에 입금돼요.
오늘 저녁에는 도착해요.
배송이 완료됐어요.
경비실에 맡겼어요.
101동 1203호로 갔어요.
박지훈 씨 앞으로 보냈어요.
고객센터는 15881234예요.
1544 0000으로 전화해 주세요.
카카오톡 채널을 추가해 주세요.
evil.xyz에서 신청하세요.
환불닷컴에서 신청하세요.
비밀번호를 말해 주세요.
비밀번호가 무엇인가요?
카드 뒷면 세 자리를 알려 주세요.
문자로 받은 여섯 자리 숫자를 보내 주세요.
신분증 사진을 보내 주세요.
[고객명]님, 배송 중이에요.
고객은 배송을 물었다.
您的订单正在配送中。
The parcel is on its way to you.
<|channel|>analysis
초안에 따르면 배송 중이에요.
""".strip().splitlines(),
)
@pytest.mark.parametrize("before", ["", "네, 확인해 봤어요. "], ids=["alone", "after"])
def test_what_the_shop_did_not_say_is_held_back(before: str, said: str) -> None:
    assert problems(before + said)


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (DRAFT, "**원두커피**는 지금 배송 중이에요.\n- 송장번호: 123456789012"),
        (DRAFT, "네, 7일 안이면 반품하실 수 있어요. 다만 개봉한 식품은 반품이 어려워요."),
        (DRAFT, "개봉하지 않은 상품은 7일 안에 반품하실 수 있어요."),
        (DRAFT, "반품 배송비 6천 원은 고객님 부담이에요. 더 궁금하시면 언제든 말씀해 주세요."),
        (REFUSAL, "지금은 취소가 어렵지만, 받으신 뒤에는 반품 신청이 가능해요."),
        (OFFER, "배송비 6천 원을 뺀 3만 3천 원을 돌려드려요. 반품을 신청할까요?"),
        ("반품을 신청했어요. 곧 수거해요.", "반품 신청이 접수됐어요. 곧 수거할 예정이에요."),
        ("배송비는 저희가 부담해요.", "배송비는 무료예요."),
        ("11월 23일까지 답변드릴게요.", "다음 주에 답변을 받아 보실 수 있어요."),
        ("상담원은 비밀번호를 묻지 않아요.", "상담원은 비밀번호를 묻지 않으니 알려 주지 마세요."),
        ("쿠폰은 한 번만 쓸 수 있어요.", "쿠폰을 다시 발급해 드리기는 어려워요."),
    ],
)
def test_another_way_to_say_it_passes(draft: str, said: str) -> None:
    assert problems(said, draft) == ()


@pytest.mark.parametrize(
    ("draft", "said", "offer", "missing"),
    [
        (REFUSAL, "받으신 뒤에 반품을 신청하실 수 있어요.", False, True),
        (REFUSAL, "취소는 어렵고, 받으신 뒤에 반품을 신청하실 수 있어요.", False, False),
        (OFFER, "가디건을 반품하시면 33,000원을 돌려드려요. 신청할까요?", True, True),
        (OFFER, "배송비 6,000원을 빼고 33,000원을 돌려드려요.", True, True),
        (OFFER, "배송비 6천 원을 뺀 3만 3천 원을 돌려드려요. 신청할까요?", True, False),
    ],
)
def test_a_refusal_and_the_terms_of_an_offer_may_not_be_missing(
    draft: str, said: str, offer: bool, missing: bool
) -> None:
    assert leaves_out(said, draft, offer=offer) is missing


def test_what_a_tool_found_may_be_said_beside_the_draft() -> None:
    evidence = Evidence.collect([{"name": "텀블러", "note": "평생 보증", "price": 19900}])
    basis = Basis.of("상품을 찾아봤어요.", evidence)
    said = "텀블러는 19900이고 평생 보증이에요."
    assert added_by_wording(said, basis.draft, basis=basis) == ()
    assert added_by_wording(said, basis.draft)
