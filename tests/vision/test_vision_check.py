"""``python -m vision check``: what a person and a program get about one file."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from evals.vision.boards import DEEPPCB
from vision.__main__ import main
from vision.generate.cases import TEST_SEED, case

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("check")
    scene = case(TEST_SEED + 4002, specimen=0, hardness=0.3)
    photo, reference = folder / "photo.jpg", folder / "catalogue.jpg"
    photo.write_bytes(scene.photo)
    reference.write_bytes(scene.reference.data)
    return photo, reference


def test_the_json_is_the_one_of_the_route(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    photo, reference = files
    assert main(["check", str(photo), "--reference", str(reference), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    route = {"report_id", "verdict", "quality", "defects", "recommended_claim", "model"}
    assert route <= answer.keys()
    assert answer["report_id"] is None
    assert answer["verdict"] in ("retake", "review", "damage")
    assert (answer["width_px"], answer["height_px"]) == (800, 800)
    for one in answer["defects"]:
        x1, y1, x2, y2 = one["box"]
        assert 0 <= x1 < x2 <= 800
        assert 0 <= y1 < y2 <= 800
        assert 0 <= one["confidence"] <= 0.97
        assert one["label_ko"]


def test_a_person_reads_korean(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    photo, reference = files
    assert main(["check", str(photo), "--reference", str(reference)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("판정   ")
    assert "상품 사진 비교" in text
    assert "이상 없" not in text


def test_boxes_are_in_pixels_of_the_upright_upload(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, reference = files
    large = tmp_path / "sideways.jpg"
    with Image.open(photo) as picture:
        wide = picture.resize((3000, 2400))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter: upright it is 2400 wide
    wide.save(large, quality=90, exif=exif)
    main(["check", str(large), "--reference", str(reference), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert (answer["width_px"], answer["height_px"]) == (2400, 3000)


def test_a_dark_photo_is_told_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dark = tmp_path / "dark.png"
    with Image.open(io.BytesIO(case(TEST_SEED + 4001).photo)) as picture:
        picture.point(lambda level: level // 12).save(dark)
    assert main(["check", str(dark)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("판정   판단이 어려워요")
    assert "조금 더 밝은 곳에서 문제가 있는 곳을 가까이 찍어 주세요." in text


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"<svg/>", b"\xff\xd8\xff\xe0" + b"0" * 99])
def test_what_is_no_picture_is_refused_in_korean(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    assert main(["check", str(file)]) == 1
    shown = capsys.readouterr()
    assert not shown.out
    assert any("가" <= letter <= "힣" for letter in shown.err)


def test_a_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "/nowhere/photo.jpg"]) == 1
    assert "읽을 수 없어요" in capsys.readouterr().err


@pytest.mark.process
def test_it_needs_no_settings_no_store_and_writes_nothing(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    photo, reference = files
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "vision", "check", photo, "--reference", reference,
         "--json"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["judges"]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not DEEPPCB.is_dir(), reason="real boards are not beside this checkout")
def test_real_defects_come_through_the_whole_path() -> None:
    from evals.vision.fusion_eval import deeppcb_joined

    table = deeppcb_joined(DEEPPCB)
    assert table["pictures"] == 60
    assert table["ap50"] >= 0.85
    assert table["ap50_untuned"] >= 0.85


def test_an_unknown_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "luck"]) == 1
    assert "luck" in capsys.readouterr().err
