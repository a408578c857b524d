"""모델: which detector is in force and what it is worth, and how it learns from corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from services import Services
from services.words import PHOTO_LABELS
from ui.defects.names import show_view
from ui.format import plain

__all__ = ["draw", "table"]

COUNTED = 100  # corrections; beyond that "100건 이상"
NEEDED = 20  # held-out pictures that promote asks for
_ORIGIN: Mapping[str, str] = {
    "shipped": "프로그램에 들어 있는 모델", "promoted": "우리 상점이 다시 가르친 모델",
    "own": "설정으로 넣은 모델",
}  # fmt: skip
_TESTED: Mapping[str, str] = {
    "generated": "그린 시험 사진", "deeppcb": "실제 회로 기판", "photographs": "실제 정상 사진",
    "shop": "우리 상점 사진",
}  # fmt: skip
_SHARES = ("found", "false_alarms", "tpr_at_2")
_ROWS: Mapping[str, str] = {
    "map50": "mAP50 (종류와 자리가 맞음)", "any_ap50": "AP50 (자리만 맞음)",
    "auroc": "손상 사진을 가려내는 힘 (AUROC)", "found": "손상 사진에서 짚은 비율",
    "false_alarms": "정상 사진에서 헛짚은 비율",
}  # fmt: skip
COMMANDS = """# 1. 바로잡은 표시를 학습 자료로 내보내기 (신청 건별로 나눔, 고객 정보는 빼고)
python -m vision export photos-to-learn

# 2. 학습하기 (학습용 환경에서)
.venv-vision/bin/python -m vision train photos-to-learn

# 3. 따로 떼어 둔 우리 상점 사진으로 재기
python -m vision evaluate photos-to-learn --weights photos-to-learn/weights/defects.onnx

# 4. 지금 모델보다 나을 때만 바꾸기
python -m vision promote photos-to-learn/weights/defects.onnx --data photos-to-learn"""


def draw(desk: Services, caller: Caller) -> None:
    """The detector, its figures, the commands."""
    info = desk.photos.detector_info()
    left, right = st.columns([1, 1], gap="large")
    with left:
        _which(info)
        _figures(info.figures)
    with right:
        _learning(desk, caller)


def _which(info: Any) -> None:
    with st.container(border=True, key="defects-model", gap="xsmall"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(f"**{plain(info.title or info.name)}**", width="content")
            if info.error:
                st.badge("쓸 수 없음", icon=":material/error:", color="red")
            else:
                st.badge("사용 중", icon=":material/check_circle:", color="green")
        parts = [_ORIGIN.get(info.origin, info.origin), info.made]
        if info.size_bytes:
            parts.append(f"{info.size_bytes / 1e6:.1f}MB")
        if info.sha256:
            parts.append(f"SHA-256 {info.sha256[:12]}…")
        st.caption(" · ".join(plain(part) for part in parts if part))
        if info.licence:
            # A card's explanation is English; its name stands alone.
            st.caption(f"라이선스 {plain(info.licence.partition(' (')[0])}")
        if info.labels:
            names = ", ".join(PHOTO_LABELS.get(one, one) for one in info.labels)
            st.caption(f"배운 종류: {plain(names)}")
        if info.error:
            st.warning(plain(info.error), icon=":material/info:")
        if info.example and not info.error:
            st.markdown(
                ":orange[:material/lightbulb:] 그려서 만든 사진으로만 배운 예시예요. 실제 "
                "사진에서는 거의 맞히지 못해서, 상품 사진 비교를 거드는 힌트로만 써요."
            )


def _figures(figures: Mapping[str, Any]) -> None:
    with st.container(border=True, key="defects-figures", gap="small"):
        st.markdown("**성적**")
        found = {name: one for name, one in figures.items() if "clean" in one}
        if not found:
            st.caption("아직 재지 않은 모델이에요. evaluate로 재면 여기에 나와요.")
            return
        st.markdown(table(found))
        classes = found.get("generated", {}).get("ap50") or {}
        if classes:
            shares = [f"{PHOTO_LABELS.get(one, one)} {value:.2f}" for one, value in classes.items()]
            st.caption(f"종류별 AP50 (그린 시험 사진): {plain(' · '.join(shares))}")
        st.caption("실제 사진의 성적이 낮은 것은 배운 사진이 그림이기 때문이에요.")


def table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Each set of test pictures beside the other, as a Markdown table."""
    names = [one for one in _TESTED if one in figures]
    head = ["", *(_TESTED[name] for name in names)]
    counts = [f"{figures[one]['damaged']:,} / {figures[one]['clean']:,}" for one in names]
    rows = [["손상 / 정상 사진", *counts]]
    for row, title in _ROWS.items():
        rows.append([title, *(_cell(row, figures[name].get(row)) for name in names)])
    return "\n".join([_line(head), _line(["---", *["---:"] * len(names)]), *map(_line, rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(row: str, value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if row in _SHARES else f"{value:.2f}"


def _learning(desk: Services, caller: Caller) -> None:
    page = desk.tool(caller, "list_photo_reports", corrected=True, limit=COUNTED)
    count = f"{COUNTED}건 이상" if page.next_cursor else f"{len(page.items)}건"
    with st.container(border=True, key="defects-learning", gap="small"):
        st.markdown(f"**바로잡은 사진 {count}**")
        st.caption(
            "담당자가 바로잡은 표시로 모델을 다시 가르칠 수 있어요. 바꾸는 것은 따로 떼어 둔 "
            f"사진(적어도 {NEEDED}장)에서 지금보다 나을 때뿐이에요."
        )
        st.button("기록에서 바로잡기", key="defects-to-history", icon=":material/edit:",
                  on_click=show_view, args=("history",))  # fmt: skip
        st.code(COMMANDS, language="bash", wrap_lines=True)
