"""All figures of judging photos, by name: what ``python -m vision measure`` prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from errors import BadInput
from evals.vision.boards import DEEPPCB

__all__ = ["MEASUREMENTS", "measure_all", "print_tables"]

Table = dict[str, Any]


def _quality() -> Table:
    from evals.vision.quality_eval import photo_quality

    return photo_quality()


def _joined() -> Table:
    from evals.vision.fusion_eval import joined

    return joined()


def _joined_other() -> Table:
    from evals.vision.fusion_eval import joined_other_specimen

    return joined_other_specimen()


def _deeppcb() -> Table:
    if not DEEPPCB.is_dir():
        return {"skipped": f"{DEEPPCB} is not there"}
    from evals.vision.fusion_eval import deeppcb_joined
    from evals.vision.reference_eval import deeppcb

    return {"comparison": deeppcb(DEEPPCB), "whole_path": deeppcb_joined(DEEPPCB)}


def _rephotographed() -> Table:
    from evals.vision.reference_eval import rephotographed

    return rephotographed()


def _cluttered() -> Table:
    from evals.vision.reference_eval import rephotographed

    return rephotographed(clutter=True)


def _out_of_focus() -> Table:
    from evals.vision.reference_eval import out_of_focus

    return out_of_focus()


def _other_specimen() -> Table:
    from evals.vision.reference_eval import rephotographed

    return rephotographed(specimen=1)


def _wrong_item() -> Table:
    from evals.vision.reference_eval import wrong_item

    return wrong_item()


def _detector() -> Table:
    from evals.vision.detector_eval import measure

    return dict(measure())


MEASUREMENTS: Mapping[str, Callable[[], Table]] = {
    "quality": _quality,
    "deeppcb": _deeppcb,
    "rephotographed": _rephotographed,
    "rephotographed_cluttered": _cluttered,
    "out_of_focus": _out_of_focus,
    "other_specimen": _other_specimen,
    "wrong_item": _wrong_item,
    "detector": _detector,
    "joined": _joined,
    "joined_other_specimen": _joined_other,
}


def measure_all(
    names: Sequence[str] = (), *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Table]:
    """The named measurements (default: all). Raises BadInput for a name that is none."""
    if unknown := set(names) - MEASUREMENTS.keys():
        raise BadInput(
            f"{', '.join(sorted(unknown))}: 모르는 이름이에요. {', '.join(MEASUREMENTS)} 중에서 "
            "골라 주세요."
        )
    found: dict[str, Table] = {}
    for name in names or MEASUREMENTS:
        progress(name)
        found[name] = MEASUREMENTS[name]()
    return found


def print_tables(tables: Mapping[str, Table]) -> None:
    """Markdown tables, one a measurement: as they stand in the README."""
    for name, table in tables.items():
        print(f"\n### {name}\n\n| figure | value |\n|---|---|")
        for figure, value in _rows(table):
            print(f"| {figure} | {value} |")


def _rows(table: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for figure, value in table.items():
        if isinstance(value, Mapping):
            rows += _rows(value, f"{before}{figure} · ")
        elif isinstance(value, (list, tuple)):
            rows.append((f"{before}{figure}", " … ".join(map(str, value))))
        else:
            rows.append((f"{before}{figure}", str(value)))
    return rows
