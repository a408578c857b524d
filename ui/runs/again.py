"""A turn played again: the button, and the difference to what it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from services.runs import Comparison, Run, words
from ui.format import plain
from ui.runs.batch import PLAYED, cost_note
from ui.runs.words import ASPECT, field, flag, intent, tool, value

__all__ = ["buttons", "draw"]

_PRESSED = "sangdam_runs_pressed"
_CARDS = {
    "order": "주문",
    "product": "상품",
    "claim": "신청",
    "ticket": "문의",
    "choice": "고르기:",
}


def buttons(desk: Services, run: Run) -> None:
    """Play this turn again."""
    if run.row.status == "with_person":
        return
    st.button(
        "지금 다시 해 보기", key="runs-again", type="primary", icon=":material/replay:",
        width="stretch", on_click=_ask,
    )  # fmt: skip
    st.caption(f"고객에게는 아무것도 보이지 않고 주문도 바뀌지 않아요. {cost_note(desk)}")


def draw(desk: Services, caller: Caller, run: Run) -> None:
    """The difference, where it was asked for."""
    if "again" not in st.query_params:
        return
    pressed = st.session_state.pop(_PRESSED, False)
    if not (pressed or _kept(run) or not desk.llm.gateway.configured):
        del st.query_params["again"]  # an address that is opened or passed on asks no model
        return
    with st.container(border=True, key="runs-difference", gap="small"):
        try:
            with st.spinner("지금의 상담 도우미로 다시 해 보고 있어요…"):
                found = _played(desk, caller, run)
        except SangdamError as error:
            st.warning(error.message, icon=":material/info:")
            return
        _difference(found, traced=run.trace is not None)


def _played(desk: Services, caller: Caller, run: Run) -> Comparison:
    """Played once a press: what else is clicked on the page does not pay for it again."""
    found = _kept(run)
    if found is None:
        found = desk.runs.replay(caller, run.row.turn_id)
        st.session_state[PLAYED] = (_asked(run), found)
    return found


def _kept(run: Run) -> Comparison | None:
    kept: tuple[Any, Comparison] | None = st.session_state.get(PLAYED)
    return kept[1] if kept is not None and kept[0] == _asked(run) else None


def _asked(run: Run) -> tuple[str, str]:
    return run.row.turn_id, st.query_params["again"]


def _difference(found: Comparison, *, traced: bool) -> None:
    different = [one for one in found.differences if not one.same]
    with st.container(horizontal=True, vertical_alignment="center"):
        if found.replayed.error:
            st.markdown(
                f":red[:material/error:] **{plain(found.replayed.error)}**", width="stretch"
            )
        elif different:
            st.markdown(":orange[:material/difference:] **그때와 달라요**", width="stretch")
        else:
            st.markdown(":green[:material/check_circle:] **그때와 똑같아요**", width="stretch")
        st.button("닫기", key="runs-again-close", icon=":material/close:", on_click=_close)
    st.caption("시각은 그때로, 주문·재고·정책은 지금 것으로 다시 해 봤어요.")
    if not traced:
        st.caption("처리 기록이 없어 대화가 기억하던 것 없이 처음부터 해 봤어요.")
    for one in sorted(different, key=lambda one: one.name != "reply"):  # what customers read first
        if one.name == "reply":
            _reply(one.before, one.after)
        else:
            st.markdown(
                f"**{ASPECT[one.name]}**  \n:red[{_said(one.name, one.before)}] → "
                f":green[{_said(one.name, one.after)}]"
            )
    same = [ASPECT[one.name] for one in found.differences if one.same and one.known]
    if same and different:
        st.caption(f"그대로인 것: {', '.join(same)}")
    _models(found)
    took = found.replayed.trace.get("took_ms")
    if took is not None:
        st.caption(f"걸린 시간: 그때 {found.row.latency_ms:,.0f} ms, 지금 {took:,.0f} ms")


def _models(found: Comparison) -> None:
    """Who worded the reply then and now, where that differs, and which models failed now."""
    now = found.replayed.reply
    before, after = (
        "자체 답변" if provider in ("offline", "") else model
        for provider, model in (
            (found.row.provider, found.row.model),
            (now.get("provider", ""), now.get("model", "")),
        )
    )
    if now and before != after:
        st.caption(f"답을 쓴 곳: 그때 {plain(before)}, 지금 {plain(after)}")
    failed = [call for call in found.replayed.trace.get("models", ()) if call["error"]]
    for call in failed:
        name = plain(call["model"] or call["provider"])
        st.caption(f":material/warning: 모델 {name}이(가) 답하지 못했어요({plain(call['error'])}).")


def _reply(before: str, after: str) -> None:
    """Both replies as one text: gone words struck out, new ones marked."""
    st.markdown("**답변**")
    with st.container(key="runs-words-reply"):
        st.markdown(_marked(before, after))


def _marked(before: str, after: str) -> str:
    lines: list[str] = []
    for kind, text in words(before, after):
        parts = []
        for line in text.split("\n"):
            literal = plain(line)
            if kind == "same" or not literal:
                parts.append(literal)
            elif kind == "gone":
                parts.append(f":red[~~{literal}~~]")
            else:
                parts.append(f":green-background[{literal}]")
        lines.append("  \n".join(parts))
    return " ".join(line for line in lines if line)


def _said(name: str, one: Any) -> str:
    if one in (None, "", [], False):
        return "없음"
    if name == "intent":
        return plain(intent(one))
    if name == "tools":
        return plain(", ".join(map(tool, one)))
    if name == "guards":
        return plain(", ".join(map(flag, one)))
    if name in ("evidence", "citations"):
        return plain(", ".join(map(_clause, one)))
    if name == "cards":
        return plain(", ".join(map(_card, one)))
    if name == "arguments":
        return plain(" / ".join(_call(run) for run in one))
    if name == "proposal":
        return plain(" · ".join(part if isinstance(part, str) else " ".join(part) for part in one))
    if one is True:
        return "함"
    return plain(value(one))


def _clause(chunk_id: str) -> str:
    """A clause's number as words: "cancel-order#취소할-수-있나요" → "취소할 수 있나요"."""
    return chunk_id.rpartition("#")[2].replace("-", " ")


def _card(text: str) -> str:
    kind, _, title = text.partition(": ")
    return f"{_CARDS.get(kind, kind)} {title}"


def _call(run: Sequence[Any]) -> str:
    name, arguments = run
    given = ", ".join(f"{field(key)} {value(part, key)}" for key, part in arguments.items())
    return f"{tool(name)}({given})"


def _ask() -> None:
    number = st.query_params.get("again", "0")
    st.query_params["again"] = str(int(number) + 1 if number.isdecimal() else 1)
    st.session_state[_PRESSED] = True
    st.session_state.pop(PLAYED, None)  # its number may be that of an earlier press


def _close() -> None:
    st.query_params.pop("again", None)
