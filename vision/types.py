"""What judging a photo works with and returns: frozen values, plain enough to be stored.

Places on a picture are fractions of its width and height (0 to 1), of the upright picture, so
that they hold for the upload, the stored copy and every size it is drawn in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from vision.labels import REASON_OF, Label

__all__ = [
    "Box",
    "Finding",
    "Judge",
    "Opinion",
    "OpinionState",
    "Problem",
    "Quality",
    "Recommendation",
    "Reference",
    "Report",
    "Verdict",
]

Box = tuple[float, float, float, float]  # x1, y1, x2, y2; x1 < x2, y1 < y2, fractions
Judge = Literal["reference", "detector", "llm"]
# seen: found something; clear: could judge and found nothing (never "no damage": that judge's
# eyes only); unsure: could not judge this photo; absent: is not configured or has no reference.
OpinionState = Literal["seen", "clear", "unsure", "absent"]
# retake: the photo cannot be judged; review: a person must look; damage: a claim can be drafted.
Verdict = Literal["retake", "review", "damage"]
Problem = Literal["blurred", "dark", "bright", "small", "far", "cut_off", "plain"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, where, how sure (0 to 1, calibrated), and who says so.

    ``named`` (0 to 1): how sure the label is, given that something is wrong there.
    """

    label: Label
    confidence: float
    box: Box
    judges: tuple[Judge, ...]
    named: float = 1.0


@dataclass(frozen=True, slots=True)
class Quality:
    """Whether a photo can be judged. Measures are 0 (worst) to 1 (best).

    ``advice`` says in Korean what to do for each of ``problems``, in the same order.
    """

    usable: bool
    sharpness: float
    exposure: float
    resolution: float
    framing: float
    problems: tuple[Problem, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A catalogue photo to compare with; ``ordered`` of the very line the photo is about.

    ``data`` is a JPEG as :func:`vision.clean_photo` writes it; ``sku`` "" is the product's own.
    """

    product_id: str
    sku: str
    data: bytes = field(repr=False)
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge says: its state, how likely it finds damage (0 to 1; None: cannot say),
    its findings, why in Korean, which model it is, how long it took (milliseconds)."""

    judge: Judge
    state: OpinionState
    score: float | None = None
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    model: str = ""
    took_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The claim a report gives ground for: never more than a draft, a person decides."""

    reason_code: str
    fault: Literal["seller"] = "seller"
    kinds: tuple[str, ...] = ("return", "exchange")

    @classmethod
    def of(cls, label: Label) -> Recommendation:
        """The claim of a finding's label."""
        return cls(REASON_OF[label])


@dataclass(frozen=True, slots=True)
class Report:
    """The desk's one answer about a photo.

    ``score`` is the calibrated probability of damage (None: could not be judged); ``reasons``
    say in Korean why the verdict is what it is; ``product_id`` and ``sku`` name the catalogue
    photo it was compared with ("" for none), ``other`` the product whose photo fits where the
    ordered one's does not; sizes in pixels of the upright upload.
    """

    verdict: Verdict
    score: float | None
    quality: Quality
    findings: tuple[Finding, ...]
    opinions: tuple[Opinion, ...]
    reasons: tuple[str, ...]
    recommendation: Recommendation | None
    model: str
    width_px: int
    height_px: int
    product_id: str = ""
    sku: str = ""
    other: str = ""
    took_ms: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, for the store; :meth:`from_dict` reads it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Report:
        """The report that :meth:`as_dict` wrote. Raises KeyError or TypeError for any other."""
        quality = Quality(**{**raw["quality"], **_tuples(raw["quality"], "problems", "advice")})
        opinions = tuple(
            Opinion(**{**one, "findings": _findings(one["findings"])}) for one in raw["opinions"]
        )
        wanted = raw["recommendation"]
        recommendation = wanted and Recommendation(**{**wanted, **_tuples(wanted, "kinds")})
        return cls(
            **{
                **raw, "quality": quality, "findings": _findings(raw["findings"]),
                "opinions": opinions, "reasons": tuple(raw["reasons"]),
                "recommendation": recommendation or None,
            }
        )  # fmt: skip


def _tuples(raw: dict[str, Any], *names: str) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(raw[name]) for name in names}


def _findings(raw: list[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple(Finding(**{**one, **_tuples(one, "box", "judges")}) for one in raw)
