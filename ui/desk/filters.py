"""Which tickets the queue shows: the saved views with their counts, the filters, the search.

All of it is in the address, so that a reload, a shared link and the back button find it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from services import Services
from ui import url
from ui.format import short

__all__ = ["VIEWS", "View", "chosen_view", "draw_filters", "draw_views", "forget_page", "page_of"]

HERE = "desk"
ALL = "all"
NOBODY = "nobody"
MOST_COUNTED = 999
DONE = ("resolved", "closed")
_VIEW = "sangdam_desk_view"
_NAMES = ("type", "priority", "sentiment", "tag", "who")


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: its word, what it asks of the queue, and what to say when it is empty."""

    word: str
    icon: str
    asks: Mapping[str, Any]
    empty: str
    hint: str


VIEWS: Mapping[str, View] = {
    "mine": View("내 문의", "person", {"assignee_id": "me"}, "맡은 문의가 없어요",
                 "미배정에서 문의를 골라 나에게 배정해 보세요."),
    "unassigned": View("미배정", "inbox", {"assignee_id": NOBODY},
                       "담당자를 기다리는 문의가 없어요", "새 문의가 오면 여기에 바로 나타나요."),
    "overdue": View("기한 지남", "alarm", {"overdue": True}, "기한이 지난 문의가 없어요",
                    "모든 문의가 약속한 시간 안에 있어요."),
    "unread": View("새 고객 메시지", "mark_chat_unread", {"unread": True},
                   "읽지 않은 고객 메시지가 없어요", "고객이 말을 남기면 여기에 바로 나타나요."),
    "waiting": View("고객 답 대기", "reply", {"statuses": ("waiting_customer",)},
                    "고객의 답을 기다리는 문의가 없어요",
                    "답변을 보내면서 고객 답을 기다리게 하면 여기에 모여요."),
    "running": View("진행 중", "list", {}, "진행 중인 문의가 없어요",
                    "고객이 상담원을 찾으면 여기에 바로 나타나요."),
    "done": View("끝난 문의", "check_circle", {"statuses": DONE}, "끝난 문의가 없어요",
                 "해결하거나 종료한 문의가 여기에 모여요."),
}  # fmt: skip


def chosen_view(counts: Mapping[str, int]) -> str:
    """The view in the address, or the one this visit began with: one's own, else nobody's."""
    wanted = st.query_params.get("view", "")
    if wanted in VIEWS:
        return wanted
    if _VIEW not in st.session_state:
        order = ("mine", "unassigned", "running")
        st.session_state[_VIEW] = next((name for name in order if counts.get(name)), "mine")
    return str(st.session_state[_VIEW])


def draw_views(counts: Mapping[str, int], chosen: str) -> None:
    """One button a view, with how many tickets it holds."""
    with st.container(horizontal=True, gap="xsmall", key="desk-views"):
        for name, view in VIEWS.items():
            number = counts.get(name)
            label = view.word if number is None else f"{view.word} **{_counted(number)}**"
            if name == "overdue" and number:
                label = f"{view.word} :red[**{_counted(number)}**]"
            st.button(
                label, key=f"view-{name}", icon=f":material/{view.icon}:",
                type="primary" if name == chosen else "secondary", on_click=_see, args=(name,),
            )  # fmt: skip


def draw_filters(desk: Services, caller: Caller, view: str) -> tuple[dict[str, Any], bool]:
    """Search and filters: what to ask ``ticket_queue`` for, and whether they narrow the view."""
    found: dict[str, Any] = dict(VIEWS[view].asks)
    with st.container(horizontal=True, gap="small", key="desk-search"):
        text = st.text_input(
            "문의 검색", key=url.take(HERE, "q", ""), label_visibility="collapsed",
            placeholder="번호, 고객, 내용 검색", on_change=forget_page,
        )  # fmt: skip
        found["text"] = url.give(HERE, "q", "", text)
        used = sum(name in st.query_params for name in _NAMES)
        with st.popover(f"필터 {used}" if used else "필터", icon=":material/tune:"):
            found |= _narrowed(desk, caller, by_person=view not in ("mine", "unassigned"))
            if used:
                st.button("필터 지우기", key="desk-clear", icon=":material/close:", type="tertiary",
                          on_click=_clear)  # fmt: skip
    return found, bool(used or found["text"])


def page_of() -> str | None:
    """Where the page begins (a cursor); None for the first one."""
    return st.query_params.get("after")


def forget_page() -> None:
    """Another list begins at its top (a callback)."""
    st.query_params.pop("after", None)


def _narrowed(desk: Services, caller: Caller, *, by_person: bool) -> dict[str, Any]:
    choices = desk.tool(caller, "queue_choices")
    people = {NOBODY: "담당자 없음"} | {one.user_id: one.name for one in choices.staff}
    tags = {tag: tag for tag in choices.tags}
    found = {
        "issue_type": _pick("type", "유형", words.ISSUE_TYPE),
        "priority": _pick("priority", "우선순위", words.PRIORITY),
        "sentiment": _pick("sentiment", "고객의 기분", words.SENTIMENT),
        "tag": _pick("tag", "태그", tags, known=False),
    }
    if by_person and (person := _pick("who", "담당자", people)):
        found["assignee_id"] = person
    return found


def _pick(name: str, label: str, names: Mapping[str, str], *, known: bool = True) -> str:
    """A filter of one value; "" for all. Not ``known``: the address may name another one."""
    key = url.take(HERE, name, ALL, allowed=(ALL, *names) if known else None)
    now = str(st.session_state[key])
    options = [ALL, *names, *([] if now in (ALL, *names) else [now])]
    value = st.selectbox(
        label, options, key=key, on_change=forget_page,
        format_func=lambda one: "전체" if one == ALL else short(names.get(one, one), 40),
    )  # fmt: skip
    found = url.give(HERE, name, ALL, value)
    return "" if found == ALL else found


def _see(name: str) -> None:
    st.query_params["view"] = name
    forget_page()


def _clear() -> None:
    for name in _NAMES:
        url.reset(HERE, name, ALL)
    forget_page()


def _counted(number: int) -> str:
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)
