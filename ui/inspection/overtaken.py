"""Somebody changed the edition that is being edited: what changed, and how to go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

import streamlit as st

from services.policy_desk import Draft
from ui.inspection.changes import difference, facts
from ui.inspection.names import open_document

__all__ = ["draw"]

SHOWN = 12


def draw(
    newer: Any,
    draft: Draft,
    carry: Callable[[Draft], None],
    forget: Callable[[str], None],
) -> None:
    """The change, and a button for each way on; ``draft`` keeps its text.

    ``carry`` opens a draft in the editor, ``forget`` drops what was written of an edition.
    """
    last = newer.last
    who = "다른 창에서" if newer.mine else "다른 담당자가"
    with st.container(border=True, key="policy-overtaken", gap="small"):
        if last is None:
            st.warning("그사이 이 정책을 거뒀어요. 쓰던 글은 아래에 그대로 있어요.",
                       icon=":material/sync_problem:")  # fmt: skip
            st.button("새 정책으로 이어 쓰기", key="carry-policy", type="primary", on_click=carry,
                      args=(replace(draft, doc_id="", base=None),))  # fmt: skip
            return
        st.warning(
            f"그사이 {who} 이 정책을 바꿨어요. 지금은 {last.version}판이에요. "
            "쓰던 글은 아래에 그대로 있어요.", icon=":material/sync_problem:",
        )  # fmt: skip
        lines = facts(newer.base, last)
        if newer.base.body != last.body:
            st.markdown("**바뀐 글**")
            parts = _changed(newer.base.body, last.body)
            st.markdown("\n\n".join(parts[:SHOWN]))
            if len(parts) > SHOWN:
                st.caption(f"그 밖에 {len(parts) - SHOWN}곳이 더 바뀌었어요.")
        st.markdown("\n".join(f"- {line}" for line in lines))
        day = max(draft.effective_from, last.effective_from or draft.effective_from)
        mine = replace(draft, doc_id=last.doc_id, base=last, effective_from=day)
        with st.container(horizontal=True, gap="small"):
            st.button(
                "쓰던 글로 새 판 이어 쓰기", key="carry-policy", type="primary", on_click=carry,
                args=(mine,), help="쓰던 글을 그대로 두고, 바뀐 판 다음에 올 판으로 저장해요.",
            )  # fmt: skip
            st.button("쓰던 글 버리고 바뀐 판 열기", key="drop-policy",
                      on_click=_drop, args=(forget, draft.doc_id, last.doc_id))  # fmt: skip


def _drop(forget: Callable[[str], None], old: str, new: str) -> None:
    forget(old)
    open_document(new)


def _changed(before: str, after: str) -> list[str]:
    """The lines that changed, each run of them with its difference."""
    old, new = before.splitlines(), after.splitlines()
    runs = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts = (
        difference("\n".join(old[a:b]), "\n".join(new[c:d]))
        for tag, a, b, c, d in runs
        if tag != "equal"
    )
    return [part for part in parts if part]
