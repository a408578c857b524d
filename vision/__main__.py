"""``python -m vision check FILE | generate | measure | calibrate | export | train | …``.

Every command imports what it needs when it runs: ``train`` runs in the vision extra's
environment, which has neither the console nor the store's packages.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from errors import NotAllowedNow, SangdamError
from vision.training import commands as training

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (1: a message on standard error says why)."""
    options = _parser().parse_args(arguments)
    commands = {
        "check": _check,
        "generate": _generate,
        "measure": _measure,
        "calibrate": _calibrate,
        "export": _export,
        "train": training.train,
        "evaluate": training.evaluate,
        "promote": _promote,
    }
    try:
        return commands[options.command](options)
    except SangdamError as error:
        print(error.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("그만두었습니다.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m vision", description="사진 판정")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="사진 한 장을 판정합니다")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument(
        "--reference", type=Path, action="append", default=[], help="견주어 볼 상품 사진"
    )
    check.add_argument("--weights", type=Path, help="다른 검출 모델(ONNX)")
    check.add_argument("--json", action="store_true", help="결과를 JSON으로 씁니다")
    generate = commands.add_parser("generate", help="상품 사진과 예시 사진을 그립니다")
    generate.add_argument("what", choices=("catalogue", "examples"))
    generate.add_argument("--out", type=Path, help="폴더(기본: data/ 아래)")
    measure = commands.add_parser("measure", help="판정의 정확도를 모두 잽니다")
    measure.add_argument("names", nargs="*", metavar="이름", help="잴 것(기본: 모두)")
    measure.add_argument("--json", action="store_true", help="결과를 JSON으로 씁니다")
    calibrate = commands.add_parser("calibrate", help="판정 가중치를 그린 사진으로 맞춥니다")
    calibrate.add_argument("--pairs", type=int, default=800, help="그릴 사진 수")
    calibrate.add_argument("--out", type=Path, help="쓸 파일(기본: data/models/fusion.json)")
    export = commands.add_parser("export", help="고친 판정을 학습 자료로 내보냅니다")
    export.add_argument("folder", type=Path, metavar="DIR")
    training.add(commands)
    return parser


def _check(options: argparse.Namespace) -> int:
    from vision.checking import check_file

    text = check_file(
        options.file,
        options.reference,
        detector=options.weights,
        as_json=options.json,
    )
    print(text)
    return 0


def _generate(options: argparse.Namespace) -> int:
    from vision.generate.catalogue import write_catalogue, write_examples

    write = {"catalogue": write_catalogue, "examples": write_examples}[options.what]
    folder = options.out or Path(__file__).parent.parent / "data" / options.what
    write(folder)
    print(f"{folder}에 썼습니다.")
    return 0


def _measure(options: argparse.Namespace) -> int:
    from evals.vision.tables import measure_all, print_tables

    tables = measure_all(options.names, progress=lambda name: print(f"… {name}", file=sys.stderr))
    if options.json:
        print(json.dumps(tables, ensure_ascii=False, indent=2))
    else:
        print_tables(tables)
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    from vision.fusion.calibrate import calibrate
    from vision.fusion.weights import FILE

    target = options.out or FILE
    weights = calibrate(options.pairs)
    target.write_text(json.dumps(weights.as_dict(), ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"{target}에 썼습니다. {json.dumps(dict(weights.fitted), ensure_ascii=False)}")
    return 0


def _export(options: argparse.Namespace) -> int:
    import services
    from services.photo_training import export

    print(export(services.build(), options.folder))
    return 0


def _promote(options: argparse.Namespace) -> int:
    import settings

    configured = settings.load()
    if configured.detector_weights:
        raise NotAllowedNow(
            f"설정 detector_weights({configured.detector_weights})가 먼저라서 바꾸어도 쓰이지 "
            "않습니다. 설정을 지운 뒤 다시 실행해 주세요."
        )
    return training.promote(options, configured.data_path)


if __name__ == "__main__":
    raise SystemExit(main())
