"""Real circuit boards with marked faults beside their faultless templates: DeepPCB (MIT).

They lie beside the checkout where somebody put them; without them nothing is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vision.types import Box

__all__ = ["DEEPPCB", "TUNED", "Board", "boards"]

DEEPPCB = Path(__file__).resolve().parents[3] / "shared" / "deeppcb"
TUNED = 20  # the comparison was tuned on the first of them, by name
SIDE_PX = 640  # of every board and template


@dataclass(frozen=True, slots=True)
class Board:
    """A tested board and its template (JPEG files), and the faults as fractions of the picture."""

    tested: Path
    template: Path
    faults: tuple[Box, ...]


def boards(folder: Path = DEEPPCB) -> list[Board]:
    """All boards of a folder, by name; none where it is not there.

    It holds NAME_test.jpg, NAME_temp.jpg and NAME.txt (a line a fault: ``x1 y1 x2 y2 class``,
    in pixels).
    """
    names = sorted(path.name.removesuffix("_test.jpg") for path in folder.glob("*_test.jpg"))
    return [_board(folder / name) for name in names]


def _board(stem: Path) -> Board:
    tested, template = (stem.with_name(f"{stem.name}_{kind}.jpg") for kind in ("test", "temp"))
    return Board(tested, template, _faults(stem.with_name(f"{stem.name}.txt")))


def _faults(path: Path) -> tuple[Box, ...]:
    rows = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
    edges = [[int(word) / SIDE_PX for word in row[:4]] for row in rows]
    return tuple((x1, y1, x2, y2) for x1, y1, x2, y2 in edges)
