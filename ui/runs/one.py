"""One turn: what was asked and answered, then everything that happened in between."""

from __future__ import annotations

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from services.runs import Run
from ui import clauses, url
from ui.format import clock, day, plain
from ui.runs import again, chart, keep, opinions, sections
from ui.runs.listing import chips, who
from ui.runs.words import CUT

__all__ = ["draw"]

HERE = "runs"
_PARTS = ("이해", "도구", "근거", "모델", "검사", "시간", "평가·감사")


def draw(desk: Services, caller: Caller, turn_id: str) -> None:
    """The turn; whatever cannot be found says so and leads back."""
    st.button("목록으로", key="runs-back", icon=":material/arrow_back:", on_click=_back)
    try:
        run = desk.runs.run(caller, turn_id)
    except SangdamError as error:
        st.warning(error.message, icon=":material/search_off:")
        return
    _head(run)
    talk, inside = st.columns([5, 8], gap="medium")
    with talk:
        _talk(run)
        again.buttons(desk, run)
        keep.button(desk, caller, run)
    with inside:
        again.draw(desk, caller, run)
        _inside(desk, caller, run)
    clauses.show_opened(desk, caller)
    keep.show_opened(desk, caller, run)


def _head(run: Run) -> None:
    row = run.row
    cost = "" if not row.cost_usd else f" · {row.cost_usd:.4f}달러"
    by = "자체 답변" if row.provider in ("offline", "") else f"{plain(row.model)}"
    if row.status == "with_person":
        by = "상담원에게 전함"
    st.markdown(
        f"{chips(row)}  \n:gray[{day(row.created_at)} {clock(row.created_at)} · {who(row)} · "
        f"{by} · {row.latency_ms:,.0f}\u00a0ms{cost}]"
    )


def _talk(run: Run) -> None:
    """Question and answer as the customer saw them."""
    row = run.row
    with st.container(border=True, key="runs-talk", gap="small"):
        st.caption("고객이 한 말")
        st.text(row.question or "(글 없이)")
        if run.images:
            st.caption(f":material/image: 사진 {len(run.images)}장")
        st.caption("고객이 본 답변")
        if row.answer_role == "receipt":
            st.caption("상담원이 맡은 대화라 상담 도우미는 답하지 않았어요.")
        elif row.answer:
            st.text(row.answer)
        else:
            st.caption("답변 없이 끝났어요.")
        for card in run.reply.get("cards", ()):
            buttons = " / ".join(action["label"] for action in card.get("actions", ()))
            st.caption(f":material/view_agenda: {plain(card['title'] or buttons)}")
        proposed = run.reply.get("pending_action")
        if proposed:
            st.caption(f":material/pending_actions: {plain(proposed['summary'])}")
        if run.reply.get("citations"):
            clauses.chips(run.reply["citations"], key="runs")
    st.page_link(
        "runs.py", label="이 대화의 모든 답변 보기", icon=":material/forum:",
        query_params={"c": row.conversation_id},
    )  # fmt: skip


def _inside(desk: Services, caller: Caller, run: Run) -> None:
    part = url.give(HERE, "part", _PARTS[0], st.segmented_control(
        "보기", _PARTS, key=url.take(HERE, "part", _PARTS[0], allowed=_PARTS), required=True,
        label_visibility="collapsed",
    ))  # fmt: skip
    trace = run.trace
    if part == _PARTS[-1]:
        opinions.mine(desk, caller, run)
        opinions.everybody(run)
        return
    if trace is None:
        with st.container(border=True):
            st.markdown("**처리 기록이 없는 답변이에요**")
            st.caption(
                "기록을 두는 기간이 지났거나, 기록을 남기기 전의 답변이에요. "
                "다시 해 보면 지금의 상담 도우미가 어떻게 처리하는지 볼 수 있어요."
            )
        return
    if trace.get("cut"):
        names = ", ".join(CUT.get(name, name) for name in trace["cut"])
        st.caption(f":material/content_cut: 길어서 줄여 남긴 곳: {names}")
    if part == "시간":
        st.caption(f"말씀을 받고 답변을 만들기까지 {trace['took_ms']:,.1f} ms 걸렸어요.")
        st.plotly_chart(chart.waterfall(trace), config=chart.CONFIG, key="runs-time")
        return
    cited = {one["chunk_id"] for one in run.reply.get("citations", ())}
    sections.DRAW[part](trace, cited)


def _back() -> None:
    for name in ("turn", "again", "part"):
        st.query_params.pop(name, None)
