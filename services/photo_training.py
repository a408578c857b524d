"""What staff corrected, as pictures to learn from: ``python -m vision export DIR``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from store import photos
from store.photos import StoredReport
from vision.training.shop import Corrected, Exported, write_folder

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["export"]

_Row = tuple[StoredReport, str | None, str | None]  # report, content hash, claim


def export(desk: Services, folder: Path) -> Exported:
    """Write every corrected photo as a YOLO folder (see :mod:`vision.training.shop`).

    The pictures of one claim stay in one split, and so do those of its order that no claim has.
    Photos whose file is gone are passed over.
    """
    with desk.database.read() as tx:
        rows = photos.corrected(tx)
    folder.mkdir(parents=True, exist_ok=True)
    return write_folder(_corrected(desk, rows), folder)


def _corrected(desk: Services, rows: Sequence[_Row]) -> Iterator[Corrected]:
    by_photo = {name: claim for _, name, claim in reversed(rows) if claim}
    by_order = {
        report.order_id: claim for report, _, claim in reversed(rows) if claim and report.order_id
    }
    for report, name, claim in rows:
        name = name or report.image_id
        data = desk.photos.read({"image_id": report.image_id, "sha256": name})
        if data is None or report.correction is None:
            continue
        group = claim or by_photo.get(name) or by_order.get(report.order_id or "")
        yield Corrected(
            data,
            tuple((one.label, one.box) for one in report.correction.boxes),
            group or report.order_id or name,
            report.correction.corrected_at,
        )
