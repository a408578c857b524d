"""A figure as one number: its change against the period before, and the way to what lies behind."""

from __future__ import annotations

from typing import Any

import streamlit as st

from services.dashboard_csv import said
from ui.dashboard import behind
from ui.format import plain

__all__ = ["draw"]

_SAME = 0.0005  # a share that moved less has not moved


def draw(read: Any) -> None:
    """One tile."""
    figure, value = read.figure, _value(read.now)
    with st.container(key=f"dash-tile-{figure.key}", gap=None, border=True):
        st.metric(figure.name, said(figure, value), help=plain(figure.formula), width="stretch")
        with st.container(
            horizontal=True, vertical_alignment="center", gap="xsmall",
            key=f"dash-foot-{figure.key}",
        ):  # fmt: skip
            parts = [_change(figure, value, _value(read.before)), _counted(figure, read.now)]
            told = " · ".join(part for part in parts if part)
            st.markdown(told or ":gray[–]", width="stretch")
            if figure.behind is not None:
                st.button(
                    "내역", key=f"dash-open-{figure.key}", type="tertiary",
                    on_click=behind.open_, args=(figure.key, ""), help="이 수치 뒤의 상담과 티켓",
                )  # fmt: skip


def _value(answer: Any) -> float | None:
    if answer is None:
        return None
    for name in ("value", "low", "usd"):
        if hasattr(answer, name):
            found: float | None = getattr(answer, name)
            return found
    raise TypeError(f"{answer!r} is no single number")


def _change(figure: Any, value: float | None, before: float | None) -> str:
    """The difference as coloured Markdown; an arrow says the same as the colour."""
    if value is None or before is None:
        return ""
    gain = value - before
    if abs(gain) < (_SAME if figure.unit == "share" else 1e-9):
        return ":gray[그대로]"
    size = f"{abs(gain) * 100:.1f}%p" if figure.unit == "share" else said(figure, abs(gain))
    colour = {"": "gray", "up": "green" if gain > 0 else "red"}.get(
        figure.good, "green" if gain < 0 else "red"
    )
    return f":{colour}[{'↑' if gain > 0 else '↓'} {plain(size)}]"


def _counted(figure: Any, answer: Any) -> str:
    """What the number was counted from, in grey."""
    told = ""
    if hasattr(answer, "high"):
        told = f"{answer.n:,}건"
        if figure.unit == "ms" and answer.high is not None:
            told = f"95% {said(figure, answer.high)} 안"
    elif hasattr(answer, "unpriced"):
        unknown = f", 값 모름 {answer.unpriced:,}번" if answer.unpriced else ""
        told = f"호출 {answer.calls:,}번{unknown}"
    elif figure.key == "cost_each":
        unknown = f", 값 모름 {answer.of - answer.n:,}건" if answer.of > answer.n else ""
        told = f"상담 {answer.of:,}건{unknown}"
    elif answer.of:
        told = f"{answer.n:,} / {answer.of:,}"
    return f":gray[{plain(told)}]" if told else ""
