"""The policy owner's side of the search: modes side by side, questions without an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import clauses, url
from ui.dialogs import flash, show_flash
from ui.format import count, plain, short, when

__all__ = ["compare", "unanswered"]

HERE = "policies"
TOP = 8
_CSS = """<style>
[class*="st-key-open-"] button, [class*="st-key-open-"] button * {
  justify-content: flex-start; text-align: left; }
</style>"""
SHOWN = 30
MODES: Mapping[str, tuple[str, str]] = {
    "keyword": ("키워드", "같은 낱말"),
    "vector": ("의미", "가까운 뜻"),
    "hybrid": ("하이브리드", "답할 때 쓰는 순서"),
}


def compare(desk: Services, caller: Caller, query: str, *, superseded: bool) -> None:
    """What each mode finds for ``query``, in columns; a clause's place in the others beside it."""
    found = {
        mode: desk.tool(
            caller, "search_policies", query=query, mode=mode, top_k=TOP,
            include_superseded=superseded,
        )
        for mode in MODES
    }  # fmt: skip
    places = {
        mode: {hit.chunk.chunk_id: place for place, hit in enumerate(result.hits, 1)}
        for mode, result in found.items()
    }
    st.html(_CSS)
    for column, (mode, result) in zip(st.columns(3, gap="small"), found.items(), strict=True):
        name, what = MODES[mode]
        with column.container(key=f"mode-{mode}", gap="xsmall"):
            st.markdown(f"**{name}** :gray[:small[{what} · {result.took_ms:.0f}ms]]")
            if result.mode_used != mode:
                st.caption("이 방식으로는 찾지 못했어요.")
                continue
            for place, hit in enumerate(result.hits, 1):
                _hit(mode, place, hit, places)


def _hit(mode: str, place: int, hit: Any, places: Mapping[str, Mapping[str, int]]) -> None:
    chunk = hit.chunk
    with st.container(border=True, key=f"{mode}-{place}", gap="xsmall"):
        st.button(
            f"{place}. {plain(short(chunk.section, 40))}", key=f"open-{mode}-{place}",
            type="tertiary", on_click=clauses.open_clause, args=(chunk.chunk_id,),
        )  # fmt: skip
        others = [
            f"{MODES[other][0]} {_place(ranks.get(chunk.chunk_id))}"
            for other, ranks in places.items()
            if other != mode
        ]
        st.caption(f"{plain(chunk.title)} · 점수 {hit.score:.2f}")
        st.caption(" · ".join(others))


def _place(place: int | None) -> str:
    return f"{place}위" if place else f"{TOP}위 밖"


def unanswered(desk: Services, caller: Caller) -> None:
    """Questions that found nothing: what was asked how often, what came closest, settle."""
    show_flash()
    settled = st.toggle("확인한 질문 보기", key="unanswered-settled")
    start = int(st.session_state.get("unanswered-start", 0)) if not settled else 0
    rows: Sequence[Any] = desk.tool(
        caller, "list_unanswered", settled=settled, limit=SHOWN + 1, offset=start
    )
    if not rows:
        _empty(settled)
        return
    st.caption(
        "상담에서 맞는 조항을 찾지 못한 질문이에요. 정책을 고친 뒤 확인으로 바꿔 주세요. "
        "같은 질문을 또 받으면 다시 올라와요."
    )
    for number, row in enumerate(rows[:SHOWN]):
        _question(desk, caller, row, number)
    with st.container(horizontal=True, gap="small"):
        if start:
            st.button("이전", on_click=_turn_to, args=(max(0, start - SHOWN),))
        if len(rows) > SHOWN:
            st.button("다음", on_click=_turn_to, args=(start + SHOWN,))


def _turn_to(start: int) -> None:
    st.session_state["unanswered-start"] = start


def _question(desk: Services, caller: Caller, row: Any, number: int) -> None:
    with st.container(border=True, key=f"question-{number}", gap="xsmall"):
        st.markdown(f"**{plain(row.question)}**")
        nearest = ""
        if row.nearest_chunk_id:
            nearest = f" · 가장 가까운 조항과 {row.nearest_score:.2f}"
        st.caption(f"{count(row.times, '번')} 물음 · 마지막 {when(row.last_at)}{nearest}")
        with st.container(horizontal=True, gap="small"):
            st.button(
                "검색해 보기", key=f"look-{number}", icon=":material/search:",
                on_click=_look, args=(row.question,),
            )  # fmt: skip
            if row.nearest_chunk_id:
                st.button(
                    "가까운 조항", key=f"near-{number}", icon=":material/article:",
                    on_click=clauses.open_clause, args=(row.nearest_chunk_id,),
                )  # fmt: skip
            label, done = ("다시 열기", False) if row.settled_at else ("확인", True)
            st.button(
                label, key=f"settle-{number}", icon=":material/done_all:",
                on_click=_settle, args=(desk, caller, row.key, done),
            )  # fmt: skip


def _look(question: str) -> None:
    url.reset(HERE, "q", question)
    url.reset(HERE, "view", "search")


def _settle(desk: Services, caller: Caller, key: str, done: bool) -> None:
    try:
        desk.tool(caller, "settle_unanswered", key=key, settled=done)
        flash("done", "확인한 질문으로 옮겼어요." if done else "다시 열었어요.")
    except SangdamError as error:
        flash("refused", error.message)


def _empty(settled: bool) -> None:
    with st.container(border=True, key="no-questions"):
        if settled:
            st.markdown("**확인한 질문이 없어요**")
            st.caption("질문을 확인하면 여기에 모여요.")
            return
        st.markdown("**답하지 못한 질문이 없어요**")
        st.caption("상담에서 맞는 조항을 찾지 못하면 그 질문이 여기에 쌓여요.")
