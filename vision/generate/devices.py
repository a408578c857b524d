"""Drawers of electronics: each draws one kind on a sketch, about 400 px of its 512."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vision.generate.forms import oval, poly, rounded
from vision.generate.sketch import Sketch, darker, lighter, mixed

__all__ = ["DEVICES"]


def _ink(sketch: Sketch) -> tuple[int, int, int]:
    """What prints on the product's colour show in."""
    return (40, 42, 48) if sum(sketch.colour) > 380 else (226, 228, 226)


def _earphones(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(96, 210, 320, 230, 84), c, material="gloss", shade="pillow", rim=3)
    s.line(poly((100, 296), (412, 296)), darker(c, 0.55), 3)
    s.line(poly((100, 299), (412, 299)), lighter(c, 0.4), 1)
    s.part(rounded(236, 288, 40, 16, 7), darker(c, 0.3), shade="roll", rim=1)
    s.print(s.text, 256, 366, 24, _ink(s))
    s.part(oval(256, 410, 5, 5), (70, 210, 120), rim=1)
    for side in (-1, 1):
        x = 256 + side * 82
        stem = rounded(x - 15 + side * 14, 120, 30, 118, 14)
        s.part(stem, c, material="gloss", shade="tube", rim=2)
        s.part(oval(x, 108, 46, 40, turn=side * 18), c, material="gloss", shade="dome", rim=2)
        s.part(oval(x - side * 32, 112, 19, 26, turn=side * 14), (58, 58, 62), shade="dome", rim=2)
        s.part(oval(x + side * 14, 96, 9, 7), darker(c, 0.6), material="stone", rim=1)
        s.line(poly((x + side * 14, 150), (x + side * 14, 196)), darker(c, 0.35), 2)
        s.print("L" if side < 0 else "R", x + side * 14, 214, 12, _ink(s), bold=1)


def _power_bank(s: Sketch) -> None:
    c, ink = s.colour, _ink(s)
    s.part(rounded(136, 60, 240, 392, 34), c, material="plastic", shade="pillow", rim=4)
    s.part(rounded(150, 74, 212, 60, 18), darker(c, 0.25), material="gloss", shade="roll", rim=1)
    for k, x in enumerate((176, 246)):
        s.part(rounded(x, 90, 46, 20, 9 if k else 3), (18, 18, 20), rim=2)
        s.part(rounded(x + 10, 97, 26, 6, 2), (150, 150, 150), material="metal", rim=1)
    for k in range(4):
        s.part(oval(312 + k * 12, 100, 4, 4), (90, 160, 240) if k < 3 else (70, 74, 80), rim=1)
    s.print(s.text, 256, 210, 34, ink)
    s.print("20000mAh 74Wh", 256, 256, 17, ink)
    s.motif(256, 328, 36, mixed(c, ink, 0.6))
    s.small_print(176, 396, 160, 5, mixed(c, ink, 0.7))


def _keyboard(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(24, 148, 464, 216, 16), c, shade="slope", rim=4)
    s.part(rounded(36, 160, 440, 192, 8), darker(c, 0.4), material="metal", rim=1)
    accent = s.pick((216, 120, 70), (90, 150, 160), (190, 70, 80), (100, 120, 180))
    rows = ("1234567890-=Q", "QWERTYUIOP[]A", "ASDFGHJKL12Z5", "ZXCVBNM98765X", "    C    VB F")
    for row, keys in enumerate(rows):
        for col, key in enumerate(keys):
            x, y = 42 + col * 33.2, 166 + row * 36.5
            odd = col in (0, 12) or (row == 4 and key == " ")
            tone = accent if (row, col) == (0, 0) else mixed(c, accent, 0.45 if odd else 0.0)
            s.part(rounded(x, y, 30, 32, 5), darker(tone, 0.18), rim=1)
            s.part(rounded(x + 4, y + 2, 22, 23, 4), lighter(tone, 0.12), shade="slope", rim=1)
            if key != " ":
                s.print(key, x + 13, y + 12, 9, _ink(s), bold=1)


def _projector(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(60, 130, 392, 250, 44), c, material="plastic", shade="slope", rim=4)
    s.part(rounded(60, 330, 392, 50, 24), darker(c, 0.25), rim=1)
    for x in (100, 372):
        s.part(rounded(x, 372, 44, 22, 8), (44, 44, 46), material="stone", rim=2)
    s.part(oval(188, 236, 90, 90), darker(c, 0.65), material="metal", shade="dome", rim=4)
    s.part(oval(188, 236, 66, 66), (26, 28, 40), material="gloss", shade="dome", rim=3)
    s.part(oval(188, 236, 40, 40), (44, 50, 92), material="gloss", shade="dome", rim=3)
    s.part(oval(172, 218, 12, 9), (188, 200, 240), rim=0)
    for k in range(11):
        s.part(rounded(306 + k * 11, 168, 5, 96, 2), darker(c, 0.75), rim=0)
    s.print(s.text, 366, 300, 22, _ink(s))
    s.motif(128, 156, 12, darker(c, 0.4))
    s.part(oval(420, 350, 5, 5), (80, 200, 255), rim=1)


def _watch(s: Sketch) -> None:
    c, strap = s.colour, mixed(s.colour, (40, 42, 50), 0.55)
    for top, foot in ((16, 150), (362, 496)):
        wide, slim = (188, 324), (202, 310)
        a, b = (slim, wide) if top < 200 else (wide, slim)
        outline = poly((a[0], top), (a[1], top), (b[1], foot), (b[0], foot))
        s.part(outline, strap, material="leather", shade="tube", rim=3)
    for k in range(5):
        s.part(oval(256, 388 + k * 20, 6, 7), (20, 20, 22), rim=1)
        s.line(poly((212, 30 + k * 22), (300, 30 + k * 22)), lighter(strap, 0.2), 1, dashed=True)
    s.part(rounded(148, 136, 216, 240, 62), c, material="metal", shade="pillow", rim=4)
    s.part(rounded(362, 216, 16, 46, 7), darker(c, 0.2), material="metal", shade="roll", rim=2)
    s.part(rounded(166, 154, 180, 204, 48), (14, 16, 20), material="gloss", rim=3)
    s.print(f"{int(s.near(1, 12))}:{int(s.near(10, 59))}", 256, 222, 42, (236, 240, 244))
    accent = s.pick((240, 120, 90), (110, 220, 160), (110, 170, 250))
    for k in range(3):
        arc = oval(204 + k * 52, 296, 18, 18)[: int(s.near(22, 46))]
        s.line(arc, lighter(accent, 0.3 * k), 6)
    s.print(s.text, 256, 256, 12, (150, 156, 164), bold=1)


def _charger(s: Sketch) -> None:
    c, ink = s.colour, _ink(s)
    for x in (206, 288):
        s.part(rounded(x, 44, 20, 76, 9), (176, 178, 182), material="metal", shade="tube", rim=2)
    s.part(rounded(130, 110, 252, 336, 40), c, material="gloss", shade="pillow", rim=4)
    s.part(rounded(152, 132, 208, 76, 16), darker(c, 0.12), rim=1)
    s.print(s.text, 256, 156, 22, ink)
    s.small_print(176, 180, 160, 3, mixed(c, ink, 0.6))
    for k, y in enumerate((256, 312, 370)):
        s.part(rounded(196, y, 120, 34, 15 if k < 2 else 4), (26, 26, 28), rim=3)
        s.part(rounded(214, y + 12, 84, 9, 3), (170, 172, 176), material="metal", rim=1)
        s.print("C1 C2 A".split()[k], 346, y + 17, 12, ink, bold=1)


def _speaker(s: Sketch) -> None:
    c = s.colour
    s.part(rounded(54, 138, 404, 236, 104), c, material="knit", shade="roll", rim=4)
    for x in (54, 396):
        s.part(oval(x + 31, 256, 34, 104), darker(c, 0.5), material="stone", shade="dome", rim=3)
    s.part(rounded(186, 158, 140, 26, 12), darker(c, 0.45), rim=2)
    for k in range(3):
        s.print("-+o"[k], 214 + k * 42, 171, 13, (226, 226, 220))
    s.part(rounded(196, 244, 120, 44, 8), lighter(c, 0.75), material="metal", shade="slope", rim=2)
    s.print(s.text, 256, 266, 18, (36, 36, 40))
    loop = poly((420, 330), (454, 398), (446, 430), (424, 424), (404, 352))
    s.line(loop, darker(c, 0.6), 9)


def _air_fryer(s: Sketch) -> None:
    c, ink = s.colour, _ink(s)
    s.part(rounded(104, 40, 304, 426, 92), c, material="plastic", shade="pillow", rim=4)
    s.part(rounded(150, 70, 212, 116, 34), (20, 22, 26), material="gloss", shade="slope", rim=2)
    s.print(f"{int(s.near(140, 200))}", 256, 112, 36, (250, 120, 70))
    for k in range(5):
        s.part(oval(180 + k * 38, 158, 8, 8), (70, 76, 84), rim=1)
    s.part(rounded(120, 216, 272, 208, 40), darker(c, 0.12), shade="pillow", rim=3)
    s.line(poly((108, 214), (404, 214)), darker(c, 0.7), 4)
    s.part(rounded(222, 262, 68, 124, 26), darker(c, 0.55), shade="tube", rim=3)
    s.print(s.text, 168, 404, 16, ink)
    s.part(rounded(146, 458, 220, 16, 6), (40, 40, 42), rim=1)


def _humidifier(s: Sketch) -> None:
    c = s.colour
    s.part(poly((150, 120), (362, 120), (392, 440), (120, 440)), c, shade="tube", rim=3)
    tank = lighter(mixed(c, (120, 170, 210), 0.35), 0.2)
    s.part(rounded(150, 76, 212, 240, 60), tank, material="gloss", shade="tube", rim=3)
    for k in range(7):
        s.line(poly((176, 290 - k * 26), (196 + 14 * (k % 2), 290 - k * 26)), darker(tank, 0.5), 2)
    s.part(oval(256, 78, 52, 18), darker(c, 0.25), shade="roll", rim=3)
    s.part(oval(256, 76, 16, 6), (36, 38, 44), rim=1)
    s.part(oval(256, 380, 34, 34), lighter(c, 0.3), material="metal", shade="dome", rim=3)
    s.print(s.text, 256, 331, 13, darker(c, 0.65))
    s.part(oval(256, 380, 7, 7), (90, 170, 250), rim=1)
    s.small_print(200, 424, 112, 2, darker(c, 0.4))


def _dryer(s: Sketch) -> None:
    c, ink = s.colour, _ink(s)
    grip = poly((262, 236), (352, 226), (338, 466), (274, 470))
    s.part(grip, darker(c, 0.06), material="gloss", shade="tube", rim=3)
    s.part(rounded(84, 96, 340, 160, 72), c, material="gloss", shade="roll", rim=4)
    s.part(rounded(44, 112, 76, 128, 18), darker(c, 0.5), material="metal", shade="roll", rim=3)
    s.part(oval(398, 176, 46, 74), darker(c, 0.55), material="metal", shade="dome", rim=3)
    for k in range(6):
        s.line(oval(398, 176, 8 + k * 7, 12 + k * 11), darker(c, 0.85), 2)
    s.print(s.text, 226, 150, 24, ink)
    s.motif(170, 204, 18, mixed(c, ink, 0.5))
    for y, tone in ((304, (208, 70, 70)), (352, (70, 110, 208))):
        s.part(rounded(290, y, 34, 34, 9), mixed(tone, c, 0.35), shade="roll", rim=2)
    s.part(rounded(292, 464, 26, 36, 8), (50, 50, 54), material="stone", rim=2)


def _lamp(s: Sketch) -> None:
    c = s.colour
    s.part(oval(256, 440, 110, 36), darker(c, 0.2), material="metal", shade="dome", rim=3)
    s.part(rounded(246, 220, 20, 222, 6), darker(c, 0.1), material="metal", shade="tube", rim=2)
    hood = poly((176, 70), (336, 70), (410, 240), (102, 240))
    s.part(hood, c, material="weave", shade="tube", rim=3)
    for k in np.linspace(0.1, 0.9, 5):
        s.line(poly((176 + 160 * k, 72), (102 + 308 * k, 238)), darker(c, 0.22), 1)
    s.line(poly((106, 228), (406, 228)), darker(c, 0.4), 3, dashed=True)
    s.line(poly((174, 82), (340, 82)), darker(c, 0.4), 3, dashed=True)
    s.motif(256, 160, 40, darker(c, 0.45))
    s.print(s.text, 256, 444, 14, _ink(s), bold=1)


DEVICES: Mapping[str, Callable[[Sketch], None]] = {
    "earphones": _earphones, "power_bank": _power_bank, "keyboard": _keyboard,
    "projector": _projector, "watch": _watch, "charger": _charger, "speaker": _speaker,
    "air_fryer": _air_fryer, "humidifier": _humidifier, "dryer": _dryer, "lamp": _lamp,
}  # fmt: skip
