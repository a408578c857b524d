"""``python -m vision train | evaluate | promote``: the words of the commands, and running them.

``train`` runs in the vision extra (``.venv-vision/bin/python -m vision train DIR``), the others
in the default install.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from errors import BadInput

__all__ = ["add", "evaluate", "promote", "train"]


def add(commands: Any) -> None:
    """Add the three commands to ``argparse``'s sub-commands."""
    train = commands.add_parser("train", help="검출 모델을 배우게 합니다(.venv-vision에서)")
    train.add_argument("folder", type=Path, metavar="DIR", help="export나 generate가 만든 폴더")
    train.add_argument("--out", type=Path, help="쓸 폴더(기본: DIR/weights)")
    train.add_argument("--epochs", type=int, help="배우는 횟수(기본: 12, 이어 배우면 8)")
    train.add_argument("--model", default="yolo26n", help="ultralytics의 구성 이름")
    train.add_argument("--from", dest="start", type=Path, metavar="WEIGHTS.pt", help="이어 배울 것")
    train.add_argument("--hours", type=float, help="이 시간 안에 끝냅니다")
    train.add_argument("--side", type=int, default=256, help="네트워크가 보는 변, 화소")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument(
        "--mixed", type=int, metavar="N", help="섞을 그린 사진 수(기본: 가게 사진에는 600)"
    )
    train.add_argument("--ship", action="store_true", help="data/models의 예시 모델로 둡니다")
    evaluate = commands.add_parser("evaluate", help="가중치를 시험 사진으로 잽니다")
    evaluate.add_argument("folder", type=Path, metavar="DIR")
    evaluate.add_argument("--weights", type=Path, required=True, metavar="W.onnx")
    evaluate.add_argument("--json", action="store_true", help="결과를 JSON으로 씁니다")
    promote = commands.add_parser("promote", help="더 나으면 가게의 가중치로 씁니다")
    promote.add_argument("weights", type=Path, metavar="W.onnx")
    promote.add_argument("--data", type=Path, required=True, metavar="DIR", help="export한 폴더")


def train(options: argparse.Namespace) -> int:
    """Train, export, calibrate, measure; with ``--ship`` the shipped weights are replaced."""
    from vision.training import train as training
    from vision.training.convert import to_onnx
    from vision.training.package import package

    epochs = options.epochs or (8 if options.start else 12)
    recipe = training.Recipe(
        model=options.model, epochs=epochs, side_px=options.side, seed=options.seed,
        hours=options.hours,
    )  # fmt: skip
    out = options.out or options.folder / "weights"
    mixed = _mixed(options, out)
    best = training.train(
        options.folder, out / "run", recipe, mixed=mixed, start=options.start, progress=_told
    )
    onnx = to_onnx(best, out / "defects.onnx", side_px=options.side)
    shutil.copyfile(best, out / "defects.pt")
    trained = {
        **json.loads((out / "run" / "run.json").read_text("utf-8")),
        **_sizes(options.folder),
        "mixed_generated": sum(_sizes(one)["train"] for one in mixed),
        "started_from": options.start.name if options.start else "scratch",
    }
    shop = (options.folder / "manifest.json").is_file()
    title = {"title": "우리 가게 모델 (고친 사진으로 학습)"} if shop else {}
    card = package(onnx, options.folder, trained=trained, valid=mixed, **title)
    print(json.dumps(dict(card.figures), ensure_ascii=False, indent=1))
    if options.ship:
        from vision.detector import SHIPPED

        for ending in (".onnx", ".json", ".md"):
            shutil.copyfile(onnx.with_suffix(ending), SHIPPED.with_suffix(ending))
    print(f"{onnx}에 썼습니다.")
    return 0


def _mixed(options: argparse.Namespace, out: Path) -> tuple[Path, ...]:
    """A folder of generated pictures beside a shop's own, which are few."""
    shop = (options.folder / "manifest.json").is_file()
    wanted = options.mixed if options.mixed is not None else (600 if shop else 0)
    if not wanted:
        return ()
    from vision.generate.dataset import write_yolo

    folder = out / "generated"
    write_yolo(
        folder, train=wanted, val=wanted // 6, test=0, seed=options.seed, side_px=options.side
    )
    return (folder,)


def _sizes(folder: Path) -> dict[str, Any]:
    return {
        split: len(list((folder / "images" / split).glob("*.jpg")))
        for split in ("train", "val", "test")
    }


def _told(epoch: int, epochs: int, found: float) -> None:
    print(f"{epoch}/{epochs} · 검증 mAP50 {found:.3f}", file=sys.stderr, flush=True)


def evaluate(options: argparse.Namespace) -> int:
    """Measure weights on the folder's test pictures; the figures go into W.figures.json."""
    from vision.training.package import measure

    if not _sizes(options.folder)["test"]:
        raise BadInput(f"시험할 사진이 없어요: {options.folder / 'images' / 'test'}")
    table = measure(options.weights, options.folder)
    text = json.dumps(dict(table), ensure_ascii=False, indent=1)
    options.weights.with_suffix(".figures.json").write_text(text + "\n", "utf-8")
    if options.json:
        print(text)
        return 0
    from vision.training.package import lines

    print("\n".join(lines(table)))
    return 0


def promote(options: argparse.Namespace, data_path: Path) -> int:
    """Put weights in use if they are better on the shop's held-out pictures."""
    from vision.training.promote import promote as replaced

    compared = replaced(options.weights, options.data, data_path)
    print(f"{compared.words}\n새 가중치를 씁니다. 실행 중인 프로그램은 다시 시작해 주세요.")
    return 0
