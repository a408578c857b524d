"""A drawn world of products, their damage and their photographs.

Detectors are trained and judges calibrated on it, tests run on it, and the demo shop's catalogue
photos come from it. All of it is drawn here from seeds: nothing is downloaded.
"""

from __future__ import annotations

from vision.generate.camera import Shot, bounds, catalogue_photo, photograph, shoot
from vision.generate.damage import hurt
from vision.generate.forms import CANVAS_PX, Design, Piece, box_of, changed
from vision.generate.kinds import KINDS, SUFFERS, draw, random_design

__all__ = [
    "CANVAS_PX", "KINDS", "SUFFERS", "Design", "Piece", "Shot", "bounds", "box_of",
    "catalogue_photo", "changed", "draw", "hurt", "photograph", "random_design", "shoot",
]  # fmt: skip
