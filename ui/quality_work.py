"""Measuring from the page: choose, start, watch, stop, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from errors import SangdamError
from services import Services
from ui.dialogs import flash
from ui.format import plain
from ui.refresh import refreshed

__all__ = ["button", "under_way"]

EVERY_S = 1.5
_PICKED = "quality-picked"


def button(desk: Services, standings: Sequence[Any]) -> None:
    """ "지금 측정하기": the suites in a popover and the button that starts."""
    names = {one.suite: one.title for one in standings}
    names |= {name: title for name, title in desk.quality.suites.items() if name not in names}
    if desk.quality.progress().state == "running":
        # Not disabled: a second click says why nothing starts.
        st.button("지금 측정하기", icon=":material/play_arrow:", key="quality-again",
                  on_click=_start, args=(desk, ()))  # fmt: skip
        return
    with st.popover("지금 측정하기", icon=":material/play_arrow:", type="primary"):
        st.markdown("무엇을 잴까요?")
        picked = st.pills(
            "측정할 것", list(names), selection_mode="multi", key=_PICKED, default=list(names),
            format_func=names.__getitem__, label_visibility="collapsed",
        )  # fmt: skip
        st.caption(_how_long(standings, picked))
        st.button(
            "측정 시작", type="primary", key="quality-start", disabled=not picked,
            on_click=_start, args=(desk, tuple(picked)),
        )  # fmt: skip


def under_way(desk: Services) -> None:
    """The progress of an evaluation, or why the last one failed."""
    work = desk.quality.progress()
    if work.state == "running":
        _watch(desk)
    elif work.state == "failed":
        _failed(desk, work)


def _start(desk: Services, suites: tuple[str, ...]) -> None:
    try:
        desk.quality.start(suites)
    except SangdamError as error:
        flash("refused", error.message)


@refreshed(EVERY_S)
def _watch(desk: Services) -> None:
    work = desk.quality.progress()
    if work.state != "running":
        if work.state == "done":
            flash("done", "측정을 마쳤어요. 아래는 새 결과예요.")
        elif work.state == "cancelled":
            flash("refused", "측정을 멈췄어요. 저장된 것은 없어요.")
        st.rerun()
    titles = desk.quality.suites
    with st.container(
        horizontal=True, vertical_alignment="center", border=True, key="quality-work"
    ):
        st.progress(work.share, text=_said(work, titles))
        st.button("멈추기", key="quality-stop", on_click=desk.quality.cancel)


def _said(work: Any, titles: dict[str, str]) -> str:
    if work.suite not in work.suites:
        return "측정할 상점을 준비하고 있어요…"
    name = titles.get(work.suite) or work.suite
    place = f"{work.suites.index(work.suite) + 1}/{len(work.suites)}"
    return f"재고 있어요: **{plain(name)}** ({place}) · {work.done:,}/{work.of:,}"


def _failed(desk: Services, work: Any) -> None:
    st.error("측정이 끝나지 못했어요. 저장된 것은 없어요.", icon=":material/error:")
    with st.expander("무엇이 잘못됐나요"):
        st.code(work.error or "기록이 없어요.", language=None, wrap_lines=True)
        suites = " ".join(work.suites)
        st.caption("아래 명령을 터미널에서 실행하면 자세히 볼 수 있어요.")
        st.code(f"python -m evals run --suite {suites}", language="bash", wrap_lines=True)
        st.caption(f"전체 기록: {plain(desk.quality.log)}")


def _how_long(standings: Sequence[Any], picked: Sequence[str]) -> str:
    """About how long it takes, by how long it took last."""
    spent = [one.latest.took_s for one in standings if one.suite in picked and one.latest]
    if not spent:
        return "처음 재는 거라 얼마나 걸릴지 몰라요. 그동안 다른 화면을 써도 돼요."
    minutes = max(1, round((sum(spent) + 20) / 60))
    return f"지난번에는 {minutes}분쯤 걸렸어요. 그동안 다른 화면을 써도 돼요."
