"""What was found on photos, staff's corrections, and the catalogue's own pictures.

The pictures themselves are files named by their content; who may see one is the attachment's
matter (``store.conversations``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Row, Tx, dump, load
from store.models import to_text

__all__ = [
    "CorrectedBox",
    "Correction",
    "ProductPhoto",
    "ReportPage",
    "StoredReport",
    "add_report",
    "corrected",
    "delete_product_photo",
    "find_reports",
    "forget_reports",
    "get_report",
    "in_use",
    "latest_of_images",
    "product_photos",
    "put_correction",
    "put_product_photo",
    "verdicts",
]

_SELECT = (
    "select r.*, c.findings as c_findings, c.note as c_note, c.corrected_by as c_by, "
    "c.corrected_at as c_at, c.version as c_version, p.name as product_name "
    "from photo_reports r left join photo_corrections c on c.report_id = r.report_id "
    "left join products p on p.product_id = r.product_id "
)


@dataclass(frozen=True, slots=True)
class CorrectedBox:
    """A place staff marked, as fractions of the picture (x1, y1, x2, y2), with its label."""

    label: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Correction:
    """What staff say is on a photo; no boxes: nothing is wrong with the goods on it."""

    boxes: tuple[CorrectedBox, ...]
    note: str
    corrected_by: str
    corrected_at: str
    version: int


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as it was made; ``report`` is ``vision.Report.as_dict``.

    ``user_id`` owns the photo. ``product_id`` and ``sku`` are what was ordered (or asked
    about), "" when nothing was named. ``score`` is the probability of damage, 0 to 1.
    """

    report_id: str
    image_id: str
    user_id: str | None
    conversation_id: str | None
    order_id: str | None
    line_id: str | None
    product_id: str
    sku: str
    product_name: str
    verdict: str
    score: float | None
    report: dict[str, Any]
    made_by: str | None
    source: str
    created_at: str
    correction: Correction | None = None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Reports, newest first, and the cursor of what follows (None: nothing)."""

    items: tuple[StoredReport, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ProductPhoto:
    """The catalogue's picture of a product, or of one option (``sku``; "" is the product's)."""

    product_id: str
    sku: str
    sha256: str
    width_px: int
    height_px: int
    made_by: str  # "shop" or "demo"
    added_by: str | None
    added_at: str


def add_report(tx: Tx, report: StoredReport) -> None:
    """Write a report."""
    tx.insert(
        "photo_reports",
        {
            "report_id": report.report_id,
            "image_id": report.image_id,
            "user_id": report.user_id,
            "conversation_id": report.conversation_id,
            "order_id": report.order_id,
            "line_id": report.line_id,
            "product_id": report.product_id,
            "sku": report.sku,
            "verdict": report.verdict,
            "score": report.score,
            "report": dump(report.report),
            "made_by": report.made_by,
            "source": report.source,
            "created_at": report.created_at,
        },
    )


def get_report(tx: Tx, report_id: str, *, user_id: str | None = None) -> StoredReport | None:
    """A report, or None; with ``user_id`` only one of that customer's photos."""
    row = tx.row(_SELECT + "where r.report_id = ?", (report_id,))
    if row is None or (user_id is not None and row["user_id"] != user_id):
        return None
    return _report(row)


def latest_of_images(tx: Tx, image_ids: Sequence[str]) -> dict[str, StoredReport]:
    """Image id → its newest report, for those that have one."""
    rows = tx.rows(
        _SELECT + "where r.image_id in (select value from json_each(?)) "
        "order by r.created_at, r.report_id",
        (dump(list(image_ids)),),
    )
    return {row["image_id"]: _report(row) for row in rows}


def find_reports(
    tx: Tx,
    *,
    user_id: str | None = None,
    order_id: str = "",
    verdict: str = "",
    corrected_only: bool | None = None,
    before: tuple[str, str] | None = None,
    limit: int = 20,
) -> ReportPage:
    """Reports, newest first; ``before`` is the (created_at, report_id) of the last one seen.

    ``corrected_only`` True: those staff have corrected; False: those they have not.
    """
    rows = tx.rows(
        _SELECT + "where (:user_id is null or r.user_id = :user_id) "
        "and (:order_id = '' or r.order_id = :order_id) "
        "and (:verdict = '' or r.verdict = :verdict) "
        "and (:corrected is null or (c.report_id is not null) = :corrected) "
        "and (:at is null or (r.created_at, r.report_id) < (:at, :id)) "
        "order by r.created_at desc, r.report_id desc limit :limit",
        {
            "user_id": user_id, "order_id": order_id, "verdict": verdict,
            "corrected": None if corrected_only is None else int(corrected_only),
            "at": before[0] if before else None, "id": before[1] if before else None,
            "limit": limit + 1,
        },
    )  # fmt: skip
    items = tuple(_report(row) for row in rows[:limit])
    more = len(rows) > limit
    return ReportPage(items, f"{items[-1].created_at}~{items[-1].report_id}" if more else None)


def verdicts(tx: Tx, *, since: str = "") -> dict[str, int]:
    """Verdict → how many reports since then."""
    rows = tx.rows(
        "select verdict, count(*) as n from photo_reports where created_at >= ? group by verdict",
        (since,),
    )
    return {row["verdict"]: row["n"] for row in rows}


def put_correction(
    tx: Tx,
    report_id: str,
    *,
    boxes: Sequence[CorrectedBox],
    note: str,
    actor_id: str,
    at: datetime,
    version: int,
) -> bool:
    """Keep what staff say is on a photo; ``version`` is the one it was based on, 0 for none.

    False when somebody else has saved one since: nothing is written then.
    """
    row = {
        "report_id": report_id,
        "findings": dump([{"label": one.label, "box": list(one.box)} for one in boxes]),
        "note": note, "by": actor_id, "at": to_text(at), "version": version,
    }  # fmt: skip
    return bool(
        tx.execute(
            "insert into photo_corrections "
            "(report_id, findings, note, corrected_by, corrected_at, version) "
            "select :report_id, :findings, :note, :by, :at, :version + 1 "
            "where :version = 0 or exists (select 1 from photo_corrections "
            "where report_id = :report_id) "
            "on conflict (report_id) do update set findings = excluded.findings, "
            "note = excluded.note, corrected_by = excluded.corrected_by, "
            "corrected_at = excluded.corrected_at, version = excluded.version "
            "where photo_corrections.version = :version",
            row,
        )
    )


def corrected(tx: Tx) -> list[tuple[StoredReport, str | None, str | None]]:
    """Every corrected report with its photo's content hash and the claim that holds the photo
    (the earliest one; None: no claim does), oldest correction first."""
    rows = tx.rows(
        _SELECT.replace(
            "select r.*",
            "select r.*, a.sha256 as sha256, (select min(k.claim_id) from claims k, "
            "json_each(k.photos) j where j.value = r.image_id) as claim_id",
        )
        + "join attachments a on a.image_id = r.image_id "
        "where c.report_id is not null order by c.corrected_at, r.report_id"
    )
    return [(_report(row), row["sha256"], row["claim_id"]) for row in rows]


def forget_reports(tx: Tx, image_ids: Sequence[str]) -> None:
    """Delete the reports of photos that go, and the corrections of these."""
    given = (dump(list(image_ids)),)
    mine = "select report_id from photo_reports where image_id in (select value from json_each(?))"
    tx.execute(f"delete from photo_corrections where report_id in ({mine})", given)
    tx.execute(
        "delete from photo_reports where image_id in (select value from json_each(?))", given
    )


def in_use(tx: Tx, sha256: str) -> bool:
    """Whether any photo of a customer or of the catalogue still has this content."""
    return bool(
        tx.value(
            "select exists (select 1 from attachments where sha256 = :hash) "
            "or exists (select 1 from product_photos where sha256 = :hash)",
            {"hash": sha256},
        )
    )


def product_photos(tx: Tx, product_ids: Sequence[str] = ()) -> list[ProductPhoto]:
    """The catalogue's pictures of these products (none named: of all), a product's own first."""
    rows = tx.rows(
        "select * from product_photos where :all or product_id in "
        "(select value from json_each(:ids)) order by product_id, sku",
        {"all": not product_ids, "ids": dump(list(product_ids))},
    )
    return [ProductPhoto(**{name: row[name] for name in ProductPhoto.__slots__}) for row in rows]


def put_product_photo(tx: Tx, photo: ProductPhoto) -> str | None:
    """Set a product's or an option's picture; returns the content hash it had before."""
    before = tx.value(
        "select sha256 from product_photos where product_id = ? and sku = ?",
        (photo.product_id, photo.sku),
    )
    tx.execute(
        "insert or replace into product_photos (product_id, sku, sha256, width_px, height_px, "
        "made_by, added_by, added_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
        tuple(getattr(photo, name) for name in ProductPhoto.__slots__),
    )
    return None if before is None else str(before)


def delete_product_photo(tx: Tx, product_id: str, sku: str) -> str | None:
    """Take a picture out of the catalogue; returns its content hash, None if there was none."""
    before = tx.value(
        "delete from product_photos where product_id = ? and sku = ? returning sha256",
        (product_id, sku),
    )
    return None if before is None else str(before)


def _report(row: Row) -> StoredReport:
    correction = None
    if row["c_version"] is not None:
        boxes = tuple(
            CorrectedBox(one["label"], tuple(one["box"])) for one in load(row["c_findings"], [])
        )
        correction = Correction(boxes, row["c_note"], row["c_by"], row["c_at"], row["c_version"])
    return StoredReport(
        row["report_id"], row["image_id"], row["user_id"], row["conversation_id"],
        row["order_id"], row["line_id"], row["product_id"] or "", row["sku"] or "",
        row["product_name"] or "", row["verdict"], row["score"], load(row["report"], {}),
        row["made_by"], row["source"], row["created_at"], correction,
    )  # fmt: skip
