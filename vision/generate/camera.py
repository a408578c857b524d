"""Photographs of a piece: the shop's on near-white, the customer's by any hand in any light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.generate.forms import CANVAS_PX, Mask, Piece, Points, Rgb, box_of
from vision.generate.scene import SKIN, scene
from vision.types import Box

__all__ = [
    "Shot", "bounds", "catalogue_photo", "photograph", "put_finger", "put_sticker", "shoot",
]  # fmt: skip

_Matrix = NDArray[np.float64]
_FOCUS_PX = 1100.0  # how far the camera stands, in pixels of the canvas


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo and where the canvas went: ``matrix`` takes canvas pixels to the photo's."""

    rgb: Rgb
    matrix: _Matrix

    def carried(self, points: Points) -> Points:
        """Points of the canvas as points of the photo, in pixels."""
        moved = cv2.perspectiveTransform(points[None].astype(np.float64), self.matrix)
        return np.asarray(moved[0], np.float64)


def bounds(points: Points, side_px: int) -> Box | None:
    """The box about points of a photo (fractions), cut at its edges; None when out of sight."""
    low, high = points.min(0) / side_px, points.max(0) / side_px
    x1, y1 = np.clip(low, 0, 1)
    x2, y2 = np.clip(high, 0, 1)
    if x2 - x1 < 2 / side_px or y2 - y1 < 2 / side_px:
        return None
    return float(x1), float(y1), float(x2), float(y2)


def _pose(
    mask: Mask, rng: np.random.Generator, hardness: float, side: int, fill: tuple[float, float]
) -> _Matrix:
    """A view of the canvas: turned, tilted, the product as large as its share of the frame."""
    x1, y1, x2, y2 = np.array(box_of(mask) or (0, 0, 1, 1)) * CANVAS_PX
    turn, tilt_x, tilt_y = np.radians(rng.uniform(-25, 25, 3)) * hardness
    about_x = np.array([[1, 0, 0], [0, np.cos(tilt_x), -np.sin(tilt_x)],
                        [0, np.sin(tilt_x), np.cos(tilt_x)]])  # fmt: skip
    about_y = np.array([[np.cos(tilt_y), 0, np.sin(tilt_y)], [0, 1, 0],
                        [-np.sin(tilt_y), 0, np.cos(tilt_y)]])  # fmt: skip
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    r = about_x @ about_y @ spin
    view = np.array([r[0], r[1], r[2] / _FOCUS_PX])
    view[:, 2] = (0, 0, 1)
    centre = np.array([[1, 0, -(x1 + x2) / 2], [0, 1, -(y1 + y2) / 2], [0, 0, 1]])
    seen = view @ centre
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)
    frame = cv2.perspectiveTransform(corners[None], seen)[0]
    low, high = frame.min(0), frame.max(0)
    scale = rng.uniform(*fill) * side / (high - low).max()
    slack = np.maximum(side - (high - low) * scale, 0) / 2
    shift = side / 2 - scale * (low + high) / 2 + slack * rng.uniform(-0.85, 0.85, 2)
    place = np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])
    return np.asarray(place @ seen, np.float64)


def _seen(piece: Piece, matrix: _Matrix, side: int) -> tuple[Rgb, NDArray[np.float32]]:
    """The piece as the camera sees it and how much of each pixel it covers (0 to 1)."""
    rgb, alpha = piece.rgb, piece.mask.astype(np.uint8) * 255
    scale = np.sqrt(abs(np.linalg.det(matrix / matrix[2, 2])))
    shrunk = np.eye(3)
    while scale < 0.62 and len(rgb) > 64:
        rgb, alpha = (np.asarray(cv2.pyrDown(one), np.uint8) for one in (rgb, alpha))
        shrunk, scale = shrunk @ np.diag([2.0, 2.0, 1.0]), scale * 2
    view = matrix @ shrunk
    shown = cv2.warpPerspective(rgb, view, (side, side), borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(alpha, view, (side, side))
    return np.asarray(shown, np.uint8), np.asarray(cover.astype(np.float32) / 255, np.float32)


def _light(rng: np.random.Generator, side: int, hardness: float) -> NDArray[np.float32]:
    """The light on the scene, (side, side, 3): level, warmth, a gradient, a soft shadow."""
    small = np.linspace(-1, 1, 24, dtype=np.float32)
    x, y = np.meshgrid(small, small)
    turn = rng.uniform(0, 2 * np.pi)
    across = x * np.cos(turn) + y * np.sin(turn)
    level = 1 + rng.uniform(-0.28, 0.18) * hardness
    field = level * (1 + rng.uniform(0, 0.24) * hardness * across)
    if rng.random() < 0.35 * hardness:
        edge = rng.uniform(-0.7, 0.7)
        soft = 1 / (1 + np.exp(-(across - edge) * rng.uniform(6, 16)))
        field = field * (1 - rng.uniform(0.12, 0.4) * soft)
    warm = 1 + rng.uniform(-0.09, 0.09) * hardness
    tint = np.array([warm, 1 + rng.uniform(-0.02, 0.02) * hardness, 2 - warm], np.float32)
    full = cv2.resize(field.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full[..., None] * tint, np.float32)


def _glare(
    rng: np.random.Generator, shown: NDArray[np.float32], cover: NDArray[np.float32]
) -> None:
    """A highlight on the product: a soft bright spot or streak."""
    side = len(shown)
    at = rng.uniform(0.25, 0.75, 2) * side
    long, wide = side * rng.uniform(0.05, 0.2), side * rng.uniform(0.015, 0.06)
    spot = np.zeros((side, side), np.float32)
    cv2.ellipse(spot, (round(at[0]), round(at[1])), (max(1, round(long)), max(1, round(wide))),
                rng.uniform(0, 180), 0, 360, float(rng.uniform(40, 130)), -1)  # fmt: skip
    width = max(3, side // 22) | 1
    spot = np.asarray(cv2.blur(cv2.blur(spot, (width, width)), (width, width)), np.float32)
    shown += (spot * cover)[..., None]


def put_sticker(piece: Piece, rng: np.random.Generator) -> Piece:
    """The piece with a price or seal sticker on it: harmless, and no part of the design."""
    x1, y1, x2, y2 = np.array(box_of(piece.mask) or (0, 0, 1, 1)) * CANVAS_PX
    rgb = piece.rgb.copy()
    at = rng.uniform((x1, y1), (x2, y2))
    size = max(x2 - x1, y2 - y1) * rng.uniform(0.05, 0.12)
    tone = [(250, 250, 246), (250, 214, 70), (226, 70, 60), (240, 150, 60)][int(rng.integers(4))]
    if rng.random() < 0.5:
        cv2.circle(rgb, (round(at[0]), round(at[1])), round(size), tone, -1, cv2.LINE_AA)
    else:
        half = size * np.array([1.5, 0.8])
        a, b = np.round(at - half).astype(int), np.round(at + half).astype(int)
        cv2.rectangle(rgb, tuple(a), tuple(b), tone, -1)
    cv2.putText(rgb, str(int(rng.integers(10, 999))), (round(at[0] - size * 0.7), round(at[1] + 6)),
                cv2.FONT_HERSHEY_SIMPLEX, size / 30, (30, 30, 34), 2, cv2.LINE_AA)  # fmt: skip
    np.copyto(rgb, piece.rgb, where=~piece.mask[..., None])
    return Piece(rgb, piece.mask)


def put_finger(rng: np.random.Generator, shown: Rgb, free: Sequence[Box]) -> None:
    """A finger from the frame's edge, where it covers none of ``free``."""
    side = len(shown)
    wall = int(rng.integers(4))
    along = rng.uniform(0.15, 0.85)
    start = np.array([(along, -0.05), (along, 1.05), (-0.05, along), (1.05, along)][wall]) * side
    tip = start + (np.array([0.5, 0.5]) * side - start) * rng.uniform(0.3, 0.55)
    thick = side * rng.uniform(0.07, 0.11)
    low, high = np.minimum(start, tip) - thick, np.maximum(start, tip) + thick
    for x1, y1, x2, y2 in free:
        if (
            x1 * side < high[0]
            and x2 * side > low[0]
            and y1 * side < high[1]
            and y2 * side > low[1]
        ):
            return
    tone = np.array(SKIN[int(rng.integers(len(SKIN)))]) * rng.uniform(0.75, 1.05)
    a, b = np.round(start).astype(int), np.round(tip).astype(int)
    for share, width in ((0.72, 1.0), (0.9, 0.86), (1.0, 0.55)):
        colour = tuple(int(v) for v in np.clip(tone * share, 0, 255))
        cv2.line(shown, tuple(a), tuple(b), colour, max(2, round(thick * width)), cv2.LINE_AA)


def _developed(rng: np.random.Generator, shown: NDArray[np.float32], hardness: float) -> Rgb:
    """What the sensor and the app make of it: dust, blur, noise, JPEG."""
    side = len(shown)
    if hardness and rng.random() < 0.6:
        for x, y in rng.integers(0, side, (int(rng.integers(3, 24)), 2)):
            shown[y, x] += rng.uniform(-50, 60)
    blur = rng.uniform(0, 0.9) * hardness * side / 400
    if blur > 0.25:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), blur), np.float32)
    noise = rng.standard_normal((side, side, 1), dtype=np.float32)
    shown = shown + noise * np.float32(rng.uniform(1, 1 + 5 * hardness))
    picture = np.clip(shown, 0, 255).astype(np.uint8)
    quality = int(rng.uniform(92 - 30 * hardness, 95))
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def shoot(
    piece: Piece, rng: np.random.Generator, *, hardness: float = 1.0, side_px: int = 640,
    fill: tuple[float, float] | None = None, free: Sequence[Box] = (), stickers: float = 0.06,
    clutter: bool = True,
) -> Shot:  # fmt: skip
    """A customer's photo of a piece, with the matrix that carries points of the canvas.

    ``fill`` is the least and greatest share of the frame that the product fills; ``free`` are
    boxes of the canvas that no finger covers; ``stickers`` is how likely one sticks on it.
    Without ``clutter`` neither sticker nor finger lies over the product.
    """
    fill = fill or (0.78 - 0.43 * hardness, 0.82 + 0.03 * hardness)
    if rng.random() < stickers * hardness and clutter and not free:
        piece = put_sticker(piece, rng)
    matrix = _pose(piece.mask, rng, hardness, side_px, fill)
    seen, cover = _seen(piece, matrix, side_px)
    ground = scene(rng, side_px, busy=hardness)
    drop = max(2, round(side_px * rng.uniform(0.01, 0.04)))
    shade = cv2.blur(
        np.roll(cover, (drop, round(rng.uniform(-drop, drop))), (0, 1)), (2 * drop + 1,) * 2
    )
    light = _light(rng, side_px, hardness)
    under = ground * (light * (1 - shade * np.float32(rng.uniform(0.25, 0.6)))[..., None])
    on = seen * light
    if rng.random() < 0.45 * hardness:
        _glare(rng, on, cover)
    shown = under + (on - under) * cover[..., None]
    if rng.random() < 0.14 * hardness and clutter:
        held = np.clip(shown, 0, 255).astype(np.uint8)
        places = [bounds(Shot(held, matrix).carried(_corners(box)), side_px) for box in free]
        put_finger(rng, held, [place for place in places if place])
        shown = held.astype(np.float32)
    return Shot(_developed(rng, np.asarray(shown, np.float32), hardness), matrix)


def _corners(box: Box) -> Points:
    x1, y1, x2, y2 = (value * CANVAS_PX for value in box)
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def photograph(
    piece: Piece, rng: np.random.Generator, *, boxes: Sequence[Box] = (), hardness: float = 1.0,
    side_px: int = 640, clutter: bool = True,
) -> tuple[Rgb, list[Box]]:  # fmt: skip
    """The piece as a customer takes it: (side_px, side_px, 3), and ``boxes`` carried along.

    Another ground, light and viewpoint: at ``hardness`` 1 turned and tilted up to 25 degrees,
    0.35 to 0.85 of the frame; at 0 nearly frontal. A box that is out of sight is left out.
    Without ``clutter`` nothing lies over the product: no price sticker, no finger.
    """
    shot = shoot(piece, rng, hardness=hardness, side_px=side_px, free=boxes, clutter=clutter)
    places = [bounds(shot.carried(_corners(box)), side_px) for box in boxes]
    return shot.rgb, [place for place in places if place]


def catalogue_photo(piece: Piece, *, side_px: int = 640) -> Rgb:
    """The shop's own photo: from the front on near-white with a soft shadow."""
    box = box_of(piece.mask) or (0.0, 0.0, 1.0, 1.0)
    x1, y1, x2, y2 = np.array(box) * CANVAS_PX
    scale = 0.86 * side_px / max(x2 - x1, y2 - y1)
    shift = side_px / 2 - scale * np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])
    seen, cover = _seen(piece, matrix, side_px)
    cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.8), np.float32)
    wide = side_px * 0.022
    fallen = np.roll(cover, round(wide), 0)
    shade = cv2.GaussianBlur(fallen, (0, 0), wide)
    down = np.linspace(250, 240, side_px, dtype=np.float32)[:, None, None]
    ground = np.broadcast_to(down, (side_px, side_px, 3)) * (1 - 0.3 * shade[..., None])
    shown = ground + (seen.astype(np.float32) - ground) * cover[..., None]
    return np.asarray(np.clip(shown, 0, 255), np.uint8)
