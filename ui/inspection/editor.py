"""An edition in the editor: its text beside what it will look like, checks, changes, apply."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError, StateChanged
from services import Services
from services.policy_desk import Audience, Draft
from ui.dialogs import flash
from ui.format import plain, prose
from ui.inspection import changes, overtaken
from ui.inspection.names import AUDIENCE, NEW, full_day, last_question, open_document

__all__ = ["carry", "draw"]

_DRAFT = "sangdam_policy_draft"  # (edition it began from, Draft): survives leaving the page
_PLAN = "sangdam_policy_plan"  # (what is planned, Plan)
_TEXTS = ("title", "category", "body")
_FIELDS = (*_TEXTS, "audience", "from", "to", "ends")
HEIGHT = 430
EMPTY = "## 고객이 물을 말로 소제목을 적어요\n\n답을 적어요. 받은 날부터 {{return_window_days}}일처럼 규칙 값도 쓸 수 있어요.\n"  # noqa: E501
_HELP = (
    "소제목(##) 하나가 조항 하나예요. {{return_window_days}} 같은 표시는 설정의 규칙 값으로 "
    "채워져요. <!-- 이렇게 물어요 줄들 --> 안에는 고객이 달리 묻는 말을 한 줄씩 적어요."
)


def draw(desk: Services, caller: Caller, doc_id: str) -> None:
    """The editor of ``doc_id``, "" for a new policy."""
    st.button("목록으로", key="back-to-policies", type="tertiary", icon=":material/arrow_back:",
              on_click=open_document, args=(None,))  # fmt: skip
    try:
        first = _begun(desk, caller, doc_id)
        newer = desk.policy_desk.overtaken(caller, first)
        if newer is not None and not newer.written:  # nothing to lose: what stands now
            forget(doc_id)
            first, newer = _begun(desk, caller, doc_id), None
        one = next(
            (one for one in desk.policy_desk.listed(caller) if one.document.doc_id == doc_id), None
        )
    except SangdamError as error:
        st.info(error.message)
        return
    if newer is None and one is not None and not one.newest:
        _past(desk, caller, one)
        return
    if newer is not None:
        overtaken.draw(newer, first, carry, forget)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        draft = _form(first, one)
    st.session_state[_DRAFT] = (doc_id, draft)
    with right:
        _preview(desk, caller, draft)
    if newer is None:
        _actions(desk, caller, draft, one)


def carry(draft: Draft) -> None:
    """Open the editor on ``draft``, under the edition it comes after or as a new policy (a
    callback)."""
    st.session_state.pop(_PLAN, None)
    for name in _FIELDS:
        st.session_state.pop(_key(draft.doc_id, name), None)
    st.session_state[_DRAFT] = (draft.doc_id, draft)
    open_document(draft.doc_id or NEW)


def _begun(desk: Services, caller: Caller, doc_id: str) -> Draft:
    """What was being written, else the edition as it stands."""
    kept = st.session_state.get(_DRAFT)
    if kept and kept[0] == doc_id:
        # What was typed last comes with this very run.
        typed = {name: st.session_state.get(_key(doc_id, name)) for name in _TEXTS}
        begun: Draft = kept[1]
        return replace(begun, **{name: text for name, text in typed.items() if text is not None})
    if doc_id:
        return desk.policy_desk.draft_of(caller, doc_id)
    return Draft(title="", body=EMPTY, effective_from=desk.policy_desk.today)


def _form(first: Draft, one: Any) -> Draft:
    doc_id = first.doc_id
    title = st.text_input("제목", value=first.title, key=_key(doc_id, "title"), max_chars=80)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        category = st.text_input(
            "분류", value=first.category, key=_key(doc_id, "category"), max_chars=40
        )
        audience = st.segmented_control(
            "보는 사람", list(AUDIENCE), default=first.audience, key=_key(doc_id, "audience"),
            required=True, format_func=lambda name: AUDIENCE[name],
        )  # fmt: skip
    begin, end = _days(first)
    body = st.text_area(
        "본문 (Markdown)", value=first.body, key=_key(doc_id, "body"), height=HEIGHT, help=_HELP,
        max_chars=200_000,
    )  # fmt: skip
    version = one.document.version + 1 if one else 1
    st.caption(
        f"저장하면 {version}판이 돼요. 앞선 판은 시행일 전날까지 쓰이고, 담당자는 계속 찾아볼 수 "
        "있어요." if one else "저장하면 1판이 돼요."
    )  # fmt: skip
    shown: Audience = "staff" if audience == "staff" else "public"
    return Draft(title, body, begin, doc_id, category, shown, end, first.base)


def _days(first: Draft) -> tuple[date, date | None]:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        begin = st.date_input(
            "시행일", value=first.effective_from, key=_key(first.doc_id, "from"),
            format="YYYY-MM-DD", min_value=date(2000, 1, 1), max_value=date(2099, 12, 31),
        )  # fmt: skip
        ends = st.toggle(
            "끝나는 날 정하기", value=first.effective_to is not None,
            key=_key(first.doc_id, "ends"),
        )  # fmt: skip
        begin = begin if isinstance(begin, date) else first.effective_from
        if not ends:
            return begin, None
        end = st.date_input(
            "끝나는 날", value=first.effective_to or begin + timedelta(days=30),
            key=_key(first.doc_id, "to"), format="YYYY-MM-DD", min_value=date(2000, 1, 1),
            max_value=date(2099, 12, 31),
        )  # fmt: skip
    return begin, end if isinstance(end, date) else None


def _preview(desk: Services, caller: Caller, draft: Draft) -> None:
    st.markdown("**미리 보기** :gray[:small[고객이 조항을 열면 이렇게 보여요]]")
    try:
        chunks = desk.policy_desk.preview(caller, draft)
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        return
    with st.container(border=True, height=HEIGHT + 150, key="policy-preview"):
        st.caption(
            f"{plain(draft.category)} › {plain(draft.title or '제목 없음')} · "
            f"{AUDIENCE[draft.audience]} · 조항 {len(chunks)}개"
        )
        for chunk in chunks:
            if "~" not in chunk.chunk_id.partition("#")[2]:
                st.markdown(f"**{plain(chunk.section)}**")
            st.markdown(prose(chunk.text))
            if chunk.asked:
                st.caption(f"이렇게 묻는 말 {len(chunk.asked)}개로도 찾아요.")


# ── check, plan, apply ───────────────────────────────────────────────────────────────────


def _actions(desk: Services, caller: Caller, draft: Draft, one: Any) -> None:
    problems = desk.policy_desk.check(caller, draft)
    refused = [problem for problem in problems if problem.kind == "refused"]
    for problem in problems:
        if problem.kind == "refused":
            st.warning(plain(problem.text), icon=":material/block:")
        else:
            st.caption(f":orange[:material/warning:] {plain(problem.text)}")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "바뀌는 내용 보기", key="plan-policy", icon=":material/difference:", type="primary",
            disabled=bool(refused), on_click=_plan, args=(desk, caller, draft),
        )  # fmt: skip
        st.button("처음으로 되돌리기", key="reset-policy", on_click=forget, args=(draft.doc_id,))
        if one is not None and one.origin != "shop":
            st.button(
                "이 판 거두기", key="withdraw-policy", icon=":material/delete:",
                on_click=_plan_withdrawal, args=(desk, caller, draft.doc_id),
            )  # fmt: skip
    kept = st.session_state.get(_PLAN)
    if kept and kept[0] in (draft, f"withdraw {draft.doc_id}"):
        _apply(desk, caller, draft, kept)


def _apply(desk: Services, caller: Caller, draft: Draft, kept: Any) -> None:
    withdrawn = kept[0] != draft
    with st.container(border=True, key="policy-plan", gap="small"):
        st.markdown("**이 판을 거두면**" if withdrawn else "**적용하면 검색에서 이렇게 바뀌어요**")
        changes.draw(kept[1])
        if not st.button(
            "거두기" if withdrawn else "적용하기", key="apply-policy", type="primary",
            icon=":material/check:",
        ):  # fmt: skip
            return
        bar = st.progress(0.0, text="색인을 고치고 있어요…")
        try:
            if withdrawn:
                desk.policy_desk.withdraw(caller, draft.doc_id, changes.told(bar))
                done = "판을 거뒀어요. 앞선 판이 있으면 다시 쓰여요."
            else:
                desk.policy_desk.publish(caller, draft, changes.told(bar))
                done = f"‘{draft.title}’을(를) 저장했어요. {_from(draft, desk)} 검색에 나와요."
        except StateChanged as error:
            flash("refused", error.message)
            st.rerun()
        except SangdamError as error:
            bar.empty()
            st.warning(error.message, icon=":material/info:")
            return
    forget(draft.doc_id)
    open_document(None)
    flash("done", done)
    st.rerun()


def _from(draft: Draft, desk: Services) -> str:
    begin = draft.effective_from
    return "지금부터" if begin <= desk.policy_desk.today else f"{full_day(begin)}부터"


def _plan(desk: Services, caller: Caller, draft: Draft) -> None:
    try:
        plan = desk.policy_desk.plan(caller, draft, last_question())
    except SangdamError as error:
        flash("refused", error.message)
    else:
        st.session_state[_PLAN] = (draft, plan)


def _plan_withdrawal(desk: Services, caller: Caller, doc_id: str) -> None:
    try:
        plan = desk.policy_desk.plan_withdrawal(caller, doc_id, last_question())
    except SangdamError as error:
        flash("refused", error.message)
    else:
        st.session_state[_PLAN] = (f"withdraw {doc_id}", plan)


def forget(doc_id: str) -> None:
    """Drop what was written: back to the edition as it stands (a callback)."""
    st.session_state.pop(_DRAFT, None)
    st.session_state.pop(_PLAN, None)
    for name in _FIELDS:
        st.session_state.pop(_key(doc_id, name), None)


def _past(desk: Services, caller: Caller, one: Any) -> None:
    """An edition that another one came after: to read."""
    document = one.document
    st.info("뒤에 나온 판이 있어서 읽기만 할 수 있어요.", icon=":material/history:")
    st.markdown(f"**{plain(document.title)}** · 판 {document.version}")
    for chunk in desk.policy_desk.clauses(caller, document.doc_id):
        st.markdown(f"**{plain(chunk.section)}**")
        st.markdown(prose(chunk.text))


def _key(doc_id: str, name: str) -> str:
    return f"policy-{name}-{doc_id or 'new'}"
