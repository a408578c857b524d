"""What the helper suggests for a ticket, in private: findings to take over, a draft answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import clauses
from ui.desk import ticket_base, ticket_save
from ui.desk.ticket_save import Deed
from ui.format import plain, when

__all__ = ["chips", "draft"]

# What can be taken over into the ticket, and how each is called.
_TAKEN: Mapping[str, str] = {
    "issue_type": "유형", "priority": "우선순위", "order_id": "주문", "claim_id": "신청",
}  # fmt: skip
_WORDS: Mapping[str, Mapping[str, str]] = {
    "issue_type": words.ISSUE_TYPE,
    "priority": words.PRIORITY,
    "sentiment": words.SENTIMENT,
    "language": words.LANGUAGE,
}
_USUAL = "ko"
WINDOW = "desk-draft"


def chips(desk: Services, caller: Caller, ticket: Any, base: Any, found: Any) -> None:
    """One small chip a finding; what the ticket does not say yet can be taken over."""
    if found is None:
        return
    with st.container(
        horizontal=True, gap="xsmall", vertical_alignment="center", key="desk-findings"
    ):
        st.markdown(":violet[:material/auto_awesome:] :small[상담 도우미]", width="content")
        for name, label in _TAKEN.items():
            _finding(desk, caller, ticket, base, found, name, label)
        if mood := found.value("sentiment"):
            st.badge(_said(found, "sentiment", mood), color="gray", help="고객의 기분")
        if (language := found.value("language")) and language != _USUAL:
            st.badge(_said(found, "language", language), color="gray", help="고객이 쓴 언어")


def draft(desk: Services, caller: Caller, ticket: Any, found: Any) -> None:
    """The suggested answer with its sources behind one button; nothing is sent by it."""
    window = st.popover("제안 답변", icon=":material/auto_awesome:", key=WINDOW, on_change="rerun")
    if not window.open:
        return
    with window:
        if found is None or not found.reply:
            st.caption("아직 제안할 답변이 없어요. 문의를 더 살펴보면 제안할 수 있어요.")
        else:
            st.caption(f"확신하는 정도 {found.reply_confidence:.0%} · {when(found.updated_at)}")
            st.text(found.reply)
            if found.sources:
                cited = [
                    {"chunk_id": one.chunk_id, "title": one.title, "section": one.section}
                    for one in found.sources
                ]
                clauses.chips(cited, key="desk-draft")
        with st.container(horizontal=True, gap="small"):
            if found is not None and found.reply:
                st.button("답변에 넣기", key="desk-draft-put", icon=":material/add_comment:",
                          on_click=_put, args=(ticket.ticket_id, found.reply))  # fmt: skip
            if st.button("제안 새로 받기", key="desk-draft-again", icon=":material/refresh:"):
                _again(desk, ticket.ticket_id)


def _finding(
    desk: Services, caller: Caller, ticket: Any, base: Any, found: Any, name: str, label: str
) -> None:
    value = found.value(name)
    if not value:
        return
    if getattr(ticket, name) == value:
        if name in _WORDS:  # an order's number that is set stands on the page already
            st.badge(_said(found, name, value), icon=":material/check:", color="gray", help=label)
        return
    text = _said(found, name, value)
    if name not in _WORDS:
        text = f"{label} {text}"
    deed = Deed("accept_triage", f"{label}에 제안을 적용했어요.", arguments={"fields": [name]})
    by = "언어 모델" if found.made_by == "model" else "분류기"
    st.button(
        f"{text} 적용", key=f"desk-take-{name}", disabled=ticket.status == "closed",
        help=f"{by}의 제안: {label}. 숫자는 확신하는 정도예요.",
        on_click=ticket_save.save, args=(desk, caller, base, deed),
    )  # fmt: skip


def _said(found: Any, name: str, value: str) -> str:
    """A finding with how sure it is: "배송 92%"."""
    word = _WORDS.get(name, {}).get(value, value)
    return plain(f"{word} {found.confidence(name):.0%}")


def _put(ticket_id: str, text: str) -> None:
    ticket_base.insert(ticket_id, text)
    st.session_state[WINDOW] = False


def _again(desk: Services, ticket_id: str) -> None:
    """Ask anew; a model may take some seconds."""
    try:
        with st.spinner("문의를 다시 살펴보고 있어요"):
            desk.triage.suggest(ticket_id)
    except SangdamError as error:
        ticket_save.say(ticket_id, "reply", "refused", error.message)
    st.rerun()
