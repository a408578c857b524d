"""Photos of a claim: added in its dialog, shown beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from agent.types import MOST_PHOTOS, Caller
from errors import BadInput, NotFound
from services import Services
from ui.format import plain
from ui.photo_boxes import drawn
from ui.photo_report import kinds_of, marks_of

__all__ = ["CSS", "MOST", "TYPES", "ask", "save", "show"]

MOST = MOST_PHOTOS
WIDTH_PX = 120
TYPES = ["jpg", "jpeg", "png", "webp", "heic", "heif", "gif", "bmp"]
# Streamlit's uploader speaks English only.
CSS = """<style>
[data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
[data-testid="stFileUploaderDropzone"] button p { font-size: 0; }
[data-testid="stFileUploaderDropzone"] button p::after { content: "사진 고르기"; font-size: 14px; }
@media (hover: hover) {
  [data-testid="stFileUploaderDropzone"]:not(:has([data-testid="stFileChip"]))::after {
    content: "여기로 끌어다 놓아도 돼요"; font-size: 14px; opacity: .75; align-self: center;
    margin: 0 .75rem; }
}
</style>"""


def ask(key: str, *, max_mb: int, wanted: bool) -> None:
    """The field for photos of at most ``max_mb`` MB; ``wanted`` says why they help."""
    st.html(CSS)
    st.file_uploader(
        f"사진 (선택, 한 장 {max_mb}MB, {MOST}장까지)", key=key,
        type=TYPES, accept_multiple_files=True,
        help="촬영 위치와 기기 정보는 지우고 저장해요.",
    )  # fmt: skip
    if wanted:
        st.caption("문제가 보이는 사진이 있으면 확인이 빨라져요.")


def save(
    desk: Services,
    caller: Caller,
    key: str,
    *,
    owner_id: str | None = None,
    already: int = 0,
) -> list[str]:
    """Store the chosen photos (from the click's own run) and return their ids.

    ``owner_id`` is the customer for whom staff add them (the caller where it is not given);
    ``already`` so many are there. Raises BadInput for more than MOST, for a file
    that is no photo and for one too large.
    """
    files: list[Any] = list(st.session_state.get(key) or [])
    if len(files) + already > MOST:
        raise BadInput(f"사진은 {MOST}장까지 올릴 수 있어요.")
    owner_id = owner_id or caller.user_id
    return [
        desk.save_photo(caller, file.getvalue(), session_id=None, owner_id=owner_id)[1]
        for file in files
    ]


def show(desk: Services, caller: Caller, image_ids: Sequence[str]) -> None:
    """The photos in a row with what was found on them; one that is gone is left out."""
    reports = desk.tool(caller, "photo_reports_of", image_ids=image_ids) if image_ids else {}
    found = []
    for image_id in image_ids:
        try:
            found.append((desk.photo(caller, image_id), reports.get(image_id)))
        except NotFound:
            continue
    if found:
        with st.container(horizontal=True, gap="small"):
            for data, report in found:
                marks = marks_of(report) if report else []
                kinds = kinds_of(report, marks) if report else ""
                st.image(
                    drawn(data, marks, width_px=4 * WIDTH_PX), width=WIDTH_PX,
                    caption=plain(kinds) or None, alt=f"보내신 사진 {kinds}".strip(),
                )  # fmt: skip
