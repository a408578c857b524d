"""The list: a row a turn, opened by its question; the whole of it played again at once."""

from __future__ import annotations

import streamlit as st

from agent.types import Caller
from services import Services
from services.runs import MOST_REPLAYS, TurnRow, Wanted
from ui.format import plain, short, when
from ui.runs import batch, words
from ui.runs.filters import HERE, chosen

__all__ = ["CSS", "chips", "draw", "open_turn", "who"]

PAGE = 30
QUESTION, ANSWER = 90, 110  # characters of a row
_WIDTHS = [2, 9, 4]
_UNSURE = 0.6
CSS = """<style>
[class*="st-key-runs-row-"] {
  border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent); padding-top: .35rem; }
[class*="st-key-runs-row-"] p { font-size: .875rem; }
[class*="st-key-runs-row-"] button, [class*="st-key-runs-row-"] button * {
  justify-content: flex-start; text-align: left; }
[class*="st-key-runs-row-"] button { min-height: 0; padding: 0; }
[class*="st-key-runs-row-"] button p { font-weight: 600; }
[class*="st-key-runs-row-"] button p, [class*="st-key-runs-answer-"] p {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 1; overflow: hidden; }
@media (max-width: 640px) {
  [class*="st-key-runs-row-"] button p, [class*="st-key-runs-answer-"] p {
    -webkit-line-clamp: 2; }
  [class*="st-key-runs-row-"] br { display: none; }
  [class*="st-key-runs-row-"] br + span { margin-left: .4rem; }
}
[class*="st-key-runs-row-"] [data-testid="stHorizontalBlock"] { row-gap: .1rem; }
.st-key-runs-filters [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
[class*="st-key-runs-words-"] s { opacity: .75; }
</style>"""


def draw(desk: Services, caller: Caller) -> None:
    """Filters, the turns newest first, and what playing them again has shown."""
    wanted = chosen(desk)
    after = _after()
    rows = desk.runs.find(caller, wanted, after=after, limit=PAGE + 1)
    if not rows:
        _empty(wanted, further=after is not None)
        return
    with st.container(horizontal=True, vertical_alignment="center", key="runs-head"):
        more = "+" if len(rows) > PAGE else ""
        st.caption(f"{min(len(rows), PAGE)}{more}건 · 새것부터", width="stretch")
        batch.button(desk)
    batch.draw(desk, caller, lambda: desk.runs.find(caller, wanted, limit=MOST_REPLAYS))
    for number, row in enumerate(rows[:PAGE]):
        _row(row, number)
    _paging(rows, after is not None)


def open_turn(turn_id: str) -> None:
    """Open a turn on this page (a callback)."""
    st.query_params["turn"] = turn_id


def who(row: TurnRow) -> str:
    """Whose turn it was, as literal Markdown."""
    return plain(row.customer or "비회원")


def chips(row: TurnRow) -> str:
    """What is special about a turn, as badges."""
    found = [f":blue-badge[{plain(words.intent(row.intent))}]"]
    if row.status in words.STATUS:
        word, colour = words.STATUS[row.status]
        found.append(f":{colour}-badge[{word}]")
    elif 0 < row.confidence < _UNSURE:
        found.append(f":orange-badge[:material/help: 확신 {row.confidence:.0%}]")
    if row.rating is not None:
        good = row.rating == 1
        icon, colour = ("thumb_up", "green") if good else ("thumb_down", "red")
        found.append(f":{colour}-badge[:material/{icon}: 고객 {'만족' if good else '불만'}]")
    if row.verdicts:
        good = row.verdicts[-1] == 1
        found.append(f":{'green' if good else 'red'}-badge[검토: {'맞음' if good else '틀림'}]")
    if "create_ticket" in row.tools:
        found.append(":violet-badge[:material/support_agent: 상담원에게]")
    if row.fallback_reason:
        found.append(":orange-badge[:material/alt_route: 다른 답으로]")
    flags = [one for one in row.guardrails if one != "no_words"]
    found += [f":gray-badge[:material/shield: {plain(words.flag(one))}]" for one in flags[:2]]
    return " ".join(found)


def _row(row: TurnRow, number: int) -> None:
    with st.container(key=f"runs-row-{number}", gap="xxsmall"):
        left, middle, right = st.columns(_WIDTHS, gap="small")
        left.markdown(f"{when(row.created_at)}  \n:gray[{who(row)}]")
        with middle.container(gap="xxsmall"):
            st.button(
                plain(short(row.question, QUESTION)) or "(사진만)", key=f"runs-open-{row.turn_id}",
                type="tertiary", on_click=open_turn, args=(row.turn_id,),
            )  # fmt: skip
            if row.answer and row.answer_role != "receipt":
                with st.container(key=f"runs-answer-{number}"):
                    st.markdown(f":gray[{plain(short(row.answer, ANSWER))}]")
        took = f"{row.latency_ms:,.0f} ms"
        by = "" if row.provider in ("offline", "") else f" · {plain(row.model)}"
        right.markdown(f"{chips(row)}  \n:small[:gray[{took}{by}]]")


def _after() -> tuple[str, str] | None:
    at, separator, turn_id = st.query_params.get("after", "").partition("~")
    return (at, turn_id) if separator else None


def _paging(rows: list[TurnRow], further: bool) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        if further:
            st.button("처음으로", key=f"{HERE}-first", icon=":material/first_page:",
                      on_click=_turn_to, args=("",))  # fmt: skip
        if len(rows) > PAGE:
            last = rows[PAGE - 1]
            st.button("이전 답변 더 보기", key=f"{HERE}-next", icon=":material/chevron_right:",
                      on_click=_turn_to, args=(f"{last.created_at}~{last.turn_id}",))  # fmt: skip


def _turn_to(place: str) -> None:
    if place:
        st.query_params["after"] = place
    else:
        st.query_params.pop("after", None)


def _empty(wanted: Wanted, *, further: bool) -> None:
    with st.container(border=True):
        if further:
            st.markdown("**여기가 끝이에요**")
            st.caption("더 이전의 답변은 없어요.")
            st.button("처음으로", on_click=_turn_to, args=("",))
        elif wanted.intent or wanted.kinds or wanted.text or wanted.below:
            st.markdown("**조건에 맞는 답변이 없어요**")
            st.caption("기간을 넓히거나 조건을 하나씩 지워 보세요.")
        else:
            st.markdown("**아직 나눈 대화가 없어요**")
            st.caption(
                "고객이 상담 채팅에서 물어보면 답변이 하나씩 여기에 쌓여요. "
                "기간을 ‘전체’로 바꾸면 예전 대화도 볼 수 있어요."
            )
