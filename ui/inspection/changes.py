"""What a change does to the index: clauses with their differences, places before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from services.policy_desk import text_difference
from ui.format import plain, short
from ui.inspection.names import AUDIENCE, full_day
from ui.states import Colour

__all__ = ["difference", "draw", "facts", "told"]

SHOWN = 40
# What stands first is looked at first; the last two are only counted.
_KIND: Mapping[str, tuple[str, Colour]] = {
    "dropped": ("새 판에서 빠짐", "red"),
    "removed": ("빠짐", "red"),
    "text": ("글이 바뀜", "blue"),
    "added": ("추가", "green"),
    "facts": ("정보만 바뀜", "gray"),
    "moved": ("새 판에 그대로", "gray"),
    "ended": ("지난 판이 됨", "gray"),
}
_COUNTED = ("moved", "ended")
_FACTS: Mapping[str, str] = {
    "title": "제목",
    "category": "분류",
    "version": "판",
    "audience": "보는 사람",
    "effective_from": "시행일",
    "effective_to": "끝나는 날",
}


def draw(plan: Any) -> None:
    """The plan: a line of sums, the last question's order, the clauses."""
    if not plan.changes:
        st.caption("검색에서 바뀌는 조항이 없어요.")
        return
    kinds = _kinds(plan.changes)
    times = Counter(kind for kind, _ in kinds)
    with st.container(horizontal=True, gap="small"):
        for kind, (word, colour) in _KIND.items():
            if times[kind]:
                st.badge(f"{word} {times[kind]}", color=colour)
    if plan.moved:
        _places(plan)
    shown = [one for one in kinds if one[0] not in _COUNTED]
    for kind, change in shown[:SHOWN]:
        _change(kind, change)
    if len(shown) > SHOWN:
        st.caption(f"그 밖에 조항 {len(shown) - SHOWN}개가 더 바뀌어요.")


def _kinds(changes: Sequence[Any]) -> list[tuple[str, Any]]:
    """Each change with what it means to who reads it, in the order to be read."""
    after = {one.earlier.chunk_id for one in changes if one.earlier}
    families = {one.earlier.doc_id for one in changes if one.earlier}
    order = list(_KIND)
    found = [(_kind(one, after, families), one) for one in changes]
    return sorted(found, key=lambda one: order.index(one[0]))


def _kind(change: Any, after: Collection[str], families: Collection[str]) -> str:
    if change.kind == "added" and change.earlier:
        return "moved" if change.earlier.text == change.after.text else "text"
    if change.kind == "facts" and change.before.doc_id in families:
        return "ended" if change.before.chunk_id in after else "dropped"
    return str(change.kind)


def told(bar: Any) -> Callable[[int, int], None]:
    """What moves a progress bar while the index is built."""

    def show(done: int, of: int) -> None:
        bar.progress(min(done / max(of, 1), 1.0), text=f"문서 {of}개 가운데 {done}개를 색인했어요")

    return show


def _places(plan: Any) -> None:
    st.markdown("**마지막으로 검사한 질문의 순위**")
    st.caption(plain(short(plan.query, 80)))
    if all(moved.before == moved.after for moved in plan.moved):
        st.markdown(":gray[찾아지는 조항의 순위는 그대로예요.]")
        return
    lines = []
    for moved in plan.moved[:8]:
        name = f"{plain(short(moved.chunk.title, 20))} › {plain(short(moved.chunk.section, 34))}"
        lines.append(f"- {_step(moved.before, moved.after)} · {name}")
    st.markdown("\n".join(lines))


def _step(before: int | None, after: int | None) -> str:
    if before == after:
        return f"{after}위 그대로"
    if after is None:
        return f":red[{before}위 → 빠짐]"
    if before is None:
        return f":green[새로 {after}위]"
    return f":{'green' if after < before else 'orange'}[{before}위 → {after}위]"


def _change(kind: str, change: Any) -> None:
    word, _ = _KIND[kind]
    chunk = change.chunk
    with st.expander(
        f"{word} · {plain(short(chunk.title, 24))} › {plain(short(chunk.section, 40))}"
    ):
        if kind == "facts":
            st.markdown("\n".join(f"- {line}" for line in facts(change.before, change.after)))
        elif kind in ("removed", "dropped"):
            st.markdown(f":red-background[{plain(chunk.text)}]")
        elif before := change.before or change.earlier:
            st.markdown(difference(before.text, change.after.text))
        else:
            st.markdown(f":green-background[{plain(chunk.text)}]")


def difference(before: str, after: str) -> str:
    """Markdown: what went out struck through on red, what came in on green."""
    parts = []
    for kind, text in text_difference(before, after):
        said = plain(text)
        if not said:
            continue
        parts.append(
            said if kind == "same"
            else f":red-background[~~{said}~~]" if kind == "out"
            else f":green-background[{said}]"
        )  # fmt: skip
    return " ".join(parts)


def facts(before: Any, after: Any) -> list[str]:
    """What changed of a clause or an edition besides its text, a line each."""
    lines = []
    for name, word in _FACTS.items():
        was, is_now = getattr(before, name), getattr(after, name)
        if was != is_now:
            lines.append(f"{word}: {_said(name, was)} → {_said(name, is_now)}")
    return lines or ["찾는 데 쓰는 말만 바뀌어요."]


def _said(name: str, value: Any) -> str:
    if name.startswith("effective"):
        return full_day(value) or "정하지 않음"
    return AUDIENCE[value] if name == "audience" else plain(value)
