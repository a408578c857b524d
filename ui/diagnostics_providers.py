"""The models: a card each with its light, trying it, and who would answer what now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from services.diagnostics import MOST_PROMPT, PROMPT, Diagnostics, ProviderView, RouteView
from ui import diagnostics_trial
from ui.diagnostics_tables import Column, address, data, table, took
from ui.format import plain, short, when

__all__ = ["draw", "draw_routes"]

ICONS = {"green": "check_circle", "orange": "warning", "red": "error", "gray": "do_not_disturb_on"}
BREAKER = {
    "closed": "자동 차단 없음",
    "half_open": "다시 물어보는 중",
    "open": "자동 차단 중(잠시 뒤 다시 물어봐요)",
}
DOMAINS = {
    "order": "주문", "claim": "신청·문의", "policy": "정책", "general": "일반",
    "product_info": "상품", "unknown": "알 수 없음",
}  # fmt: skip


# ── the cards ────────────────────────────────────────────────────────────────────────────


def draw(diagnostics: Diagnostics, caller: Caller, providers: Sequence[ProviderView]) -> None:
    """The cards in use, those that are not in use folded below; then the trial asked for."""
    used = [one for one in providers if one.light != "gray"]
    unused = [one for one in providers if one.light == "gray"]
    prompt = PROMPT
    if any(one.name != "offline" for one in used):
        prompt = st.text_input(
            "생성 확인에 보낼 말", PROMPT, key="diag-prompt", max_chars=MOST_PROMPT, width=480,
        ).strip() or PROMPT  # fmt: skip
    places = {one.name: _card(one) for one in used}
    if unused:
        with st.expander(f"쓰지 않는 곳 {len(unused):,}곳", icon=":material/toggle_off:"):
            for one in unused:
                st.markdown(f"**{plain(one.name)}** :gray[{_kind(one)}]  \n{_problem(one)}")
    pressed = diagnostics_trial.take()
    view = next((one for one in used if pressed and one.name == pressed[0]), None)
    if pressed and view is not None:
        place = places[view.name]
        diagnostics_trial.run(place, diagnostics, caller, view, pressed[1], prompt)


def _card(one: ProviderView) -> Any:
    """One provider; returns the empty place where its trial is shown."""
    with st.container(border=True, key=f"diag-card-{one.name}", gap="xsmall"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            st.markdown(f"{_light(one)} **{plain(one.name)}** :gray[{_kind(one)}]", width="content")
            _buttons(one)
        if one.name != "offline":
            model = f"**{data(one.model)}**" if one.model else ":gray[모델 이름 없이 물어봐요]"
            lines = (model, f":gray[{address(one.target_url)}]",
                     f":gray[:small[{_figures(one)}]]")  # fmt: skip
            st.markdown("  \n".join(lines))
        else:
            st.caption(
                "모델이 없거나 답하지 못할 때 정해 둔 문구로 답해요. 언제나 마지막에 있어요."
            )
        found = diagnostics_trial.outcome_of(one.name)
        told = one.last_error or one.detail
        if told and (found is None or found.good):  # a failed trial says the same
            st.markdown(_problem(one))
        place = st.empty()
        if found is not None:
            with place.container():
                diagnostics_trial.show(found)
    return place


def _buttons(one: ProviderView) -> None:
    if one.name == "offline":
        return
    with st.container(horizontal=True, gap="small", width="content"):
        st.button("연결 확인", key=f"diag-probe-{one.name}", icon=":material/cable:",
                  on_click=diagnostics_trial.start, args=(one.name, "probe"))  # fmt: skip
        st.button("생성 확인", key=f"diag-generate-{one.name}", icon=":material/edit_note:",
                  on_click=diagnostics_trial.start, args=(one.name, "generate"))  # fmt: skip


def _light(one: ProviderView) -> str:
    """The light as a badge in Markdown: word, icon and colour."""
    return f":{one.light}-badge[:material/{ICONS[one.light]}: {plain(one.word)}]"


def _kind(one: ProviderView) -> str:
    where = "가게 서버" if one.local else "바깥 서비스"
    return where if one.kind == one.name else f"{plain(one.kind)} 방식 · {where}"


def _figures(one: ProviderView) -> str:
    spent = f"지연 {took(one.latency_ms)}" if one.latency_ms is not None else "아직 받은 답 없음"
    key = "키 있음" if one.has_key else "키 없음"
    busy = f"동시에 {one.in_flight:,}/{one.concurrency:,}"
    return " · ".join((spent, busy, BREAKER.get(one.breaker, plain(one.breaker)), key))


def _problem(one: ProviderView) -> str:
    """The last error with its time, the server's words and the remedy, or what is missing;
    small when it is over."""
    at = f" :gray[:small[{when(one.last_error_at)}]]" if one.last_error_at else ""
    error = f"{data(one.last_error)}{at}" if one.last_error else ""
    if one.light == "green" and one.last_error:
        error = f":gray[:small[지난 문제: {data(one.last_error)} {when(one.last_error_at)}]]"
    detail = f":gray[:small[자세히: {data(short(one.detail, 300))}]]" if one.detail else ""
    return "  \n".join(part for part in (error, detail, data(one.remedy)) if part)


# ── the routes ───────────────────────────────────────────────────────────────────────────


def draw_routes(routes: Sequence[RouteView]) -> None:
    """Who would answer each intent now, and who is passed over and why."""
    st.caption(
        "지금 들어온 말에 누가 답할지예요. 왼쪽부터 차례로 물어보고, 모두 답하지 못하면 준비된 "
        "문구로 답해요."
    )
    tail = (Column("지금 답하는 모델", 38), Column("건너뛴 곳", 26))
    said = [_route(one) for one in routes if one.domain]
    table((Column("고객의 말", 24), Column("업무", 12), *tail), said, "routes")
    st.markdown("**그 밖에 모델이 하는 일**")
    work = [_route(one) for one in routes if not one.domain]
    table((Column("하는 일", 36), *tail), [(title, *rest) for title, _, *rest in work], "work")


def _route(one: RouteView) -> tuple[str, ...]:
    steps = [data(short(step, 90)) for step in one.steps]
    told = " → ".join([f"**{steps[0]}**", *steps[1:]]) if steps else ":gray[준비된 문구]"
    skipped = ", ".join(f"{plain(name)}({data(why)})" for name, why in one.skipped)
    title = f"{plain(one.title)} :gray[:small[{plain(one.intent)}]]"
    domain = DOMAINS.get(one.domain, plain(one.domain))
    return title, domain, told, skipped and f":gray[{skipped}]"
