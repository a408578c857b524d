"""The audit: filters kept in the URL, one line a change, older ones page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import BadInput
from services import Services
from ui import url
from ui.format import clock, day, local, plain, short
from ui.page import ROLE

__all__ = ["draw", "said"]

HERE = "audit"
PAGE = 30
ALL = "all"
PERIODS: Mapping[str, tuple[str, int | None]] = {
    "day": ("1일", 1),
    "week": ("1주", 7),
    "month": ("1개월", 31),
    ALL: ("전체", None),
}
MORE = ("type", "action", "source", "turn")
LONGEST = 80  # characters of a value
_SEEN = "sangdam_audit_filters"
_ROLES: Mapping[str, str] = {**ROLE, "system": "프로그램"}
_CSS = """<style>
[class*="st-key-audit-row-"] {
  border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent);
  padding-top: .4rem; }
[class*="st-key-audit-row-"] p, .st-key-audit-head p { font-size: .875rem; }
[class*="st-key-audit-row-"] [data-testid="stHorizontalBlock"] { row-gap: .1rem; }
@media (max-width: 640px) {
  .st-key-audit-head, [class*="st-key-audit-row-"] br { display: none; }
  [class*="st-key-audit-row-"] br + span { margin-left: .4rem; }
}
</style>"""
_WIDTHS = [2, 2, 3, 5]


def draw(desk: Services, caller: Caller) -> None:
    """Filters, then the changes, newest first."""
    st.html(_CSS)
    st.markdown("#### 감사 기록", anchors=False)
    st.caption("누가 언제 무엇을 바꿨는지 남은 기록이에요. 읽을 수만 있고 고칠 수는 없어요.")
    filters = _filters()
    if st.session_state.get(_SEEN, filters) != filters:
        st.query_params.pop("before", None)  # another list begins at its top
    st.session_state[_SEEN] = filters
    before = st.query_params.get("before")
    try:
        found = desk.tool(caller, "list_audit", **_arguments(filters), limit=PAGE, cursor=before)
    except BadInput:  # an address typed by hand
        _turn_to(None)
        st.rerun()
    if not found.items:
        _empty(filtered=any(value != ALL for value in filters.values()))
    else:
        _table(found.items)
    _paging(before, found.next_cursor)


def said(row: Any) -> str:
    """What changed, in words: "담당자: 없음 → 이상담 · 상태: 접수 → 처리 중"."""
    return " · ".join(_said(one, row.entry.before) for one in row.changes)


def _said(one: Any, before: Mapping[str, Any]) -> str:
    now = short(one.after_ko, LONGEST)
    if one.field not in before:  # there was no such thing before
        return f"{one.field_ko}: {now}"
    return f"{one.field_ko}: {short(one.before_ko, LONGEST)} → {now}"


def _filters() -> dict[str, str]:
    found: dict[str, str] = {}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        found["id"] = _text("대상 번호", "id", "주문·문의 번호", 165)
        found["who"] = _text("누가", "who", "이메일·계정 번호", 165)
        found["period"] = url.give(HERE, "period", ALL, st.segmented_control(
            "기간", list(PERIODS), key=url.take(HERE, "period", ALL, allowed=PERIODS),
            required=True, format_func=lambda name: PERIODS[name][0],
            label_visibility="collapsed",
        ))  # fmt: skip
        chosen = sum(name in st.query_params for name in MORE)
        with st.popover(f"더 거르기{f' ({chosen})' if chosen else ''}", icon=":material/tune:"):
            found["type"] = _select("대상", "type", words.AUDIT_OBJECT)
            found["action"] = _select("한 일", "action", words.AUDIT_ACTION)
            found["source"] = _select("어디서", "source", words.SOURCE)
            found["turn"] = _text("대화 차례 번호", "turn", "t_로 시작해요", label="visible")
    return found


def _select(label: str, name: str, names: Mapping[str, str]) -> str:
    chosen = st.selectbox(
        label, [ALL, *names], key=url.take(HERE, name, ALL, allowed={ALL, *names}),
        format_func=lambda one: "전체" if one == ALL else names[one],
    )  # fmt: skip
    return url.give(HERE, name, ALL, chosen)


def _text(
    title: str, name: str, hint: str, width: Any = "stretch", *, label: Any = "collapsed"
) -> str:
    typed = st.text_input(
        title, key=url.take(HERE, name, ""), placeholder=hint, width=width, label_visibility=label
    )
    return url.give(HERE, name, "", typed).strip() or ALL


def _arguments(filters: Mapping[str, str]) -> dict[str, Any]:
    names = {
        "type": "object_type", "id": "object_id", "who": "actor_id", "action": "action",
        "source": "source", "turn": "turn_id",
    }  # fmt: skip
    given = {full: filters[name] for name, full in names.items() if filters[name] != ALL}
    return {**given, "days": PERIODS[filters["period"]][1]}


def _table(rows: Any) -> None:
    with st.container(border=True, key="audit-list", gap="xsmall"):
        with st.container(key="audit-head"):
            for place, name in zip(
                st.columns(_WIDTHS), ("언제", "누가 · 어디서", "무엇을", "바뀐 내용"), strict=True
            ):
                place.markdown(f":gray[**{name}**]")
        for row in rows:
            with st.container(key=f"audit-row-{row.entry.event_seq}"):
                _row(row)


def _row(row: Any) -> None:
    entry = row.entry
    at, who, what, change = st.columns(_WIDTHS)
    at.markdown(f"{day(entry.at)}  \n:gray[{clock(entry.at)}:{local(entry.at).second:02d}]")
    role = _ROLES.get(entry.actor_role, entry.actor_role)
    name = plain(entry.actor_name or entry.actor_id or "")
    person = f"**{name}** {role}" if name else f"**{role}**"
    who.markdown(f"{person}  \n:gray[{row.source_ko}]")
    what.markdown(f"{row.object_ko} **{row.action_ko}**  \n:gray[{plain(entry.object_id)}]")
    turn = f"  \n:gray[:small[{plain(entry.turn_id)}]]" if entry.turn_id else ""
    change.markdown((plain(said(row)) or ":gray[바뀐 값 없음]") + turn)


def _paging(before: str | None, following: str | None) -> None:
    with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
        if before:
            st.button("최근 기록으로", key="audit-top", icon=":material/first_page:",
                      on_click=_turn_to, args=(None,))  # fmt: skip
        if following:
            st.button("이전 기록 보기", key="audit-older", icon=":material/expand_more:",
                      on_click=_turn_to, args=(following,))  # fmt: skip


def _turn_to(cursor: str | None) -> None:
    if cursor is None:
        st.query_params.pop("before", None)
    else:
        st.query_params["before"] = cursor


def _empty(*, filtered: bool) -> None:
    with st.container(border=True, key="audit-empty"):
        if not filtered:
            st.markdown("**아직 기록이 없어요**")
            st.caption(
                "주문, 신청, 문의를 누가 바꾸면 여기에 한 줄씩 쌓여요. 지우거나 고칠 수 없어요."
            )
            return
        st.markdown("**조건에 맞는 기록이 없어요**")
        st.caption("번호와 계정은 정확히 같아야 찾아요. 조건을 줄여 보세요.")
        st.button("조건 지우기", key="audit-clear", on_click=_clear)


def _clear() -> None:
    for name in ("id", "who", "turn"):
        url.reset(HERE, name, "")
    for name in ("type", "period", "action", "source"):
        url.reset(HERE, name, ALL)
