"""Which turns the list shows: all of it in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import streamlit as st

from services import Services
from services.dashboard_words import INTENT
from services.runs import Wanted
from ui import url
from ui.format import plain
from ui.runs.words import ALL, KINDS, PERIODS

__all__ = ["HERE", "chosen"]

HERE = "runs"
_SURE = 0.6  # below this a confidence is low
_INTENTS = {ALL: "모든 의도", **{name: word for name, word in INTENT.items() if name}}
_SEEN = "sangdam_runs_filters"


def chosen(desk: Services) -> Wanted:
    """Draw the filters; what they ask for. Another choice begins at the list's top."""
    conversation_id = st.query_params.get("c", "")[:80]
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="runs-filters"
    ):
        if conversation_id:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(
                    f"대화 하나만: :small[:gray[{plain(conversation_id)}]]", width="content"
                )
                st.button("모든 대화 보기", icon=":material/close:", on_click=_all)
        period = ALL if conversation_id else _period()
        intent = _select("의도", "intent", _INTENTS, 140)
        kind = _select("무엇이 있었나", "kind", KINDS, 180)
        text = _text()
    days = PERIODS[period][1]
    now = desk.clock()
    if st.session_state.get(_SEEN, (period, intent, kind, text)) != (period, intent, kind, text):
        st.query_params.pop("after", None)
    st.session_state[_SEEN] = (period, intent, kind, text)
    return Wanted(
        conversation_id=conversation_id,
        since=None if days is None else now - timedelta(days=days),
        intent="" if intent == ALL else intent,
        below=_SURE if kind == "low" else None,
        kinds=() if kind in (ALL, "low") else (kind,),
        text=text,
    )


def _period() -> str:
    key = url.take(HERE, "period", "week", allowed=PERIODS)
    picked = st.segmented_control(
        "기간", list(PERIODS), key=key, required=True, label_visibility="collapsed",
        format_func=lambda name: PERIODS[name][0],
    )  # fmt: skip
    return url.give(HERE, "period", "week", picked)


def _select(label: str, name: str, options: Mapping[str, str], width: int) -> str:
    picked = st.selectbox(
        label, list(options), key=url.take(HERE, name, ALL, allowed=options), width=width,
        format_func=lambda one: options[one], label_visibility="collapsed",
    )  # fmt: skip
    return url.give(HERE, name, ALL, picked)


def _text() -> str:
    typed = st.text_input(
        "찾는 말", key=url.take(HERE, "q", ""), placeholder="질문이나 답변에 있는 말", width=190,
        label_visibility="collapsed",
    )  # fmt: skip
    return url.give(HERE, "q", "", typed).strip()


def _all() -> None:
    st.query_params.pop("c", None)
    st.query_params.pop("after", None)
