"""Photos to try the judging with, as a customer of the demo shop would take them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml

from vision.generate.camera import photograph
from vision.generate.damage import hurt
from vision.generate.forms import Piece, Rgb
from vision.generate.kinds import draw
from vision.generate.shop import DESIGNS
from vision.labels import Label

__all__ = ["EXAMPLES", "ExamplePhoto", "take", "write_examples"]

PHOTO_PX = 800
_MOST_BYTES = 80_000


@dataclass(frozen=True, slots=True)
class ExamplePhoto:
    """What to take: of which option, hurt how (None: not), with which seed, how blurred
    (deviation in pixels), and what is said about it."""

    file: str
    sku: str
    label: Label | None
    seed: int
    caption: str
    blur_px: float = 0.0


EXAMPLES: tuple[ExamplePhoto, ...] = (
    ExamplePhoto("broken-cushion.jpg", "P4008", "broken", 16, "한쪽이 깨져서 온 쿠션 케이스"),
    ExamplePhoto("crushed-box.jpg", "P5003", "crushed_box", 18, "모서리가 눌려서 온 사과즙 상자"),
    ExamplePhoto("stained-shirt.jpg", "P2008-SL-SB", "stain", 15, "얼룩이 묻어서 온 셔츠"),
    ExamplePhoto("dented-tumbler.jpg", "P3001-SG", "dent", 6, "찌그러져서 온 텀블러"),
    ExamplePhoto("blurred-charger.jpg", "P1007", None, 2, "흔들려서 흐릿하게 찍힌 사진", 9.0),
)


def take(one: ExamplePhoto) -> Rgb:
    """The photo: (800, 800, 3), of the catalogue's own piece."""
    rng = np.random.default_rng([88, one.seed])
    piece: Piece = draw(DESIGNS[one.sku])
    if one.label:
        piece, _ = hurt(piece, one.label, rng)
    shown, _ = photograph(piece, rng, hardness=0.45, side_px=PHOTO_PX)
    if one.blur_px:
        shown = cv2.GaussianBlur(shown, (0, 0), one.blur_px).astype(shown.dtype)
    return shown


def write_examples(folder: Path) -> int:
    """Takes every example into ``folder`` with its listing ``examples.yaml``; how many.

    Raises OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for one in EXAMPLES:
        (folder / one.file).write_bytes(_small(take(one)))
        rows.append(
            {"file": one.file, "product_id": one.sku.partition("-")[0], "sku": one.sku,
             "caption": one.caption}
        )  # fmt: skip
    text = yaml.safe_dump({"examples": rows}, allow_unicode=True, sort_keys=False)
    head = "# 직접 그려서 찍은 것처럼 만든 사진입니다(python -m vision generate examples).\n"
    (folder / "examples.yaml").write_text(head + text, "utf-8")
    return len(rows)


def _small(rgb: Rgb) -> bytes:
    """As JPEG, as good as fits the size an example may have."""
    for quality in (85, 75, 65, 55, 45, 35):
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
        if len(data) <= _MOST_BYTES:
            break
    return data.tobytes()
