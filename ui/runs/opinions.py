"""What customer and staff think of a turn, and what it changed."""

from __future__ import annotations

import streamlit as st

from agent.shop.words import AUDIT_ACTION, AUDIT_OBJECT
from agent.types import Caller
from errors import SangdamError
from services import Services
from services.runs import Run
from ui.dialogs import flash
from ui.format import plain, when

__all__ = ["everybody", "mine"]

_GOOD = {True: "맞는 답변", False: "틀린 답변"}
MOST_CHARS = 1000


def mine(desk: Services, caller: Caller, run: Run) -> None:
    """The reader's own verdict with a note."""
    own = next((one for one in run.reviews if one.reviewer_id == caller.user_id), None)
    with st.form(f"runs-review-{run.row.turn_id}", border=True):
        picked = st.segmented_control(
            "이 답변은 어땠나요?", [True, False], format_func=lambda one: _GOOD[one],
            default=own.good if own else None,
        )  # fmt: skip
        note = st.text_area(
            "메모", value=own.note if own else "", max_chars=MOST_CHARS, height=80,
            placeholder="무엇이 맞거나 틀렸는지 적어 두면 함께 볼 수 있어요.",
        )  # fmt: skip
        if st.form_submit_button("검토 남기기", icon=":material/rate_review:"):
            _save(desk, caller, run.row.turn_id, picked, note)


def _save(desk: Services, caller: Caller, turn_id: str, good: bool | None, note: str) -> None:
    if good is None:
        st.warning("맞는 답변인지 틀린 답변인지 먼저 골라 주세요.")
        return
    try:
        desk.runs.review(caller, turn_id, good=good, note=note)
    except SangdamError as error:
        st.warning(error.message)
        return
    flash("done", "검토를 남겼어요.")
    st.rerun()


def everybody(run: Run) -> None:
    """The customer's rating, the staff's verdicts, and the turn's entries in the audit."""
    row = run.row
    if row.rating is None:
        st.caption("고객은 이 답변을 평가하지 않았어요.")
    else:
        why = f": {plain(row.rating_reason)}" if row.rating_reason else ""
        st.markdown(f"**고객** · {'도움이 됐어요' if row.rating else '아쉬웠어요'}{why}")
    for one in run.reviews:
        st.markdown(f"**{plain(one.reviewer)}** · {_GOOD[one.good]} :gray[{when(one.created_at)}]")
        if one.note:
            st.text(one.note)
    st.divider()
    if not run.audit:
        st.caption("이 답변이 바꾼 것은 없어요.")
        return
    st.caption("이 답변이 바꾼 것")
    st.dataframe(
        [
            {
                "한 일": AUDIT_ACTION.get(entry.action, entry.action),
                "대상": AUDIT_OBJECT.get(entry.object_type, entry.object_type),
                "번호": entry.object_id,
                "때": when(entry.at),
            }
            for entry in run.audit
        ],
        hide_index=True,
    )
    st.page_link("audit.py", label="감사 기록에서 자세히 보기", icon=":material/history:",
                 query_params={"turn": row.turn_id})  # fmt: skip
