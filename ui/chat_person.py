"""A chat that a person has: who answers, the way back, and the choice at the start."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from services.hours import DeskHours
from services.sessions import Answering
from ui.format import is_past, plain, until

__all__ = ["AGENT", "PERSON", "choice", "chosen", "headline", "hours_text", "input_hint"]

AGENT, PERSON = "agent", "person"
_CHOICE = "answerer-choice"
_NAMES = {AGENT: "상담 도우미", PERSON: "상담원"}
ASK, TELL = "궁금한 점을 적어 주세요", "상담원에게 전할 말을 적어 주세요"
HOLIDAY = "오늘은 공휴일이라 상담을 쉬어요"
Press = Callable[[], None]


def input_hint(*, person: bool) -> str:
    """What the empty input says."""
    return TELL if person else ASK


def headline(state: Answering, hours: DeskHours, *, back: Press, person: Press) -> None:
    """Who answers this chat and the way to the other one; nothing while no person is about.

    ``back`` and ``person`` are callbacks: the agent, or the person, is to answer.
    """
    if not state.live:
        return
    with st.container(
        key=f"who-answers-{state.by}", horizontal=True, horizontal_alignment="distribute",
        vertical_alignment="center", gap="small",
    ):  # fmt: skip
        if state.person:
            _line("support_agent", _who(state), _promise(state, hours))
            label, icon, press = "상담 도우미에게 돌아가기", "forum", back
        else:
            _line("forum", "상담 도우미가 답하고 있어요", "상담원에게 남긴 문의도 진행되고 있어요")
            label, icon, press = "상담원에게 말하기", "support_agent", person
        st.button(label, key=f"from-{state.by}", icon=f":material/{icon}:", type="tertiary",
                  on_click=press)  # fmt: skip


def _line(icon: str, title: str, more: str) -> None:
    with st.container(gap="xxsmall", width="stretch"):
        st.markdown(f":material/{icon}: **{title}**")
        if more:
            st.caption(more)


def choice(hours: DeskHours) -> str:
    """The first screen's choice of who shall answer: :data:`AGENT` or :data:`PERSON`."""
    picked = st.radio(
        "누구와 이야기할까요?", list(_NAMES), key=_CHOICE, format_func=_NAMES.__getitem__,
        captions=["바로 답하고 취소·반품도 처리해요", hours_text(hours)], horizontal=True,
    )  # fmt: skip
    return PERSON if picked == PERSON else AGENT


def chosen() -> str:
    """What stands chosen on the first screen, for callbacks."""
    return PERSON if st.session_state.get(_CHOICE) == PERSON else AGENT


def hours_text(hours: DeskHours) -> str:
    """When a person answers who is told something now."""
    by = until(hours.answer_by.isoformat(), now=hours.now)
    if hours.open:
        return f"지금 상담 시간이에요. {by} 답해요"
    closed = HOLIDAY if hours.holiday else "상담 시간이 아니에요"
    return f"{closed}. {by} 답해요"


def _who(state: Answering) -> str:
    if state.name:
        return f"{plain(state.name)} 상담원이 답하고 있어요"
    return "상담원이 답해요"


def _promise(state: Answering, hours: DeskHours) -> str:
    """When an answer comes, while there is none; the desk's hours outside of them."""
    if state.status == "waiting_customer":
        return "고객님의 답변을 기다리고 있어요"
    closed = f"상담 시간은 평일 {hours.first}~{hours.last}시예요"
    if hours.open or hours.holiday:
        closed = HOLIDAY if hours.holiday else ""
    if state.answer_by is None:
        return closed
    if is_past(state.answer_by, now=hours.now):
        return "답변이 늦어지고 있어요. 죄송해요, 먼저 확인할게요."
    promise = f"보통 {until(state.answer_by, now=hours.now)} 답해요"
    return f"{promise} · {closed}" if closed else promise
