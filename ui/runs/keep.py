"""Keeping a turn as a dialogue test: what of the answer must stay so."""

from __future__ import annotations

import re

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from services.kept_dialogues import FRAGMENT_CHARS
from services.runs import Expect, Run
from ui.dialogs import flash
from ui.format import plain, short
from ui.runs.words import intent, tool

__all__ = ["button", "show_opened"]

_OPEN = "sangdam_runs_keep"
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
MOST_SENTENCES = 8  # of a reply


def button(desk: Services, caller: Caller, run: Run) -> None:
    """Open the dialog; says when the turn is kept already."""
    if run.row.status != "done":
        return
    kept = desk.runs.kept(caller, run.row.turn_id)
    st.button(
        "대화 시험 고치기" if kept else "대화 시험으로 남기기", key="runs-keep", width="stretch",
        icon=":material/science:", on_click=_open,
        help="이 답변이 앞으로도 그대로인지 품질 측정을 할 때마다 확인해요.",
    )  # fmt: skip


def show_opened(desk: Services, caller: Caller, run: Run) -> None:
    """Draw the dialog when it was asked for."""
    if st.session_state.pop(_OPEN, False):
        _dialog(desk, caller, run)


@st.dialog("대화 시험으로 남기기", width="medium", icon=":material/science:")
def _dialog(desk: Services, caller: Caller, run: Run) -> None:
    st.caption(
        "이 답변까지의 대화를 시험 파일로 남겨요. 품질 측정의 ‘대화 흐름’이 데모 상점에서 "
        "똑같이 물어보고, 고른 것이 그대로인지 확인해요."
    )
    reply = run.reply
    expect_intent = st.checkbox(f"의도: {plain(intent(reply.get('intent', '')))}", value=True)
    used = ", ".join(map(tool, reply.get("tools_used", ()))) or "없음"
    tools = st.checkbox(f"쓴 도구: {plain(used)}", value=True)
    cited = [one["title"] for one in reply.get("citations", ())]
    cites = st.checkbox(f"인용한 정책: {plain(cited[0])}", value=True) if cited else False
    proposed = reply.get("pending_action")
    pending = st.checkbox(
        f"제안한 변경: {plain(proposed['summary']) if proposed else '없음'}", value=True
    )
    chosen = st.pills(
        "답변에 꼭 있어야 하는 말", _sentences(reply.get("content", "")), selection_mode="multi",
        format_func=lambda one: plain(short(one, 60)),
        help="날짜나 금액처럼 날마다 달라지는 말은 빼는 것이 좋아요.",
    )  # fmt: skip
    about = st.text_input("무엇을 확인하는 시험인가요?", max_chars=300)
    if st.button("남기기", type="primary", width="stretch"):
        expect = Expect(expect_intent, tools, cites, pending, tuple(chosen))
        _keep(desk, caller, run, expect, about)


def _sentences(content: str) -> list[str]:
    """A reply's sentences that can be asked for, each once."""
    least, most = FRAGMENT_CHARS
    found = dict.fromkeys(one.strip() for one in _SENTENCE.findall(content))
    return [one for one in found if least <= len(one) <= most][:MOST_SENTENCES]


def _keep(desk: Services, caller: Caller, run: Run, expect: Expect, about: str) -> None:
    try:
        kept = desk.runs.keep(caller, run.row.turn_id, expect, about=about)
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        return
    flash("done", " ".join((f"대화 시험 {kept.path.name}에 남겼어요.", *kept.warnings)))
    st.rerun()


def _open() -> None:
    st.session_state[_OPEN] = True
