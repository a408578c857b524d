"""The caller's own tickets: a list, and one with its history in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller, Card
from errors import NotFound, SangdamError
from services import Services
from ui import cards, states, url
from ui.format import is_past, plain, until, when

__all__ = ["card_of", "detail", "listing", "promise"]

HERE = "tickets"
SHOWN = 50
ALL = "all"
WAITING = ("open", "in_progress", "waiting_customer")
_FILTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    ALL: ("전체", ()),
    "running": ("진행 중", WAITING),
    "done": ("끝난 문의", ("resolved", "closed")),
}
# What an entry of the history is called; others are shown as a plain change.
_EVENT: Mapping[str, tuple[str, str]] = {
    "created": ("문의를 접수했어요", "mark_email_unread"),
    "status": ("상태가 바뀌었어요", "sync"),
    "assigned": ("담당자가 정해졌어요", "support_agent"),
    "taken": ("담당자가 확인하기 시작했어요", "support_agent"),
    "waiting": ("고객님의 답변을 기다리고 있어요", "hourglass_top"),
    "reply": ("상담원이 답변했어요", "forum"),
    "message": ("메시지를 남기셨어요", "chat"),
    "note": ("내부 메모", "lock"),
    "edited": ("문의 정보를 고쳤어요", "edit"),
    "resolved": ("해결했어요", "check_circle"),
    "reopened": ("문의를 다시 열었어요", "undo"),
    "solved": ("해결됐다고 알려 주셨어요", "thumb_up"),
    "unsolved": ("아직 해결되지 않았다고 알려 주셨어요", "undo"),
    "closed": ("문의를 마쳤어요", "archive"),
}
# What a change of state besides means to the customer.
_TURN: Mapping[str, str] = {
    "waiting_customer": "고객님의 답을 기다리고 있어요",
    "resolved": "문의가 해결됐어요",
    "closed": "문의가 종료됐어요",
}
_SENT, _JUDGED = "sangdam_ticket_sent", "sangdam_ticket_judged"
THANKS = "알려 주셔서 고마워요. 더 도울 일이 있으면 언제든 상담을 시작해 주세요."
SORRY = "알려 주셔서 고마워요. 문의를 다시 열어 담당자에게 전했어요."


# Korean breaks between words in what people wrote, too.
_CSS = """<style>
[data-testid="stText"] * { word-break: keep-all; overflow-wrap: anywhere; }
</style>"""


def listing(desk: Services, caller: Caller) -> None:
    """All of the caller's tickets, newest first."""
    st.markdown("#### 내 문의", anchors=False)
    st.caption("상담원이 이어받은 문의가 어디까지 왔는지 보고, 글을 더 남길 수 있어요.")
    chosen = st.segmented_control(
        "문의 상태", list(_FILTERS), key=url.take(HERE, "show", ALL, allowed=_FILTERS),
        required=True, format_func=lambda name: _FILTERS[name][0],
        label_visibility="collapsed",
    )  # fmt: skip
    statuses = _FILTERS[url.give(HERE, "show", ALL, chosen)][1]
    found = desk.tool(caller, "list_tickets", statuses=statuses, limit=SHOWN).items
    if not found:
        _empty(filtered=bool(statuses))
    for ticket in found:
        with st.container(border=True, key=f"ticket-{ticket.ticket_id}", gap="small"):
            cards.body(card_of(ticket))
            expected = promise(ticket)
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                st.caption(expected or f"{when(ticket.created_at)} 접수", width="content")
                st.button(
                    "자세히 보기", key=f"see-{ticket.ticket_id}", on_click=_open,
                    args=(ticket.ticket_id,),
                )  # fmt: skip


def detail(desk: Services, caller: Caller, ticket_id: str) -> None:
    """One ticket; a missing one and somebody else's look the same."""
    st.button("문의 목록", key="back", icon=":material/arrow_back:", type="tertiary",
              on_click=_back)  # fmt: skip
    try:
        ticket = desk.tool(caller, "get_ticket", ticket_id=ticket_id)
    except NotFound:
        with st.container(border=True, key="ticket-missing"):
            st.markdown("**해당 문의를 찾을 수 없어요**")
            st.caption("목록에서 다시 골라 주세요.")
        return
    st.html(_CSS)
    _head(desk, caller, ticket)
    if ticket.user_id == caller.user_id:
        _answer(desk, caller, ticket)
    _history(ticket)


def card_of(ticket: Any) -> Card:
    """A ticket as the card the chat shows as well."""
    data = {
        "ticket_id": ticket.ticket_id,
        "subject": ticket.subject,
        "status": ticket.status,
        "issue_type": ticket.issue_type,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }
    return Card("ticket", ticket.ticket_id, ticket.subject, data)


def promise(ticket: Any) -> str:
    """What the customer may expect next, in one sentence; nothing once it is over."""
    if ticket.status == "waiting_customer":
        return "고객님의 답변을 기다리고 있어요. 아래에 적어 주세요."
    if ticket.status not in ("open", "in_progress"):
        return ""
    if ticket.first_responded_at is None and ticket.first_response_due:
        if is_past(ticket.first_response_due):
            return "답변이 늦어지고 있어요. 죄송해요, 먼저 확인할게요."
        return f"{until(ticket.first_response_due)} 답변드릴게요"
    if ticket.resolution_due and not is_past(ticket.resolution_due):
        return f"{until(ticket.resolution_due)} 해결해 드릴게요"
    return "담당자가 확인하고 있어요"


def _head(desk: Services, caller: Caller, ticket: Any) -> None:
    with st.container(key="ticket-head", gap="small"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            states.badge("ticket", ticket.status)
            kind = words.ISSUE_TYPE.get(ticket.issue_type, "")
            st.caption(f"{kind} 문의 · {when(ticket.created_at)} 접수", width="content")
        st.markdown(f"#### {plain(ticket.subject)}", anchors=False)
        if expected := promise(ticket):
            st.info(expected, icon=":material/schedule:")
        _judged()
        if ticket.resolution:
            with st.container(border=True, gap="xsmall"):
                st.markdown(":green[:material/check_circle:] **이렇게 해결했어요**")
                st.text(ticket.resolution)
                _verdict(desk, caller, ticket)
        with st.container(horizontal=True, gap="small"):
            if ticket.conversation_id:
                st.page_link("chat.py", label="이 상담으로 가기", icon=":material/forum:",
                             query_params={"c": ticket.conversation_id})  # fmt: skip
            if ticket.order_id:
                st.page_link("orders.py", label="주문 보기", icon=":material/package_2:",
                             query_params={"order": ticket.order_id})  # fmt: skip


def _verdict(desk: Services, caller: Caller, ticket: Any) -> None:
    """Ask whether it is solved, once, as long as the ticket can be opened again."""
    if ticket.status != "resolved" or ticket.user_id != caller.user_id:
        return
    if ticket.verdict is not None:
        st.caption(":material/thumb_up: 해결됐다고 알려 주셨어요")
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="verdict"):
        st.markdown("잘 해결됐나요?", width="content")
        for label, solved in (("해결됐어요", True), ("아직이에요", False)):
            st.button(label, key=f"verdict-{int(solved)}", on_click=_judge,
                      args=(desk, caller, ticket, solved))  # fmt: skip


def _judge(desk: Services, caller: Caller, ticket: Any, solved: bool) -> None:
    """Keep what the customer says of the resolution (a callback)."""
    try:
        desk.tool(caller, "judge_resolution", ticket_id=ticket.ticket_id, solved=solved)
    except SangdamError as error:
        st.session_state[_JUDGED] = ("refused", error.message)
        return
    st.session_state[_JUDGED] = ("done", THANKS if solved else SORRY)


def _judged() -> None:
    if told := st.session_state.pop(_JUDGED, None):
        kind, text = told
        (st.success if kind == "done" else st.error)(plain(text))


def _answer(desk: Services, caller: Caller, ticket: Any) -> None:
    """The box to write to the desk, or why there is none."""
    if sent := st.session_state.pop(_SENT, None):
        kind, text = sent
        (st.success if kind == "done" else st.error)(plain(text))
    if ticket.status == "closed":
        with st.container(border=True, key="ticket-over", gap="xsmall"):
            st.markdown("**종료된 문의예요**")
            st.caption("여기에는 더 적을 수 없어요. 도움이 더 필요하면 새 상담을 시작해 주세요.")
            st.page_link("chat.py", label="새 상담 시작하기", icon=":material/forum:")
        return
    key = f"answer-{ticket.ticket_id}"
    with st.form(f"form-{key}", border=True):
        label = "답변 적기" if ticket.status == "waiting_customer" else "더 하실 말씀 적기"
        st.text_area(label, key=key, height=96, max_chars=4000,
                     placeholder="담당자에게 전할 내용을 적어 주세요")  # fmt: skip
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.caption(
                "답하시면 문의가 다시 열려요" if ticket.status == "resolved"
                else "담당자가 읽고 답해 드려요", width="content",
            )  # fmt: skip
            st.form_submit_button(
                "보내기", type="primary", on_click=_send, args=(desk, caller, ticket, key)
            )


def _send(desk: Services, caller: Caller, ticket: Any, key: str) -> None:
    """Send what the box holds (a callback); a refusal keeps the text."""
    try:
        desk.tool(
            caller, "add_ticket_message", ticket_id=ticket.ticket_id,
            text=st.session_state.get(key, ""),
        )  # fmt: skip
    except SangdamError as error:
        st.session_state[_SENT] = ("refused", error.message)
        return
    st.session_state[key] = ""
    done = "문의를 다시 열고 담당자에게 전했어요." if ticket.status == "resolved" else (
        "담당자에게 전했어요."
    )  # fmt: skip
    st.session_state[_SENT] = ("done", done)


def _history(ticket: Any) -> None:
    with st.container(border=True, key="ticket-history", gap="small"):
        st.markdown("**진행 내용**")
        for event in reversed(ticket.events):
            title, icon = _title(event)
            staff = event.kind in ("reply", "resolved")
            with st.container(horizontal=True, wrap=False, gap="small"):
                st.markdown(f":{'orange' if staff else 'gray'}[:material/{icon}:]", width="content")
                with st.container(gap="xxsmall"):
                    st.markdown(f"**{title}** :small[:gray[{when(event.at)}]]")
                    if event.text:
                        st.text(event.text)
                    if aside := _aside(event):
                        st.caption(aside)


def _title(event: Any) -> tuple[str, str]:
    """What an entry is called, with the name of the person who answered, and its icon."""
    title, icon = _EVENT.get(event.kind, ("내용이 바뀌었어요", "sync"))
    if event.kind == "reply" and event.actor_name:
        title = f"{plain(event.actor_name)} 상담원이 답변했어요"
    if event.kind == "status":  # entries of a state alone: say which
        to = str(event.after.get("status", ""))
        title = _TURN.get(to, title)
    if event.kind == "closed" and event.actor_id is None:
        title = "새 소식이 없어 문의를 마쳤어요"
    return title, icon


def _aside(event: Any) -> str:
    """What else a message or an answer did."""
    was, to = event.before.get("status"), event.after.get("status")
    if event.kind == "message" and was == "resolved":
        return "문의가 다시 열렸어요"
    return _TURN.get(str(to), "") if event.kind == "reply" else ""


def _empty(*, filtered: bool) -> None:
    with st.container(border=True, key="no-tickets"):
        if filtered:
            st.markdown("**여기에 해당하는 문의가 없어요**")
            st.caption("다른 상태를 골라 보세요.")
            return
        st.markdown("**아직 남긴 문의가 없어요**")
        st.caption("상담원이 이어받은 일이 여기에 모여요. 언제까지 답을 받는지도 볼 수 있어요.")
        st.page_link("chat.py", label="상담 시작하기", icon=":material/forum:")


def _open(ticket_id: str) -> None:
    st.query_params["ticket"] = ticket_id


def _back() -> None:
    st.query_params.pop("ticket", None)
