"""검사: a question through every stage, what a reply would cite, two settings side by side."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from services.dashboard_words import INTENT
from services.policy_desk import Look
from services.policy_inspect import ALSO, CONFIDENT_FROM, MOST_CITED, SEEN
from ui import url
from ui.format import plain
from ui.inspection import clause, stages
from ui.inspection.names import HERE, LAST, full_day
from ui.states import Colour

__all__ = ["draw"]

EXAMPLES = (
    "반품은 며칠 안에 할 수 있어요?",
    "반품 배송비는 누가 내요?",
    "쿠폰 쓴 주문을 일부만 반품하면요?",
    "반려 고슴도치도 데려갈 수 있나요?",
)
MODES = {"hybrid": "하이브리드", "keyword": "키워드", "vector": "의미"}
_WHO = {"public": "고객", "staff": "직원"}
_FROM_POLICIES = ("policy", "payment", "account")
SIZES = (3, 5, 6, 10, 20)
_VERDICT: dict[str, tuple[str, Colour, str]] = {
    "cited": ("인용", "green", ":material/format_quote:"),
    "unsure": ("확신 부족", "orange", ":material/help:"),
    "weaker": ("점수 모자람", "gray", ":material/trending_down:"),
    "enough": ("자리 없음", "gray", ":material/filter_3:"),
    "below": ("순위 밖", "gray", ":material/low_priority:"),
    "internal": ("직원용", "violet", ":material/lock:"),
    "ended": ("지난 판", "gray", ":material/history:"),
    "coming": ("시행 예정", "blue", ":material/schedule:"),
}


def draw(desk: Services, caller: Caller) -> None:
    """The view."""
    query = _question()
    if not query:
        _examples()
        return
    st.session_state[LAST] = query
    left, right = _settings(desk)
    try:
        if right is not None:
            _comparison(desk, caller, query, left, right)
            return
        seen = desk.policy_desk.inspect(caller, query, left)
        answer = desk.policy_desk.answer(caller, query)
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        return
    _summary(seen, answer)
    cited = {fate.hit.chunk.chunk_id for fate in answer.fates if fate.verdict == "cited"}
    stages.columns(desk, seen, cited)
    _answer(answer)


def _question() -> str:
    query = st.text_input(
        "질문", key=url.take(HERE, "q", ""), type="search", icon=":material/search:",
        placeholder="고객이 물을 말을 그대로 적어 주세요", label_visibility="collapsed",
        max_chars=400,
    )  # fmt: skip
    return url.give(HERE, "q", "", query).strip()


def _examples() -> None:
    with st.container(border=True, key="inspection-empty"):
        st.markdown("**질문 하나로 검색의 속을 들여다봐요**")
        st.caption("키워드, 의미, 합계, 다시 매김 네 단계의 순위와 인용할 조항을 보여 드려요.")
        with st.container(horizontal=True, gap="small"):
            for number, text in enumerate(EXAMPLES):
                st.button(text, key=f"inspect-{number}", on_click=url.reset, args=(HERE, "q", text))


# ── settings ─────────────────────────────────────────────────────────────────────────────


def _settings(desk: Services) -> tuple[Look, Look | None]:
    """The way of looking, and a second one to compare with; both are kept in the address."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.toggle("검색 설정", key=f"{HERE}-settings")
        compared = st.toggle(
            "다른 설정과 비교", key=f"{HERE}-compared",
            value=st.query_params.get("compare") == "1",
        )  # fmt: skip
        url.give(HERE, "compare", "", "1" if compared else "")
        place = st.empty()
    columns = st.columns(2, gap="small") if compared else [st.container()]
    looks = []
    for side, column in zip("ab", columns, strict=False):
        with column:
            looks.append(_look(desk, side, shown=shown or compared))
    place.caption("  ↔  ".join(map(_said, looks)), width="content")
    return looks[0], looks[1] if compared else None


def _look(desk: Services, side: str, *, shown: bool) -> Look:
    """One side's settings; the second one begins with past policies and internal ones."""
    sizes = {str(size): f"{size}개" for size in SIZES}
    seen, old = ("staff", "1") if side == "b" else ("public", "0")
    if not shown:
        return _as_look(
            desk, *(st.query_params.get(f"{name}_{side}", default) for name, default in
                    (("mode", "hybrid"), ("top", str(SEEN)), ("who", seen), ("old", old),
                     ("day", ""))),
        )  # fmt: skip
    with st.container(border=True, key=f"settings-{side}", gap="xsmall"):
        mode = _pick(side, "mode", "찾는 방법", MODES, "hybrid")
        top = _pick(side, "top", "찾을 조항 수", sizes, str(SEEN))
        with st.container(horizontal=True, gap="medium"):
            who = _pick(side, "who", "누구의 눈으로", _WHO, seen)
            past = "0"
            if who == "staff":
                past = _pick(side, "old", "지난 정책", {"0": "빼고", "1": "함께"}, old)
        return _as_look(desk, mode, top, who, past, _day(desk, side))


def _as_look(desk: Services, mode: str, top: str, who: str, old: str, day: str) -> Look:
    """Settings as they stand in the address; what cannot be one falls back."""
    try:
        as_of = date.fromisoformat(day) if day else None
    except ValueError:
        as_of = None
    size = int(top) if top.isascii() and top.isdigit() and int(top) in SIZES else SEEN
    staff = who == "staff"
    return Look(mode if mode in MODES else "hybrid", size, staff and old == "1", staff, as_of)  # type: ignore[arg-type]


def _day(desk: Services, side: str) -> str:
    """The day to look on, "" for today."""
    today, name = desk.policy_desk.today, f"day_{side}"
    kept = _as_look(desk, "", "", "", "", st.query_params.get(name, "")).as_of or today
    chosen = st.date_input(
        "기준일", value=kept, key=f"{HERE}-{name}", format="YYYY-MM-DD",
        min_value=min(kept, date(2000, 1, 1)), max_value=max(kept, today + timedelta(days=3650)),
    )  # fmt: skip
    text = str(chosen) if isinstance(chosen, date) and chosen != today else ""
    return url.give(HERE, name, "", text)


def _pick(side: str, name: str, label: str, options: dict[str, str], default: str) -> str:
    name = f"{name}_{side}"
    chosen = st.segmented_control(
        label, list(options), key=url.take(HERE, name, default, allowed=options), required=True,
        format_func=lambda one: options[one],
    )  # fmt: skip
    return url.give(HERE, name, default, chosen)


def _said(look: Look) -> str:
    parts = [MODES[look.mode], f"{look.top_k}개", "직원 화면" if look.staff else "고객 화면"]
    if look.superseded and look.staff:
        parts.append("지난 정책 포함")
    if look.as_of:
        parts.append(f"{full_day(look.as_of)} 기준")
    return " · ".join(parts)


# ── what a reply would rest on ───────────────────────────────────────────────────────────


def _summary(seen: Any, answer: Any) -> None:
    sure = (
        ":green[:material/check_circle: 답할 만큼 확실해요]"
        if answer.confident
        else ":orange[:material/help: 확실하지 않아서 답으로 내놓지 않아요]"
    )
    line = f"{sure} · 확신도 **{answer.confidence:.2f}** (기준 {CONFIDENT_FROM:.2f})"
    if answer.confident:
        cited = sum(fate.verdict == "cited" for fate in answer.fates)
        line += f" · :green[:material/format_quote:] 인용할 조항 **{cited}개**"
    if seen.result.took_ms >= 1:
        line += f" · :gray[{seen.result.took_ms:.0f}ms]"
    if seen.searched != seen.query:
        line += f" · :gray[‘{plain(seen.searched)}’(으)로 찾음]"
    st.markdown(line)
    if answer.intent not in _FROM_POLICIES:
        st.caption(f":material/alt_route: {_elsewhere(answer.intent)}")
    if seen.result.notice:
        st.caption(f"쉬는 단계가 있어요: {plain(stages.NOTICE.get(seen.result.notice, ''))}")


def _elsewhere(intent: str) -> str:
    """What a chat does with a question that it does not take for one about the policies."""
    if not intent:
        return "채팅에서는 입력 검사에 걸려서 정책을 찾지 않고 정중히 거절해요."
    if intent == "unclear":
        return "채팅에서는 이 말을 알아듣지 못해서, 정책을 인용하지 않고 다시 물어봐요."
    word = plain(INTENT.get(intent, intent))
    if intent in ("out_of_scope", "smalltalk"):
        return f"채팅에서는 이 말을 ‘{word}’(으)로 알아들어서 정책을 인용하지 않아요."
    return (
        f"채팅에서는 이 질문을 ‘{word}’(으)로 알아들어서, 정책보다 그 일을 하는 답이 먼저 나가요."
    )


def _answer(answer: Any) -> None:
    st.markdown("##### 고객 답변에 쓰일 조항", anchors=False)
    if not answer.fates:
        st.caption("찾은 조항이 없어요. 답하지 못한 질문으로 남아요.")
        return
    with st.container(border=True, key="fates", gap="xsmall"):
        for number, fate in enumerate(answer.fates):
            _fate(fate, answer, number)


def _fate(fate: Any, answer: Any, number: int) -> None:
    word, colour, icon = _VERDICT[fate.verdict]
    chunk = fate.hit.chunk
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"fate-{number}"
    ):
        st.badge(word, icon=icon, color=colour)
        clause.button(chunk, f"{chunk.title} › {chunk.section}", key=f"fate-{number}")
        st.caption(_why(fate, answer), width="content")


def _why(fate: Any, answer: Any) -> str:
    chunk = fate.hit.chunk
    if fate.verdict == "cited":
        if chunk.chunk_id == answer.moved:
            return "물어본 값(기간, 금액, 시각)을 말하는 조항이라 맨 앞에 둬요."
        share = f"1위 점수의 {fate.share:.0%}"
        return "가장 잘 맞는 조항이에요." if fate.share >= 1 else f"{share}라서 함께 인용해요."
    return {
        "unsure": f"확신도가 기준 {CONFIDENT_FROM:.2f}에 못 미쳐요.",
        "weaker": f"1위 점수의 {fate.share:.0%}예요. {ALSO:.0%}부터 함께 인용해요.",
        "enough": f"이미 조항 {MOST_CITED}개를 인용했어요.",
        "below": f"고객 검색에서 {SEEN}위 안에 들지 못했어요.",
        "internal": "직원만 보는 정책이에요.",
        "ended": f"{full_day(chunk.effective_to)}에 끝났어요.",
        "coming": f"{full_day(chunk.effective_from)}부터 시행해요.",
    }[fate.verdict]


# ── two settings ─────────────────────────────────────────────────────────────────────────


def _comparison(desk: Services, caller: Caller, query: str, left: Look, right: Look) -> None:
    found = desk.policy_desk.compare(caller, query, left, right)
    st.markdown(
        f":green[:material/add_circle: 들어온 조항 **{len(found.came)}**] · "
        f":red[:material/do_not_disturb_on: 빠진 조항 **{len(found.went)}**]"
    )
    one, other = st.columns(2, gap="medium")
    with one:
        stages.one_list(desk, found, "left", "지금 설정")
    with other:
        stages.one_list(desk, found, "right", "비교할 설정")
