"""What lies behind an open ticket: its own history, and solved ones like it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from services import Services
from ui import audit_view, url
from ui.desk import ticket_base, ticket_words
from ui.format import plain, short, when

__all__ = ["draw", "similar"]

LONGEST = 200  # characters of a text in the history
MOST_AUDIT = 30
_VERDICT = {"solved": " · 고객: 해결됨", "unsolved": " · 고객: 해결 안 됨"}


def draw(desk: Services, caller: Caller, ticket: Any, people: Mapping[str, str]) -> None:
    """Who did what to the ticket, newest first; then the audit of it."""
    with st.container(border=True, key="desk-past", gap="small"):
        st.markdown("**처리 기록**")
        for event in reversed(ticket.events):
            _event(event, people)
    with st.expander("감사 기록", icon=":material/policy:"):
        found = desk.tool(
            caller, "list_audit", object_type="ticket", object_id=ticket.ticket_id,
            limit=MOST_AUDIT,
        )  # fmt: skip
        for row in found.items:
            name = plain(row.entry.actor_name or "프로그램")
            st.markdown(
                f"**{row.action_ko}** · {name} · {row.source_ko} "
                f":small[:gray[{when(row.entry.at)}]]"
            )
            if said := audit_view.said(row):
                st.caption(plain(said))


def similar(desk: Services, caller: Caller, ticket: Any) -> None:
    """How colleagues solved the same kind of thing; one click takes their words."""
    found = desk.similar(caller, ticket)
    if not found:
        with st.container(border=True, key="desk-no-like"):
            st.markdown("**비슷한 해결 사례가 없어요**")
            st.caption("같은 유형의 문의를 해결하면 다음부터 여기에서 찾아볼 수 있어요.")
        return
    for like in found:
        _like(ticket, like)


def _like(ticket: Any, like: Any) -> None:
    one = like.ticket
    with st.container(border=True, key=f"like-{one.ticket_id}", gap="xsmall"):
        st.markdown(
            f"**{plain(short(one.summary or one.subject, 70))}** "
            f":blue-badge[{like.likeness * 100:.0f}% 비슷해요]"
        )
        st.caption(
            f"{plain(one.ticket_id)} · {words.ISSUE_TYPE.get(one.issue_type, '')} · "
            f"{when(one.resolved_at)} 해결{_VERDICT.get(one.verdict or '', '')}"
        )
        st.text(short(one.description, 160))
        st.markdown(":green[:material/check_circle:] **이렇게 해결했어요**")
        st.text(one.resolution)
        with st.container(horizontal=True, gap="small"):
            if ticket.status not in ("resolved", "closed"):
                st.button(
                    "답변에 넣기", key=f"like-put-{one.ticket_id}",
                    icon=":material/add_comment:", on_click=_put,
                    args=(ticket.ticket_id, one.resolution),
                )  # fmt: skip
            st.button("이 문의 열기", key=f"like-open-{one.ticket_id}", type="tertiary",
                      on_click=open_ticket, args=(one.ticket_id,))  # fmt: skip


def _put(ticket_id: str, text: str) -> None:
    """Put it into the answer and show that (a callback)."""
    ticket_base.insert(ticket_id, text)
    url.reset("desk", "part", "talk")


def open_ticket(ticket_id: str) -> None:
    """Show another ticket in this one's place (a callback)."""
    st.query_params["ticket"] = ticket_id
    st.query_params.pop("part", None)


def _event(event: Any, people: Mapping[str, str]) -> None:
    title, icon = ticket_words.title(event)
    lock = " :orange[:material/lock:]" if event.internal else ""
    with st.container(gap="xxsmall", key=f"past-{event.version}-{event.kind}-{event.at}"):
        st.markdown(
            f":gray[:material/{icon}:] **{plain(ticket_words.who(event))}** · {title}{lock} "
            f":small[:gray[{when(event.at)}]]"
        )
        if changed := ticket_words.changes(event, people):
            st.caption(plain(" · ".join(changed)))
        if event.text and event.kind != "edited":
            st.text(short(event.text, LONGEST))
