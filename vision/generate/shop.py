"""The demo shop's products as designs: what each is drawn as, in which colour.

A product whose options are colours has a design per option (by its stock keeping unit), sizes of
a colour share one; the product's own is its first option's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vision.generate.forms import Colour, Design

__all__ = ["DESIGNS"]

_BLACK, _WHITE, _NAVY = (34, 35, 39), (240, 239, 235), (44, 56, 92)
_GREY, _IVORY, _MINT = (168, 170, 174), (236, 226, 204), (170, 220, 202)
_OAT, _BEIGE, _CREAM = (216, 202, 178), (204, 184, 152), (240, 230, 208)
_M_L, _M_L_XL, _S_M_L, _SHOE = ("-M", "-L"), ("-M", "-L", "-XL"), ("-S", "-M", "-L"), (
    "-240", "-250", "-270",
)  # fmt: skip


class _Row(NamedTuple):
    """A product: what it is drawn as, what is printed, its colours by the ends of their skus."""

    kind: str
    text: str
    colours: Mapping[str, Colour]
    sizes: tuple[str, ...] = ("",)


_ROWS: Mapping[str, _Row] = {
    "P1001": _Row("earphones", "SW-200", {"-BK": _BLACK, "-WH": _WHITE, "-MT": _MINT}),
    "P1002": _Row("earphones", "SW-500", {"-BK": (36, 40, 58), "-IV": _IVORY}),
    "P1003": _Row("power_bank", "VB-20K", {"-BK": _BLACK, "-WH": _WHITE}),
    "P1004": _Row("keyboard", "KH-87", {"": (206, 204, 198)}),
    "P1005": _Row("projector", "LM-1080", {"": (222, 222, 220)}),
    "P1006": _Row(
        "watch", "FL-W3", {"-BK": (48, 50, 56), "-SV": (196, 198, 202), "-RG": (222, 178, 164)}
    ),
    "P1007": _Row("charger", "VG-65", {"": (236, 236, 234)}),
    "P1008": _Row("speaker", "DS-30", {"-GN": (104, 112, 74), "-NV": _NAVY}),
    "P2001": _Row("hoodie", "HARANG", {"-NV": _NAVY, "-GY": _GREY}, _M_L_XL),
    "P2002": _Row("zip_hoodie", "CH-320", {"-BK": _BLACK, "-OT": _OAT}, _M_L),
    "P2003": _Row("slacks", "NARAE", {"-BK": _BLACK, "-BG": _BEIGE}, _S_M_L),
    "P2004": _Row("tshirt", "ONYU", {"-WH": _WHITE, "-BK": _BLACK}, _M_L),
    "P2005": _Row("vest", "NARAE", {"-BK": _BLACK, "-KH": (112, 110, 78)}, _M_L),
    "P2006": _Row("shoes", "SM-07", {"-WH": _WHITE, "-BK": _BLACK}, _SHOE),
    "P2007": _Row("briefs", "ONYU", {"": (222, 190, 186)}),
    "P2008": _Row("shirt", "NARAE", {"-WH": _WHITE, "-SB": (176, 204, 230)}),
    "P3001": _Row("tumbler", "DT-500", {"-CR": _CREAM, "-NV": _NAVY, "-SG": (166, 184, 160)}),
    "P3002": _Row(
        "straw_tumbler", "DT-700", {"-CR": _CREAM, "-PK": (228, 168, 172), "-CH": (70, 72, 78)}
    ),
    "P3003": _Row("pan", "ONDAL", {"": (206, 190, 168)}),
    "P3004": _Row("air_fryer", "HA-55", {"": (66, 68, 72)}),
    "P3005": _Row("bedding", "NURI", {"-IV": _IVORY, "-GY": _GREY}),
    "P3006": _Row("board", "HONG GD", {"": (112, 74, 50)}),
    "P3007": _Row("humidifier", "HH-40", {"-WH": _WHITE, "-MT": _MINT}),
    "P3008": _Row("mat", "NURI", {"": (190, 188, 182)}),
    "P4001": _Row("jar", "HYALURON", {"": (176, 210, 228)}),
    "P4002": _Row("dropper", "HA 30", {"": (120, 170, 204)}),
    "P4003": _Row("tube", "SPF50", {"": (248, 236, 206)}),
    "P4004": _Row(
        "tint",
        "RAON",
        {"-01": (232, 136, 112), "-02": (142, 62, 82), "-03": (190, 40, 60), "-04": (124, 44, 44)},
    ),
    "P4005": _Row("tube", "FOAM", {"": (206, 226, 214)}),
    "P4006": _Row("bottle", "MD 500", {"": (62, 92, 82)}),
    "P4007": _Row("dryer", "MD-1800", {"-WH": _WHITE, "-LV": (190, 176, 218)}),
    "P4008": _Row("compact", "CUSHION", {"": (238, 220, 208)}),
    "P5001": _Row("glass_bottle", "BREW", {"": (74, 46, 34)}),
    "P5002": _Row("box", "DRIP 20", {"": (92, 66, 50)}),
    "P5003": _Row("box", "APPLE", {"": (224, 206, 176)}),
    "P5004": _Row("food_tub", "KIMCHI", {"": (190, 74, 46)}),
    "P5005": _Row("pouch", "NUTS 30", {"": (206, 172, 120)}),
    "P5006": _Row("crate", "JEJU", {"": (242, 148, 42)}),
    "P5007": _Row("pouch", "SOUP", {"": (126, 44, 40)}),
    "P5008": _Row("pouch", "RICE", {"": (236, 212, 150)}),
    "P6001": _Row("book", "COOK", {"": (232, 176, 96)}),
    "P6002": _Row("voucher", "SHEET", {"": (52, 110, 84)}),
    "P6003": _Row("notebook", "PLANNER", {"-LT": (236, 232, 224), "-DK": (52, 54, 62)}),
    "P6004": _Row("pen", "PM-F1", {"": (38, 44, 66)}),
    "P6005": _Row("diary", "A5", {"-BR": (126, 80, 50), "-BK": (44, 42, 44)}),
    "P6006": _Row("notebook", "LINE 3", {"-PS": (206, 190, 218), "-DK": (52, 70, 78)}),
    "P6007": _Row("stickers", "NAME", {"": (246, 206, 120)}),
    "P6008": _Row("voucher", "AUDIO", {"": (78, 60, 110)}),
}


def _designs() -> dict[str, Design]:
    found: dict[str, Design] = {}
    for number, (product_id, row) in enumerate(_ROWS.items()):
        for end, colour in row.colours.items():
            design = Design(row.kind, colour, 40_000 + number, row.text)
            found.setdefault(product_id, design)
            for sku in _skus(product_id, end, row.sizes) if end else ():
                found[sku] = design
    return found


def _skus(product_id: str, end: str, sizes: tuple[str, ...]) -> tuple[str, ...]:
    if product_id == "P2008":  # the fit stands before the colour
        return tuple(f"{product_id}-{fit}{end}" for fit in ("RG", "SL"))
    if product_id == "P3005":  # and the size
        return tuple(f"{product_id}-{size}{end}" for size in ("SS", "QN"))
    return tuple(f"{product_id}{end}{size}" for size in sizes)


# By product_id, and by sku where the option is a colour.
DESIGNS: Mapping[str, Design] = _designs()
