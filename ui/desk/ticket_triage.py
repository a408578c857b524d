"""What the helper suggests for a ticket, in private: findings to take over, a draft answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import Services
from ui.desk import ticket_base, ticket_save, ticket_windows
from ui.desk.ticket_save import Deed
from ui.format import plain, short, when

__all__ = ["chips", "draft", "show"]

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
MOST_SURE = 0.99


def chips(desk: Services, caller: Caller, ticket: Any, base: Any, found: Any) -> None:
    """One small chip a finding; what the ticket does not say yet can be taken over."""
    # Always there: findings come while somebody writes, and must not make the box below be
    # drawn anew, with what is in it.
    with st.container(
        horizontal=True, gap="xsmall", vertical_alignment="center", key="desk-findings"
    ):
        if found is None:
            return
        st.markdown(":violet[:material/auto_awesome:] :small[상담 도우미]", width="content")
        settled = _settled(ticket, found)
        for name, label in _TAKEN.items():
            if name in settled and getattr(ticket, name) != found.value(name):
                continue
            _finding(desk, caller, ticket, base, found, name, label)
        if mood := found.value("sentiment"):
            st.badge(_said(found, "sentiment", mood), color="gray", help="고객의 기분")
        if (language := found.value("language")) and language != _USUAL:
            st.badge(_said(found, "language", language), color="gray", help="고객이 쓴 언어")


def draft(ticket_id: str) -> None:
    """The button that opens the suggested answer."""
    st.button(
        "제안 답변", key="desk-draft", icon=":material/auto_awesome:",
        on_click=ticket_windows.open_window, args=(ticket_id, "draft"),
    )  # fmt: skip


def show(desk: Services, caller: Caller, ticket: Any) -> None:
    """Draw the suggested answer while its window is open; call it once, at a page's end."""
    if ticket_windows.is_open(ticket.ticket_id, "draft"):
        _window(desk, caller, ticket)


# At the left, so that the conversation stays in sight.
@st.dialog(
    "제안 답변", position="left", icon=":material/auto_awesome:", on_dismiss=ticket_windows.close
)
def _window(desk: Services, caller: Caller, ticket: Any) -> None:
    """The suggested answer with the clauses it rests on; nothing is sent by it."""
    found = desk.tool(caller, "get_triage", ticket_id=ticket.ticket_id)
    has_reply = found is not None and bool(found.reply)
    if has_reply:
        st.caption(f"확신하는 정도 {_sure(found.reply_confidence)} · {when(found.updated_at)}")
        st.text(found.reply)
        for one in found.sources:
            with st.expander(plain(short(_source(one), 40)), icon=":material/article:"):
                st.text(one.quote)
    else:
        st.caption("아직 제안할 답변이 없어요. 문의를 더 살펴보면 제안할 수 있어요.")
    with st.container(horizontal=True, gap="small"):
        if has_reply:
            st.button("답변에 넣기", key="desk-draft-put", icon=":material/add_comment:",
                      type="primary", on_click=_put,
                      args=(ticket.ticket_id, found.reply))  # fmt: skip
        if st.button("제안 새로 받기", key="desk-draft-again", icon=":material/refresh:"):
            _again(desk, ticket.ticket_id)


def _source(one: Any) -> str:
    """A clause's document, and its section where that is not the same."""
    return str(one.title if one.section == one.title else f"{one.title} · {one.section}")


def _settled(ticket: Any, found: Any) -> set[str]:
    """What staff have set since these findings: nobody is offered the contrary of it."""
    return {
        name
        for event in ticket.events
        if event.actor_role in ("staff", "admin") and event.at >= found.updated_at
        for name in event.after
    }


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
    deed = Deed(
        "accept_triage", f"{label}에 제안을 적용했어요.",
        arguments={"fields": [name], "seen": {name: value}},
    )  # fmt: skip
    by = "언어 모델" if found.made_by == "model" else "분류기"
    st.button(
        f"{text} 적용", key=f"desk-take-{name}", disabled=ticket.status == "closed",
        help=f"{by}의 제안: {label}. 숫자는 확신하는 정도예요.",
        on_click=ticket_save.save, args=(desk, caller, base, deed),
    )  # fmt: skip


def _said(found: Any, name: str, value: str) -> str:
    """A finding with how sure it is: "배송 92%"."""
    word = _WORDS.get(name, {}).get(value, value)
    return plain(f"{word} {_sure(found.confidence(name))}")


def _sure(confidence: float) -> str:
    """How sure, in per cent; nothing that is guessed is certain."""
    return f"{min(confidence, MOST_SURE):.0%}"


def _put(ticket_id: str, text: str) -> None:
    ticket_base.insert(ticket_id, text)
    ticket_windows.close()
    st.rerun()


def _again(desk: Services, ticket_id: str) -> None:
    """Ask anew; a model may take some seconds."""
    try:
        with st.spinner("문의를 다시 살펴보고 있어요"):
            desk.triage.suggest(ticket_id)
    except SangdamError as error:
        ticket_save.say(ticket_id, "reply", "refused", error.message)
        ticket_windows.close()
    st.rerun()
