"""What lies behind a number or a point of a chart: a dialog with the way to each of them."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from services.dashboard import MOST_BEHIND, MOST_IN_FILE
from services.dashboard_csv import about_word, as_csv, behind_rows, key_word, state_word
from services.dashboard_table import FIGURES
from ui.format import count, plain, short, when

__all__ = ["draw", "open_", "pick", "turn_over"]

STEP = 50
_PAGE = {"conversation": "runs.py", "ticket": "desk.py", "claim": "claims.py"}
_PARAM = {"conversation": "c", "ticket": "ticket", "claim": "claim"}
_UNIT = {"conversation": "건의 상담", "ticket": "건의 티켓", "claim": "건의 신청"}
_SHOWN = "sangdam_dash_shown"
_NONCE = "sangdam_dash_nonce"


def open_(key: str, slice_: str) -> None:
    """Put a figure's slice into the address (a callback): the next run opens its dialog."""
    st.query_params["behind"] = key
    st.query_params["of"] = slice_
    st.session_state[_SHOWN] = STEP


def pick(chart: str, key: str) -> None:
    """A click on a mark of a chart (a callback)."""
    points = st.session_state[chart]["selection"]["points"]
    if points and points[0].get("customdata"):
        open_(key, str(points[0]["customdata"][0]))


def turn_over() -> int:
    """A number in the charts' keys: after a dialog they are new, and no mark stays chosen."""
    return int(st.session_state.get(_NONCE, 0))


def draw(desk: Services, caller: Caller, period: Any) -> None:
    """The dialog of the address, where there is one."""
    figure = FIGURES.get(st.query_params.get("behind", ""))
    if figure is None or figure.behind is None:
        return
    slice_ = st.query_params.get("of", "")
    title = short(f"{figure.name}: {_named(figure, slice_)}" if slice_ else figure.name, 60)
    body = partial(_list, desk, caller, figure, slice_, period)
    st.dialog(plain(title), width="medium", on_dismiss=_close)(body)()


def _close() -> None:
    for name in ("behind", "of"):
        st.query_params.pop(name, None)
    st.session_state[_NONCE] = turn_over() + 1


def _named(figure: Any, slice_: str) -> str:
    try:
        return key_word(figure, slice_)
    except (ValueError, IndexError):  # an address somebody typed
        return slice_


def _list(desk: Services, caller: Caller, figure: Any, slice_: str, period: Any) -> None:
    shown = min(int(st.session_state.get(_SHOWN, STEP)), MOST_BEHIND)
    try:
        found = desk.dashboard.behind(caller, figure.key, slice_, period, limit=shown + 1)
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        return
    st.caption(plain(figure.formula))
    if figure.listed:
        st.caption(f"**{plain(figure.listed)}**")
    if not found:
        st.markdown("**이 기간에는 해당하는 내역이 없어요**")
        return
    more = len(found) > shown
    rows = found[:shown]
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        number = count(len(rows), _UNIT[rows[0].kind])
        st.markdown(f"최근 {number}" if more else number)
        st.download_button(
            "CSV 내려받기", partial(_csv, desk, caller, figure, slice_, period),
            f"{figure.key}-behind.csv", "text/csv",
            key="dash-behind-csv", icon=":material/download:", type="tertiary", on_click="ignore",
        )  # fmt: skip
    with st.container(gap=None, key="dash-behind"):
        for place, one in enumerate(rows):
            _row(one, place)
    if more and shown < MOST_BEHIND:
        st.button("더 보기", key="dash-behind-more", width="stretch", on_click=_more)


def _csv(desk: Services, caller: Caller, figure: Any, slice_: str, period: Any) -> bytes:
    """All of the list, not only what is shown of it so far."""
    rows = desk.dashboard.behind(caller, figure.key, slice_, period, limit=MOST_IN_FILE)
    return as_csv(*behind_rows(rows))


def _row(one: Any, place: int) -> None:
    params = {_PARAM[one.kind]: one.id}
    if one.turn_id:
        params["turn"] = one.turn_id
    with st.container(gap=None, key=f"dash-found-{place}"):
        st.page_link(
            _PAGE[one.kind], label=plain(short(one.title, 70)) or "(내용 없음)",
            query_params=params, icon=":material/chevron_right:",
        )  # fmt: skip
        parts = [when(one.at), plain(one.who or "손님"), state_word(one), plain(about_word(one))]
        st.caption(" · ".join(part for part in parts if part))


def _more() -> None:
    st.session_state[_SHOWN] = int(st.session_state.get(_SHOWN, STEP)) + STEP
