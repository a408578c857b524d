"""The answer and the internal note: written in peace, sent on purpose, never lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.types import Caller
from services import Services
from services.canned import holes
from ui.desk import canned, ticket_save, ticket_triage
from ui.desk.ticket_base import NOTE, REPLY, note_key, reply_key, tab_key
from ui.desk.ticket_save import Deed
from ui.format import plain

__all__ = ["draw"]

MOST_CHARS = 4000
TABS: Mapping[str, str] = {REPLY: ":material/reply: 답변", NOTE: ":material/lock: 내부 메모"}


def draw(desk: Services, caller: Caller, look: Any, base: Any, people: Mapping[str, str]) -> None:
    """The two boxes, one at a time; a ticket that is over takes notes only."""
    over = look.ticket.status in ("resolved", "closed")
    with st.container(border=True, key="desk-write", gap="small"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            tab = _tab(base.ticket_id, over=over)
            if tab == REPLY:
                canned.picker(base.ticket_id)
                ticket_triage.draft(base.ticket_id)
        with st.container(key="desk-reply-said", gap="small"):
            ticket_save.stale(desk, caller, look, base, "reply", people)
            ticket_save.said(base.ticket_id, "reply")
        if tab == NOTE:
            _note(desk, caller, base)
        else:
            _reply(desk, caller, base)
        if look.ticket.status == "resolved":
            begun = str(st.session_state.get(reply_key(base.ticket_id)) or "").strip()
            kept = " 쓰던 답변은 그대로 두었어요." if begun else ""
            st.caption(f"해결된 문의예요. 답변하려면 먼저 다시 열어 주세요.{kept}")
        elif over:
            st.caption("종료된 문의예요. 메모만 남길 수 있어요.")


def _tab(ticket_id: str, *, over: bool) -> str:
    if over:
        st.markdown(f"**{TABS[NOTE]}**")
        return NOTE
    key = tab_key(ticket_id)
    st.session_state.setdefault(key, REPLY)
    chosen = st.segmented_control(
        "무엇을 쓸까요", list(TABS), key=key, required=True, label_visibility="collapsed",
        format_func=lambda one: TABS[one],
    )  # fmt: skip
    return str(chosen or REPLY)


def _reply(desk: Services, caller: Caller, base: Any) -> None:
    key = reply_key(base.ticket_id)
    text = st.text_area(
        "고객에게 보낼 답변", key=key, height=92, max_chars=MOST_CHARS, persist_state="session",
        label_visibility="collapsed", placeholder="고객에게 보낼 답변을 적어 주세요",
    )  # fmt: skip
    _open_places(text)
    with st.container(horizontal=True, gap="small", key="desk-sends"):
        for label, name, deed in _deeds(key):
            st.button(
                label, key=f"desk-{name}", type="primary" if name == "send" else "secondary",
                on_click=ticket_save.save, args=(desk, caller, base, deed),
            )  # fmt: skip
    st.caption("주민등록번호와 카드·계좌번호는 가려서 보내요. 고객이 대화에서 바로 읽어요.")


def _deeds(key: str) -> tuple[tuple[str, str, Deed], ...]:
    """Label, name and deed of each way to send what is written."""
    again = "바뀐 내용 위에 보내기"
    more: dict[str, Any] = {"place": "reply", "again": again, "draft": key}

    def reply(done: str, **arguments: Any) -> Deed:
        return Deed("reply_ticket", done, takes="text", arguments=arguments, **more)

    return (
        ("보내기", "send", reply("답변을 보냈어요.")),
        (
            "보내고 고객 답 기다리기", "wait",
            reply("답변을 보내고 고객의 답을 기다려요.", wait=True),
        ),
        (
            "보내고 해결", "resolve",
            Deed("resolve_ticket", "답변을 보내고 문의를 해결했어요.", takes="resolution", **more),
        ),
    )  # fmt: skip


def _note(desk: Services, caller: Caller, base: Any) -> None:
    key = note_key(base.ticket_id)
    with st.container(key="desk-note"):
        st.text_area(
            "내부 메모", key=key, height=92, max_chars=MOST_CHARS, persist_state="session",
            label_visibility="collapsed", placeholder="동료에게 남길 메모를 적어 주세요",
        )  # fmt: skip
    deed = Deed(
        "note_ticket", "메모를 남겼어요.", "reply", draft=key, takes="text",
        again="바뀐 내용 위에 남기기",
    )  # fmt: skip
    st.button("메모 남기기", key="desk-note-save", icon=":material/lock:", type="primary",
              on_click=ticket_save.save, args=(desk, caller, base, deed))  # fmt: skip
    st.caption("고객과 상담 도우미는 메모를 볼 수 없어요.")


def _open_places(text: str) -> None:
    """Name the variables that nobody filled, before they are sent to a customer."""
    if found := holes(text or ""):
        st.markdown(
            ":orange[:material/edit_note: 채우지 못한 변수가 있어요: "
            f"{plain(', '.join(found))}. 직접 고쳐야 보낼 수 있어요.]"
        )
