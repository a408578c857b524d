"""The fitted numbers that join the judges: read from ``data/models/fusion.json``.

``python -m vision calibrate`` writes them (see :mod:`vision.fusion.calibrate`); nothing here is
chosen by hand but the language model's weight, which no picture of ours can fit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from errors import BadInput

__all__ = ["FILE", "Curve", "Line", "Weights", "shipped"]

FILE = Path(__file__).resolve().parents[2] / "data" / "models" / "fusion.json"


@dataclass(frozen=True, slots=True)
class Curve:
    """A rising piecewise linear function of a judge's score (0 to 1), in log-odds.

    ``slopes`` (never negative) add up from each of ``knots`` on; ``missing`` counts instead
    where the judge could not say anything.
    """

    knots: tuple[float, ...]
    slopes: tuple[float, ...]
    missing: float = 0.0

    def at(self, score: float | None) -> float:
        """Log-odds of a score; of silence for None."""
        if score is None:
            return self.missing
        ends = (*self.knots[1:], 1.0)
        return sum(
            slope * min(max(score - start, 0.0), end - start)
            for start, end, slope in zip(self.knots, ends, self.slopes, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Line:
    """Log-odds that one finding is right: ``bias + slope × logit(confidence) + agree``."""

    bias: float
    slope: float
    agree: float = 0.0


@dataclass(frozen=True, slots=True)
class Weights:
    """What :func:`vision.fusion.join.fuse` joins with.

    ``agree``: the detector points at the same place; ``extent`` (not negative) and ``clutter``
    (not positive) weigh how large the surest difference is and how many others there are: many
    small ones everywhere are another piece of the product, not damage.
    ``reference_seen_at`` is the raw comparison score from which something was seen;
    ``damage_at`` the joined probability that a claim may be drafted at (at most 2 % of clean
    held-out pictures reach it); ``wrong_item_at`` the confidence of another product;
    ``llm_damage_at`` the model's own probability, ``llm_slope`` what its log-odds are worth.
    ``fitted`` says from what: pictures, seeds, figures.
    """

    bias: float
    reference: Curve
    detector: Curve
    agree: float
    extent: float
    clutter: float
    reference_finding: Line
    hint_beside: Line
    hint_alone: Line
    reference_seen_at: float
    damage_at: float
    wrong_item_at: float = 0.5
    llm_slope: float = 0.8
    llm_damage_at: float = 0.85
    fitted: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values; :meth:`from_dict` reads it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Weights:
        """Raises KeyError or TypeError for anything :meth:`as_dict` did not write."""
        parts = dict(raw)
        for name in ("reference", "detector"):
            curve = parts[name]
            parts[name] = Curve(
                tuple(curve["knots"]), tuple(curve["slopes"]), curve.get("missing", 0.0)
            )
        for name in ("reference_finding", "hint_beside", "hint_alone"):
            parts[name] = Line(**parts[name])
        return cls(**parts)

    @classmethod
    def read(cls, path: Path = FILE) -> Weights:
        """Raises BadInput where the file is missing or not such a file."""
        try:
            return cls.from_dict(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"판정 가중치({path})를 읽을 수 없어요. python -m vision calibrate로 다시 만들어 "
                "주세요."
            ) from error


@cache
def shipped() -> Weights:
    """The weights of the repository, read once."""
    return Weights.read()
