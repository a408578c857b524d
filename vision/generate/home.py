"""Drawers of kitchen and home things, stationery."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vision.generate.forms import oval, poly, rounded
from vision.generate.sketch import Sketch, darker, lighter, mixed

__all__ = ["HOME"]


def _ink(s: Sketch) -> tuple[int, int, int]:
    return (48, 46, 52) if sum(s.colour) > 380 else (230, 228, 220)


def _tumbler(s: Sketch) -> None:
    c = s.colour
    straw = s.design.kind == "straw_tumbler"
    if straw:
        s.part(rounded(276, 12, 18, 110, 8), lighter(c, 0.6), material="gloss", shade="tube")
    s.part(poly((164, 118), (348, 118), (330, 486), (182, 486)), c, shade="tube", rim=3)
    s.part(rounded(180, 470, 152, 22, 8), (170, 172, 176), material="metal", shade="tube", rim=2)
    s.part(rounded(156, 88, 200, 44, 14), darker(c, 0.45), material="gloss", shade="tube", rim=3)
    if not straw:
        s.part(rounded(196, 52, 120, 44, 16), darker(c, 0.55), shade="tube", rim=3)
    else:
        s.part(rounded(352, 190, 40, 150, 18), darker(c, 0.3), shade="tube", rim=3)
    s.line(poly((162, 150), (350, 150)), (196, 198, 200), 4)
    s.print(s.text, 256, 252, 28, _ink(s))
    s.motif(256, 330, 44, mixed(c, _ink(s), 0.55))
    s.small_print(216, 410, 84, 3, mixed(c, _ink(s), 0.55))


def _mug(s: Sketch) -> None:
    c = s.colour
    handle = np.concatenate([oval(372, 268, 84, 92), oval(372, 268, 84, 92)[:1]])
    s.part(handle, c, material="ceramic", shade="dome", rim=3)
    s.part(oval(372, 268, 46, 56), (120, 116, 112), material="ceramic", rim=2, on=False)
    s.alpha[212:325, 326:419] = 0
    s.part(rounded(96, 100, 270, 334, 42), c, material="ceramic", shade="tube", rim=3)
    s.part(oval(231, 112, 134, 34), lighter(c, 0.3), material="ceramic", rim=3)
    s.part(oval(231, 118, 116, 24), darker(c, 0.5), material="gloss", shade="slope", rim=2)
    tone = s.pick((196, 84, 66), (58, 104, 160), (70, 130, 96), (214, 160, 60))
    for y in (170, 400):
        s.line(poly((98, y), (364, y)), mixed(tone, c, 0.2), 5)
    s.motif(231, 260, 60, mixed(tone, c, 0.15))
    s.print(s.text, 231, 358, 24, mixed(_ink(s), tone, 0.3))


def _pan(s: Sketch) -> None:
    c = s.colour
    handle = poly((330, 296), (356, 268), (500, 420), (474, 450))
    s.part(handle, (72, 48, 36), material="wood", shade="slope", rim=3)
    s.part(oval(478, 424, 8, 8), (20, 18, 18), rim=2)
    s.part(oval(204, 204, 180, 180), darker(c, 0.15), material="metal", shade="dome", rim=4)
    s.part(oval(204, 204, 158, 158), lighter(c, 0.25), material="ceramic", shade="pillow", rim=3)
    for radius in (128, 96, 60):
        s.line(oval(204, 204, radius, radius), darker(c, 0.08), 1)
    s.part(poly((318, 282), (344, 256), (368, 284), (344, 310)), (186, 186, 188),
           material="metal", rim=2)  # fmt: skip
    s.part(oval(334, 276, 4, 4), (80, 80, 80), rim=1)
    s.part(oval(352, 292, 4, 4), (80, 80, 80), rim=1)
    s.print(s.text, 204, 204, 22, darker(c, 0.35))
    s.motif(204, 260, 22, darker(c, 0.25))


def _bedding(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(40, 150, 432, 300, 54), c, material="fleece", shade="pillow", folds=True, rim=3)
    s.part(rounded(48, 96, 416, 130, 56), lighter(c, 0.15), material="fleece", shade="roll",
           folds=True, rim=3)  # fmt: skip
    for row in range(5):
        for col in range(9):
            s.part(oval(84 + col * 43 + 18 * (row % 2), 256 + row * 40, 4, 4), darker(c, 0.35))
    for k in range(5):
        s.line(poly((44, 240 + k * 48), (468, 240 + k * 48)), darker(c, 0.18), 2, dashed=True)
    s.line(poly((52, 232), (462, 232)), darker(c, 0.45), 4)
    s.part(rounded(196, 116, 120, 76, 4), (244, 240, 230), material="paper", rim=1)
    s.print(s.text, 256, 138, 18, (70, 60, 56))
    s.small_print(210, 160, 92, 4, (110, 104, 100))


def _board(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(60, 120, 392, 280, 30), c, material="wood", shade="slope", rim=4)
    s.part(rounded(84, 144, 344, 232, 20), lighter(c, 0.06), material="wood", rim=2)
    s.part(oval(420, 150, 14, 14), (226, 224, 220), rim=3, on=False)
    s.alpha[138:163, 408:433] = 0
    s.print(s.text, 256, 244, 36, darker(c, 0.62), bold=3)
    s.motif(256, 316, 26, darker(c, 0.55))
    s.line(poly((170, 280), (342, 280)), darker(c, 0.5), 2)


def _mat(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(48, 110, 416, 292, 22), c, material="stone", shade="slope", rim=4)
    s.line(rounded(70, 132, 372, 248, 14), darker(c, 0.3), 2)
    for k in range(7):
        t = np.linspace(0, 1, 40)
        wave = np.stack([80 + 352 * t, 160 + k * 32 + 9 * np.sin(t * 9 + k)], 1)
        s.line(wave, darker(c, 0.13), 2)
    s.motif(256, 240, 44, darker(c, 0.32))
    s.print(s.text, 256, 340, 22, darker(c, 0.5))


def _book(s: Sketch) -> None:
    c, tone = s.colour, s.pick((214, 90, 70), (240, 196, 90), (90, 140, 190), (120, 170, 120))
    s.part(rounded(112, 50, 300, 424, 6), (240, 236, 224), material="paper", rim=2)
    s.part(rounded(104, 44, 296, 424, 6), c, material="paper", shade="slope", rim=3)
    s.part(rounded(104, 44, 30, 424, 4), darker(c, 0.25), material="paper", shade="tube", rim=1)
    s.part(rounded(158, 230, 218, 176, 6), mixed(tone, c, 0.15), material="paper", rim=1)
    for _ in range(5):
        at = (s.near(186, 350), s.near(260, 376))
        s.part(oval(*at, s.near(14, 34), s.near(14, 34)), lighter(tone, s.near(0.1, 0.6)), rim=1)
    s.motif(266, 318, 46, darker(tone, 0.45))
    s.print(s.text, 266, 110, 32, _ink(s), bold=3)
    s.small_print(178, 150, 180, 5, mixed(c, _ink(s), 0.7))
    s.print("vol 1", 266, 438, 14, _ink(s), bold=1)


def _notebook(s: Sketch) -> None:
    c = s.colour
    tones = (darker(c, 0.3), mixed(c, (150, 190, 200), 0.6), c)
    for k, tone in enumerate(tones):
        x, y = 92 + k * 34, 40 + k * 26
        s.part(rounded(x + 5, y + 5, 260, 370, 8), (238, 234, 222), material="paper", rim=1)
        s.part(rounded(x, y, 260, 370, 12), tone, material="leather", shade="slope", rim=3)
    x, y = 160, 92
    s.line(poly((x + 26, y + 2), (x + 26, y + 368)), darker(c, 0.3), 3)
    s.part(rounded(x + 224, y, 12, 370, 3), darker(c, 0.55), material="weave", shade="tube", rim=1)
    s.label(x + 60, y + 60, 140, 90, (246, 242, 232))
    s.motif(x + 130, y + 250, 38, mixed(c, _ink(s), 0.5))


def _diary(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(118, 56, 296, 410, 14), (232, 226, 208), material="paper", rim=2)
    s.part(rounded(104, 46, 300, 420, 18), c, material="leather", shade="pillow", rim=4)
    s.line(rounded(116, 58, 276, 396, 12), lighter(c, 0.4), 2, dashed=True)
    s.part(rounded(300, 210, 122, 66, 16), darker(c, 0.15), material="leather", rim=3)
    s.part(oval(326, 243, 13, 13), (206, 178, 110), material="metal", shade="dome", rim=2)
    s.print(s.text, 220, 400, 18, darker(c, 0.55))
    s.motif(210, 150, 36, darker(c, 0.45))


def _pen(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(60, 150, 392, 212, 12), (52, 40, 34), material="fleece", shade="slope", rim=4)
    s.part(rounded(82, 172, 348, 168, 8), (216, 206, 190), material="weave", rim=2)
    s.part(rounded(120, 236, 196, 40, 16), c, material="metal", shade="roll", rim=2)
    s.part(rounded(290, 232, 16, 48, 4), (208, 178, 100), material="metal", shade="roll", rim=2)
    nib = poly((316, 238), (350, 246), (398, 256), (350, 266), (316, 274))
    s.part(nib, (214, 188, 120), material="metal", shade="roll", rim=2)
    s.line(poly((340, 256), (394, 256)), (60, 50, 40), 2)
    s.part(oval(340, 256, 4, 4), (40, 34, 30), rim=1)
    s.part(rounded(150, 224, 110, 9, 4), (208, 178, 100), material="metal", shade="roll", rim=2)
    s.print(s.text, 210, 258, 16, lighter(c, 0.7))
    s.print("F", 364, 322, 12, (90, 70, 50), bold=1)


def _stickers(s: Sketch) -> None:
    s.part(rounded(96, 40, 320, 432, 10), (248, 247, 242), material="gloss", shade="slope", rim=3)
    s.part(rounded(96, 40, 320, 54, 10), s.colour, material="paper", rim=1)
    s.print(s.text, 256, 67, 24, _ink(s))
    tones = [mixed(s.colour, other, 0.6) for other in
             ((250, 200, 90), (90, 180, 210), (236, 120, 130), (130, 190, 110))]  # fmt: skip
    for row in range(6):
        for col in range(3):
            x, y = 112 + col * 100, 108 + row * 59
            tone = tones[int(s.layout.integers(4))]
            s.part(rounded(x, y, 88, 48, 12), lighter(tone, 0.35), material="gloss", rim=2)
            s.motif(x + 22, y + 24, 15, darker(tone, 0.35))
            s.small_print(x + 44, y + 22, 32, 2, darker(tone, 0.6))


def _voucher(s: Sketch) -> None:
    c, ink = s.colour, _ink(s)
    s.part(rounded(44, 130, 424, 252, 22), c, material="gloss", shade="slope", rim=4)
    for _ in range(6):
        at = (s.near(80, 430), s.near(160, 350))
        s.part(oval(*at, s.near(16, 52), s.near(16, 52)), mixed(c, lighter(c, 0.6), s.near(0.2, 1)),
               material="gloss", rim=0, on=False)  # fmt: skip
    s.part(rounded(44, 300, 424, 40, 2), darker(c, 0.5), material="gloss", rim=1)
    s.print(s.text, 200, 200, 38, ink, bold=3)
    s.motif(400, 196, 34, ink)
    s.part(rounded(80, 236, 46, 36, 6), (214, 190, 120), material="metal", rim=2)
    s.small_print(150, 250, 170, 4, ink)


HOME: Mapping[str, Callable[[Sketch], None]] = {
    "tumbler": _tumbler, "straw_tumbler": _tumbler, "mug": _mug, "pan": _pan,
    "bedding": _bedding, "board": _board, "mat": _mat, "book": _book, "notebook": _notebook,
    "diary": _diary, "pen": _pen, "stickers": _stickers, "voucher": _voucher,
}  # fmt: skip
