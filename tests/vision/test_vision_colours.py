"""The colours of a photo and their Korean names."""

from __future__ import annotations

import numpy as np
import pytest

from vision.colours import MOST, dominant_colours, name_of


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "검은색"), ((255, 255, 255), "흰색"), ((127, 127, 127), "회색"),
        ((255, 0, 0), "빨간색"), ((0, 0, 255), "파란색"), ((10, 20, 70), "남색"),
        ((255, 235, 0), "노란색"), ((255, 140, 0), "주황색"), ((0, 128, 0), "초록색"),
        ((135, 206, 235), "하늘색"), ((255, 170, 195), "분홍색"), ((128, 0, 160), "보라색"),
        ((101, 67, 33), "갈색"), ((232, 215, 185), "베이지색"),
    ],
)  # fmt: skip
def test_a_colour_has_the_name_people_give_it(rgb: tuple[int, int, int], name: str) -> None:
    assert name_of(rgb) == name


def test_shares_are_those_of_the_areas() -> None:
    picture = np.full((200, 400, 3), 252, np.uint8)
    picture[:, :100] = (30, 90, 210)
    first, second = dominant_colours(picture)
    assert (first.name_ko, second.name_ko, second.hex) == ("흰색", "파란색", "#1e5ad2")
    assert abs(first.share - 0.75) < 0.02
    assert abs(second.share - 0.25) < 0.02


def test_noise_and_a_single_pixel_are_told_too() -> None:
    rng = np.random.default_rng(5)
    found = dominant_colours(rng.integers(0, 256, (300, 300, 3), dtype=np.uint8))
    assert 1 <= len(found) <= MOST
    assert sum(one.share for one in found) <= 1.0001
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
    [only] = dominant_colours(np.zeros((1, 1, 3), np.uint8))
    assert (only.hex, only.share) == ("#000000", 1.0)
