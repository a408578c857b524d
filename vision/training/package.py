"""Trained weights made ready for use: ONNX, calibrated card, a page for people.

``defects.onnx`` (what runs), ``defects.json`` (the card: SHA-256, thresholds, figures) and
``defects.md`` (the model card to read) are written together.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vision.card import EXAMPLE, Card, sha256_of
from vision.detector import Detector
from vision.labels import DETECTED, LABELS
from vision.training.evaluate import calibrate, figures, look, samples

__all__ = ["LICENCE", "lines", "measure", "model_card", "package", "write_card"]

LICENCE = "AGPL-3.0 (trained with ultralytics, whose licence its weights inherit)"


def package(
    onnx: Path,
    folder: Path,
    *,
    title: str = EXAMPLE,
    trained: Mapping[str, Any] | None = None,
    valid: Sequence[Path] = (),
) -> Card:
    """Calibrate the network at ``onnx`` and write its card beside it.

    Thresholds and calibration come from ``folder``'s validation pictures (and those of the
    ``valid`` folders), the figures from ``folder``'s test pictures. Raises Unavailable where
    the network cannot be loaded.
    """
    _without_card(onnx)
    detector = Detector.load(onnx)
    pictures = [one for place in (folder, *valid) for one in samples(place, "val")]
    fitted = replace(
        calibrate(detector.card, look(detector, pictures)),
        name=onnx.stem,
        title=title,
        labels=DETECTED,
        sha256=sha256_of(onnx.read_bytes()),
        licence=LICENCE,
        made=datetime.now(UTC).date().isoformat(),
        trained=dict(trained or {}),
    )
    card = replace(fitted, figures={"generated": dict(measure(onnx, folder, fitted))})
    write_card(card, onnx)
    return card


def measure(onnx: Path, folder: Path, card: Card | None = None) -> Mapping[str, Any]:
    """The figures of weights on ``folder``'s test pictures, with ``card`` or their own."""
    detector = Detector.load(onnx)
    return figures(card or detector.card, look(detector, samples(folder, "test")))


def _without_card(onnx: Path) -> None:
    """An older card would refuse the new weights."""
    onnx.with_suffix(".json").unlink(missing_ok=True)


def write_card(card: Card, onnx: Path) -> None:
    """The card for programs (.json) and for people (.md) beside the weights."""
    card.write(onnx.with_suffix(".json"))
    fresh = onnx.with_suffix(".md.new")
    fresh.write_text(model_card(card), "utf-8")
    os.replace(fresh, onnx.with_suffix(".md"))


def model_card(card: Card) -> str:
    """The card as Markdown, in Korean, figures included."""
    text = [
        f"# {card.name}: {card.title}",
        "",
        "사진에서 손상처럼 보이는 곳을 짚는 작은 신경망이에요. **힌트일 뿐 증거가 아니에요.** "
        "그린 사진으로 배웠기 때문에 실제 사진에서는 거의 찾지 못하고, 짚은 곳이 없다고 손상이 "
        "없는 것도 아니에요.",
        "",
        f"- 만든 날: {card.made}",
        f"- SHA-256: `{card.sha256}`",
        f"- 사용 조건: {card.licence}",
        f"- 입력: RGB {card.side_px}×{card.side_px}(비율을 지켜 줄이고 회색으로 채움), "
        "출력: 상자·확신도·종류(겹침 제거 없이 쓰는 헤드)",
        f"- 이름: {', '.join(f'{one} ({LABELS[one]})' for one in card.labels if one)}",
        f"- 기준: 확신도 {card.threshold:.3f}부터 짚은 것으로 보고, {card.floor:.3f}부터 약한 "
        "힌트로 남겨요. 검증 사진 가운데 멀쩡한 것의 1% 이하에서만 울리는 값이에요.",
        "",
        "## 배운 것",
        "",
        "```json",
        json.dumps(dict(card.trained), ensure_ascii=False, indent=1),
        "```",
        "",
    ]
    for name, table in card.figures.items():
        text += [f"## {TITLES.get(name, name)}", "", *lines(table), ""]
    return "\n".join(text)


TITLES = {
    "generated": "그린 시험 사진(배우는 데 쓰지 않은 것)",
    "deeppcb": "실제 사진: DeepPCB 기판",
    "photographs": "실제 사진: 손상 없는 여러 사진",
    "shop": "가게의 따로 떼어 둔 사진",
}


def lines(table: Mapping[str, Any]) -> list[str]:
    """A split's figures as Markdown tables."""
    rows = {
        "사진 (손상 / 멀쩡)": f"{table['damaged']} / {table['clean']}",
        "mAP50 (종류까지 맞음)": table["map50"],
        "AP50 (아무 종류)": table["any_ap50"],
        "사진 단위 AUROC": table["auroc"],
        "헛짚음 2%에서 찾는 비율": table["tpr_at_2"],
        "기준에서 찾는 비율": table["found"],
        "기준에서 헛짚음": table["false_alarms"],
    }
    told = {title: value for title, value in rows.items() if value is not None}
    text = ["| | |", "|---|---|", *(f"| {title} | {_cell(one)} |" for title, one in told.items())]
    if table["ap50"]:
        named = {LABELS[label]: value for label, value in table["ap50"].items()}
        text += ["", "| 종류 | AP50 |", "|---|---|"]
        text += [f"| {label} | {_cell(value)} |" for label, value in named.items()]
    return text


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
