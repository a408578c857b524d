"""Photos of a dialogue: drawn products, hurt and photographed, uploaded as a customer's.

A turn's ``photos`` is a list of {sku, damage, seed, blur}: what the photo shows (a SKU of the
demonstration catalogue), hurt how (a label of ``vision.labels``; none: not), with which seed, and
how blurred (pixels). The same row is the same photo every time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.types import Caller
from errors import BadInput
from services import Services

__all__ = ["add", "lay_out", "taken"]

CATALOGUE = Path(__file__).resolve().parents[1] / "data" / "catalogue"
SIDE_PX, HARDNESS = 800, 0.45
_KEYS = {"sku", "damage", "seed", "blur"}


def taken(row: Mapping[str, Any]) -> bytes:
    """The JPEG of one photo. Raises BadInput for a row that names no product."""
    import cv2
    import numpy as np

    from vision.generate import draw, hurt, photograph
    from vision.generate.shop import DESIGNS

    if set(row) - _KEYS or row.get("sku") not in DESIGNS:
        raise BadInput(f"대화의 사진을 알 수 없습니다: {dict(row)}")
    rng = np.random.default_rng([88, int(row.get("seed", 0))])
    piece = draw(DESIGNS[row["sku"]])
    if row.get("damage"):
        piece, _ = hurt(piece, row["damage"], rng)
    shown, _ = photograph(piece, rng, hardness=HARDNESS, side_px=SIDE_PX)
    if row.get("blur"):
        shown = cv2.GaussianBlur(shown, (0, 0), float(row["blur"])).astype(shown.dtype)
    done, data = cv2.imencode(".jpg", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))
    assert done, "a picture of this size can be written"
    return bytes(data)


def add(
    shop: Services, caller: Caller, session_id: str | None, rows: list[dict[str, Any]]
) -> tuple[str | None, tuple[str, ...]]:
    """Upload a turn's photos; (session id, image ids)."""
    images = list[str]()
    for row in rows:
        session_id, image_id = shop.save_photo(caller, taken(row), session_id=session_id)
        images.append(image_id)
    return session_id, tuple(images)


def lay_out(shop: Services) -> None:
    """Put the catalogue's pictures where the shop reads them: a copy of a shop's database, as
    dialogues have it, comes without its files."""
    shop.photo_folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(CATALOGUE.glob("*.jpg")):
        data = path.read_bytes()
        target = shop.photo_folder / f"{hashlib.sha256(data).hexdigest()}.jpg"
        if not target.exists():
            target.write_bytes(data)
