"""The page: four views, chosen in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from agent.types import Caller
from services import Services
from ui import photo_report, url
from ui.defects import catalogue, check, history, model
from ui.defects.names import CSS, HERE
from ui.dialogs import show_flash

__all__ = ["draw"]

_Draw = Callable[[Services, Caller], None]
_VIEWS: Mapping[str, tuple[str, str, _Draw]] = {
    "check": (
        "확인",
        "사진을 올리면 상품 사진과 견주어 의심되는 곳을 표시해요. 판단은 담당자가 해요.",
        check.draw,
    ),
    "history": (
        "기록",
        "지금까지 확인한 사진이에요. 열어서 표시를 바로잡으면 검출 모델이 배울 자료가 돼요.",
        history.draw,
    ),
    "photos": (
        "상품 사진",
        "견주어 볼 기준 사진이에요. 정면에서 밝게 찍은 사진 한 장이면 돼요.",
        catalogue.draw,
    ),
    "model": (
        "모델",
        "지금 쓰는 검출 모델과 그 성적, 바로잡은 표시로 다시 가르치는 방법이에요.",
        model.draw,
    ),
}


def draw(desk: Services, caller: Caller) -> None:
    """Title, views, and the one that is open."""
    st.markdown("#### 불량 확인", anchors=False)
    st.html(CSS + photo_report.CSS)
    chosen = st.segmented_control(
        "보기", list(_VIEWS), key=url.take(HERE, "view", "check", allowed=_VIEWS),
        required=True, format_func=lambda name: _VIEWS[name][0], label_visibility="collapsed",
    )  # fmt: skip
    view = url.give(HERE, "view", "check", chosen)
    st.caption(_VIEWS[view][1])
    with st.container(key="defects-said"):  # always there: what follows keeps its place
        show_flash()
    _VIEWS[view][2](desk, caller)
