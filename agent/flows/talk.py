"""smalltalk, out_of_scope and unclear: short, kind, back to what the desk can do."""

from __future__ import annotations

import re

from agent.cards import choice_card
from agent.flows.pick import known_product
from agent.flows.product_search import look_up
from agent.flows.products import product_info
from agent.turn import Turn

__all__ = ["out_of_scope", "smalltalk", "unclear"]

_KINDS = (
    ("thanks", re.compile(r"고마|고맙|감사|ㄱㅅ|땡큐|thank", re.IGNORECASE)),
    ("bye", re.compile(r"안녕히|수고|잘\s*있|바이|ㅂㅂ|들어가세요")),
    ("who", re.compile(r"누구|이름|로봇|봇|사람|AI|에이아이|인공지능|gpt", re.IGNORECASE)),
    ("can", re.compile(r"뭐\s*(할|해)|무엇|도와|기능|할\s*수\s*있")),
    ("praise", re.compile(r"최고|잘하|친절|좋네|똑똑|훌륭|짱")),
    ("hello", re.compile(r"안녕|하이|ㅎㅇ|hello|hi|여보세요|반가", re.IGNORECASE)),
)
START = (
    ("최근 주문 보기", "제 주문 어떻게 됐어요?"),
    ("배송 조회", "택배 어디쯤이에요?"),
    ("반품·교환", "반품하고 싶어요"),
    ("상담원 연결", "상담원에게 연결해 주세요"),
)
# What a wish may have been, before "건가요".
_READINGS = {
    "order_status": "주문 상태가 궁금하신",
    "delivery": "택배가 어디쯤인지 궁금하신",
    "cancel": "주문을 취소하시려는",
    "change_order": "주문 내용을 바꾸시려는",
    "return_exchange": "{claim} 신청하시려는",
    "defect": "받으신 상품에 문제가 있는",
    "refund_status": "환불이 언제 되는지 궁금하신",
    "claim_status": "접수하신 일이 어떻게 됐는지 궁금하신",
    "payment": "결제나 영수증이 궁금하신",
    "account": "로그인이나 회원 정보가 궁금하신",
    "policy": "{topic} 규정이 궁금하신",
    "product_info": "상품이 궁금하신",
    "handoff": "상담원 연결을 원하시는",
}
_TOPIC = re.compile(r"반품|교환|환불|취소|배송|결제|적립|쿠폰")
_CLAIM = re.compile(r"반품|교환")
_RECOMMEND = re.compile(r"추천|골라\s?[줘주]")
LIKELY, MOST_READINGS = 0.12, 3


def smalltalk(turn: Turn) -> None:
    """Answer in kind."""
    for name, pattern in _KINDS:
        if pattern.search(turn.text):
            turn.say(name)
            break
    else:
        turn.say("ok")
    turn.draft.keep_asking = True


def out_of_scope(turn: Turn) -> None:
    """Say that this is not the desk's business, and what is.

    Only the catalogue knows whether "○○ 추천해줘" names something that is sold here.
    """
    if _RECOMMEND.search(turn.text) and _is_sold(turn):
        turn.intent = "product_info"
        product_info(turn)
        return
    turn.say("refuse")
    turn.draft.keep_asking = True


def unclear(turn: Turn) -> None:
    """One short question that names the likeliest readings, each with a button."""
    from agent.flows import FLOWS

    likely = [
        FLOWS[guess.intent]
        for guess in turn.understood.alternatives
        if guess.confidence >= LIKELY and guess.intent in _READINGS
    ][:MOST_READINGS]
    if len(likely) > 1 and len(set(turn.text)) > 2:
        readings = [f"{_reading(row.intent, turn.text)} 건가요" for row in likely]
        turn.say("which", readings=", ".join([*readings[:-1], f"아니면 {readings[-1]}"]))
        turn.show(choice_card("", *((row.title, row.example) for row in likely)))
    else:
        turn.say("ask")
        turn.show(choice_card("", *START))
    turn.draft.keep_asking = True


def _is_sold(turn: Turn) -> bool:
    return bool(look_up(turn.call, turn.text).wanted.category) or known_product(turn)


def _reading(intent: str, text: str) -> str:
    topic, claims = _TOPIC.search(text), set(_CLAIM.findall(text))
    claim = f"{claims.pop()}을" if len(claims) == 1 else "반품이나 교환을"
    return _READINGS[intent].format(topic=topic[0] if topic else "쇼핑몰", claim=claim)
