"""Photos: look at one, keep what was found, read it, correct it, the catalogue's own pictures.

Looking takes a third of a second, so it is a READ tool; what it found is then kept by a WRITE
tool in a short transaction. A report is a piece of evidence: nothing here approves, refuses or
files anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.tools.base import MOST, ToolContext, clean, place_of, tool
from agent.tools.orders import get_order
from errors import BadInput, NotFound, StateChanged, Unavailable
from store import conversations, photos, products
from store.database import Row
from store.models import Order, to_text
from store.photos import CorrectedBox, Correction, ProductPhoto, ReportPage, StoredReport
from vision.labels import LABELS
from vision.types import Reference, Report

__all__ = [
    "MOST_OTHERS",
    "PhotoReport",
    "correct_photo_report",
    "get_photo_report",
    "keep_photo_report",
    "list_photo_reports",
    "list_product_photos",
    "look_at_photo",
    "photo_reports_of",
    "remove_product_photo",
    "set_product_photo",
]

MOST_OTHERS = 50  # catalogue pictures looked through for "that is another product"
MOST_BOXES, MOST_NOTE_CHARS = 30, 500
_GONE = "사진을 찾을 수 없어요. 다시 올려 주세요."
_NOT_THEIRS = "이 사진을 보낸 고객의 주문이 아니에요. 주문을 다시 골라 주세요."
_NO_REPORT = "사진 확인 기록을 찾을 수 없어요. 목록을 다시 열어 주세요."


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """A kept report: who and what it is about, and the report itself."""

    stored: StoredReport
    report: Report

    @property
    def report_id(self) -> str:
        """Its id."""
        return self.stored.report_id

    @property
    def image_id(self) -> str:
        """The photo's id."""
        return self.stored.image_id

    @property
    def correction(self) -> Correction | None:
        """What staff say instead, if they do."""
        return self.stored.correction


@tool("READ")
def look_at_photo(
    ctx: ToolContext,
    *,
    image_id: str,
    order_id: str | None = None,
    line_id: str | None = None,
    product_id: str | None = None,
    sku: str = "",
) -> Report:
    """Judge a photo: its quality, what is wrong and where, which claim that gives ground for.

    It is compared with the catalogue's pictures of the ordered line (of every line where none
    is named) or of ``product_id`` and its option ``sku``. Raises NotSignedIn, NotFound for a
    photo or an order of somebody else's, Unavailable where photos cannot be judged now.
    """
    row = _photo(ctx, image_id)
    about = _about(ctx, row, order_id, line_id, product_id, sku)
    if ctx.photos is None or (data := ctx.photos.read(row)) is None:
        raise Unavailable("지금은 사진을 확인할 수 없어요. 잠시 뒤 다시 시도해 주세요.")
    size = (row["upload_width_px"] or row["width_px"], row["upload_height_px"] or row["height_px"])
    return ctx.photos.inspect(data, _references(ctx, about), upload_px=size, model=ctx.photo_model)


@tool("WRITE")
def keep_photo_report(
    ctx: ToolContext,
    *,
    image_id: str,
    report: Report,
    order_id: str | None = None,
    line_id: str | None = None,
    product_id: str | None = None,
    sku: str = "",
) -> PhotoReport:
    """Keep what ``look_at_photo`` found (needs no confirmation: it changes nothing of theirs).

    Raises NotSignedIn, NotFound as ``look_at_photo``.
    """
    row = _photo(ctx, image_id)
    ordered = _about(ctx, row, order_id, line_id, product_id, sku).ordered
    about = ordered[0] if len(ordered) == 1 else ("", "")
    stored = StoredReport(
        f"pr_{secrets.token_urlsafe(12)}", image_id, row["user_id"], row["conversation_id"],
        order_id, line_id, about[0], about[1], "", report.verdict, report.score,
        report.as_dict(), ctx.caller.user_id, ctx.source, to_text(ctx.now),
    )  # fmt: skip
    photos.add_report(ctx.tx, stored)
    ctx.audit(
        "create", "photo_report", stored.report_id, {},
        {"image_id": image_id, "order_id": order_id, "verdict": report.verdict},
    )  # fmt: skip
    return PhotoReport(stored, report)


@tool("READ")
def get_photo_report(ctx: ToolContext, *, report_id: str) -> PhotoReport:
    """A kept report of one's own photo; for staff of anybody's. Raises NotSignedIn, NotFound."""
    found = photos.get_report(ctx.tx, report_id, user_id=ctx.owner())
    if found is None:
        raise NotFound(_NO_REPORT)
    return _whole(found)


@tool("READ")
def photo_reports_of(ctx: ToolContext, *, image_ids: Sequence[str]) -> dict[str, PhotoReport]:
    """Photo's id → its newest report, of one's own photos; for staff of anybody's."""
    owner = ctx.owner()
    found = photos.latest_of_images(ctx.tx, list(image_ids)[:MOST])
    return {
        image_id: _whole(one)
        for image_id, one in found.items()
        if owner is None or one.user_id == owner
    }


@tool("READ")
def list_photo_reports(
    ctx: ToolContext,
    *,
    order_id: str = "",
    verdict: str = "",
    corrected: bool | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> ReportPage:
    """Kept reports, newest first: one's own, for staff everybody's.

    Raises NotSignedIn, BadInput.
    """
    if not 1 <= limit <= MOST:
        raise BadInput(f"한 번에 1건부터 {MOST}건까지 볼 수 있어요.")
    return photos.find_reports(
        ctx.tx, user_id=ctx.owner(), order_id=order_id, verdict=verdict,
        corrected_only=corrected, before=place_of(cursor), limit=limit,
    )  # fmt: skip


@tool("WRITE")
def correct_photo_report(
    ctx: ToolContext,
    *,
    report_id: str,
    boxes: Sequence[CorrectedBox],
    note: str = "",
    version: int = 0,
) -> PhotoReport:
    """Say what is really on a photo (no boxes: nothing is wrong): what a detector learns from.

    ``version`` is the correction's that was shown, 0 for none. Raises Forbidden for everybody
    but staff, NotFound, BadInput (a label that is none, a box that is none), StateChanged.
    """
    ctx.require_staff()
    before = get_photo_report(ctx, report_id=report_id)
    for one in boxes:
        _check_box(one)
    if len(boxes) > MOST_BOXES:
        raise BadInput(f"표시는 {MOST_BOXES}곳까지 할 수 있어요.")
    saved = photos.put_correction(
        ctx.tx, report_id, boxes=boxes, note=clean(note, MOST_NOTE_CHARS), actor_id=ctx.me(),
        at=ctx.now, version=version,
    )  # fmt: skip
    if not saved:
        raise StateChanged(
            "그사이 다른 사람이 이 사진의 표시를 고쳤어요. "
            "고친 내용을 확인한 뒤 다시 저장해 주세요."
        )
    was = before.correction
    ctx.audit(
        "correct", "photo_report", report_id,
        {} if was is None else {"labels": [one.label for one in was.boxes]},
        {"labels": [one.label for one in boxes]},
    )  # fmt: skip
    return get_photo_report(ctx, report_id=report_id)


@tool("READ")
def list_product_photos(
    ctx: ToolContext, *, product_ids: Sequence[str] = ()
) -> tuple[ProductPhoto, ...]:
    """The catalogue's pictures of these products (none named: of all). Anybody may see them."""
    return tuple(photos.product_photos(ctx.tx, list(product_ids)))


@tool("WRITE")
def set_product_photo(
    ctx: ToolContext, *, product_id: str, sha256: str, width_px: int, height_px: int, sku: str = ""
) -> ProductPhoto:
    """Make a stored picture the catalogue's of a product, or of one of its options.

    Raises Forbidden for everybody but staff, NotFound for an unknown product or option.
    """
    ctx.require_staff()
    found = products.get(ctx.tx, product_id)
    if found is None or (sku and sku not in {option.sku for option in found.options}):
        raise NotFound("상품이나 옵션을 찾을 수 없어요. 상품 번호를 확인해 주세요.")
    photo = ProductPhoto(
        product_id, sku, sha256, width_px, height_px, "shop", ctx.me(), to_text(ctx.now)
    )
    before = photos.put_product_photo(ctx.tx, photo)
    ctx.audit(
        "set_photo", "product", product_id, {"sku": sku, "sha256": before or ""},
        {"sku": sku, "sha256": sha256},
    )  # fmt: skip
    return photo


@tool("WRITE")
def remove_product_photo(ctx: ToolContext, *, product_id: str, sku: str = "") -> str:
    """Take a picture out of the catalogue; returns its content hash.

    Raises Forbidden for everybody but staff, NotFound where there is none.
    """
    ctx.require_staff()
    before = photos.delete_product_photo(ctx.tx, product_id, sku)
    if before is None:
        raise NotFound("이 상품에는 등록된 사진이 없어요.")
    ctx.audit("remove_photo", "product", product_id, {"sku": sku, "sha256": before}, {})
    return before


def _photo(ctx: ToolContext, image_id: str) -> Row:
    """The photo's record. Raises NotSignedIn, NotFound for a missing one and another's alike."""
    owner = ctx.owner()
    row = conversations.attachment(ctx.tx, image_id)
    if row is None or (owner is not None and row["user_id"] != owner):
        raise NotFound(_GONE)
    return row


class _About(NamedTuple):
    """(product id, SKU) of what a photo should show, and of what else was in the order."""

    ordered: list[tuple[str, str]]
    besides: list[tuple[str, str]]


def _about(
    ctx: ToolContext,
    photo: Row,
    order_id: str | None,
    line_id: str | None,
    product_id: str | None,
    sku: str,
) -> _About:
    if order_id is None:
        return _About([(product_id, sku)] if product_id else [], [])
    order: Order = get_order(ctx, order_id=order_id)
    # Staff: a report is its photo's owner's to read, and would name another customer's order.
    if photo["user_id"] not in (None, ctx.caller.user_id, order.user_id):
        raise NotFound(_NOT_THEIRS)
    lines = [line for line in order.lines if line_id in (None, line.line_id)]
    if not lines:
        raise NotFound("주문에 없는 상품이에요. 주문을 다시 골라 주세요.")
    besides = [(line.product_id, line.sku) for line in order.lines if line not in lines]
    return _About([(line.product_id, line.sku) for line in lines], besides)


def _references(ctx: ToolContext, about: _About) -> list[Reference]:
    """The pictures of what was ordered, then of the rest of the order, then of the catalogue."""
    assert ctx.photos is not None
    if not about.ordered:
        return []
    found = photos.product_photos(ctx.tx)
    known = {(one.product_id, one.sku): one for one in found}

    def pictures(pieces: Sequence[tuple[str, str]]) -> list[ProductPhoto]:
        # Another option's picture would differ all over: only the product's own stands in.
        own = (known.get(one) or known.get((one[0], "")) for one in pieces)
        return list(dict.fromkeys(one for one in own if one is not None))

    mine = pictures(about.ordered)
    products_seen = {product_id for product_id, _ in about.ordered}
    catalogue = (one for one in found if not one.sku)
    others = [
        one for one in dict.fromkeys((*pictures(about.besides), *catalogue))
        if one.product_id not in products_seen
    ]  # fmt: skip
    pairs = [*((one, True) for one in mine), *((one, False) for one in others[:MOST_OTHERS])]
    read = ((one, ctx.photos.read({"image_id": "", "sha256": one.sha256}), so) for one, so in pairs)
    return [Reference(one.product_id, one.sku, data, so) for one, data, so in read if data]


def _check_box(one: CorrectedBox) -> None:
    x1, y1, x2, y2 = one.box
    if one.label not in LABELS:
        raise BadInput("알 수 없는 손상 종류예요. 목록에서 골라 주세요.")
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise BadInput("표시한 곳이 사진 밖이에요. 다시 그려 주세요.")


def _whole(stored: StoredReport) -> PhotoReport:
    return PhotoReport(stored, Report.from_dict(stored.report))
