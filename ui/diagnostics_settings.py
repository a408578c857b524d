"""Every setting in force: searched, filtered, with its origin and what it hides."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from services.diagnostics import SettingRow
from ui import url
from ui.diagnostics_tables import Column, address, data, table
from ui.format import plain, short

__all__ = ["draw", "matching"]

HERE = "diagnostics"
ALL = "all"
PAGE = 40
LONGEST = 160  # characters of a value
WHICH = {ALL: "모두", "changed": "기본값과 다른 것만"}
ORIGINS = {"environment": "환경 변수", "default": "기본값"}
_SHOWN = "sangdam_diag_settings_shown"


def draw(rows: Sequence[SettingRow]) -> None:
    """The filters in the address, then the rows that match."""
    groups = {ALL: "모든 묶음", **{one.group: one.group for one in rows}}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = url.give(HERE, "q", "", st.text_input(
            "찾기", key=url.take(HERE, "q", ""), placeholder="이름, 값, 설명에서 찾기",
            icon=":material/search:", label_visibility="collapsed", width=280,
        ))  # fmt: skip
        group = url.give(HERE, "group", ALL, st.selectbox(
            "묶음", list(groups), key=url.take(HERE, "group", ALL, allowed=groups),
            format_func=groups.__getitem__, label_visibility="collapsed", width=180,
        ))  # fmt: skip
        which = url.give(HERE, "which", ALL, st.segmented_control(
            "어느 것", list(WHICH), key=url.take(HERE, "which", ALL, allowed=WHICH),
            required=True, format_func=WHICH.__getitem__, label_visibility="collapsed",
        ))  # fmt: skip
    found = matching(rows, words, None if group == ALL else group, changed=which != ALL)
    st.caption(f"설정 {len(rows):,}개 중 {len(found):,}개 · 환경 변수, .env, sangdam.toml, 기본값 "
               "순서로 찾아 먼저 나온 값을 써요.")  # fmt: skip
    if not found:
        _empty()
        return
    limit = max(PAGE, st.session_state.get(_SHOWN, PAGE))
    table(
        (Column("이름", 32), Column("값", 19), Column("출처", 11), Column("가려진 값", 16),
         Column("설명", 22)),
        [_row(one) for one in found[:limit]], "settings",
    )  # fmt: skip
    if len(found) > limit:
        st.button(f"{len(found) - limit:,}개 더 보기", key="diag-more", on_click=_more,
                  icon=":material/expand_more:")  # fmt: skip


def matching(
    rows: Sequence[SettingRow], words: str, group: str | None, *, changed: bool
) -> list[SettingRow]:
    """The rows that hold every word of the search, in one group, or differ from the default."""
    wanted = words.casefold().split()
    return [
        one
        for one in rows
        if (group is None or one.group == group)
        and not (changed and one.origin == "default")
        and all(word in f"{one.name} {one.value} {one.help}".casefold() for word in wanted)
    ]


def _row(one: SettingRow) -> tuple[str, ...]:
    value, origin = _value(one.value), _origin(one.origin)
    hidden = ", ".join(f"{_origin(where)} {_value(text)}" for where, text in one.shadowed)
    told = f":gray[{hidden}]" if hidden else ""
    if one.origin == "default":
        return plain(one.name), value, f":gray[{origin}]", told, f":gray[{data(one.help)}]"
    marked = f":blue-badge[{origin}]"
    return plain(one.name), f"**{value}**", marked, told, f":gray[{data(one.help)}]"


def _value(text: str) -> str:
    """A value; one that is an address as code, to be copied as it is."""
    text = short(text, LONGEST)
    if "://" in text:
        return address(text)
    return data(text) or ":gray[비어 있음]"


def _origin(name: str) -> str:
    return plain(ORIGINS.get(name, name))


def _more() -> None:
    st.session_state[_SHOWN] = st.session_state.get(_SHOWN, PAGE) + 4 * PAGE


def _empty() -> None:
    with st.container(border=True, key="diag-settings-empty"):
        st.markdown("**조건에 맞는 설정이 없어요**")
        st.button("조건 지우기", key="diag-clear", on_click=_clear)


def _clear() -> None:
    url.reset(HERE, "q", "")
    url.reset(HERE, "group", ALL)
    url.reset(HERE, "which", ALL)
