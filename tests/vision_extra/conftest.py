"""A real, tiny training run, once for all tests of this folder (about a minute)."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vision.training.shop import Corrected, write_folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without the extra the tests are named and skipped; ultralytics is not imported to know,
    for it may only be imported guarded."""
    if importlib.util.find_spec("ultralytics") is not None:
        return
    mark = pytest.mark.skip(reason="needs requirements-vision.txt: make test-vision")
    for item in items:
        if "vision_extra" in item.nodeid:
            item.add_marker(mark)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 generated pictures of 128 px in YOLO's layout."""
    from vision.generate.dataset import write_yolo

    folder = tmp_path_factory.mktemp("drawn")
    write_yolo(folder, train=32, val=8, test=8, seed=4, side_px=128, workers=1)
    return folder


@pytest.fixture(scope="session")
def trained(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that one epoch of ``python -m vision train`` wrote: defects.pt, .onnx, .json."""
    from vision.__main__ import main

    before = dict(os.environ)
    out = tmp_path_factory.mktemp("trained")
    assert main(["train", str(drawn), "--out", str(out), "--epochs", "1", "--side", "128"]) == 0
    yield out
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def eager(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights with every confidence raised, .pt and .onnx: after one epoch they are too
    unsure of everything to be compared."""
    import torch
    from ultralytics.nn.tasks import torch_safe_load

    from vision.training.convert import to_onnx

    folder = tmp_path_factory.mktemp("eager")
    kept, _ = torch_safe_load(str(trained / "defects.pt"))
    head = kept["model"].model[-1]
    with torch.no_grad():
        for scale in (*head.cv3, *head.one2one_cv3):
            scale[-1].bias += 4
    torch.save(kept, folder / "defects.pt")
    to_onnx(folder / "defects.pt", folder / "defects.onnx", side_px=128)
    return folder


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty corrected photos of a shop, as ``python -m vision export`` writes them."""
    import io

    import numpy as np
    from PIL import Image

    from vision.generate import draw, hurt, photograph, random_design

    rows = []
    for number in range(30):
        rng = np.random.default_rng(number)
        piece, box = hurt(draw(random_design(rng)), "hole", rng)
        rgb, placed = photograph(piece, rng, boxes=[box], side_px=128)
        out = io.BytesIO()
        Image.fromarray(rgb).save(out, "JPEG")
        boxes = tuple(("hole", one) for one in placed)
        rows.append(Corrected(out.getvalue(), boxes, f"claim {number}", "2026-11-20T03:00:00Z"))
    folder = tmp_path_factory.mktemp("export")
    write_folder(rows, folder)
    return folder
