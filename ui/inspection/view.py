"""The page: four views, chosen in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from agent.types import Caller
from services import Services
from ui import url
from ui.dialogs import show_flash
from ui.inspection import clause, documents, importing, look, questions
from ui.inspection.names import HERE, take_view

__all__ = ["draw"]

_Draw = Callable[[Services, Caller], None]
_VIEWS: Mapping[str, tuple[str, str, _Draw]] = {
    "look": (
        "검사",
        "상담이 쓰는 검색에 질문을 넣어, 조항이 어떻게 찾아지고 무엇을 인용하는지 봐요.",
        look.draw,
    ),
    "documents": (
        "문서",
        "정책의 새 판을 쓰거나 새 정책을 더해요. 적용하기 전에 무엇이 바뀌는지 보여 드려요.",
        documents.draw,
    ),
    "import": (
        "가져오기",
        "웹 주소나 파일에서 정책을 읽어 와요. 살펴보고 고른 것만 검색에 들어가요.",
        importing.draw,
    ),
    "questions": (
        "답 못한 질문",
        "상담이 답하지 못했거나 자신 없이 답한 질문을 비슷한 것끼리 모았어요.",
        questions.draw,
    ),
}
_CSS = """<style>
[class*="st-key-clause-"] button, [class*="st-key-clause-"] button * {
  justify-content: flex-start; text-align: left; }
[class*="st-key-clause-"] button { min-height: 0; padding: 0; }
[class*="st-key-hit-"] { padding: .5rem .625rem; }
[class*="st-key-hit-"] p { font-size: .8125rem; line-height: 1.45; }
[class*="st-key-hit-"] button p { font-weight: 600; }
@media (max-width: 640px) {
  .st-key-inspection-stages [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {
    flex-wrap: nowrap; overflow-x: auto; scroll-snap-type: x mandatory; }
  .st-key-inspection-stages [data-testid="stColumn"] {
    min-width: 84%; flex: 0 0 84%; scroll-snap-align: start; }
}
</style>"""


def draw(desk: Services, caller: Caller) -> None:
    """Title, views, and the one that is open."""
    st.markdown("#### 정책 검사", anchors=False)
    st.html(_CSS)
    take_view()
    chosen = st.segmented_control(
        "보기", list(_VIEWS), key=url.take(HERE, "view", "look", allowed=_VIEWS),
        required=True, format_func=lambda name: _VIEWS[name][0], label_visibility="collapsed",
    )  # fmt: skip
    view = url.give(HERE, "view", "look", chosen)
    st.caption(_VIEWS[view][1])
    show_flash()
    _VIEWS[view][2](desk, caller)
    clause.show_opened(desk, caller)
