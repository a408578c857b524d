"""The worst cases of a suite: a line each, opened for the whole of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ui import page, session, url
from ui.format import count, plain, short

__all__ = ["draw", "of_class"]

HERE = "quality"
ALL = ""
STEP = 15
LINE, ANSWER = 48, 28  # characters of a line


def draw(result: Mapping[str, Any], *, baseline: bool) -> None:
    """The cases, filtered by class."""
    cases = result.get("cases", ())
    with st.container(key="quality-cases", gap="xsmall"):
        if not cases:
            _none(baseline)
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**틀린 사례**", width="content")
            chosen = _filter(result)
        found = of_class(cases, chosen)
        st.caption(f"{count(len(found), '건')} · 나쁜 것부터")
        shown = _shown()
        for number, case in enumerate(found[:shown]):
            _case(case, number)
        if len(found) > shown:
            st.button("더 보기", key="quality-more", icon=":material/expand_more:",
                      on_click=_more, args=(shown,))  # fmt: skip


def of_class(cases: Sequence[Mapping[str, Any]], label: str) -> list[Mapping[str, Any]]:
    """The cases whose expected or given answer names ``label``; all for ""."""
    if not label:
        return list(cases)
    word = re.compile(rf"(?<![\w-]){re.escape(label)}(?![\w-])")
    return [case for case in cases if word.search(f"{case['expected']} {case['got']}")]


def _filter(result: Mapping[str, Any]) -> str:
    cases = result["cases"]
    known = [row["label"] for row in result.get("classes", ())]
    known += (result.get("confusion") or {}).get("labels", ())
    labels = [label for label in dict.fromkeys(known) if of_class(cases, label)]
    if not labels:
        return ALL
    chosen = st.selectbox(
        "분류", [ALL, *labels], key=url.take(HERE, "class", ALL, allowed={ALL, *labels}),
        format_func=lambda label: label or "모든 분류", width=240, label_visibility="collapsed",
    )  # fmt: skip
    return url.give(HERE, "class", ALL, chosen)


def _case(case: Mapping[str, Any], number: int) -> None:
    expected, got = (plain(short(case[name], ANSWER)) or "–" for name in ("expected", "got"))
    head = f"{plain(short(case['text'], LINE))}  :gray[{expected} → {got}]"
    with st.expander(head):
        st.markdown(plain(case["text"]))
        st.markdown(f":gray[기대] **{plain(case['expected'])}**")
        st.markdown(f":gray[답] **{plain(case['got'] or '–')}**")
        if case["note"]:
            st.code(case["note"], language=None, wrap_lines=True)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"있는 곳: {plain(case['id'])}")
            if st.button("이 문장으로 물어보기", key=f"quality-ask-{number}",
                         icon=":material/forum:"):  # fmt: skip
                session.set_prefill(case["text"])
                page.go("chat")


def _none(baseline: bool) -> None:
    if baseline:
        st.caption(
            "배포본 기준에는 틀린 문장이 들어 있지 않아요. "
            "‘지금 측정하기’를 누르면 사례까지 볼 수 있어요."
        )
    else:
        st.caption("틀린 사례가 없어요.")


def _shown() -> int:
    typed = st.query_params.get("shown", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else STEP


def _more(shown: int) -> None:
    st.query_params["shown"] = str(shown + STEP)
