"""Drawers of clothes and shoes: cloth with folds, seams, buttons, labels and prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vision.generate.forms import Points, oval, poly, rounded
from vision.generate.sketch import Sketch, darker, lighter, mixed

__all__ = ["CLOTHES"]


def _mirror(points: Points) -> Points:
    """The half outline (left) closed by its mirror image about the middle."""
    other = points[::-1].copy()
    other[:, 0] = 512 - other[:, 0]
    return np.concatenate([points, other])


def _ink(s: Sketch) -> tuple[int, int, int]:
    return (46, 48, 58) if sum(s.colour) > 380 else (224, 224, 218)


def _body(s: Sketch, sleeve_y: float, material: str) -> None:
    """A top's body with sleeves down to ``sleeve_y``."""
    c = s.colour
    wrist = 34 if sleeve_y > 300 else 52
    left = poly((202, 70), (140, 92), (76, 150), (wrist, sleeve_y), (wrist + 66, sleeve_y + 20),
                (138, 226), (134, 452))  # fmt: skip
    s.part(_mirror(left), c, material=material, shade="slope", folds=True, rim=3)
    for flip in (False, True):
        for line in (poly((140, 92), (150, 160), (138, 228)),
                     poly((wrist + 4, sleeve_y - 16), (wrist + 72, sleeve_y + 2))):  # fmt: skip
            shown = line.copy()
            if flip:
                shown[:, 0] = 512 - shown[:, 0]
            s.line(shown, darker(c, 0.35), 2, dashed=True)
    s.line(poly((138, 438), (374, 438)), darker(c, 0.3), 2, dashed=True)


def _tshirt(s: Sketch) -> None:
    c = s.colour
    _body(s, 226, "knit")
    s.part(oval(256, 74, 58, 34), darker(c, 0.32), material="knit", rim=2)
    s.line(oval(256, 76, 68, 44)[1:24], darker(c, 0.25), 2, dashed=True)
    s.part(rounded(240, 60, 32, 22, 3), (238, 238, 234), material="weave", rim=1)
    s.print("M", 256, 71, 9, (60, 60, 60), bold=1)
    tone = s.pick((206, 90, 70), (70, 120, 170), (220, 180, 80), (90, 140, 100))
    s.motif(256, 214, 52, mixed(tone, c, 0.25))
    s.print(s.text, 256, 300, 30, mixed(_ink(s), c, 0.2))


def _hood(s: Sketch) -> None:
    c = s.colour
    hood = poly((170, 112), (186, 46), (256, 22), (326, 46), (342, 112), (256, 158))
    s.part(hood, darker(c, 0.08), material="fleece", shade="dome", folds=True, rim=3)
    s.part(oval(256, 102, 52, 44), darker(c, 0.5), material="fleece", rim=2)
    for x in (-1, 1):
        s.line(poly((256 + x * 26, 136), (256 + x * 30, 214 + 8 * x)), lighter(c, 0.7), 5)
        s.part(oval(256 + x * 26, 136, 6, 6), (186, 188, 190), material="metal", rim=2)


def _hoodie(s: Sketch) -> None:
    c = s.colour
    _body(s, 372, "fleece")
    pocket = poly((178, 330), (334, 330), (362, 410), (362, 430), (150, 430), (150, 410))
    s.part(pocket, darker(c, 0.05), material="fleece", folds=True, rim=2)
    s.line(pocket, darker(c, 0.35), 2, dashed=True)
    _hood(s)
    s.print(s.text, 256, 258, 34, _ink(s), bold=3)
    s.motif(256, 300, 18, mixed(_ink(s), c, 0.2))


def _zip_hoodie(s: Sketch) -> None:
    c = s.colour
    _body(s, 372, "fleece")
    _hood(s)
    for k in range(38):
        s.line(poly((251, 160 + k * 7.6), (261, 160 + k * 7.6)), (190, 190, 186), 3)
    s.line(poly((246, 156), (246, 446)), darker(c, 0.45), 2)
    s.line(poly((266, 156), (266, 446)), darker(c, 0.45), 2)
    s.part(rounded(250, 176, 12, 30, 4), (206, 204, 196), material="metal", rim=2)
    for x in (-1, 1):
        slit = poly((256 + x * 36, 420), (256 + x * 80, 336))
        s.line(slit, darker(c, 0.5), 4)
        s.line(np.add(slit, (x * 9, 0)), darker(c, 0.35), 2, dashed=True)
    s.print(s.text, 318, 250, 17, _ink(s))


def _shirt(s: Sketch) -> None:
    c = s.colour
    _body(s, 372, "weave")
    if s.near(0, 1) < 0.5:
        for x in range(146, 372, 18):
            s.line(poly((x, 110), (x, 436)), mixed(c, (90, 110, 170), 0.4), 2)
    s.part(rounded(244, 96, 26, 350, 2), lighter(c, 0.12), material="weave", rim=1)
    for y in range(124, 440, 46):
        s.part(oval(257, y, 7, 7), (236, 234, 226), material="gloss", shade="dome", rim=2)
        s.part(oval(257, y, 2, 2), (80, 80, 80), rim=0)
    for x in (-1, 1):
        wing = poly((256, 104), (256 + x * 20, 148), (256 + x * 72, 118), (256 + x * 50, 62),
                    (256 + x * 20, 70))  # fmt: skip
        s.part(wing, lighter(c, 0.1), material="weave", rim=2)
        s.line(np.add(wing[1:3], (-x * 3, -6)), darker(c, 0.3), 1, dashed=True)
    pocket = poly((292, 196), (350, 196), (350, 254), (321, 268), (292, 254))
    s.part(pocket, c, material="weave", rim=2)
    s.line(pocket, darker(c, 0.3), 1, dashed=True)
    s.print(s.text, 321, 212, 10, mixed(_ink(s), (70, 90, 150), 0.5), bold=1)


def _vest(s: Sketch) -> None:
    c = s.colour
    left = poly((206, 66), (150, 88), (168, 170), (128, 230), (122, 446))
    s.part(_mirror(left), c, material="film", shade="pillow", rim=3)
    for y in range(128, 446, 40):
        s.part(rounded(130, y, 252, 34, 15), c, material="film", shade="roll", rim=1)
        s.line(poly((126, y - 3), (386, y - 3)), darker(c, 0.5), 2, dashed=True)
    s.part(rounded(200, 52, 112, 44, 20), darker(c, 0.1), material="film", shade="roll", rim=2)
    for k in range(46):
        s.line(poly((252, 92 + k * 7.6), (260, 92 + k * 7.6)), (186, 186, 184), 3)
    s.part(rounded(250, 110, 12, 26, 4), (210, 208, 200), material="metal", rim=2)
    s.part(rounded(300, 186, 54, 26, 3), lighter(c, 0.75), material="weave", rim=1)
    s.print(s.text, 327, 199, 10, (40, 40, 44), bold=1)


def _trousers(s: Sketch) -> None:
    c, jeans = s.colour, s.design.kind == "jeans"
    material = "denim" if jeans else "weave"
    left = poly((164, 34), (150, 90), (118, 300), (104, 480), (230, 480), (254, 190))
    s.part(_mirror(left), c, material=material, shade="slope", folds=True, rim=3)
    thread = (208, 150, 80) if jeans else darker(c, 0.35)
    s.part(rounded(162, 30, 188, 32, 6), darker(c, 0.12), material=material, rim=2)
    for x in (184, 216, 286, 318):
        s.part(rounded(x, 26, 12, 40, 3), darker(c, 0.05), material=material, rim=2)
    s.line(poly((256, 62), (258, 186)), darker(c, 0.5), 3)
    s.line(poly((266, 64), (276, 130), (258, 160)), thread, 2, dashed=True)
    s.part(oval(256, 46, 8, 8), (186, 150, 96) if jeans else darker(c, 0.55), shade="dome", rim=2)
    for x in (-1, 1):
        s.line(poly((256 + x * 52, 64), (256 + x * 92, 116)), thread, 2, dashed=True)
        s.line(poly((256 + x * 56, 64), (256 + x * 96, 110)), darker(c, 0.5), 3)
        s.line(poly((256 + x * 140, 330), (256 + x * 148, 470)), thread, 2, dashed=True)
        s.line(poly((256 + x * 30, 468), (256 + x * 150, 468)), thread, 2, dashed=True)
        if not jeans:
            s.line(poly((256 + x * 84, 70), (256 + x * 92, 474)), darker(c, 0.22), 2)
    s.part(rounded(294, 70, 40, 22, 3), (150, 96, 60), material="leather", rim=1)
    s.print(s.text, 314, 81, 8, (40, 26, 18), bold=1)


def _shoes(s: Sketch) -> None:
    c, sole = s.colour, (238, 236, 230)
    sole_line = poly((40, 330), (470, 330), (486, 372), (476, 414), (52, 414), (34, 378))
    s.part(sole_line, sole, material="stone", shade="roll", rim=3)
    for k in range(26):
        s.line(poly((56 + k * 16, 388), (62 + k * 16, 412)), (176, 174, 168), 3)
    upper = poly((46, 336), (44, 230), (64, 168), (112, 150), (152, 186), (226, 200), (318, 252),
                 (432, 286), (474, 316), (476, 340))  # fmt: skip
    s.part(upper, c, material="knit", shade="slope", rim=3)
    toe = poly((380, 270), (432, 286), (474, 316), (476, 338), (366, 338))
    s.part(toe, darker(c, 0.1), material="leather", shade="dome", rim=2)
    s.part(poly((46, 336), (44, 236), (60, 190), (106, 214), (120, 336)), darker(c, 0.16),
           material="leather", rim=2)  # fmt: skip
    s.part(oval(106, 172, 48, 22, turn=8), darker(c, 0.6), material="fleece", rim=2)
    tone = s.pick((206, 80, 60), (60, 120, 180), (230, 170, 60), (60, 150, 110))
    s.part(poly((150, 334), (226, 236), (268, 258), (214, 334)), tone, material="leather", rim=2)
    for k in range(6):
        a, b = (176 + k * 30, 214 + k * 10), (206 + k * 28, 184 + k * 13)
        s.line(poly(a, b), lighter(c, 0.75), 7)
        s.part(oval(a[0], a[1], 4, 4), (90, 90, 92), rim=1)
    s.line(np.add(upper[3:9], (0, 12)), darker(c, 0.4), 2, dashed=True)
    s.print(s.text, 316, 312, 17, _ink(s))


def _briefs(s: Sketch) -> None:
    tones = (s.colour, mixed(s.colour, (214, 178, 160), 0.7), mixed(s.colour, (60, 62, 70), 0.75))
    for k, tone in enumerate(tones):
        y = 60 + k * 132
        left = poly((112, y), (122, y + 40), (206, y + 96), (226, y + 134))
        s.part(_mirror(left), tone, material="fleece", shade="slope", folds=True, rim=2)
        s.part(rounded(110, y - 4, 292, 22, 6), darker(tone, 0.1), material="knit", rim=2)
        s.line(poly((126, y + 34), (208, y + 92)), darker(tone, 0.3), 2, dashed=True)
        s.line(poly((386, y + 34), (304, y + 92)), darker(tone, 0.3), 2, dashed=True)
        s.part(rounded(240, y - 2, 32, 16, 2), (240, 238, 232), material="weave", rim=1)
        s.print(s.text, 256, y + 62, 14, darker(tone, 0.4), bold=1)


CLOTHES: Mapping[str, Callable[[Sketch], None]] = {
    "tshirt": _tshirt, "hoodie": _hoodie, "zip_hoodie": _zip_hoodie, "shirt": _shirt,
    "vest": _vest, "jeans": _trousers, "slacks": _trousers, "shoes": _shoes, "briefs": _briefs,
}  # fmt: skip
