"""One report, large: the picture with a slider, the catalogue's beside it, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from services import PhotoReport, Services
from ui import photo_report
from ui.defects import following

__all__ = ["draw"]

_STEPS = list(range(0, 101, 5))


def draw(
    desk: Services, caller: Caller, found: PhotoReport, *, beside: Sequence[PhotoReport] = ()
) -> None:
    """All of it; ``beside`` are the photos that were judged with it."""
    key = found.report_id
    with st.container(key="defects-look", gap="small"):
        other = photo_report.catalogue_photo(desk, found)
        mine, said, theirs = _columns(other is not None)
        least = _least(found)
        with mine:
            photo_report.picture(desk, caller, found, least=least)
            _slider(found)
            photo_report.legend(found, key=key, least=least)
            if other is None:
                photo_report.without(found)
        if theirs is not None and other is not None:
            with theirs:
                photo_report.beside(other)
        with said:
            photo_report.head(found)
            photo_report.reasons(found, key=key)
            following.draw(desk, caller, found, beside or (found,))
            photo_report.quality(found)
            photo_report.judges(found, key=key)
            photo_report.corrected(found)


def _columns(both: bool) -> tuple[Any, Any, Any]:
    """Where the photo, what is said and (if there is one) the catalogue's picture stand."""
    if both:
        mine, theirs, said = st.columns([5, 4, 5], gap="medium")
        return mine, said, theirs
    mine, said = st.columns(2, gap="large")
    return mine, said, None


def _first(found: PhotoReport) -> int:
    return round(photo_report.least_of(found) * 100)


def _least(found: PhotoReport) -> float:
    """What the slider stands at, before it is drawn below the picture."""
    return int(st.session_state.get(f"defects-least-{found.report_id}", _first(found))) / 100


def _slider(found: PhotoReport) -> None:
    st.select_slider(
        "표시할 확신도", _STEPS, key=f"defects-least-{found.report_id}",
        value=_first(found), format_func=lambda step: f"{step}% 이상만 표시",
    )  # fmt: skip
