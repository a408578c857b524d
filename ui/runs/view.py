"""The page: the list of turns, or one of them."""

from __future__ import annotations

import streamlit as st

from agent.types import Caller
from services import Services
from ui.dialogs import show_flash
from ui.runs import listing, one

__all__ = ["draw"]


def draw(desk: Services, caller: Caller) -> None:
    """Title and one line, then what the address asks for."""
    st.html(listing.CSS)
    st.markdown("#### 대화 검토", anchors=False)
    turn_id = st.query_params.get("turn", "")[:80]
    if not turn_id:
        st.caption(
            "상담 도우미의 답변 하나하나가 어떻게 나왔는지 보고, "
            "지금의 상담 도우미로 다시 해 봐요. 다시 해 봐도 바뀌는 것은 없어요."
        )
        show_flash()
        listing.draw(desk, caller)
        return
    show_flash()
    one.draw(desk, caller, turn_id)
