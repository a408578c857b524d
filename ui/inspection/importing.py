"""가져오기: addresses and files, read in the background, looked at, taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from ui.dialogs import flash
from ui.format import plain, short
from ui.inspection import changes
from ui.inspection.documents import days
from ui.inspection.names import AUDIENCE, last_question, show_view
from ui.refresh import refreshed
from ui.states import Colour

__all__ = ["draw"]

EVERY_S = 1.0
KINDS = ["html", "htm", "md", "markdown", "txt", "pdf", "docx", "zip"]
FOLDER_KINDS = KINDS[:-1]
_WAYS: Mapping[str, str] = {"url": "웹 주소", "files": "파일", "folder": "폴더"}
_STATE: Mapping[str, tuple[str, Colour]] = {
    "new": ("새 정책", "green"),
    "changed": ("새 판", "blue"),
    "unchanged": ("그대로", "gray"),
    "failed": ("읽지 못함", "red"),
}
_PLAN = "sangdam_import_plan"  # (chosen sources, Plan)


def draw(desk: Services, caller: Caller) -> None:
    """The form, the import under way, or what was read."""
    reading = desk.policy_desk.imports.progress(caller)
    if reading.state == "running":
        _watch(desk, caller)
        return
    if reading.state == "idle":
        _form(desk, caller)
        return
    _read(desk, caller, reading)


# ── what to read ─────────────────────────────────────────────────────────────────────────


def _form(desk: Services, caller: Caller) -> None:
    with st.container(border=True, key="import-form", gap="small"):
        way = st.segmented_control(
            "무엇을 가져올까요?", list(_WAYS), default="url", required=True, key="import-way",
            format_func=lambda name: _WAYS[name],
        )  # fmt: skip
        addresses, files = _sources(way or "url")
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            category = st.text_input(
                "분류 (비우면 문서에서)", key="import-category", max_chars=40,
                placeholder="예: 반품·교환",
            )  # fmt: skip
            audience = st.segmented_control(
                "보는 사람", ["", *AUDIENCE], default="", key="import-audience", required=True,
                format_func=lambda name: AUDIENCE.get(name, "문서에 적힌 대로"),
            )  # fmt: skip
        begin = st.date_input(
            "시행일 (비우면 문서에 적힌 날)", value=None, key="import-from", format="YYYY-MM-DD"
        )
        given: dict[str, Any] = {}
        if category.strip():
            given["category"] = category.strip()
        if audience:
            given["audience"] = audience
        if isinstance(begin, date):
            given["effective_from"] = begin
        st.button(
            "읽어 보기", key="import-start", type="primary", icon=":material/download:",
            disabled=not addresses and not files, on_click=_start,
            args=(desk, caller, addresses, files, given),
        )  # fmt: skip
    st.caption(
        "robots.txt가 막은 곳, 내부망 주소, 20MB보다 큰 문서는 읽지 않아요. HWP는 PDF나 DOCX로 "
        "저장해 주세요. 서버 안의 폴더는 화면에서 열 수 없어요."
    )


def _sources(way: str) -> tuple[list[str], list[Any]]:
    if way == "url":
        text = st.text_area(
            "웹 주소 (한 줄에 하나씩)", key="import-urls", height=110, max_chars=20_000,
            placeholder="https://shop.example/policy/returns",
        )  # fmt: skip
        return [line.strip() for line in text.splitlines() if line.strip()], []
    folder = way == "folder"
    found = st.file_uploader(
        "폴더를 골라 주세요" if folder else "HTML, Markdown, PDF, DOCX, 또는 그것을 묶은 ZIP",
        type=FOLDER_KINDS if folder else KINDS, key=f"import-{way}",
        accept_multiple_files="directory" if folder else True, max_upload_size=50,
    )  # fmt: skip
    return [], list(found or [])


def _start(
    desk: Services, caller: Caller, addresses: Sequence[str], files: Sequence[Any], given: Any
) -> None:
    st.session_state.pop(_PLAN, None)
    try:
        desk.policy_desk.imports.start(
            caller, addresses, [(file.name, file.getvalue()) for file in files], given
        )
    except SangdamError as error:
        flash("refused", error.message)


# ── while it reads ───────────────────────────────────────────────────────────────────────


@refreshed(EVERY_S)
def _watch(desk: Services, caller: Caller) -> None:
    reading = desk.policy_desk.imports.progress(caller)
    if reading.state != "running":
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="import-work"):
        st.progress(
            reading.done / max(reading.of, 1),
            text=f"문서 {reading.of}개 가운데 {reading.done}개를 읽었어요",
        )
        st.button("멈추기", key="import-stop", on_click=desk.policy_desk.imports.cancel,
                  args=(caller,))  # fmt: skip
    st.caption("다른 화면을 써도 계속 읽어요.")
    for number, item in enumerate(reading.items):
        _item(item, number)


# ── what was read ────────────────────────────────────────────────────────────────────────


def _read(desk: Services, caller: Caller, reading: Any) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_sum(reading))
        st.button("다른 것 가져오기", key="import-again", icon=":material/refresh:",
                  on_click=_again, args=(desk, caller))  # fmt: skip
    if reading.error:
        st.warning(plain(reading.error), icon=":material/info:")
    chosen = [
        item.outcome.source
        for number, item in enumerate(reading.items)
        if _item(item, number, choose=True)
    ]
    if any(item.usable for item in reading.items):
        _take_in(desk, caller, tuple(chosen))


def _sum(reading: Any) -> str:
    states = [item.outcome.state for item in reading.items]
    parts = [
        f"{word} **{states.count(name)}**" for name, (word, _) in _STATE.items() if name in states
    ]
    head = "멈췄어요. " if reading.state == "cancelled" else ""
    return head + (" · ".join(parts) or "읽은 문서가 없어요.")


def _item(item: Any, number: int, *, choose: bool = False) -> bool:
    """One source and what became of it; whether it was chosen."""
    outcome, document = item.outcome, item.outcome.document
    word, colour = _STATE[outcome.state]
    picked = False
    with st.container(border=True, key=f"import-item-{number}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if choose and item.usable:
                picked = st.checkbox(
                    plain(short(document.title, 60)), value=True, key=f"import-take-{number}"
                )
            else:
                title = document.title if document else outcome.source
                st.markdown(plain(short(title, 60)), width="content")
            st.badge(word, color=colour)
        if document is None:
            st.caption(f":orange[:material/warning:] {plain(outcome.reason)}")
            return False
        st.caption(
            f"{plain(short(outcome.source, 80))} · 조항 {item.sections}개 · 판 "
            f"{document.version} · {AUDIENCE[document.audience]} · {days(document)}"
        )
        for warning in item.warnings:
            st.caption(f":orange[:material/warning:] {plain(warning)}")
        if choose:
            with st.expander("읽은 글 보기"):
                st.text(document.body[:4_000] + ("…" if len(document.body) > 4_000 else ""))
    return picked


def _take_in(desk: Services, caller: Caller, chosen: tuple[str, ...]) -> None:
    st.button(
        "바뀌는 내용 보기", key="plan-import", type="primary", icon=":material/difference:",
        disabled=not chosen, on_click=_plan, args=(desk, caller, chosen),
    )  # fmt: skip
    kept = st.session_state.get(_PLAN)
    if not kept or kept[0] != chosen:
        return
    with st.container(border=True, key="import-plan", gap="small"):
        st.markdown("**적용하면 검색에서 이렇게 바뀌어요**")
        changes.draw(kept[1])
        if not st.button("적용하기", key="apply-import", type="primary", icon=":material/check:"):
            return
        bar = st.progress(0.0, text="색인을 고치고 있어요…")
        try:
            taken = desk.policy_desk.imports.apply(caller, chosen, changes.told(bar))
        except SangdamError as error:
            bar.empty()
            st.warning(error.message, icon=":material/info:")
            return
    st.session_state.pop(_PLAN, None)
    flash("done", f"정책 {taken}개를 가져왔어요. 이제 검색에 나와요.")
    show_view("documents")
    st.rerun()


def _plan(desk: Services, caller: Caller, chosen: tuple[str, ...]) -> None:
    try:
        plan = desk.policy_desk.imports.plan(caller, chosen, last_question())
    except SangdamError as error:
        flash("refused", error.message)
    else:
        st.session_state[_PLAN] = (chosen, plan)


def _again(desk: Services, caller: Caller) -> None:
    desk.policy_desk.imports.discard(caller)
    st.session_state.pop(_PLAN, None)
