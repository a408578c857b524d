"""Several tickets chosen: assigned, tagged or closed at once, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from ui.format import plain

__all__ = [
    "assign",
    "chosen",
    "draw_bar",
    "draw_done",
    "draw_refused",
    "forget",
    "pick_all",
    "pick_key",
]

_RESULT = "sangdam_desk_result"
_SHOWN_S = 8.0  # how long a plain success stays
_MOST_REASONS = 20
_ME = "me"


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of a change; one that was not ``done`` whole stays until it is put away."""

    at: datetime
    text: str
    done: bool
    refused: Sequence[Any] = ()


def pick_key(ticket_id: str) -> str:
    """The key of a row's box."""
    return f"pick-{ticket_id}"


def chosen(items: Sequence[Any]) -> dict[str, int]:
    """The chosen tickets of those shown, each with the version it is shown with."""
    return {
        item.ticket.ticket_id: item.ticket.version
        for item in items
        if st.session_state.get(pick_key(item.ticket.ticket_id))
    }


def pick_all(ticket_ids: Sequence[str], key: str) -> None:
    """Choose all rows or none, as the box of that key says (a callback)."""
    for ticket_id in ticket_ids:
        st.session_state[pick_key(ticket_id)] = bool(st.session_state[key])


def forget(ticket_ids: Iterable[str]) -> None:
    """Choose none of them any more (a callback)."""
    for ticket_id in ticket_ids:
        st.session_state[pick_key(ticket_id)] = False


def draw_bar(desk: Services, caller: Caller, versions: Mapping[str, int]) -> None:
    """What may be done with the chosen tickets."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="desk-bulk"):
        st.markdown(f":small[**{len(versions)}건 선택**]", width="content")
        st.button("나에게", key="bulk-me",
                  on_click=assign, args=(desk, caller, versions, _ME))  # fmt: skip
        with st.popover("배정", key="bulk-assign-open"):
            _assign_form(desk, caller, versions)
        with st.popover("태그", key="bulk-tag-open"):
            _tag_form(desk, caller, versions)
        st.button("종료", key="bulk-close",
                  help="해결된 문의만 종료할 수 있어요",
                  on_click=_close, args=(desk, caller, versions))  # fmt: skip
        st.button("해제", key="bulk-none", type="tertiary", on_click=forget, args=(versions,))


def assign(desk: Services, caller: Caller, versions: Mapping[str, int], person: str) -> None:
    """Give tickets to somebody, "me" too (a callback)."""
    done = "{}건을 나에게 배정했어요" if person == _ME else "{}건을 배정했어요"
    _run(desk, caller, "assign_tickets", done, versions, assignee_id=person)


def draw_done(desk: Services) -> None:
    """That the last change was made, for some seconds and in the line that is there anyway."""
    found: _Result | None = st.session_state.get(_RESULT)
    if found is not None and found.done:
        st.markdown(f":small[:green[:material/check_circle: {found.text}]]", width="content")
        if (desk.clock() - found.at).total_seconds() > _SHOWN_S:
            _put_away()


def draw_refused() -> None:
    """What could not be changed and why, until it is put away."""
    found: _Result | None = st.session_state.get(_RESULT)
    if found is None or found.done:
        return
    with st.container(border=True, gap="xsmall", key="desk-refused"):
        st.markdown(f":orange[:material/info:] **{plain(found.text)}**")
        for one in found.refused[:_MOST_REASONS]:
            st.caption(f"{plain(one.ticket_id)} · {plain(one.reason)}")
        if len(found.refused) > _MOST_REASONS:
            st.caption(f"그 밖에 {len(found.refused) - _MOST_REASONS}건")
        st.button("확인했어요", key="desk-refused-seen", on_click=_put_away)


def _assign_form(desk: Services, caller: Caller, versions: Mapping[str, int]) -> None:
    people = {one.user_id: one.name for one in desk.tool(caller, "queue_choices").staff}
    st.selectbox("담당자", list(people), key="bulk-person", format_func=lambda one: people[one])
    st.button("배정하기", key="bulk-assign", type="primary", width="stretch",
              on_click=_assign_chosen, args=(desk, caller, versions))  # fmt: skip


def _assign_chosen(desk: Services, caller: Caller, versions: Mapping[str, int]) -> None:
    assign(desk, caller, versions, st.session_state["bulk-person"])


def _tag_form(desk: Services, caller: Caller, versions: Mapping[str, int]) -> None:
    known = desk.tool(caller, "queue_choices").tags
    if known:
        st.pills(
            "쓰고 있는 태그", known, selection_mode="multi", key="bulk-tags", format_func=plain
        )
    st.text_input("새 태그", key="bulk-new-tag", placeholder="쉼표로 나눠 적어요",
                  max_chars=100)  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        for label, what in (("붙이기", "add"), ("떼기", "remove")):
            st.button(label, key=f"bulk-tag-{what}", on_click=_tag,
                      args=(desk, caller, versions, what))  # fmt: skip


def _close(desk: Services, caller: Caller, versions: Mapping[str, int]) -> None:
    _run(desk, caller, "close_tickets", "{}건을 종료했어요", versions)


def _tag(desk: Services, caller: Caller, versions: Mapping[str, int], what: str) -> None:
    done = "{}건에 태그를 붙였어요" if what == "add" else "{}건에서 태그를 뗐어요"
    tags = [*st.session_state.get("bulk-tags", ()), *st.session_state["bulk-new-tag"].split(",")]
    _run(desk, caller, "tag_tickets", done, versions, **{what: tags})


def _run(
    desk: Services, caller: Caller, tool: str, done: str, versions: Mapping[str, int], **given: Any
) -> None:
    """Change the chosen tickets (a callback); those that were refused stay chosen.

    ``done`` says what was done, with a place for how many.
    """
    try:
        result = desk.tool(caller, tool, versions=versions, **given)
    except SangdamError as error:
        st.session_state[_RESULT] = _Result(desk.clock(), error.message, done=False)
        return
    forget(result.done)
    number, left = len(result.done), result.refused
    text = done.format(number) if number else "바꾼 문의가 없어요"
    if left:
        text += f" · {len(left)}건은 바꾸지 못했어요"
    st.session_state[_RESULT] = _Result(desk.clock(), text, done=not left, refused=left)


def _put_away() -> None:
    st.session_state.pop(_RESULT, None)
