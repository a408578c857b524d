"""기록: every photo that was judged, newest first; one opened and corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from agent.types import Caller
from errors import NotFound, SangdamError
from services import ReportPage, Services, StoredReport
from services.words import PHOTO_LABELS
from ui import states, url
from ui.defects import correct, look
from ui.defects.names import HERE, close, open_report
from ui.format import plain, short, when
from ui.photo_boxes import thumbnail
from ui.photo_report import LEAST

__all__ = ["draw"]

PAGE, THUMB_PX = 12, 84
_PARTS: Mapping[str, str] = {"look": "확인 결과", "correct": "바로잡기"}
ALL = "all"
_FIXED: Mapping[str, str] = {ALL: "전체", "yes": "바로잡음", "no": "그대로"}
_BEFORE = "before"


def draw(desk: Services, caller: Caller) -> None:
    """The opened report, or the list."""
    report_id = st.query_params.get("report")
    if report_id:
        _opened(desk, caller, report_id)
        return
    verdict, fixed = _filters()
    try:
        found = desk.tool(
            caller, "list_photo_reports", verdict="" if verdict == ALL else verdict,
            corrected={"yes": True, "no": False}.get(fixed), limit=PAGE,
            cursor=st.query_params.get(_BEFORE),
        )  # fmt: skip
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        st.button("처음으로", key="defects-first", on_click=close, args=(_BEFORE,))
        return
    _list(desk, caller, found, filtered=(verdict, fixed) != (ALL, ALL))


def _filters() -> tuple[str, str]:
    looks = states.STATES["photo"]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        verdict = st.pills(
            "판정", [ALL, *looks], key=url.take(HERE, "verdict", ALL, allowed=[ALL, *looks]),
            required=True, on_change=close, args=(_BEFORE,), label_visibility="collapsed",
            format_func=lambda one: looks[one].word if one in looks else "모든 판정",
            wrap=True,
        )  # fmt: skip
        fixed = st.segmented_control(
            "바로잡음", list(_FIXED), key=url.take(HERE, "fixed", ALL, allowed=_FIXED),
            required=True, on_change=close, args=(_BEFORE,), label_visibility="collapsed",
            format_func=lambda one: _FIXED[one],
        )  # fmt: skip
    return url.give(HERE, "verdict", ALL, verdict), url.give(HERE, "fixed", ALL, fixed)


def _list(desk: Services, caller: Caller, found: ReportPage, *, filtered: bool) -> None:
    if not found.items:
        with st.container(border=True, key="defects-none", gap="small"):
            st.markdown("**여기에 해당하는 사진이 없어요**")
            st.caption(
                "다른 판정을 골라 보세요." if filtered
                else "채팅에서 받은 사진이나 확인 화면에 올린 사진이 여기에 모여요."
            )  # fmt: skip
        return
    with st.container(key="defects-history", gap="small"):
        for row in range(0, len(found.items), 3):
            for place, one in zip(st.columns(3, gap="small"), found.items[row : row + 3],
                                  strict=False):  # fmt: skip
                with place:
                    _row(desk, caller, one)
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.query_params.get(_BEFORE):
            st.button("처음으로", key="defects-first", icon=":material/first_page:",
                      on_click=close, args=(_BEFORE,))  # fmt: skip
        if found.next_cursor:
            st.button("더 오래된 사진", key="defects-older", icon=":material/chevron_right:",
                      on_click=_older, args=(found.next_cursor,))  # fmt: skip


def _older(cursor: str) -> None:
    st.query_params[_BEFORE] = cursor


def _row(desk: Services, caller: Caller, one: StoredReport) -> None:
    """One photo: small, its verdict, of what and when."""
    with st.container(border=True, key=f"row-{one.report_id}", gap="xsmall", height="stretch"):
        with st.container(horizontal=True, gap="small", wrap=False):
            _thumb(desk, caller, one.image_id)
            with st.container(gap="xxsmall"):
                st.markdown(_chips(one))
                st.markdown(_title(one))
                st.caption(f"{_labels(one)} · {when(one.created_at)}")
        st.button("열기", key=f"open-{one.report_id}", width="stretch", on_click=open_report,
                  args=(one.report_id,))  # fmt: skip


def _thumb(desk: Services, caller: Caller, image_id: str) -> None:
    try:
        data = desk.photo(caller, image_id)
    except NotFound:
        st.markdown("## :gray-background[:material/hide_image:]", width="content")
        return
    st.image(thumbnail(data), width=THUMB_PX, alt="확인한 사진")


def _chips(one: StoredReport) -> str:
    fixed = " :blue-badge[:material/edit: 바로잡음]" if one.correction is not None else ""
    return states.chip("photo", one.verdict) + fixed


def _title(one: StoredReport) -> str:
    if one.product_name:
        return f"**{plain(short(one.product_name, 34))}**"
    return f"**주문 {plain(one.order_id)}**" if one.order_id else ":gray[정하지 않은 상품]"


def _labels(one: StoredReport) -> str:
    """What is on it: as staff put it right, else what was found."""
    if one.correction is not None:
        found = [box.label for box in one.correction.boxes]
        return _names(found) or "상품에는 문제가 없음"
    sure = [raw for raw in one.report.get("findings", ()) if raw["confidence"] >= LEAST]
    return _names([raw["label"] for raw in sure]) or "표시 없음"


def _names(labels: Sequence[str]) -> str:
    return ", ".join(PHOTO_LABELS.get(one, one) for one in dict.fromkeys(labels))


def _opened(desk: Services, caller: Caller, report_id: str) -> None:
    st.button("목록", key="defects-back", icon=":material/arrow_back:", type="tertiary",
              on_click=close, args=("report",))  # fmt: skip
    try:
        found = desk.tool(caller, "get_photo_report", report_id=report_id)
    except SangdamError as error:
        with st.container(border=True, key="defects-missing"):
            st.markdown("**사진 확인 기록을 찾을 수 없어요**")
            st.caption(plain(error.message))
        return
    part = st.segmented_control(
        "기록의 무엇을 볼까요", list(_PARTS), key=url.take(HERE, "part", "look", allowed=_PARTS),
        required=True, label_visibility="collapsed", format_func=lambda one: _PARTS[one],
    )  # fmt: skip
    if url.give(HERE, "part", "look", part) == "correct":
        correct.draw(desk, caller, found)
    else:
        look.draw(desk, caller, found)
