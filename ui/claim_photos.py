"""Photos of a claim: added in its dialog, shown beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import BadInput, NotFound
from services import Services

__all__ = ["MOST", "ask", "save", "show"]

MOST = 5
# Streamlit's uploader speaks English only.
_CSS = """<style>
[data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
[data-testid="stFileUploaderDropzone"] button p { font-size: 0; }
[data-testid="stFileUploaderDropzone"] button p::after { content: "사진 고르기"; font-size: 14px; }
</style>"""


def ask(key: str, *, max_mb: int, wanted: bool) -> None:
    """The field for photos of at most ``max_mb`` MB; ``wanted`` says why they help."""
    st.html(_CSS)
    st.file_uploader(
        f"사진 (선택, 한 장 {max_mb}MB, {MOST}장까지)", key=key,
        type=["jpg", "jpeg", "png", "webp"], accept_multiple_files=True,
        help="촬영 위치와 기기 정보는 지우고 저장해요.",
    )  # fmt: skip
    if wanted:
        st.caption("문제가 보이는 사진이 있으면 확인이 빨라져요.")


def save(desk: Services, caller: Caller, key: str) -> list[str]:
    """Store the chosen photos (from the click's own run) and return their ids.

    Raises BadInput for more than MOST, for a file that is no photo and for one too large.
    """
    files: list[Any] = list(st.session_state.get(key) or [])
    if len(files) > MOST:
        raise BadInput(f"사진은 {MOST}장까지 올릴 수 있어요.")
    session_id: str | None = None
    saved = []
    for file in files:
        session_id, image_id = desk.save_photo(caller, file.getvalue(), session_id=session_id)
        saved.append(image_id)
    return saved


def show(desk: Services, caller: Caller, image_ids: Sequence[str]) -> None:
    """The photos in a row; one that is gone is left out."""
    found = []
    for image_id in image_ids:
        try:
            found.append(desk.photo(caller, image_id))
        except NotFound:
            continue
    if found:
        with st.container(horizontal=True, gap="small"):
            for data in found:
                st.image(data, width=96)
