"""답 못한 질문: groups of questions, to a draft, to a test of the search, or settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from services.policy_desk import Draft
from ui import url
from ui.dialogs import attempt, close_when_done, flash, forget_problem, problem
from ui.format import count, plain, short, when
from ui.inspection import clause, editor
from ui.inspection.names import HERE, show_view

__all__ = ["draw"]

SHOWN = 20
EXAMPLES = 12
_KINDS: Mapping[str, str] = {"unanswered": "답하지 못함", "unsure": "자신 없이 답함"}
_DONE: Mapping[str, str] = {"open": "볼 질문", "settled": "확인한 질문"}
_CUT = "sangdam_groups_shown"
_CASE = "sangdam_case_question"


def draw(desk: Services, caller: Caller) -> None:
    """The groups of the chosen kind."""
    kind, settled = _filters()
    try:
        with st.spinner("비슷한 질문끼리 모으고 있어요…"):
            groups = desk.policy_desk.questions.groups(caller, kind=kind, settled=settled)  # type: ignore[arg-type]
    except SangdamError as error:
        st.info(error.message)
        return
    if not groups:
        _empty(kind, settled)
        return
    rows = sum(len(one.rows) for one in groups)
    st.caption(
        f"질문 {count(rows)}를 {count(len(groups), '묶음')}으로 모았어요. 많이 물은 것부터예요."
    )
    cut = int(st.session_state.get(_CUT, SHOWN))
    for number, one in enumerate(groups[:cut]):
        _group(desk, caller, one, number, kind, settled=settled)
    if len(groups) > cut:
        st.button("더 보기", key="more-groups", icon=":material/expand_more:", width="stretch",
                  on_click=_more, args=(cut,))  # fmt: skip
    if wanted := st.session_state.pop(_CASE, None):
        forget_problem()
        _case(desk, caller, *wanted)


def _filters() -> tuple[str, bool]:
    with st.container(horizontal=True, gap="small"):
        kind = st.segmented_control(
            "질문 종류", list(_KINDS), required=True, format_func=lambda name: _KINDS[name],
            key=url.take(HERE, "kind", "unanswered", allowed=_KINDS), label_visibility="collapsed",
        )  # fmt: skip
        done = st.segmented_control(
            "확인 여부", list(_DONE), required=True, format_func=lambda name: _DONE[name],
            key=url.take(HERE, "done", "open", allowed=_DONE), label_visibility="collapsed",
        )  # fmt: skip
    return (
        url.give(HERE, "kind", "unanswered", kind),
        url.give(HERE, "done", "open", done) == "settled",
    )


def _group(
    desk: Services, caller: Caller, one: Any, number: int, kind: str, *, settled: bool
) -> None:
    with st.container(border=True, key=f"group-{number}", gap="xsmall"):
        st.markdown(f"**{plain(one.title)}**")
        alike = f" · 비슷한 질문 {len(one.rows)}개" if len(one.rows) > 1 else ""
        st.caption(
            f"{count(one.times, '번')} 물음{alike} · 마지막 {when(one.last_at)}{_score(one, kind)}"
        )
        if len(one.rows) > 1:
            with st.expander(f"질문 {len(one.rows)}개 보기"):
                _examples(one)
        with st.container(horizontal=True, gap="small"):
            _buttons(desk, caller, one, number, kind, settled=settled)


def _score(one: Any, kind: str) -> str:
    first = one.rows[0]
    if kind == "unsure":
        return f" · 확신도 {first.nearest_score:.2f}"
    return f" · 가까운 조항의 점수 {first.nearest_score:.2f}" if first.nearest_chunk_id else ""


def _examples(one: Any) -> None:
    for row in one.rows[:EXAMPLES]:
        st.text(f"{row.question} ({count(row.times, '번')})")
    if len(one.rows) > EXAMPLES:
        st.caption(f"그 밖에 {len(one.rows) - EXAMPLES}개가 더 있어요.")


def _buttons(
    desk: Services, caller: Caller, one: Any, number: int, kind: str, *, settled: bool
) -> None:
    st.button("검사하기", key=f"inspect-group-{number}", icon=":material/search:",
              on_click=_inspect, args=(one.title,))  # fmt: skip
    if one.nearest:
        st.button("가까운 조항", key=f"near-group-{number}", icon=":material/article:",
                  on_click=clause.open_clause, args=(one.nearest,))  # fmt: skip
    st.button("정책 초안 쓰기", key=f"draft-group-{number}", icon=":material/edit_note:",
              on_click=editor.carry, args=(_draft(desk, one),))  # fmt: skip
    st.button("시험 문항으로", key=f"case-group-{number}", icon=":material/science:",
              on_click=_ask_case, args=(one.title,))  # fmt: skip
    label, icon = ("다시 열기", "undo") if settled else ("모두 확인", "done_all")
    st.button(label, key=f"settle-group-{number}", icon=f":material/{icon}:", on_click=_settle,
              args=(desk, caller, one.keys, kind, not settled))  # fmt: skip


def _draft(desk: Services, one: Any) -> Draft:
    """A new policy about a group: its questions are what customers ask it by."""
    lines = [row.question.replace("--", "–") for row in one.rows[:EXAMPLES]]
    asked = "\n".join(line.replace("<", "‹").replace(">", "›") for line in lines)
    body = f"## {short(lines[0], 60)}\n<!-- 이렇게 물어요\n{asked}\n-->\n\n"
    title = short(one.title.rstrip("?？ "), 60)
    return Draft(title=title, body=body, effective_from=desk.policy_desk.today)


def _inspect(question: str) -> None:
    url.reset(HERE, "q", question)
    show_view("look")


def _settle(desk: Services, caller: Caller, keys: Sequence[str], kind: str, settled: bool) -> None:
    try:
        done = desk.policy_desk.questions.settle(caller, keys, kind=kind, settled=settled)  # type: ignore[arg-type]
    except SangdamError as error:
        flash("refused", error.message)
    else:
        flash("done", f"질문 {done}개를 {'확인으로 옮겼어요' if settled else '다시 열었어요'}.")


def _ask_case(question: str) -> None:
    st.session_state[_CASE] = (question,)


@st.dialog("시험 문항으로 두기", width="medium", icon=":material/science:")
def _case(desk: Services, caller: Caller, question: str) -> None:
    close_when_done()
    st.caption("이 질문에 맞는 조항을 고르면, 검색을 잴 때마다 이 조항이 찾아지는지 함께 봐요.")
    text = st.text_input("질문", value=question, key="case-question", max_chars=400)
    found = desk.policy_desk.questions.candidates(caller, text)
    if not found:
        st.info("가까운 조항이 없어요. 정책을 먼저 써 주세요.", icon=":material/info:")
        return
    names = {one.chunk_id: f"{one.title} › {one.section}" for one in found}
    st.radio(
        "맞는 조항", list(names), index=None, key="case-clause",
        format_func=lambda key: plain(short(names[key], 80)),
    )  # fmt: skip

    def work() -> None:
        # What was chosen last may come with the very click: read it now, not when drawn.
        desk.policy_desk.questions.keep_case(
            caller, str(st.session_state.get("case-question") or ""),
            str(st.session_state.get("case-clause") or ""),
        )  # fmt: skip

    st.button(
        "시험 문항으로 두기", type="primary", key="keep-case", on_click=attempt,
        args=(work, "시험 문항으로 뒀어요. 품질 화면에서 검색을 다시 재면 함께 봐요."),
    )  # fmt: skip
    problem()


def _empty(kind: str, settled: bool) -> None:
    with st.container(border=True, key="no-questions"):
        if settled:
            st.markdown("**확인한 질문이 없어요**")
            st.caption("질문을 확인하면 여기에 모여요.")
        elif kind == "unsure":
            st.markdown("**자신 없이 답한 질문이 없어요**")
            st.caption("확신도가 낮은데도 답한 질문이 여기에 쌓여요.")
        else:
            st.markdown("**답하지 못한 질문이 없어요**")
            st.caption("상담에서 맞는 조항을 찾지 못하면 그 질문이 여기에 쌓여요.")


def _more(cut: int) -> None:
    st.session_state[_CUT] = cut + SHOWN
