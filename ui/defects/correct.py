"""바로잡기: what is really on a photo. Boxes are drawn on the picture, labelled and saved.

The marks that are being put right are this tab's until they are saved; saving names the version
that was shown, so that nobody overwrites another's marks unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from agent.types import Caller
from errors import NotFound, SangdamError, StateChanged
from services import CorrectedBox, PhotoReport, Services
from services.words import PHOTO_LABELS
from ui import photo_report
from ui.defects import canvas
from ui.dialogs import flash
from ui.format import plain, when
from ui.photo_boxes import Mark, colour_of, drawn, number_of

__all__ = ["Work", "draw"]

Box = tuple[float, float, float, float]
LEAST_SIDE = 0.005  # of the picture: a smaller box is a slip of the finger
_WORK = "sangdam_defects_work"


@dataclass
class Work:
    """The marks under way for one report; ``version`` is that of the correction shown.

    ``canvas`` counts up so that a saved selection leaves the picture; ``pending`` is the box
    just drawn, not labelled yet.
    """

    report_id: str
    version: int
    boxes: list[CorrectedBox]
    note: str = ""
    canvas: int = 0
    serial: int = 0  # of the rows, whose widgets must not follow their place in the list

    @classmethod
    def of(cls, found: PhotoReport) -> Work:
        """A fresh start from what stands: staff's marks, else the findings shown."""
        if (made := found.correction) is not None:
            return cls(found.report_id, made.version, list(made.boxes), made.note)
        sure = [one for one in found.report.findings if one.confidence >= photo_report.LEAST]
        return cls(found.report_id, 0, [CorrectedBox(one.label, one.box) for one in sure])


def draw(desk: Services, caller: Caller, found: PhotoReport) -> None:
    """The picture to draw on, the list of marks, saving."""
    work = _work(found)
    version = 0 if found.correction is None else found.correction.version
    try:
        data = desk.photo(caller, found.image_id)
    except NotFound:
        st.info("사진이 지워져서 표시를 바로잡을 수 없어요.", icon=":material/hide_image:")
        return
    with st.container(key="defects-stale"):
        if work.version != version:
            _stale(found)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        marks = [Mark(n, one.box) for n, one in enumerate(work.boxes, 1)]
        pending = canvas.draw(
            drawn(data, marks), key=f"defects-canvas-{work.report_id}-{work.version}-{work.canvas}"
        )
        st.caption("의심되는 곳을 끌어서 네모로 표시해 주세요.")
    with right:
        _add(work, pending)
        _rows(work)
        _save(desk, caller, work)
        if found.correction is not None:
            st.caption(f"마지막으로 바로잡음: {when(found.correction.corrected_at)}")


def _work(found: PhotoReport) -> Work:
    kept: Work | None = st.session_state.get(_WORK)
    if kept is None or kept.report_id != found.report_id:
        kept = st.session_state[_WORK] = Work.of(found)
    return kept


def _stale(found: PhotoReport) -> None:
    made = found.correction
    names = ", ".join(_name(one.label) for one in made.boxes) if made else ""
    st.warning(
        f"그사이 다른 사람이 이 사진의 표시를 고쳤어요: {names or '문제 없음'}. "
        "다시 불러오면 지금 표시는 사라져요.", icon=":material/sync_problem:",
    )  # fmt: skip
    st.button("고친 내용 불러오기", key="defects-reload", on_click=_forget)


def _forget() -> None:
    st.session_state.pop(_WORK, None)


# ── adding ───────────────────────────────────────────────────────────────────────────────


def _add(work: Work, pending: Box | None) -> None:
    """The box just drawn gets a label; without dragging it can be given by numbers."""
    with st.container(border=True, key="defects-add", gap="small"):
        label = st.selectbox(
            "무엇이 보이나요?", list(PHOTO_LABELS), key="defects-label",
            format_func=lambda one: PHOTO_LABELS[one],
        )  # fmt: skip
        st.button(
            "그린 곳 더하기", key="defects-put", icon=":material/add:", width="stretch",
            disabled=pending is None, on_click=_put, args=(work, label, pending),
        )  # fmt: skip
        with st.expander("숫자로 넣기"):
            _numbers(work, label)


def _numbers(work: Work, label: str) -> None:
    """Four numbers in percent, for those who cannot drag."""
    names = ("왼쪽", "위", "오른쪽", "아래")
    values = []
    for row in (names[:2], names[2:]):
        for place, name in zip(st.columns(2), row, strict=True):
            with place:
                values.append(st.number_input(
                    f"{name} (%)", 0, 100, key=f"defects-number-{name}",
                    value=25 if name in names[:2] else 75,
                ))  # fmt: skip
    box = (values[0] / 100, values[1] / 100, values[2] / 100, values[3] / 100)
    fits = box[0] < box[2] and box[1] < box[3]
    if not fits:
        st.caption("왼쪽은 오른쪽보다, 위는 아래보다 작아야 해요.")
    st.button("이 자리 더하기", key="defects-put-numbers", disabled=not fits, width="stretch",
              on_click=_put, args=(work, label, box))  # fmt: skip


def _put(work: Work, label: str, box: Box | None) -> None:
    if box is None or box[2] - box[0] < LEAST_SIDE or box[3] - box[1] < LEAST_SIDE:
        return
    work.boxes.append(CorrectedBox(label, box))
    work.canvas += 1


# ── the marks ────────────────────────────────────────────────────────────────────────────


def _rows(work: Work) -> None:
    with st.container(key="defects-marks", gap="xsmall"):
        if not work.boxes:
            st.markdown(":gray[표시가 없어요. 이대로 저장하면 ‘상품에는 문제가 없음’이 돼요.]")
        for number, one in enumerate(work.boxes, 1):
            key = f"{work.report_id}-{work.version}-{work.serial}-{number}"
            with st.container(horizontal=True, gap="small", wrap=False,
                              vertical_alignment="center"):  # fmt: skip
                st.markdown(f":{colour_of(number)}[**{number_of(number)}**]", width="content")
                st.selectbox(
                    f"{number}번의 종류", list(PHOTO_LABELS), key=f"defects-kind-{key}",
                    index=list(PHOTO_LABELS).index(one.label), label_visibility="collapsed",
                    format_func=lambda name: PHOTO_LABELS[name],
                    on_change=_rename, args=(work, number - 1, f"defects-kind-{key}"),
                )  # fmt: skip
                st.button("지우기", key=f"defects-drop-{key}", icon=":material/delete:",
                          on_click=_drop, args=(work, number - 1))  # fmt: skip


def _rename(work: Work, index: int, key: str) -> None:
    work.boxes[index] = CorrectedBox(st.session_state[key], work.boxes[index].box)


def _drop(work: Work, index: int) -> None:
    del work.boxes[index]
    _redraw(work)


def _clear(work: Work) -> None:
    work.boxes.clear()
    _redraw(work)


def _redraw(work: Work) -> None:
    work.canvas += 1
    work.serial += 1


# ── saving ───────────────────────────────────────────────────────────────────────────────


def _save(desk: Services, caller: Caller, work: Work) -> None:
    key = f"defects-note-{work.report_id}-{work.version}"
    st.text_input("메모 (선택)", value=work.note, key=key, max_chars=500,
                  placeholder="예: 빛 반사를 긁힘으로 본 것")  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        st.button(
            "저장하기", key="defects-save", type="primary", icon=":material/check:",
            on_click=_keep, args=(desk, caller, work, key),
        )  # fmt: skip
        st.button("상품에는 문제가 없어요", key="defects-clean", disabled=not work.boxes,
                  on_click=_clear, args=(work,))  # fmt: skip
    st.caption("저장한 표시는 기록에 남고, 검출 모델을 다시 가르칠 때 쓰여요.")


def _keep(desk: Services, caller: Caller, work: Work, key: str) -> None:
    """Save as it was shown; a change meanwhile keeps what is drawn here."""
    note = str(st.session_state.get(key) or "")
    work.note = note
    try:
        desk.tool(
            caller, "correct_photo_report", report_id=work.report_id, boxes=work.boxes,
            note=note, version=work.version,
        )  # fmt: skip
    except StateChanged:
        return  # the page says what changed, and how to load it
    except SangdamError as error:
        flash("refused", error.message)
        return
    st.session_state.pop(_WORK, None)
    flash("done", "표시를 바로잡았어요. 기록에서 언제든 다시 고칠 수 있어요.")


def _name(label: str) -> str:
    return plain(PHOTO_LABELS.get(label, label))
