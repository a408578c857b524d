"""What the models were asked and what it cost: sums of a period, by model and by day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from agent.types import Caller
from services.diagnostics import DayRow, Diagnostics
from services.diagnostics_words import PURPOSES
from ui import url
from ui.diagnostics_tables import Column, data, money, table
from ui.format import day

__all__ = ["draw", "sums"]

HERE = "diagnostics"
PERIODS = {"1": "오늘", "7": "7일", "30": "30일"}
SUMS = ("calls", "errors", "input_tokens", "output_tokens", "cached_tokens", "cost_usd",
         "unpriced")  # fmt: skip
_NUMBERS = (
    Column("호출", 11, True), Column("실패", 10, True), Column("입력 토큰", 15, True),
    Column("출력 토큰", 15, True), Column("비용", 15, True),
)  # fmt: skip
_FIRST = 34


def draw(diagnostics: Diagnostics, caller: Caller) -> None:
    """The period in the address, its sums, then by model, by purpose and by day."""
    period = url.give(HERE, "days", "7", st.segmented_control(
        "기간", list(PERIODS), key=url.take(HERE, "days", "7", allowed=PERIODS),
        required=True, format_func=PERIODS.__getitem__, label_visibility="collapsed",
    ))  # fmt: skip
    rows = diagnostics.days(caller, int(period))
    if not rows:
        with st.container(border=True, key="diag-usage-empty"):
            st.markdown("**이 기간에는 모델에 물어본 적이 없어요**")
            st.caption("모델이 답하거나 생성 확인을 하면 여기에 하루 단위로 쌓여요.")
        return
    _total(sums(rows, lambda one: "")[""])
    _by("모델별", "model", rows, lambda one: f"{one.model} · {one.provider}")
    _by("하는 일별", "purpose", rows, lambda one: PURPOSES.get(one.purpose, one.purpose))
    if period != "1":
        _by("날짜별", "day", rows, lambda one: day(one.day), kept=True)


def sums(rows: Sequence[DayRow], key: Callable[[DayRow], str]) -> dict[str, Mapping[str, float]]:
    """The rows added up by a key, in the order in which the keys come."""
    found: dict[str, dict[str, float]] = {}
    for one in rows:
        total = found.setdefault(key(one), dict.fromkeys(SUMS, 0))
        for name in SUMS:
            total[name] += getattr(one, name)
    return dict(found)


def _total(one: Mapping[str, float]) -> None:
    """Four figures beside each other; on a phone two by two."""
    tokens = one["input_tokens"] + one["output_tokens"]
    figures = {
        "호출": f"{one['calls']:,.0f}번", "실패": f"{one['errors']:,.0f}번",
        "토큰": f"{tokens:,.0f}", "비용": _cost(one),
    }  # fmt: skip
    with st.container(horizontal=True, gap="small", key="diag-totals"):
        for name, value in figures.items():
            with st.container(border=True, width=160, gap=None):
                st.markdown(f":gray[{name}]  \n**{value}**")
    if one["cached_tokens"]:
        st.caption(f"입력 토큰 가운데 {one['cached_tokens']:,.0f}개는 캐시에서 읽었어요.")
    if one["unpriced"]:
        st.caption(
            f"{one['unpriced']:,.0f}번은 가격표에 없는 모델이라 비용에 넣지 못했어요. "
            "sangdam.toml의 prices에 단가를 적어 주세요."
        )


def _by(
    title: str,
    name: str,
    rows: Sequence[DayRow],
    key: Callable[[DayRow], str],
    *,
    kept: bool = False,
) -> None:
    """One table, most asked first unless the order is ``kept``."""
    found = list(sums(rows, key).items())
    if not kept:
        found.sort(key=lambda item: -item[1]["calls"])
    st.markdown(f"**{title}**")
    table((Column(title.removesuffix("별"), _FIRST), *_NUMBERS),
          [(data(first), *_numbers(one)) for first, one in found], f"usage-{name}")  # fmt: skip


def _numbers(one: Mapping[str, float]) -> tuple[str, ...]:
    names = ("calls", "errors", "input_tokens", "output_tokens")
    return (*(f"{one[name]:,.0f}" for name in names), _cost(one))


def _cost(one: Mapping[str, float]) -> str:
    """The known sum; "모름" where nothing of it is known, "이상" where a part is not."""
    if one["unpriced"] and not one["cost_usd"]:
        return "모름"
    return money(one["cost_usd"]) + (" 이상" if one["unpriced"] else "")
