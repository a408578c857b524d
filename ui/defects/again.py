"""A photo that was judged for no order is judged once more for the one it turns out to be of."""

from __future__ import annotations

import streamlit as st

from agent.types import Caller
from services import PhotoReport, Services
from ui.defects import about
from ui.defects.about import About
from ui.defects.names import open_check
from ui.dialogs import attempt, close_when_done, forget_problem, problem

__all__ = ["button", "dialog"]

_OPEN = "sangdam_defects_again"  # report id


def button(found: PhotoReport) -> None:
    """Ask for the order."""
    st.button(
        "주문을 골라 다시 확인하기", key=f"defects-order-of-{found.report_id}", on_click=_ask,
        args=(found.report_id,), icon=":material/receipt_long:",
    )  # fmt: skip


def dialog(desk: Services, caller: Caller, found: PhotoReport) -> None:
    """The question, where it was asked for."""
    if st.session_state.get(_OPEN) == found.report_id:
        st.session_state.pop(_OPEN)
        _draw(desk, caller, found)


def _ask(report_id: str) -> None:
    st.session_state[_OPEN] = report_id
    forget_problem()


@st.dialog("어느 주문의 사진인가요?", icon=":material/receipt_long:")
def _draw(desk: Services, caller: Caller, found: PhotoReport) -> None:
    close_when_done()
    chosen = about.of_order(desk, caller)
    problem()
    st.button(
        "이 주문의 상품 사진과 견주기", key="defects-judge-again", type="primary",
        disabled=chosen is None, on_click=_judge, args=(desk, caller, found, chosen),
    )  # fmt: skip


def _judge(desk: Services, caller: Caller, found: PhotoReport, chosen: About) -> None:
    def work() -> None:
        # The order's customer gets a copy: a claim takes nobody else's photos.
        _, image_id = desk.save_photo(
            caller, desk.photo(caller, found.image_id), session_id=None, owner_id=chosen.owner_id
        )
        open_check([chosen.check(desk, caller, image_id)])

    attempt(work, "고른 주문의 상품 사진과 견주어 다시 확인했어요.")
