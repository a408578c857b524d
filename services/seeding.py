"""The demonstration shop, seeded with the rules in force."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.shop.calendar import day_of
from agent.shop.rules import Rules
from settings import ROOT, Settings
from store.database import Database
from store.models import to_text

if TYPE_CHECKING:
    from store.seed import SeedReport

__all__ = ["seed_demo", "seed_pictures"]

PICTURES = ROOT / "data" / "catalogue"


def seed_demo(
    settings: Settings,
    *,
    database: Database | None = None,
    clock: Callable[[], datetime] | None = None,
    today: date | None = None,
    number: int | None = None,
    progress: Any = None,
) -> SeedReport | None:
    """Seed the demonstration shop into an empty store; None when it holds data already.

    One that was seeded before there were pictures is given them.
    """
    from agent.shop.quote import quote
    from agent.shop.tickets import due_times
    from store import seed

    database = database or Database(settings.data_path / "sangdam.db")
    rules = Rules.of(settings.rules())
    now = (clock or (lambda: datetime.now(UTC)))()
    report = seed.seed_if_empty(
        database,
        today=today or day_of(now),
        number=settings.seed if number is None else number,
        catalogue=ROOT / "data" / "seed" / "catalogue.yaml",
        quote=lambda order, kind, fault, lines: quote(
            order, kind=kind, fault=fault, lines=lines, rules=rules
        ).as_json(),
        sla=lambda _type, priority, created: due_times(priority, created, rules),
        shipping_fee_krw=rules.shipping_fee_krw,
        free_shipping_threshold_krw=rules.free_shipping_threshold_krw,
        progress=progress,
    )
    seed_pictures(database, settings.data_path / "photos", now=now)
    return report


def seed_pictures(
    database: Database, folder: Path, *, now: datetime, pictures: Path = PICTURES
) -> int:
    """Put the catalogue's drawn pictures (``<product id>.jpg``, ``<SKU>.jpg``) into the
    demonstration shop, once; returns how many. A shop of somebody's own gets none.

    They are not flushed file by file, which takes a slow disk a second: what a power loss takes
    is a picture less to compare with.
    """
    from store.seed import pictures as seeded

    with database.read() as tx:
        if not seeded.wanted(tx):
            return 0
    found = {path.stem: _picture(path) for path in sorted(pictures.glob("*.jpg"))}
    if not found:
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    with database.write() as tx:  # files come and go under it: store.photo_files
        if not seeded.wanted(tx):  # another process was faster
            return 0
        for name, (sha256, _, _) in found.items():
            part = folder / f".{sha256}.part"
            shutil.copyfile(pictures / f"{name}.jpg", part)
            part.replace(folder / f"{sha256}.jpg")
        return seeded.add(tx, found, at=to_text(now))


def _picture(path: Path) -> tuple[str, int, int]:
    """A picture's content hash, width and height."""
    from PIL import Image

    data = path.read_bytes()
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
        return hashlib.sha256(data).hexdigest(), *picture.size
