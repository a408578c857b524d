"""Photos by content, what was found on them, what staff made of that, the catalogue's pictures.

``attachments.sha256`` names the file (``photos/<sha256>.jpg``); NULL is an older photo, kept
under its image id. ``upload_*`` is the upright upload's size, which may be larger than what is
kept. ``photo_reports.report`` is JSON (``vision.Report``); a report is never changed: staff's
corrections stand beside it, in ``photo_corrections``, and are what a detector learns from.
"""

from __future__ import annotations

from store.database import Tx

__all__ = ["apply"]

_REPORTS: dict[str, type] = {
    "report_id": str, "image_id": str, "user_id": str, "conversation_id": str, "order_id": str,
    "line_id": str, "product_id": str, "sku": str, "verdict": str, "score": float, "report": str,
    "made_by": str, "source": str, "created_at": str,
}  # fmt: skip
_CORRECTIONS: dict[str, type] = {
    "report_id": str, "findings": str, "note": str, "corrected_by": str, "corrected_at": str,
    "version": int,
}  # fmt: skip
_PRODUCT_PHOTOS: dict[str, type] = {
    "product_id": str, "sku": str, "sha256": str, "width_px": int, "height_px": int,
    "made_by": str, "added_by": str, "added_at": str,
}  # fmt: skip
_STATEMENTS = (
    "alter table attachments add column sha256 text",
    "alter table attachments add column upload_width_px integer",
    "alter table attachments add column upload_height_px integer",
    "create index ix_attachments_sha256 on attachments (sha256)",
    "create index ix_attachments_alone on attachments (created_at) where conversation_id is null",
    "create index ix_photo_reports_image on photo_reports (image_id, created_at)",
    "create index ix_photo_reports_created on photo_reports (created_at, report_id)",
    "create index ix_photo_reports_user on photo_reports (user_id, created_at)",
    "create index ix_photo_reports_order on photo_reports (order_id, created_at)",
    "create index ix_product_photos_sha256 on product_photos (sha256)",
)


def apply(tx: Tx) -> None:
    """Add the tables, the columns of ``attachments`` and the indexes."""
    tx.tables.table("photo_reports").create(
        _REPORTS,
        pk="report_id",
        not_null={"image_id", "verdict", "report", "source", "created_at"},
        foreign_keys=[("image_id", "attachments", "image_id")],
    )
    tx.tables.table("photo_corrections").create(
        _CORRECTIONS,
        pk="report_id",
        not_null={"findings", "note", "corrected_by", "corrected_at", "version"},
        foreign_keys=[("report_id", "photo_reports", "report_id")],
    )
    tx.tables.table("product_photos").create(
        _PRODUCT_PHOTOS,
        pk=("product_id", "sku"),
        not_null={"sha256", "width_px", "height_px", "made_by", "added_at"},
    )
    for sql in _STATEMENTS:
        tx.execute(sql)
