"""The queue, live: new and changed tickets appear in it while somebody works beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import BadInput
from services import Services
from ui import page, session
from ui.desk import bulk, filters, rows
from ui.format import local
from ui.refresh import refreshed

__all__ = ["draw"]

PAGE = 50
EVERY_S = 3.0
_SINCE = "sangdam_desk_since"
_ALL = "desk-pick-all"


@refreshed(EVERY_S)
def draw(desk: Services, views: Any) -> None:
    """The views into ``views`` (drawn outside), the search, the rows; alone every 3 seconds."""
    caller = session.caller()  # whoever signed out meanwhile sees nothing more
    if not caller.is_staff:
        st.rerun()
    try:
        _draw(desk, caller, views)
    except Exception as error:  # a fragment has no shell around it that would say it in Korean
        page.error_box(error)


def _draw(desk: Services, caller: Caller, views: Any) -> None:
    counts = desk.tool(caller, "queue_counts")
    view = filters.chosen_view(counts)
    with views:
        filters.draw_views(counts, view)
    wanted, narrowed = filters.draw_filters(desk, caller, view)
    since = _since(desk, view, wanted)
    found = _found(desk, caller, wanted, since)
    _head(desk, caller, found)
    bulk.draw_refused()
    if not found.items:
        _empty(filters.VIEWS[view], narrowed=narrowed)
    else:
        with st.container(key="desk-list", gap=None):
            for item in found.items:
                _row(desk, caller, item, since)
            _paging(found)
        _mark_open(found.items)


def _found(desk: Services, caller: Caller, wanted: Mapping[str, Any], since: datetime) -> Any:
    try:
        return desk.tool(
            caller, "ticket_queue", **wanted, newer_than=since, limit=PAGE,
            cursor=filters.page_of(),
        )  # fmt: skip
    except BadInput:  # an address typed by hand
        filters.forget_page()
        return desk.tool(caller, "ticket_queue", **wanted, newer_than=since, limit=PAGE)


def _since(desk: Services, view: str, wanted: Mapping[str, Any]) -> datetime:
    """When the person began to look at this list: what came later is new to them."""
    key = (view, *sorted((name, str(value)) for name, value in wanted.items()))
    before = st.session_state.get(_SINCE)
    if before is None or before[0] != key:
        before = st.session_state[_SINCE] = (key, desk.clock())
    since: datetime = before[1]
    return since


def _head(desk: Services, caller: Caller, found: Any) -> None:
    """The line above the rows: how many, what is new; with rows chosen, what to do with them."""
    versions = bulk.chosen(found.items)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="desk-head"):
        ids = [item.ticket.ticket_id for item in found.items]
        # The box follows the rows: it is ticked while all of them are.
        st.session_state[_ALL] = bool(ids) and len(versions) == len(ids)
        st.checkbox("모두 선택", key=_ALL, on_change=bulk.pick_all, args=(ids, _ALL),
                    label_visibility="collapsed", disabled=not ids)  # fmt: skip
        if versions:
            bulk.draw_bar(desk, caller, versions)
            return
        more = found.next_cursor is not None or filters.page_of() is not None
        st.caption(f"이 화면에 {len(ids)}건" if more else f"{len(ids)}건", width="content")
        bulk.draw_done(desk)
        if found.newer:
            st.button(f"새 문의 {found.newer}건", key="desk-new", icon=":material/fiber_new:",
                      type="tertiary", help="새 문의 표시를 지워요",
                      on_click=_seen, args=(desk,))  # fmt: skip


def _row(desk: Services, caller: Caller, item: Any, since: datetime) -> None:
    ticket = item.ticket
    ticket_id, mine = ticket.ticket_id, ticket.assignee_id == caller.user_id
    runs = ticket.status not in filters.DONE
    here = desk.presence.viewers(ticket_id, besides=caller.user_id or "")
    with st.container(horizontal=True, gap="small", key=f"trow-{ticket_id}"):
        st.checkbox(f"{ticket_id} 선택", key=bulk.pick_key(ticket_id),
                    label_visibility="collapsed")  # fmt: skip
        st.markdown(rows.text(item, new=local(ticket.created_at) > since, here=here, mine=mine))
        st.button(rows.label(item), key=f"open-{ticket_id}", type="tertiary",
                  on_click=_open, args=(ticket_id,))  # fmt: skip
        if runs and not mine:
            st.button("나에게", key=f"mine-{ticket_id}", icon=":material/person_add:",
                      on_click=bulk.assign,
                      args=(desk, caller, {ticket_id: ticket.version}, "me"))  # fmt: skip


def _mark_open(items: Sequence[Any]) -> None:
    """Show which row is open beside the queue; only the number of a row gets into the style."""
    wanted = st.query_params.get("ticket")
    ticket_id = next((i.ticket.ticket_id for i in items if i.ticket.ticket_id == wanted), None)
    rule = "" if ticket_id is None else (
        f".st-key-trow-{ticket_id} {{ background: color-mix(in srgb, #2f74e0 12%, transparent);"
        " box-shadow: inset 3px 0 0 #2f74e0; }"
    )  # fmt: skip
    st.html(f"<style>{rule} </style>")


def _paging(found: Any) -> None:
    with st.container(horizontal=True, horizontal_alignment="center", key="desk-paging"):
        if filters.page_of() is not None:
            st.button("처음으로", key="desk-first", icon=":material/first_page:", type="tertiary",
                      on_click=filters.forget_page)  # fmt: skip
        if found.next_cursor is not None:
            st.button("더 보기", key="desk-more", icon=":material/expand_more:", type="tertiary",
                      on_click=_turn_to, args=(found.next_cursor,))  # fmt: skip


def _empty(view: filters.View, *, narrowed: bool) -> None:
    with st.container(border=True, key="desk-empty", gap="xsmall"):
        if narrowed:
            st.markdown("**조건에 맞는 문의가 없어요**")
            st.caption("검색어나 필터를 지우거나 다른 목록을 골라 보세요.")
        elif filters.page_of() is not None:
            st.markdown("**여기까지예요**")
            st.button("처음으로", key="desk-first", on_click=filters.forget_page)
        else:
            st.markdown(f"**{view.empty}**")
            st.caption(view.hint)


def _open(ticket_id: str) -> None:
    """Show a ticket beside the queue (a callback of the fragment: the whole page is drawn)."""
    if st.query_params.get("ticket") != ticket_id:
        st.query_params.pop("part", None)  # another one begins with what was said
    st.query_params["ticket"] = ticket_id
    st.rerun()


def _seen(desk: Services) -> None:
    st.session_state[_SINCE] = (st.session_state[_SINCE][0], desk.clock())


def _turn_to(cursor: str) -> None:
    st.query_params["after"] = cursor
