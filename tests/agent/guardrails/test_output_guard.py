"""The output guard: promises and personal data that the turn does not support."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.guardrails import Evidence, check_output

POLICY = "환불은 반품 상품을 받은 날부터 3영업일 이내에 처리됩니다. 반품 배송비는 3,000원입니다."
ORDER = {"order_id": "20261103-0000042", "total": 27000, "email": "minji@example.com"}
EVIDENCE = Evidence.collect([POLICY, ORDER], message="3만원 오늘 안에 환불해 주세요")


@pytest.mark.parametrize(
    "reply",
    [
        "환불은 3영업일 이내에 처리됩니다.",
        "주문 20261103-0000042의 환불 금액은 2만 7천 원입니다.",
        "반품 배송비 3,000원이 차감됩니다.",
        "무조건 환불되는 것은 아닙니다.",
        "환불을 약속하기는 어렵습니다.",
        "말씀하신 3만원은 확인했어요.",
        "바로 확인해 드릴게요.",
        "상담원에게 연결해 드릴게요.",
        "minji@example.com 으로 안내를 보냈어요.",
        "불편을 드려 정말 죄송합니다. 사진을 보내 주시겠어요?",
    ],
)
def test_a_grounded_reply_passes(reply: str) -> None:
    assert check_output(reply, EVIDENCE).problems == ()
    assert check_output(reply, EVIDENCE).ok


@pytest.mark.parametrize(
    "reply",
    [
        "무조건 환불해 드립니다.",
        "무조건 전액 환불됩니다",
        "100% 보장합니다.",
        "100% 환불 가능해요",
        "제가 책임지고 오늘 안에 처리해 드릴게요.",
        "제가 책임지고 해결하겠습니다.",
        "반드시 환불해 드리겠습니다.",
        "꼭 오늘 도착하도록 배송해 드리겠습니다",
        "환불을 보장합니다.",
        "내일까지 도착을 약속드립니다.",
        "오늘 안에 입금됩니다.",
        "내일 도착해 배송이 완료될 예정이에요.",
        "바로 환불해 드리겠습니다.",
        "즉시 입금됩니다.",
        "이번 주 안에 환불해 드릴게요.",
        "3만원 환불해 드리겠습니다.",  # only the customer named that sum
        "취소가 완료되었습니다.",
    ],
)
def test_a_false_promise_is_caught(reply: str) -> None:
    result = check_output(reply, EVIDENCE)
    assert not result.ok
    assert any(problem.startswith("false_promise:") for problem in result.problems)


def test_a_policy_may_promise() -> None:
    policy = Evidence.collect(["입금대기 주문은 즉시 취소되며 당일 환불됩니다."])
    assert check_output("바로 취소해 드리겠습니다.", policy).ok
    assert check_output("오늘 안에 환불됩니다.", policy).ok


def test_a_policy_may_be_quoted_whole_but_not_in_part() -> None:
    policy = Evidence.collect(["분실된 상품은 저희가 책임지고 다시 보내 드립니다."])
    assert check_output("분실된 상품은 저희가 책임지고 다시 보내 드립니다.", policy).ok
    assert not check_output("저희가 책임지고 해결해 드릴게요.", policy).ok


def test_a_refund_nobody_mentioned() -> None:
    assert not check_output("환불해 드리겠습니다.", Evidence()).ok
    assert check_output("환불해 드리겠습니다.", Evidence.collect([{"refund_total": 1000}])).ok


def test_a_done_thing_needs_the_tool_that_did_it() -> None:
    done = Evidence.collect([{"status": "cancelled"}])
    assert check_output("주문이 취소되었습니다.", done).ok
    assert not check_output("주문이 취소되었습니다.", Evidence()).ok


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("jihun@example.com 고객님", "email"),
        ("연락처는 010-9999-8888입니다", "phone"),
        ("주민번호 900101-1234567", "resident"),
        ("카드 4111-1111-1111-1111", "card"),
        ("계좌 110-123-456789 신한", "account"),
        ("비밀번호는 abc123!", "password"),
    ],
)
def test_personal_data_of_others_is_caught_and_kept_out_of_the_log(reply: str, kind: str) -> None:
    result = check_output(reply, EVIDENCE)
    assert f"pii:{kind}" in result.problems
    for secret in ("jihun", "9999", "900101", "4111", "110-123", "abc123"):
        assert secret not in " ".join(result.problems)


def test_an_empty_reply_is_no_reply() -> None:
    assert check_output(" \n", Evidence()).problems == ("empty",)


def test_citations_are_checked() -> None:
    result = check_output("안내", EVIDENCE, citations=("a",), retrieved=("b",))
    assert result.problems == ("ungrounded:citation:a",)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200))
def test_any_reply_is_checked_without_an_error(reply: str) -> None:
    result = check_output(reply, EVIDENCE)
    assert result.ok == (not result.problems)
