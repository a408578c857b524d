"""The colours that make up a photo, with a Korean name each.

The picture is shrunk, its pixels are clustered (median cut) and each cluster takes the name of
the nearest of ``NAMES`` in CIE L*a*b* (CIE 1976, D65; distance ΔE*ab), where lightness counts
half: a shadow does not rename a colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MOST", "NAMES", "Colour", "dominant_colours", "name_of"]

MOST = 5
LEAST_SHARE = 0.02  # of the picture; less is noise
_SIDE_PX, _CLUSTERS = 96, 12
_LIGHTNESS = 0.5
NAMES: Mapping[str, tuple[tuple[int, int, int], ...]] = {
    "검은색": ((15, 15, 15), (40, 40, 42)),
    "진회색": ((80, 80, 82),),
    "회색": ((128, 128, 128), (160, 160, 160)),
    "밝은 회색": ((205, 205, 205),),
    "흰색": ((250, 250, 250), (235, 235, 235)),
    "빨간색": ((220, 30, 35), (180, 25, 30)),
    "자주색": ((110, 20, 45), (130, 30, 80)),
    "주황색": ((245, 130, 30), (235, 100, 40)),
    "노란색": ((250, 220, 40), (240, 200, 60)),
    "연두색": ((160, 210, 60), (190, 220, 110)),
    "초록색": ((30, 140, 60), (20, 90, 45)),
    "민트색": ((150, 225, 200), (170, 220, 205)),
    "청록색": ((20, 140, 140), (10, 105, 110)),
    "하늘색": ((135, 200, 240), (170, 215, 240)),
    "파란색": ((30, 90, 210), (50, 120, 220), (15, 15, 245)),
    "남색": ((25, 35, 90), (20, 25, 60)),
    "보라색": ((120, 60, 180), (150, 110, 200)),
    "분홍색": ((245, 150, 185), (250, 190, 205), (230, 90, 140)),
    "갈색": ((120, 75, 40), (90, 55, 35), (150, 105, 65)),
    "베이지색": ((225, 205, 170), (240, 228, 205)),
}


@dataclass(frozen=True, slots=True)
class Colour:
    """``hex`` as #rrggbb, ``share`` of the picture (0 to 1), the Korean name."""

    hex: str
    share: float
    name_ko: str


def dominant_colours(rgb: NDArray[np.uint8]) -> tuple[Colour, ...]:
    """The at most ``MOST`` colours of a picture (uint8 RGB, HxWx3), the largest share first.

    Clusters of one name are one colour, shown by their weighted mean.
    """
    import numpy as np
    from PIL import Image

    small = Image.fromarray(rgb)
    small.thumbnail((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX)
    cut = small.quantize(_CLUSTERS, method=Image.Quantize.MEDIANCUT)
    counts = cut.getcolors() or []
    palette = np.array(cut.getpalette(), dtype=float).reshape(-1, 3)
    whole = sum(count for count, _ in counts)
    sums: dict[str, tuple[int, NDArray[np.float64]]] = {}
    for count, index in counts:
        assert isinstance(index, int)
        mean = palette[index]
        name = name_of((int(mean[0]), int(mean[1]), int(mean[2])))
        had, total = sums.get(name, (0, np.zeros(3)))
        sums[name] = had + count, total + mean * count
    found = [
        Colour("#" + "".join(f"{round(one):02x}" for one in total / count),
               round(count / whole, 4), name)
        for name, (count, total) in sums.items()
    ]  # fmt: skip
    found.sort(key=lambda one: (-one.share, one.hex))
    return tuple(one for one in found if one.share >= LEAST_SHARE)[:MOST]


def name_of(rgb: tuple[int, int, int]) -> str:
    """The Korean name nearest to an sRGB colour (0 to 255 each)."""
    mine = _lab(rgb)
    return min(_named(), key=lambda row: _distance(mine, row[0]))[1]


@cache
def _named() -> tuple[tuple[tuple[float, float, float], str], ...]:
    return tuple((_lab(one), name) for name, shades in NAMES.items() for one in shades)


def _distance(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    light, a, b = (here - there for here, there in zip(one, other, strict=True))
    return (_LIGHTNESS * light) ** 2 + a**2 + b**2


def _lab(rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    """CIE L*a*b* of an sRGB colour (IEC 61966-2-1, D65)."""
    red, green, blue = (_linear(one / 255) for one in rgb)
    x = _root((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047)
    y = _root(0.2126729 * red + 0.7151522 * green + 0.0721750 * blue)
    z = _root((0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _linear(value: float) -> float:
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def _root(value: float) -> float:
    return float(value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116)
