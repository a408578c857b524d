"""The head of an open ticket: where it stands, who is at it, what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import NotFound, SangdamError
from services import Services
from ui import session, states
from ui.desk import rows, ticket_base, ticket_save, ticket_windows
from ui.desk.ticket_save import Deed
from ui.format import plain, short, until, when
from ui.refresh import refreshed

__all__ = ["actions", "live"]

EVERY_S = 2
MOST_CHARS = 4000
_SEEN = "sangdam_desk_version"
_SOLVING = "desk-solve"  # the key of the small window with the words of the resolution
TAKE = Deed("take_ticket", "이 문의를 맡았어요.")
WAIT = Deed(
    "change_ticket", "고객의 답을 기다려요. 해결 기한은 그동안 멈춰요.",
    arguments={"status": "waiting_customer"},
)  # fmt: skip
CLOSE = Deed("close_ticket", "문의를 종료했어요.")
REOPEN = Deed("reopen_ticket", "문의를 다시 열었어요.")


@refreshed(EVERY_S)
def live(desk: Services, ticket_id: str, people: Mapping[str, str]) -> None:
    """State, clocks and colleagues, as they are now; the rest is drawn anew when it changed."""
    caller = session.caller()  # whoever signed out meanwhile sees nothing more
    if not caller.is_staff:
        st.rerun()
    try:
        look = desk.tool(caller, "look_at_ticket", ticket_id=ticket_id, messages=0)
    except NotFound:
        return
    ticket = look.ticket
    me = caller.user_id or ""
    writing = ticket_base.drafting(ticket_id)
    desk.presence.seen(ticket_id, me, caller.name, ticket_base.tab(), writing=writing)
    _badges(look)
    st.markdown(f"##### {plain(short(ticket.subject, 120))}", anchors=False)
    _facts(look)
    if ticket.summary and ticket.subject.rstrip(".…") not in ticket.summary:
        st.caption(f":violet[:material/summarize:] {plain(short(ticket.summary, 160))}")
    _colleagues(desk, ticket_id, me)
    _changed(look, people)
    found = desk.tool(caller, "get_triage", ticket_id=ticket_id)
    seen = (ticket_id, ticket.version, look.answerer, found.updated_at if found else "")
    changed = st.session_state.setdefault(_SEEN, seen) != seen
    if changed and not ticket_windows.is_open(ticket_id):
        st.session_state[_SEEN] = seen
        st.rerun()


def actions(desk: Services, caller: Caller, look: Any, base: Any, edit: Any) -> None:
    """What may be done now; ``edit`` draws the form inside its popover."""
    ticket = look.ticket
    with st.container(horizontal=True, gap="xsmall", key="desk-deeds"):
        if ticket.status in ("open", "in_progress", "waiting_customer"):
            mine = ticket.assignee_id == caller.user_id
            if not mine or ticket.status == "open":
                _button(desk, caller, base, "맡기", "person_check", TAKE, primary=True)
            if ticket.status != "waiting_customer":
                _button(desk, caller, base, "고객 답 기다리기", "", WAIT)
            _solve(desk, caller, base)
        if ticket.status == "resolved":
            _button(desk, caller, base, "다시 열기", "restart_alt", REOPEN)
            _button(desk, caller, base, "종료", "archive", CLOSE)
        if ticket.status != "closed":
            with st.popover("정보 고치기", key=ticket_base.WINDOW, on_change="rerun"):
                edit()
        if look.answerer == "person" and ticket.status != "closed":
            st.button(
                "도우미에게", key="desk-give-back", icon=":material/smart_toy:",
                help="이 대화에 다시 상담 도우미가 답해요. 문의는 그대로 남아요.",
                on_click=_give_back, args=(desk, caller, ticket),
            )  # fmt: skip


def _button(
    desk: Services, caller: Caller, base: Any, label: str, icon: str, deed: Deed,
    *, primary: bool = False,
) -> None:  # fmt: skip
    st.button(
        label, key=f"desk-{deed.tool}", icon=f":material/{icon}:" if icon else None,
        type="primary" if primary else "secondary",
        on_click=ticket_save.save, args=(desk, caller, base, deed),
    )  # fmt: skip


def _solve(desk: Services, caller: Caller, base: Any) -> None:
    """What the customer is told of the solution; an answer that is begun is the beginning."""
    key = ticket_base.solution_key(base.ticket_id)
    window = st.popover(
        "해결", icon=":material/check_circle:", key=_SOLVING, on_change=_begin_solution,
        args=(base.ticket_id,),
    )  # fmt: skip
    if not window.open:
        return
    deed = Deed(
        "resolve_ticket", "문의를 해결하고 고객에게 알렸어요.", again="바뀐 내용 위에 해결",
        draft=key, takes="resolution", copied_from=ticket_base.reply_key(base.ticket_id),
    )  # fmt: skip
    with window:
        st.text_area(
            "어떻게 해결했나요?", key=key, height=120, max_chars=MOST_CHARS,
            persist_state="session", placeholder="고객에게 알릴 해결 내용을 적어 주세요",
        )  # fmt: skip
        st.button("알리고 해결하기", key="desk-solve-send", type="primary",
                  on_click=_solved, args=(desk, caller, base, deed))  # fmt: skip
        st.caption("고객이 대화에서 읽고, 해결됐는지 답할 수 있어요.")


def _begin_solution(ticket_id: str) -> None:
    """Opened it begins with the answer; closed again untouched it is nothing begun (a callback)."""
    key = ticket_base.solution_key(ticket_id)
    answer = st.session_state.get(ticket_base.reply_key(ticket_id)) or ""
    if st.session_state.get(_SOLVING):
        st.session_state[key] = st.session_state.get(key) or answer
    elif st.session_state.get(key) == answer:
        st.session_state[key] = ""


def _solved(desk: Services, caller: Caller, base: Any, deed: Deed) -> None:
    st.session_state[_SOLVING] = False
    ticket_save.save(desk, caller, base, deed)


def _badges(look: Any) -> None:
    ticket, due = look.ticket, rows.clock(look)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        if due.icon != states.state_of("ticket", ticket.status).icon:  # else the clock says it
            states.badge("ticket", ticket.status)
        states.badge("priority", ticket.priority)
        st.badge(words.ISSUE_TYPE.get(ticket.issue_type, ""), icon=":material/label:", color="gray")
        st.badge(due.word, icon=due.material, color=due.colour, help=_promises(look.sla, ticket))
        for tag in ticket.tags:
            st.badge(plain(tag), color="gray")


def _promises(sla: Any, ticket: Any) -> str:
    """Both promises with their times."""
    said = []
    for name, clock, due in (
        ("첫 답변", sla.first_response, ticket.first_response_due),
        ("해결", sla.resolution, ticket.resolution_due),
    ):
        if clock.due is None:
            said.append(f"{name}: 기한 없음")
        elif clock.met_at is not None:
            said.append(f"{name}: {'늦음' if clock.breached else '지킴'}")
        else:
            note = " (고객 답을 기다리는 동안 멈춤)" if clock.paused else ""
            said.append(f"{name}: {until(due)}{note}")
    return plain(" · ".join(said))


def _facts(look: Any) -> None:
    ticket = look.ticket
    person = f"담당 {plain(look.assignee_name)}" if look.assignee_name else "담당자 없음"
    parts = [
        plain(ticket.ticket_id), plain(look.customer_name), person,
        f"{when(ticket.created_at)} 접수",
    ]  # fmt: skip
    if ticket.reopens:
        parts.append(f"다시 열림 {ticket.reopens}번")
    if ticket.verdict:
        parts.append("고객: 해결됨" if ticket.verdict == "solved" else "고객: 해결 안 됨")
    st.caption(" · ".join(parts))


def _colleagues(desk: Services, ticket_id: str, me: str) -> None:
    there = desk.presence.present(ticket_id, besides=me)
    if not there:
        return
    names = ", ".join(f"{one.name} 님" for one in there[:3])
    more = f" 외 {len(there) - 3}명" if len(there) > 3 else ""
    writing = [one.name for one in there if one.writing]
    said = f"{names}{more}도 보고 있어요"
    if writing:
        said += " · 답변을 쓰는 중" if len(there) == 1 else f" · {writing[0]} 님이 답변을 쓰는 중"
    with st.container(key="desk-presence"):
        st.markdown(f":green[:material/visibility: {plain(said)}]")


def _changed(look: Any, people: Mapping[str, str]) -> None:
    """What somebody else did since the writer began, before anything is refused for it."""
    base = ticket_base.opened(look.ticket)
    if ticket_save.refused(look.ticket.ticket_id) or not ticket_base.since(look.ticket, base):
        return
    with st.container(border=True, key="desk-news", gap="xsmall"):
        ticket_save.news(look, base, people)
        st.button("확인했어요", key="desk-news-ok", icon=":material/done:", type="tertiary",
                  on_click=ticket_base.begin, args=(look.ticket,))  # fmt: skip


def _give_back(desk: Services, caller: Caller, ticket: Any) -> None:
    try:
        desk.tool(caller, "return_to_agent", conversation_id=ticket.conversation_id)
    except SangdamError as error:
        ticket_save.say(ticket.ticket_id, "head", "refused", error.message)
    else:
        ticket_save.say(ticket.ticket_id, "head", "done", "이제 이 대화에는 상담 도우미가 답해요.")
