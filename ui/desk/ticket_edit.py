"""The small form with what staff may set at a ticket; only what they changed is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from services import Services
from ui.desk import ticket_base, ticket_save, ticket_words
from ui.desk.ticket_base import WINDOW, form_key
from ui.desk.ticket_save import Deed
from ui.format import short

__all__ = ["draw"]

NOBODY = ""
MOST_TAGS = 10
_FIELDS = (
    "subject", "priority", "issue_type", "assignee_id", "order_id", "claim_id", "summary",
    "sentiment", "language",
)  # fmt: skip


def draw(
    desk: Services, caller: Caller, base: Any, people: Mapping[str, str], tags: Sequence[str]
) -> None:
    """The form over the ticket as the writer knows it; another version is another form."""
    key = form_key(base)
    # What it begins with are defaults of the fields, never their state: a browser that has not
    # drawn the window yet would not learn of that, and save the first choice of every list.
    begun = {name: getattr(base, name) or NOBODY for name in (*_FIELDS, "tags")}
    begun |= ticket_base.wish(key)
    history = desk.tool(caller, "customer_history", customer_id=base.user_id)
    with st.form(key, border=False):
        st.text_input("제목", value=begun["subject"], key=f"{key}-subject", max_chars=100)
        staff = dict(people) if base.assignee_id else {NOBODY: "담당자 없음", **people}
        rows: tuple[tuple[str, str, Mapping[str, str]], ...] = (
            ("우선순위", "priority", words.PRIORITY),
            ("유형", "issue_type", words.ISSUE_TYPE),
            ("담당자", "assignee_id", staff),
        )
        for place, (label, name, names) in zip(st.columns(3), rows, strict=True):
            with place:
                _select(label, f"{key}-{name}", names, begun[name])
        _about(key, begun, history)
        _found(key, begun, tags)
        st.form_submit_button(
            "저장", type="primary", icon=":material/save:", on_click=_save,
            args=(desk, caller, base, key, dict(people)),
        )  # fmt: skip


def _found(key: str, begun: Mapping[str, Any], tags: Sequence[str]) -> None:
    """What is for staff alone: the summary, the mood and the language triage found, the tags."""
    st.text_input("한 줄 요약", value=begun["summary"], key=f"{key}-summary", max_chars=120)
    mood, language, tagged = st.columns([1, 1, 2])
    rows: tuple[tuple[Any, str, str, Mapping[str, str]], ...] = (
        (mood, "고객의 기분", "sentiment", words.SENTIMENT),
        (language, "언어", "language", words.LANGUAGE),
    )
    for place, label, name, names in rows:
        now = begun[name]
        with place:
            _select(label, f"{key}-{name}", names if now else {NOBODY: "아직 모름", **names}, now)
    with tagged:
        chosen = list(begun["tags"])
        st.multiselect(
            "태그", list(dict.fromkeys([*chosen, *tags])), default=chosen, key=f"{key}-tags",
            accept_new_options=True, max_selections=MOST_TAGS,
            placeholder="고르거나 새로 적어 주세요",
        )  # fmt: skip


def _about(key: str, begun: Mapping[str, Any], history: Any) -> None:
    """The order and the claim, of this customer's newest and the ones set already."""
    orders = {one.order_id: f"{one.order_id} · {one.title}" for one in history.orders}
    claims = {
        one.claim_id: f"{one.claim_id} · {words.CLAIM_KIND[one.kind]} "
        f"{words.CLAIM_STATUS[one.status]}"
        for one in history.claims
    }
    fields = (("order_id", "주문", orders), ("claim_id", "신청", claims))
    for place, (name, label, found) in zip(st.columns(2), fields, strict=True):
        now = begun[name]
        known = {NOBODY: "없음", **({now: found.get(now, now)} if now else {}), **found}
        with place:
            _select(label, f"{key}-{name}", known, now)


def _select(label: str, key: str, names: Mapping[str, str], now: str) -> None:
    options = list(names) if now in names else [now, *names]
    st.selectbox(
        label, options, key=key, index=options.index(now),
        format_func=lambda one: short(names.get(one, one), 60),
    )  # fmt: skip


def _save(desk: Services, caller: Caller, base: Any, key: str, people: Mapping[str, str]) -> None:
    """Save what differs from the ticket as it was drawn (a callback)."""
    given: dict[str, Any] = {}
    for name in _FIELDS:
        value = str(st.session_state.get(f"{key}-{name}") or "").strip()
        if value != (getattr(base, name) or ""):
            given[name] = value
    tags = list(st.session_state.get(f"{key}-tags") or ())
    if tags != list(base.tags):
        given["tags"] = tags
    wish = tuple(
        ticket_words.one_change(name, getattr(base, name), value, people)
        for name, value in given.items()
    )
    deed = Deed("change_ticket", "문의 정보를 고쳤어요.", arguments=given, wish=wish)
    st.session_state[WINDOW] = False
    ticket_save.save(desk, caller, base, deed)
