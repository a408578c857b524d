"""Training for real: one epoch, ONNX, card, and the same boxes by onnxruntime as by torch."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vision.card import Card
from vision.detector import Detector
from vision.labels import DETECTED
from vision.training.evaluate import samples


def test_a_run_leaves_weights_with_card_and_figures(trained: Path) -> None:
    card = Card.read(trained / "defects.json")
    detector = Detector.load(trained / "defects.onnx")
    assert detector.sha256 == card.sha256
    assert card.side_px == 128
    assert card.labels == DETECTED
    assert card.trained["train"] == 32
    assert card.trained["epochs_done"] == 1
    assert card.trained["started_from"] == "scratch"
    assert card.figures["generated"]["pictures"] == 8
    assert "mAP50" in (trained / "defects.md").read_text("utf-8")
    assert (trained / "defects.onnx").stat().st_size < 10_000_000
    assert (trained / "defects.pt").stat().st_size < 20_000_000


def test_onnxruntime_sees_what_torch_sees(eager: Path, drawn: Path) -> None:
    import torch
    from ultralytics import YOLO

    detector = Detector.load(eager / "defects.onnx")
    model = YOLO(str(eager / "defects.pt"), task="detect").model.eval().float()
    for one in samples(drawn, "test")[:4]:
        rgb = np.array(Image.open(one.path).convert("RGB"))
        with torch.inference_mode():
            batch = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
            rows = model(batch)[0][0].numpy()
        assert rows.shape == (300, 6)
        ours = detector.raw(rgb)[:5]
        assert len(ours) == 5
        # float16 weights: confidences agree to a percent, places to a pixel of 128.
        assert [sure for _, sure, _ in ours] == pytest.approx(rows[: len(ours), 4], abs=0.01)
        for _, _, box in ours:
            away = np.abs(np.array(box) * 128 - rows[:60, :4].clip(0, 128)).max(axis=1)
            assert away.min() < 1.5


def test_the_guards_hold_in_the_process_that_trained(trained: Path) -> None:
    from ultralytics import utils

    assert os.environ["YOLO_AUTOINSTALL"] == "0"
    assert utils.AUTOINSTALL is False
    assert utils.ONLINE is False
    assert utils.SAFE_LOAD is True


def test_the_stand_in_suppresses_as_torchvision_does(trained: Path) -> None:
    """Where the real torchvision cannot be imported, ours answers in its place."""
    import torch

    vision = sys.modules["torchvision"]
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
    kept = vision.ops.nms(boxes, torch.tensor([0.5, 0.9, 0.3]), 0.5)
    assert kept.tolist() == [1, 2]


def test_a_shops_pictures_are_learnt_from_given_weights(
    trained: Path, export: Path, tmp_path: Path
) -> None:
    from vision.__main__ import main

    start = str(trained / "defects.pt")
    arguments = ["train", str(export), "--from", start, "--epochs", "1", "--side", "128"]
    assert main([*arguments, "--mixed", "12", "--out", str(tmp_path)]) == 0
    card = Card.read(tmp_path / "defects.json")
    assert card.title == "우리 가게 모델 (고친 사진으로 학습)"
    assert card.trained["started_from"] == "defects.pt"
    assert card.trained["mixed_generated"] == 12
    manifest = json.loads((export / "manifest.json").read_text("utf-8"))
    assert card.trained["train"] == manifest["pictures"]["train"]
    before = Card.read(trained / "defects.json")
    assert before.sha256 != card.sha256


def test_an_empty_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from vision.__main__ import main

    assert main(["train", str(tmp_path), "--epochs", "1"]) == 1
    assert "학습할 사진이 없어요" in capsys.readouterr().err
