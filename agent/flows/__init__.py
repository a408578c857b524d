"""What the desk does for each intent: one table row, one function, one prompt file.

To add an intent: a row here, a flow in a module beside it, ``agent/prompts/<intent>.md``
and ``data/intents/<intent>.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agent.flows import (
    aftercare,
    cancel,
    change,
    claims,
    knowledge,
    orders,
    people,
    products,
    talk,
)
from agent.turn import Turn

__all__ = ["FLOWS", "Domain", "Flow", "working"]

Domain = Literal["order", "claim", "general", "policy", "product_info", "unknown"]


@dataclass(frozen=True, slots=True)
class Flow:
    """An intent's row. ``domain`` routes to a model, ``working`` is shown while it runs.

    ``title`` names the wish on a button that sends ``example``. A ``digression`` leaves the
    question the desk was waiting on open.
    """

    intent: str
    domain: Domain
    title: str
    working: str
    run: Callable[[Turn], None]
    example: str = ""
    digression: bool = False


_LOOK = "주문을 확인하고 있어요"
_RULE = "정책을 찾아보고 있어요"
_ROWS = (
    Flow("order_status", "order", "주문 확인", _LOOK, orders.order_status,
         "제 주문 어떻게 됐어요?"),
    Flow("delivery", "order", "배송 조회", "배송을 확인하고 있어요", orders.delivery,
         "택배 어디쯤이에요?"),
    Flow("cancel", "order", "주문 취소", _LOOK, cancel.cancel, "주문 취소할래요"),
    Flow("change_order", "order", "주문 변경", _LOOK, change.change_order, "배송지 바꾸고 싶어요"),
    Flow("return_exchange", "claim", "반품·교환", _LOOK, claims.return_exchange, "반품하고 싶어요"),
    Flow("defect", "claim", "불량·파손 접수", _LOOK, claims.defect, "받은 상품이 불량이에요"),
    Flow("refund_status", "claim", "환불 확인", "환불을 확인하고 있어요", aftercare.refund_status,
         "환불 언제 들어와요?"),
    Flow("claim_status", "claim", "신청·문의 확인", "신청 내역을 확인하고 있어요",
         aftercare.claim_status, "지난번 신청 어떻게 됐나요?"),
    Flow("complaint", "claim", "불편 접수", "말씀을 확인하고 있어요", people.complaint),
    Flow("payment", "order", "결제 문의", _RULE, knowledge.payment, "현금영수증 받고 싶어요", True),
    Flow("account", "general", "회원 정보", _RULE, knowledge.account, "비밀번호를 잊었어요", True),
    Flow("policy", "policy", "정책 안내", _RULE, knowledge.policy, "반품은 며칠 안에 되나요?",
         True),
    Flow("product_info", "product_info", "상품 문의", "상품을 찾아보고 있어요",
         products.product_info, "상품 추천해 주세요", True),
    Flow("handoff", "claim", "상담원 연결", "상담원에게 전달하고 있어요", people.handoff,
         "상담원에게 연결해 주세요"),
    Flow("smalltalk", "general", "인사", "답변을 준비하고 있어요", talk.smalltalk, "", True),
    Flow("out_of_scope", "general", "다른 이야기", "답변을 준비하고 있어요", talk.out_of_scope, "",
         True),
    Flow("unclear", "unknown", "다시 묻기", "말씀을 확인하고 있어요", talk.unclear, "", True),
)  # fmt: skip
FLOWS: dict[str, Flow] = {row.intent: row for row in _ROWS}


def working(intent: str, *, images: bool) -> str:
    """What the customer reads while an intent's flow runs; ``images``: with photos of theirs."""
    looks = images and intent in ("defect", "return_exchange")
    return "사진을 살펴보고 있어요" if looks else FLOWS[intent].working
