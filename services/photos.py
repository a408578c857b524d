"""Photos: where they lie, who judges them, and the catalogue's own pictures.

Pages and routes store a photo (``Services.save_photo``), have it judged (:meth:`Photos.check`)
and read what was found (the tools of ``agent.tools.photos``). The judging runs outside any
transaction that writes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from agent.llm import Tag
from agent.llm.roles.inspect_photo import PhotoReader
from agent.tools.base import PhotoModel, ToolContext, run
from agent.tools.photos import PhotoReport
from agent.types import Caller, Source
from errors import BadInput, Forbidden, NotFound, NotSignedIn, SangdamError, Unavailable
from services.photo_answers import Measured, measured
from services.photo_models import DetectorInfo, Stamp, detector_info, eye_of, stamp
from store import photo_files, photos
from store.database import Row
from store.photos import ProductPhoto
from vision import clean_photo
from vision.types import Opinion, Reference, Report

if TYPE_CHECKING:
    from services.desk import Services
    from vision.inspector import Inspector

__all__ = ["DetectorInfo", "LastLook", "Photos", "Reports"]

log = logging.getLogger("sangdam.photos")
_NOT_NOW = "지금은 사진을 확인할 수 없어요. 잠시 뒤 다시 시도해 주세요."
_MODEL_GRACE_S = 1.0  # beyond its own time-out, for the thread it runs in


@dataclass(frozen=True, slots=True)
class LastLook:
    """How judging went last: milliseconds it took, and what it failed with ("" for well)."""

    took_ms: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Reports:
    """Some reports, and the cursor of what follows (None: nothing)."""

    items: tuple[PhotoReport, ...]
    next_cursor: str | None


class Photos:
    """The photos of one shop. Safe to share."""

    def __init__(self, desk: Services) -> None:
        self.desk = desk
        self._lock = threading.Lock()
        self._inspector: tuple[Stamp, Inspector] | None = None
        self._tried = threading.local()
        self.last = LastLook()

    @property
    def inspector(self) -> Inspector:
        """The judges that need no language model; the detector is read when first asked.

        Made anew when other weights come into force: ``python -m vision promote`` needs no
        restart. Raises Unavailable where the judges cannot be imported.
        """
        settings = self.desk.settings
        now = stamp(settings.data_path, settings.detector_weights)
        with self._lock:
            if self._inspector is None or self._inspector[0] != now:
                self._inspector = now, self._make(Path(now[0]))
            return self._inspector[1]

    def _make(self, weights: Path) -> Inspector:
        try:
            from vision.inspector import Inspector
        except ImportError as error:
            log.exception("photos cannot be judged")
            raise Unavailable(_NOT_NOW) from error
        return Inspector(
            eye_of(weights), workers=max(1, self.desk.settings.photo_workers),
            llm_wait_s=self.desk.llm.config.limits.inspect_s + _MODEL_GRACE_S,
        )  # fmt: skip

    # ── keeping ──────────────────────────────────────────────────────────────────────────

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count an upload: as stored, or by what it is refused for."""
        try:
            yield
        except SangdamError as error:
            self.desk.metrics.photo_upload(error.code)
            raise
        self.desk.metrics.photo_upload("stored")

    def save(self, caller: Caller, data: bytes, *, order_id: str | None = None) -> str:
        """Clean and store a photo that is part of no chat; returns its id.

        It belongs to whoever the order is of, so that staff can add one to a customer's claim;
        without an order to the caller. Raises BadInput, NotSignedIn, NotFound.
        """
        if caller.user_id is None:
            raise NotSignedIn("로그인이 필요한 일이에요. 로그인한 뒤 다시 해 주세요.")
        owner = caller.user_id
        if order_id is not None:
            owner = self.desk.tool(caller, "get_order", order_id=order_id).user_id
        return self.desk.save_photo(caller, data, session_id=None, owner_id=owner)[1]

    # ── judging ──────────────────────────────────────────────────────────────────────────

    def read(self, row: Row) -> bytes | None:
        """The stored JPEG of an attachment's row or a catalogue picture's; None: it is gone."""
        try:
            return photo_files.path_of(self._folder, row).read_bytes()
        except FileNotFoundError:
            return None

    def inspect(
        self,
        data: bytes,
        references: Sequence[Reference],
        *,
        upload_px: tuple[int, int],
        model: PhotoModel | None = None,
    ) -> Report:
        """Judge a stored JPEG against the catalogue's pictures, and count it.

        Raises BadInput for one that is damaged, Unavailable where it cannot be judged now.
        """
        began = perf_counter()
        try:
            report = self.inspector.inspect(data, references, upload_px=upload_px, llm=model)
        except SangdamError as error:
            self._failed(began, error.code)
            raise
        except Exception as error:  # a judge's bug must not take the customer's claim along
            log.exception("a photo could not be judged")
            self._failed(began, type(error).__name__)
            raise Unavailable(_NOT_NOW) from error
        if self._counts:
            self.last = LastLook(round((perf_counter() - began) * 1000, 1))
            self.desk.metrics.photo_judged(report, perf_counter() - began)
        return report

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What this thread has judged meanwhile is in nobody's figures: a turn played again."""
        self._tried.out = True
        try:
            yield
        finally:
            self._tried.out = False

    @property
    def _counts(self) -> bool:
        return not getattr(self._tried, "out", False)

    def _failed(self, began: float, error: str) -> None:
        if self._counts:
            self.last = LastLook(round((perf_counter() - began) * 1000, 1), error)
            self.desk.metrics.photo_failed()

    def model(self, photo: bytes, references: Sequence[Reference]) -> Opinion:
        """What a language model says of a photo that no turn asks about; never raises."""
        gateway = self.desk.llm.gateway
        if not gateway.configured:
            return Opinion("llm", "absent")
        instruction = self.desk.desk.prompts.purpose("inspect")
        return PhotoReader(gateway, instruction, Tag("inspect", instruction.version))(
            photo, references
        )

    def check(
        self,
        caller: Caller,
        image_id: str,
        *,
        order_id: str | None = None,
        line_id: str | None = None,
        product_id: str | None = None,
        sku: str = "",
        source: Source = "page",
    ) -> PhotoReport:
        """Judge a stored photo and keep the report.

        Raises NotSignedIn, NotFound, Unavailable as ``look_at_photo``.
        """
        about: dict[str, Any] = {
            "image_id": image_id, "order_id": order_id, "line_id": line_id,
            "product_id": product_id, "sku": sku,
        }  # fmt: skip
        report = self.desk.tool(caller, "look_at_photo", source=source, **about)
        kept: PhotoReport = self.desk.tool(
            caller, "keep_photo_report", source=source, report=report, **about
        )
        return kept

    def measure(self, data: bytes) -> Measured:
        """A photo's quality, colours and size; it is not kept. Raises BadInput."""
        return measured(data, self.desk.photo_limits)

    def defect(
        self,
        caller: Caller,
        data: bytes,
        *,
        order_id: str | None = None,
        line_id: str | None = None,
        product_id: str | None = None,
        sku: str = "",
        source: Source = "page",
    ) -> PhotoReport:
        """Keep a photo that is part of no chat, judge it, and keep the report.

        Raises BadInput, NotSignedIn, NotFound, Unavailable; what it is about is looked for
        before the picture is decoded.
        """
        if line_id is not None and order_id is None:
            raise BadInput("line_id는 order_id와 함께 보내 주세요.")
        if order_id is not None:
            lines = self.desk.tool(caller, "get_order", order_id=order_id).lines
            if line_id is not None and line_id not in {line.line_id for line in lines}:
                raise NotFound("주문에 없는 상품이에요. 주문을 다시 골라 주세요.")
        elif product_id is not None:
            self.desk.tool(caller, "get_product", product_id=product_id)
        image_id = self.save(caller, data, order_id=order_id)
        return self.check(
            caller, image_id, order_id=order_id, line_id=line_id,
            product_id=None if order_id else product_id, sku="" if order_id else sku,
            source=source,
        )  # fmt: skip

    def reports(self, caller: Caller, **wanted: Any) -> Reports:
        """Kept reports, newest first, as ``list_photo_reports`` finds them."""
        found = self.desk.tool(caller, "list_photo_reports", **wanted)
        whole = tuple(PhotoReport(one, Report.from_dict(one.report)) for one in found.items)
        return Reports(whole, found.next_cursor)

    def reports_of(self, caller: Caller, image_ids: Sequence[str]) -> dict[str, PhotoReport]:
        """Photo's id → its newest report; one's own photos', for staff anybody's."""
        found: dict[str, PhotoReport] = self.desk.tool(
            caller, "photo_reports_of", image_ids=tuple(image_ids)
        )
        return found

    def detector_info(self) -> DetectorInfo:
        """The detector in force and what its card says of it; reads files only."""
        settings = self.desk.settings
        return detector_info(settings.data_path, settings.detector_weights)

    def trouble(self) -> str:
        """Why photos are judged worse than they could be (Korean), "" where they are not."""
        info = self.detector_info()
        if info.error or self._inspector is None:
            return info.error
        health = self._inspector[1].health() if self.last.took_ms is not None else None
        return health.reason if health is not None and health.state == "degraded" else ""

    # ── the catalogue's pictures ─────────────────────────────────────────────────────────

    def product_picture(self, product_id: str, sku: str = "") -> bytes:
        """The catalogue's picture of an option, else the product's own. Raises NotFound."""
        with self.desk.database.read() as tx:
            found = {one.sku: one for one in photos.product_photos(tx, [product_id])}
        photo = found.get(sku) or found.get("")
        data = None if photo is None else self.read({"image_id": "", "sha256": photo.sha256})
        if data is None:
            raise NotFound("이 상품에는 등록된 사진이 없어요.")
        return data

    def set_product_photo(
        self,
        caller: Caller,
        product_id: str,
        data: bytes,
        sku: str = "",
        *,
        source: Source = "page",
    ) -> ProductPhoto:
        """Make an upload the catalogue's picture of a product, or of one of its options.

        Raises Forbidden for everybody but staff, NotFound, BadInput.
        """
        if not caller.is_staff:  # before a picture is decoded
            raise Forbidden("담당자만 할 수 있는 일이에요.")
        photo = clean_photo(data, self.desk.photo_limits)
        part = photo_files.stage(self._folder, photo.data)
        before = self._files_of(product_id)
        try:
            with self.desk.database.write() as tx:
                context = ToolContext(
                    tx, caller, self.desk.rules, self.desk.clock(), source=source
                )  # fmt: skip
                photo_files.place(tx, self._folder, part, photo.sha256)
                kept: ProductPhoto = run(
                    context, "set_product_photo", product_id=product_id, sku=sku,
                    sha256=photo.sha256, width_px=photo.width_px, height_px=photo.height_px,
                )  # fmt: skip
        finally:  # what it replaced, and what was refused, goes unless something else names it
            part.unlink(missing_ok=True)
            names = [*before, photo.sha256]
            photo_files.drop_unnamed(self.desk.database, self._folder, names)
        return kept

    def remove_product_photo(
        self, caller: Caller, product_id: str, sku: str = "", *, source: Source = "page"
    ) -> None:
        """Take a picture out of the catalogue. Raises Forbidden, NotFound."""
        sha256 = self.desk.tool(
            caller, "remove_product_photo", source=source, product_id=product_id, sku=sku
        )
        photo_files.drop_unnamed(self.desk.database, self._folder, [sha256])

    def _files_of(self, product_id: str) -> list[str]:
        with self.desk.database.read() as tx:
            return [one.sha256 for one in photos.product_photos(tx, [product_id])]

    @property
    def _folder(self) -> Path:
        return self.desk.photo_folder
