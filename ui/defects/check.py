"""확인: photos dragged in, what they are about, and (once judged) what was found on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import PhotoReport, Services
from services.photo_examples import Example, examples
from ui import claim_photos, states
from ui.defects import about, look
from ui.defects.about import About
from ui.defects.names import close, open_check
from ui.dialogs import flash
from ui.format import plain, short
from ui.photo_boxes import thumbnail

__all__ = ["draw"]

THUMB_PX = 60
LOOKING = "사진을 살펴보고 있어요"


def draw(desk: Services, caller: Caller) -> None:
    """The reports of the address, or the form."""
    ids = [one for one in st.query_params.get("reports", "").split(",") if one]
    found = _read(desk, caller, ids[: claim_photos.MOST])
    if ids:
        _judged(desk, caller, found)
    else:
        _form(desk, caller)


def _read(desk: Services, caller: Caller, ids: Sequence[str]) -> list[PhotoReport]:
    found = []
    for report_id in ids:
        try:
            found.append(desk.tool(caller, "get_photo_report", report_id=report_id))
        except SangdamError:
            continue  # its photo was deleted since
    return found


def _judged(desk: Services, caller: Caller, found: Sequence[PhotoReport]) -> None:
    st.button("다른 사진 확인하기", key="defects-again", icon=":material/arrow_back:",
              type="tertiary", on_click=close, args=("reports",))  # fmt: skip
    if not found:
        st.info("확인한 사진이 지워졌어요. 다른 사진을 확인해 주세요.", icon=":material/info:")
        return
    shown = found[0]
    if len(found) > 1:
        by_id = {one.report_id: (number, one) for number, one in enumerate(found, 1)}
        chosen = st.pills(
            "사진", list(by_id), default=found[0].report_id, required=True, key="defects-which",
            format_func=lambda one: _tab(*by_id[one]), label_visibility="collapsed",
        )  # fmt: skip
        shown = by_id[chosen or found[0].report_id][1]
    look.draw(desk, caller, shown, beside=found)


def _tab(number: int, found: PhotoReport) -> str:
    state = states.state_of("photo", found.report.verdict)
    return f"{state.material} 사진 {number} · {state.word}"


# ── the form ─────────────────────────────────────────────────────────────────────────────


def _form(desk: Services, caller: Caller) -> None:
    st.html(claim_photos.CSS)
    left, right = st.columns([3, 2], gap="large")
    with left:
        files = st.file_uploader(
            f"사진 (한 장 {desk.settings.max_image_mb}MB, {claim_photos.MOST}장까지)",
            key="defects-files", type=claim_photos.TYPES, accept_multiple_files=True,
            help="촬영 위치와 기기 정보는 지우고 저장해요.",
        )  # fmt: skip
        chosen = about.ask(desk, caller)
        pressed = st.button(
            "사진 확인하기", key="defects-start", type="primary", icon=":material/image_search:",
            disabled=not files or chosen is None,
        )  # fmt: skip
        st.caption(_missing(bool(files), chosen is not None))
        place = st.container(key="defects-wait")
    with right:
        tried = _examples()
    if pressed and files and chosen is not None:
        given = [(file.name, file.getvalue()) for file in files]
        _look_at(desk, caller, given, chosen, place)
    elif tried is not None:
        about_it = About(product_id=tried.product_id or None, sku=tried.sku)
        _look_at(desk, caller, [(tried.name, tried.data)], about_it, place)


def _missing(files: bool, chosen: bool) -> str:
    if files and chosen:
        return "한 장에 1초쯤 걸려요."
    return "주문이나 상품을 골라 주세요." if files else "사진을 먼저 올려 주세요."


def _look_at(
    desk: Services, caller: Caller, files: Sequence[tuple[str, bytes]], chosen: About, place: Any
) -> None:
    """Store and judge each; those that cannot be are named, the others are shown."""
    if len(files) > claim_photos.MOST:
        place.warning(f"사진은 {claim_photos.MOST}장까지 올릴 수 있어요. 몇 장을 빼 주세요.",
                      icon=":material/info:")  # fmt: skip
        return
    made, refused = [], []
    with place, st.spinner(f"{LOOKING}…"):
        for name, data in files:
            try:
                _, image_id = desk.save_photo(
                    caller,
                    data,
                    session_id=None,
                    owner_id=chosen.owner_id or caller.user_id,
                )
                made.append(chosen.check(desk, caller, image_id))
            except SangdamError as error:
                refused.append(f"{short(name, 30)}: {error.message}")
    if not made:
        place.warning("  \n".join(plain(one) for one in refused), icon=":material/info:")
        return
    if refused:
        flash("refused", plain(" ".join(refused)))
    open_check(made)
    st.rerun()


def _examples() -> Example | None:
    """The examples; the one that is to be tried."""
    found = examples()
    with st.container(border=True, key="defects-examples", gap="small"):
        st.markdown("**어떻게 판단하나요**")
        st.caption(
            "주문한 상품의 등록 사진과 견주고, 검출 모델의 의견을 더해요. 확신이 모자라면 "
            "사람이 보게 남겨요. 이상이 없다고 답하지는 않아요."
        )
        if not found:
            return None
        st.markdown("**예시 사진으로 해 보기**")
        tried = None
        for one in found:
            with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="center",
                              key=f"defects-example-{one.name}"):  # fmt: skip
                st.image(thumbnail(one.data), width=THUMB_PX, alt=one.caption)
                st.markdown(f":small[{plain(one.caption)}]", width="stretch")
                if st.button("해 보기", key=f"defects-try-{one.name}"):
                    tried = one
        return tried
