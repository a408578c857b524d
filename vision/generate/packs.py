"""Drawers of cosmetics, food and boxes: bottles, tubes, jars, pouches, cartons."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vision.generate.forms import oval, poly, rounded
from vision.generate.sketch import Sketch, darker, lighter, mixed

__all__ = ["PACKS"]

_ACCENTS = ((206, 92, 72), (70, 120, 170), (232, 178, 80), (92, 150, 104), (150, 100, 160))


def _ink(s: Sketch) -> tuple[int, int, int]:
    return (44, 46, 54) if sum(s.colour) > 380 else (234, 232, 224)


def _tube(s: Sketch) -> None:
    c, ink = s.colour, _ink(s)
    s.part(rounded(206, 408, 100, 76, 12), darker(c, 0.35), material="gloss", shade="tube", rim=3)
    for k in range(9):
        s.line(poly((214 + k * 10, 414), (214 + k * 10, 478)), darker(c, 0.55), 1)
    s.part(poly((136, 52), (376, 52), (316, 416), (196, 416)), c, material="gloss", shade="tube")
    s.part(rounded(130, 28, 252, 34, 4), lighter(c, 0.15), material="metal", shade="roll", rim=2)
    tone = s.pick(*_ACCENTS)
    s.part(poly((150, 130), (362, 130), (352, 190), (160, 190)), tone, material="gloss", rim=1)
    s.print(s.text, 256, 160, 26, (250, 248, 242))
    s.motif(256, 250, 36, mixed(tone, c, 0.2))
    s.small_print(206, 308, 100, 8, mixed(c, ink, 0.7))
    s.print("50ml", 256, 392, 13, ink, bold=1)


def _bottle(s: Sketch) -> None:
    c, ink, tone = s.colour, _ink(s), s.pick(*_ACCENTS)
    s.part(rounded(236, 64, 40, 70, 6), lighter(c, 0.5), material="gloss", shade="tube", rim=2)
    s.part(poly((160, 40), (292, 34), (300, 66), (216, 70), (164, 58)), darker(c, 0.3),
           material="gloss", shade="roll", rim=3)  # fmt: skip
    s.part(rounded(206, 116, 100, 40, 8), darker(c, 0.3), material="gloss", shade="tube", rim=2)
    s.part(rounded(140, 146, 232, 336, 54), c, material="gloss", shade="tube", rim=3)
    s.label(166, 226, 180, 200, lighter(mixed(c, tone, 0.3), 0.55))
    s.motif(256, 190, 20, mixed(c, ink, 0.5))


def _dropper(s: Sketch) -> None:
    c, ink, tone = s.colour, _ink(s), s.pick(*_ACCENTS)
    s.part(rounded(226, 24, 60, 84, 26), (60, 58, 62), material="stone", shade="tube", rim=3)
    s.part(rounded(206, 98, 100, 60, 8), (206, 186, 140), material="metal", shade="tube", rim=2)
    s.part(rounded(166, 150, 180, 330, 36), c, material="gloss", shade="tube", rim=3)
    s.part(rounded(248, 160, 14, 210, 5), lighter(c, 0.35), material="gloss", shade="tube", rim=1)
    s.part(rounded(182, 250, 148, 180, 4), (246, 244, 238), material="paper", rim=1)
    s.print(s.text, 256, 282, 24, mixed((40, 40, 46), tone, 0.3))
    s.motif(256, 336, 26, tone)
    s.small_print(200, 384, 112, 5, (110, 110, 116))
    s.print("30ml", 256, 456, 12, ink, bold=1)


def _jar(s: Sketch) -> None:
    c, ink = s.colour, _ink(s)
    s.part(rounded(90, 210, 332, 216, 50), c, material="gloss", shade="tube", rim=4)
    lid = lighter(mixed(c, (210, 200, 190), 0.4), 0.2)
    s.part(rounded(80, 106, 352, 124, 22), lid, material="metal", shade="tube", rim=3)
    for k in range(30):
        s.line(poly((94 + k * 11.4, 196), (94 + k * 11.4, 224)), darker(lid, 0.25), 1)
    s.motif(256, 150, 26, darker(lid, 0.4))
    s.print(s.text, 256, 290, 36, ink)
    s.small_print(170, 330, 172, 5, mixed(c, ink, 0.65))
    s.print("cream 50ml", 256, 396, 14, ink, bold=1)


def _tint(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(196, 40, 120, 210, 16), (38, 32, 36), material="gloss", shade="tube", rim=3)
    s.part(rounded(190, 238, 132, 22, 4), (212, 184, 128), material="metal", shade="tube", rim=2)
    s.part(rounded(192, 252, 128, 220, 22), lighter(c, 0.12), material="gloss", shade="tube")
    s.part(rounded(210, 262, 92, 192, 16), c, material="gloss", shade="tube", rim=1)
    s.print(s.text, 256, 130, 22, (214, 188, 132))
    s.motif(256, 190, 20, (214, 188, 132))
    s.small_print(214, 420, 84, 3, lighter(c, 0.75))
    s.print("velvet", 256, 340, 22, lighter(c, 0.8))


def _compact(s: Sketch) -> None:
    c = s.colour
    s.part(oval(256, 270, 196, 196), darker(c, 0.12), material="gloss", shade="dome", rim=4)
    s.part(oval(256, 256, 192, 190), c, material="gloss", shade="dome", rim=3)
    s.line(oval(256, 256, 168, 166), (212, 184, 128), 4)
    s.motif(256, 226, 70, mixed(c, _ink(s), 0.4))
    s.print(s.text, 256, 336, 28, _ink(s))
    s.small_print(206, 366, 100, 3, mixed(c, _ink(s), 0.6))
    s.part(rounded(226, 430, 60, 34, 10), (212, 184, 128), material="metal", shade="roll", rim=2)


def _pouch(s: Sketch) -> None:
    c, ink, tone = s.colour, _ink(s), s.pick(*_ACCENTS)
    side = poly((112, 40), (400, 40), (392, 130), (408, 470), (104, 470), (120, 130))
    s.part(side, c, material="film", shade="pillow", rim=3)
    s.part(poly((110, 36), (402, 36), (400, 78), (112, 78)), darker(c, 0.12), material="film")
    for k in range(28):
        s.line(poly((116 + k * 10.2, 40), (116 + k * 10.2, 74)), darker(c, 0.3), 1)
    s.line(poly((118, 96), (394, 96)), darker(c, 0.4), 3)
    s.part(rounded(142, 140, 228, 110, 18), tone, material="gloss", rim=2)
    s.print(s.text, 256, 180, 34, (252, 250, 244), bold=3)
    s.small_print(170, 214, 172, 3, (252, 250, 244))
    for _ in range(4):
        at = (s.near(170, 340), s.near(300, 380))
        s.part(oval(*at, s.near(18, 40), s.near(14, 34)), mixed(tone, (226, 180, 110), 0.6),
               material="stone", shade="dome", rim=2)  # fmt: skip
    s.motif(256, 330, 40, ink)
    s.small_print(134, 420, 120, 5, mixed(c, ink, 0.7))
    s.barcode(290, 412, 90, 40)


def _carton(s: Sketch) -> None:
    """A box seen a little from above: a front with a lid's flap, a top face."""
    c, kraft = s.colour, s.design.kind == "shipping_box"
    material, ink = "kraft" if kraft else "paper", _ink(s)
    s.part(poly((70, 150), (120, 70), (452, 70), (442, 150)), lighter(c, 0.18), material=material)
    s.part(rounded(70, 148, 372, 300, 3), c, material=material, shade="slope", rim=3)
    s.part(poly((442, 150), (452, 70), (480, 120), (478, 372), (442, 448)), darker(c, 0.28),
           material=material, rim=2)  # fmt: skip
    if kraft:
        tape = (206, 178, 128)
        s.part(poly((236, 150), (254, 70), (296, 70), (282, 150)), tape, material="gloss", rim=1)
        s.part(rounded(236, 148, 46, 74, 2), tape, material="gloss", rim=1)
        s.label(92, 250, 168, 176, (246, 245, 240))
        s.motif(346, 300, 34, darker(c, 0.5))
        s.print("FRAGILE", 346, 376, 24, (178, 60, 50))
        s.print(s.text, 346, 420, 20, darker(c, 0.6))
        return
    tone = s.pick(*_ACCENTS)
    s.part(rounded(70, 200, 372, 92, 1), tone, material="paper", rim=1)
    s.print(s.text, 256, 246, 44, (250, 248, 240), bold=3)
    for _ in range(6):
        at = (s.near(110, 400), s.near(330, 400))
        s.part(oval(*at, s.near(14, 34), s.near(14, 34)), mixed(tone, lighter(c, 0.4), 0.5),
               material="paper", shade="dome", rim=2)  # fmt: skip
    s.motif(150, 176, 16, ink)
    s.small_print(210, 168, 180, 3, mixed(c, ink, 0.7))
    s.barcode(336, 400, 92, 38)
    s.print(s.text, 276, 108, 22, ink)


def _food_tub(s: Sketch) -> None:
    c, tone = s.colour, s.pick(*_ACCENTS)
    s.part(rounded(70, 150, 372, 300, 40), lighter(c, 0.45), material="gloss", shade="tube", rim=3)
    s.part(rounded(86, 190, 340, 240, 30), c, material="stone", shade="pillow", rim=1)
    for _ in range(26):
        at = (s.near(110, 400), s.near(210, 410))
        leaf = mixed(c, s.pick((232, 220, 170), (150, 40, 30), (120, 150, 60)), 0.6)
        s.part(oval(*at, s.near(10, 34), s.near(5, 14), turn=s.near(0, 180)), leaf,
               material="gloss", shade="roll", rim=1)  # fmt: skip
    s.part(rounded(56, 96, 400, 70, 20), tone, material="gloss", shade="roll", rim=3)
    s.label(156, 230, 200, 130, (248, 244, 232))
    s.print(s.text, 256, 130, 28, (250, 248, 240))


def _crate(s: Sketch) -> None:
    """An open fruit box: fruit above a printed front."""
    c = s.colour
    back = (196, 166, 118)
    s.part(poly((60, 130), (110, 70), (402, 70), (452, 130), (452, 250), (60, 250)), darker(back),
           material="kraft", rim=2)  # fmt: skip
    for row in range(3):
        for col in range(7):
            x, y = 86 + col * 56 + 24 * (row % 2) - 12, 126 + row * 46
            s.part(oval(x, y, 33, 31), mixed(c, (226, 190, 70), s.near(0, 0.35)),
                   material="stone", shade="dome", rim=2)  # fmt: skip
            s.part(oval(x + s.near(-8, 8), y - 10, 4, 3), (96, 130, 60), rim=1)
    s.part(rounded(56, 244, 400, 210, 4), back, material="kraft", shade="slope", rim=3)
    s.part(oval(256, 280, 52, 14), darker(back, 0.6), rim=2)
    s.print(s.text, 256, 330, 40, (70, 90, 50), bold=3)
    s.motif(140, 390, 34, c)
    s.small_print(220, 376, 120, 5, (90, 70, 50))
    s.barcode(360, 392, 80, 40)


def _can_bottle(s: Sketch) -> None:
    c, ink, tone = s.colour, _ink(s), s.pick(*_ACCENTS)
    s.part(rounded(216, 30, 80, 62, 8), (30, 28, 30), material="stone", shade="tube", rim=3)
    neck = poly((222, 88), (290, 88), (300, 150), (350, 220), (350, 480), (162, 480), (162, 220),
                (212, 150))  # fmt: skip
    s.part(neck, c, material="gloss", shade="tube", rim=3)
    s.part(rounded(160, 250, 192, 180, 2), lighter(tone, 0.6), material="paper", shade="tube")
    s.print(s.text, 256, 284, 30, (46, 36, 32))
    s.motif(256, 346, 34, darker(tone, 0.2))
    s.small_print(190, 398, 130, 4, (90, 76, 68))
    for k in np.linspace(0, 1, 3):
        s.line(poly((168, 448 + 10 * k), (344, 448 + 10 * k)), mixed(c, ink, 0.3), 1)


PACKS: Mapping[str, Callable[[Sketch], None]] = {
    "tube": _tube, "bottle": _bottle, "dropper": _dropper, "jar": _jar, "tint": _tint,
    "compact": _compact, "pouch": _pouch, "box": _carton, "shipping_box": _carton,
    "food_tub": _food_tub, "crate": _crate, "glass_bottle": _can_bottle,
}  # fmt: skip
