"""What was found on a photo: the picture with numbered boxes, the verdict, the reasons.

The same card in the chat (small, for the customer), in tickets, beside claims and on 불량 확인.
It says what was seen and how sure that is, never that nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from agent.types import Caller
from errors import NotFound, SangdamError
from services import PhotoReport, Services
from services.photo_words import judge_lines, measures
from services.words import PHOTO_JUDGE, PHOTO_LABELS, photo_kind
from ui import states
from ui.dialogs import flash
from ui.format import plain, when
from ui.photo_boxes import Mark, colour_of, drawn, number_of

__all__ = [
    "CSS", "LEAST", "PAIR_PX", "SMALL_PX", "beside", "catalogue_photo", "corrected", "draw",
    "head", "in_chat", "judges", "kinds_of", "least_of", "legend", "marks_of", "picture",
    "quality", "reasons", "several", "without",
]  # fmt: skip

LEAST = 0.3  # below that a finding is shown where staff ask for it, or where nothing else is
MOST = 8  # lines of a legend
SMALL_PX, PAIR_PX = 320, 282  # in the chat: a photo by itself, two beside each other
# Keys are Streamlit's documented hook for styles.
CSS = """<style>
[class*="st-key-photo-legend-"] p { font-size: .875rem; line-height: 1.5; }
[class*="st-key-photo-reasons-"] p { font-size: .9rem; line-height: 1.55; }
[class*="st-key-photo-judges-"] p { font-size: .8125rem; line-height: 1.5; }
[class*="st-key-photo-card-"] img { border-radius: .5rem; }
</style>"""


def draw(desk: Services, caller: Caller, found: PhotoReport, *, key: str, compact: int = 0) -> None:
    """The whole card; ``compact`` is what a customer sees: picture (so wide), legend, reasons."""
    st.html(CSS)
    with st.container(border=True, key=f"photo-card-{key}", gap="small"):
        head(found)
        if compact:
            picture(desk, caller, found, width=compact)
        elif (theirs := catalogue_photo(desk, found)) is None:
            picture(desk, caller, found)
            without(found)
        else:
            left, right = st.columns(2, gap="small")
            with left:
                picture(desk, caller, found)
            with right:
                beside(theirs)
        legend(found, key=key, judged=not compact)
        reasons(found, key=key)
        if not compact:
            quality(found)
            judges(found, key=key)
            corrected(found)


def in_chat(
    desk: Services, caller: Caller, report_id: str, *, key: str, width: int = SMALL_PX
) -> None:
    """The small card of a kept report; one whose photo was deleted says so."""
    try:
        found = desk.tool(caller, "get_photo_report", report_id=report_id)
    except SangdamError:
        st.caption(":material/hide_image: 지워진 사진의 확인 결과예요.")
        return
    draw(desk, caller, found, key=key, compact=width)


def head(found: PhotoReport) -> None:
    """The verdict as a badge, what the photo is of, when it was looked at."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        states.badge("photo", found.report.verdict)
        order = f"주문 {found.stored.order_id}" if found.stored.order_id else ""
        name = plain(found.stored.product_name or order)
        said = " · ".join(part for part in (name, when(found.stored.created_at)) if part)
        st.caption(said, width="content")


def least_of(found: PhotoReport) -> float:
    """From how sure on findings are shown at first, in steps of 5 %.

    LEAST; less where a sentence points at a place and no box would be seen there.
    """
    said = [one.confidence for one in found.report.findings if set(one.judges) - {"detector"}]
    if not said or max(said) >= LEAST or found.report.verdict == "retake":
        return LEAST
    return int(max(said) * 20) / 20


def marks_of(found: PhotoReport, least: float | None = None) -> list[Mark]:
    """The findings of at least that confidence (None: :func:`least_of`) as boxes; their numbers
    do not depend on it."""
    least = least_of(found) if least is None else least
    findings = enumerate(found.report.findings, 1)
    return [Mark(n, one.box, one.confidence) for n, one in findings if one.confidence >= least]


def picture(
    desk: Services,
    caller: Caller,
    found: PhotoReport,
    *,
    least: float | None = None,
    width: int | None = None,
) -> None:
    """The photo with its boxes, or that it is not there any more."""
    try:
        data = desk.photo(caller, found.image_id)
    except NotFound:
        st.caption(":material/hide_image: 사진이 지워졌어요.")
        return
    marks = marks_of(found, least)
    st.image(
        drawn(data, marks), width=width or "stretch",
        alt=f"고객 사진. 표시한 곳: {kinds_of(found, marks) or '없음'}",
    )  # fmt: skip


def kinds_of(found: PhotoReport, marks: Sequence[Mark]) -> str:
    """What the numbers on a picture are, in one line: "1 금이 감, 2 얼룩"; "" for none."""
    return ", ".join(
        f"{number_of(one.number)} {photo_kind(found.report.findings[one.number - 1])}"
        for one in marks
    )


def catalogue_photo(desk: Services, found: PhotoReport) -> bytes | None:
    """The catalogue's picture that it was compared with; None where there is none."""
    product_id = found.report.product_id or found.stored.product_id
    if not product_id:
        return None
    try:
        return desk.photos.product_picture(product_id, found.report.sku or found.stored.sku)
    except NotFound:
        return None


def beside(data: bytes) -> None:
    """Draw the catalogue's picture."""
    st.image(data, width="stretch", alt="등록된 상품 사진", caption="등록된 상품 사진")


def without(found: PhotoReport) -> None:
    """Say why there is no picture of the catalogue."""
    named = found.report.product_id or found.stored.product_id
    st.caption(
        ":material/hide_image: 이 상품에는 견주어 볼 등록 사진이 없어요." if named
        else ":material/hide_image: 상품을 하나로 정하지 않아서 견주어 볼 등록 사진이 없어요."
    )  # fmt: skip


def legend(
    found: PhotoReport, *, key: str, least: float | None = None, judged: bool = True
) -> None:
    """What each number on the picture means; ``judged``: who says so, too."""
    least = least_of(found) if least is None else least
    marks = marks_of(found, least)
    lines = []
    for mark in marks[:MOST]:
        one = found.report.findings[mark.number - 1]
        parts = [photo_kind(one), f"{one.confidence:.0%}"]
        if mark.whole:
            parts.append("사진 전체")
        if judged:
            parts.append(
                "·".join(PHOTO_JUDGE.get(judge, judge) for judge in _saw(found, one.judges))
            )
        lines.append(f":{colour_of(mark.number)}[**{number_of(mark.number)}**] "
                     + " · ".join(plain(part) for part in parts if part))  # fmt: skip
    if len(marks) > MOST:
        lines.append(f":gray[그 밖에 {len(marks) - MOST}곳]")
    hidden = len(found.report.findings) - len(marks)
    if judged and hidden:
        lines.append(f":gray[확신도 {least:.0%}보다 낮은 {hidden}곳은 감췄어요.]")
    with st.container(key=f"photo-legend-{key}", gap=None):
        for line in lines:
            st.markdown(line)


def _saw(found: PhotoReport, judges: Sequence[str]) -> list[str]:
    """Those of them who say themselves that they saw something: a trace is not named."""
    seen = {one.judge for one in found.report.opinions if one.state == "seen"}
    return [one for one in judges if one in seen] or list(judges)


def reasons(found: PhotoReport, *, key: str) -> None:
    """Why, in sentences."""
    with st.container(key=f"photo-reasons-{key}", gap="xxsmall"):
        for text in found.report.reasons:
            st.markdown(plain(text))


def quality(found: PhotoReport) -> None:
    """Whether the photo could be judged, in words."""
    words = " · ".join(f"{name} {word}" for name, word in measures(found.report))
    st.caption(f":material/photo_camera: 사진 상태: {words}")


def judges(found: PhotoReport, *, key: str) -> None:
    """Each judge in a line: what it found and how much that weighed."""
    with st.container(key=f"photo-judges-{key}", gap="xxsmall"):
        for line in judge_lines(found.report):
            model = f" ({plain(line.model)})" if line.judge != "reference" and line.model else ""
            said = line.reason if line.state in ("unsure", "absent") and line.reason else line.said
            weight = f" · {plain(line.weight)}" if line.weight else ""
            st.markdown(f"**{plain(line.name)}**{model} :gray[{plain(said)}{weight}]")


def corrected(found: PhotoReport) -> None:
    """What staff have put right on it, if they have."""
    if (made := found.correction) is None:
        return
    names = ", ".join(PHOTO_LABELS.get(one.label, one.label) for one in made.boxes)
    said = f"담당자가 고친 표시: {names}" if names else "담당자가 고침: 상품에는 문제가 없음"
    note = f" · {plain(made.note)}" if made.note else ""
    st.caption(f":material/edit: {said} · {when(made.corrected_at)}{note}")


def several(
    desk: Services,
    caller: Caller,
    image_ids: Sequence[str],
    *,
    key: str,
    order_id: str | None = None,
    line_id: str | None = None,
) -> None:
    """Staff's view of photos: each with its newest report, or a button that has it judged."""
    ids = list(dict.fromkeys(image_ids))
    if not ids:
        return
    found = desk.tool(caller, "photo_reports_of", image_ids=ids)
    names = [f"사진 {number}" for number in range(1, len(ids) + 1)]
    places = st.tabs(names) if len(ids) > 1 else [st.container()]
    for number, (place, image_id) in enumerate(zip(places, ids, strict=True)):
        with place:
            if image_id in found:
                draw(desk, caller, found[image_id], key=f"{key}-{number}")
            else:
                _unjudged(desk, caller, image_id, f"{key}-{number}", order_id, line_id)


def _unjudged(
    desk: Services,
    caller: Caller,
    image_id: str,
    key: str,
    order_id: str | None,
    line_id: str | None,
) -> None:
    try:
        data = desk.photo(caller, image_id)
    except NotFound:
        st.caption(":material/hide_image: 지워진 사진이 있어요.")
        return
    with st.container(border=True, key=f"photo-card-{key}", gap="small"):
        st.image(drawn(data, ()), width=SMALL_PX, alt="고객이 보낸 사진")
        st.caption("아직 확인하지 않은 사진이에요.")
        st.button(
            "사진 확인하기", key=f"photo-check-{key}", icon=":material/image_search:",
            on_click=_check, args=(desk, caller, image_id, order_id, line_id),
        )  # fmt: skip


def _check(
    desk: Services, caller: Caller, image_id: str, order_id: str | None, line_id: str | None
) -> None:
    """Have it judged (a callback); what goes wrong is said on the page."""
    try:
        desk.photos.check(caller, image_id, order_id=order_id, line_id=line_id)
    except SangdamError as error:
        flash("refused", error.message)
