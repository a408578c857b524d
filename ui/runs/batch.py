"""Several turns played again at once: what has changed since, e.g. after a policy was edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from services.runs import MOST_REPLAYS, Comparison, TurnRow
from ui.format import plain, short
from ui.runs import words

__all__ = ["PLAYED", "button", "cost_note", "draw"]

PLAYED = "sangdam_runs_played"  # in the session: the last play that was looked into

_ASKED = "sangdam_runs_batch"
_RESULT = "sangdam_runs_result"
QUESTION = 70
Found = list[tuple[TurnRow, Comparison | str]]
Filters = dict[str, str]


def button(desk: Services) -> None:
    """Ask for the list to be played again; nothing runs before it is confirmed."""
    st.button(
        "목록을 다시 해 보기", icon=":material/replay:", on_click=_ask,
        help=f"조건에 맞는 답변을 새것부터 {MOST_REPLAYS}건까지 지금의 상담 도우미로 다시 해 보고 "
        f"달라진 것을 모아 보여 드려요. {cost_note(desk)}",
    )  # fmt: skip


def cost_note(desk: Services) -> str:
    """What playing turns again costs."""
    if desk.llm.gateway.configured:
        return "연결된 언어 모델에 실제로 다시 물어보기 때문에 그만큼 비용이 들어요."
    return "언어 모델을 쓰지 않아 비용은 들지 않아요."


def draw(desk: Services, caller: Caller, find: Callable[[], Sequence[TurnRow]]) -> None:
    """Play what was asked for, showing how far it is; then what came of it."""
    if st.session_state.pop(_ASKED, False):
        st.session_state[_RESULT] = (_filters(), _play(desk, caller, find()))
    kept: tuple[Filters, Found] | None = st.session_state.get(_RESULT)
    if kept is None or kept[0] != _filters():  # it is of another list
        return
    found = kept[1]
    if not found:
        st.info("다시 해 볼 답변이 없어요. 모두 상담원이 답한 대화예요.", icon=":material/info:")
        return
    with st.container(border=True, key="runs-batch", gap="small"):
        _summary(found)
        _table(found)


def _filters() -> Filters:
    return {name: st.query_params.get(name, "") for name in ("c", "period", "intent", "kind", "q")}


def _play(desk: Services, caller: Caller, given: Sequence[TurnRow]) -> Found:
    # What a person answered holds nothing of the agent's to compare.
    rows = [row for row in given if row.status != "with_person"]
    found: Found = []
    bar = st.progress(0.0, text="다시 해 보고 있어요…")
    for number, row in enumerate(rows, 1):
        try:
            found.append((row, desk.runs.replay(caller, row.turn_id)))
        except SangdamError as error:
            found.append((row, error.message))
        bar.progress(number / len(rows), text=f"{len(rows)}건 중 {number}건을 다시 해 봤어요…")
    bar.empty()
    return found


def _summary(found: Found) -> None:
    different = sum(not _same(one) for _, one in found)
    with st.container(horizontal=True, vertical_alignment="center"):
        if different:
            text = (
                f":orange[:material/difference:] **{len(found)}건 중 {different}건이 달라졌어요**"
            )
        else:
            text = f":green[:material/check_circle:] **{len(found)}건이 모두 그대로예요**"
        st.markdown(text, width="stretch")
        st.button("닫기", key="runs-batch-close", icon=":material/close:", on_click=_close)
    st.caption("주문과 재고는 지금 상태로, 시각은 그때로 맞춰 다시 해 봤어요. 바뀐 것은 없어요.")


def _table(found: Found) -> None:
    """Different ones first; a row opens its turn."""
    rows = sorted(found, key=lambda pair: _same(pair[1]))
    event: Any = st.dataframe(
        [
            {
                "결과": "그대로" if _same(one) else "달라짐",
                "질문": short(row.question, QUESTION),
                "달라진 것": _what(one),
            }
            for row, one in rows
        ],
        hide_index=True, on_select="rerun", selection_mode="single-row", key="runs-batch-table",
        height=min(36 + 35 * len(rows), 320),
    )  # fmt: skip
    picked = event.selection.rows
    if picked and picked[0] < len(rows):
        row, one = rows[picked[0]]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(short(row.question, QUESTION))}**", width="stretch")
            st.button("이 답변 열기", type="primary", on_click=_open, args=(row.turn_id, one))


def _same(one: Comparison | str) -> bool:
    return not isinstance(one, str) and one.same


def _what(one: Comparison | str) -> str:
    if isinstance(one, str):
        return one
    if one.replayed.error:
        return one.replayed.error
    return ", ".join(words.ASPECT[part.name] for part in one.differences if not part.same)


def _ask() -> None:
    st.session_state[_ASKED] = True


def _close() -> None:
    st.session_state.pop(_RESULT, None)


def _open(turn_id: str, found: Comparison | str) -> None:
    """Open a turn with the difference that is here already."""
    st.query_params["turn"] = turn_id
    if not isinstance(found, str):
        st.query_params["again"] = "1"
        st.session_state[PLAYED] = ((turn_id, "1"), found)
