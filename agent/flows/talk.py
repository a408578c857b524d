"""smalltalk, out_of_scope and unclear: short, kind, back to what the desk can do."""

from __future__ import annotations

import re

from agent.cards import choice_card
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
    """Say that this is not the desk's business, and what is."""
    turn.say("refuse")
    turn.draft.keep_asking = True


def unclear(turn: Turn) -> None:
    """One short question; with two likely wishes they are offered as buttons."""
    from agent.flows import FLOWS

    likely = [
        FLOWS[guess.intent]
        for guess in turn.understood.alternatives
        if guess.confidence >= 0.12 and FLOWS[guess.intent].example
    ][:2]
    if len(likely) == 2 and len(set(turn.text)) > 2:
        turn.say("which", first=likely[0].title, second=likely[1].title)
        turn.show(choice_card("", *((row.title, row.example) for row in likely)))
    else:
        turn.say("ask")
        turn.show(choice_card("", *START))
    turn.draft.keep_asking = True
