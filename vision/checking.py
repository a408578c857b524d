"""``python -m vision check FILE``: one photo judged without settings, store or network."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from errors import BadInput
from vision.decoding import CleanPhoto, clean_photo
from vision.detector import SHIPPED
from vision.inspector import Inspector
from vision.types import Reference, Report
from vision.wire import STATES, report_json

__all__ = ["check_file", "describe"]

MAX_MB = 10
SHOWN = 20  # findings; --json gives all of them
KINDS = {"return": "반품", "exchange": "교환"}


def check_file(
    path: Path,
    references: Sequence[Path] = (),
    *,
    detector: Path | None = None,
    as_json: bool = False,
) -> str:
    """What to print about the photo at ``path``: Korean lines, or JSON.

    ``references`` are photos of the product as it should be; ``detector`` other weights than
    the shipped. Raises BadInput for files that are no pictures or not there.
    """
    photo = _photo(path)
    known = [Reference("", "", _photo(one).data) for one in references]
    if detector is not None and not detector.exists():
        raise BadInput(f"검출 모델 파일({detector})이 없어요. 경로를 확인해 주세요.")
    # Orders are without one here, so the wrong-item search has nothing to choose from.
    inspector = Inspector(detector or SHIPPED)
    report = inspector.inspect(
        photo.data,
        known,
        upload_px=(photo.upload_width_px, photo.upload_height_px),
    )
    if as_json:
        return json.dumps(report_json(report), ensure_ascii=False, indent=2)
    return describe(report)


def _photo(path: Path) -> CleanPhoto:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"사진 파일({path})을 읽을 수 없어요. 경로를 확인해 주세요.") from error
    return clean_photo(data, max_mb=MAX_MB)


def describe(report: Report) -> str:
    """A report in Korean lines."""
    seen = report_json(report)
    sure = "" if report.score is None else f" (손상일 가능성 {report.score:.0%})"
    lines = [f"판정   {seen['verdict_ko']}{sure}"]
    lines += [f"       {reason}" for reason in report.reasons]
    lines += _findings(seen["defects"])
    lines += ["", "판단한 방법"] + [_judge(one) for one in seen["judges"]]
    quality = report.quality
    lines += [
        "",
        f"사진   {report.width_px}×{report.height_px} 화소 · 선명도 {quality.sharpness:.2f} · "
        f"밝기 {quality.exposure:.2f} · 크기 {quality.resolution:.2f} · "
        f"구도 {quality.framing:.2f} · {report.took_ms:.0f} ms",
    ]
    if report.recommendation:
        kinds = "·".join(KINDS[kind] for kind in report.recommendation.kinds)
        reason = report.recommendation.reason_code
        lines.append(f"신청   {kinds} 신청서를 만들 수 있어요 (사유 {reason}, 판매자 책임).")
    return "\n".join(lines)


def _findings(defects: Sequence[dict[str, Any]]) -> list[str]:
    if not defects:
        return []
    lines = ["", f"의심되는 곳 {len(defects)}군데 (왼쪽, 위, 오른쪽, 아래 화소)"]
    for number, one in enumerate(defects[:SHOWN], 1):
        box = ", ".join(f"{edge:g}" for edge in one["box"])
        hint = "" if set(one["judges"]) - {"detector"} else " · 참고"
        lines.append(f"{number:>4}. {_wide(one['label_ko'], 10)} {one['confidence']:>4.0%}  "
                     f"({box}){hint}")  # fmt: skip
    if len(defects) > SHOWN:
        lines.append(f"      그 밖에 {len(defects) - SHOWN}군데 (--json으로 모두 볼 수 있어요)")
    return lines


def _judge(one: dict[str, Any]) -> str:
    score = "" if one["score"] is None else f"{one['score']:.2f}"
    parts = [part for part in (one["share_ko"], one["reason"], one["model"]) if part]
    name, state = _wide(one["judge_ko"], 16), _wide(STATES[one["state"]], 26)
    return f"  {name} {state} {score:>4}  {' · '.join(parts)}".rstrip()


def _wide(text: str, columns: int) -> str:
    """``text`` padded to terminal columns: Hangul fills two."""
    filled = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return text + " " * max(0, columns - filled)
