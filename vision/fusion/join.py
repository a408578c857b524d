"""Join what the judges say about one photo into one report. Pure functions.

The comparison with the catalogue photo is the evidence where it aligns; a language model's
answer counts at its own weight; the detector is a hint: it can raise and name what the
comparison found, and call for a person, but alone it never gives ground for a claim. Having
found nothing is never an answer by itself: a person looks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vision.fusion.weights import Line, Weights, shipped
from vision.labels import LABELS
from vision.measure import contained, iou
from vision.phrases import CLOSING, NOT_ALIGNED, NOTHING_SEEN, SURE_NAME, reason_of
from vision.quality import advice_sentence
from vision.types import (
    Finding,
    Judge,
    Opinion,
    Quality,
    Recommendation,
    Report,
    Verdict,
)

__all__ = [
    "Contribution",
    "Terms",
    "clutter",
    "confirmed",
    "contributions",
    "extent",
    "fuse",
    "logit",
    "merge",
    "overlaps",
    "probability_of",
    "score_of",
    "sigmoid",
    "terms",
]

CAP = 0.97  # nobody is surer than this from one photo
# The detector learned from drawings and is next to blind on real photographs (docs/photos.md):
# whatever it is sure of by itself stays a guess.
HINT_CAP = 0.5
SAME_IOU, SAME_INSIDE = 0.3, 0.6
# A comparison that aligned has seen the product, however the frame or the emptiness look.
FORGIVEN = frozenset({"plain", "far", "cut_off", "small"})


@dataclass(frozen=True, slots=True)
class Terms:
    """Log-odds each judge adds to the joined score; ``missing`` what its silence adds."""

    bias: float
    reference: float
    detector: float
    agree: float
    llm: float
    reference_missing: float
    detector_missing: float

    @property
    def total(self) -> float:
        """Log-odds of damage."""
        return self.bias + self.reference + self.detector + self.agree + self.llm


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one judge moved the answer: log-odds against its silence, share (0 to 1) of all
    movement, and that in Korean."""

    judge: Judge
    log_odds: float
    share: float
    words: str


def logit(probability: float) -> float:
    """Log-odds, at most ±6."""
    inside = min(max(probability, 0.0025), 0.9975)
    return math.log(inside / (1 - inside))


def sigmoid(log_odds: float) -> float:
    """The probability of log-odds."""
    return 1 / (1 + math.exp(-min(max(log_odds, -50.0), 50.0)))


def overlaps(one: Finding, other: Finding) -> bool:
    """Whether two findings are of the same place."""
    return iou(one.box, other.box) >= SAME_IOU or contained(one.box, other.box) >= SAME_INSIDE


def _of(opinions: Sequence[Opinion], judge: Judge) -> Opinion:
    for one in opinions:
        if one.judge == judge:
            return one
    return Opinion(judge, "absent")


def _spoke(opinion: Opinion) -> bool:
    return opinion.state in ("seen", "clear") and opinion.score is not None


def confirmed(opinions: Sequence[Opinion]) -> bool:
    """Whether the detector points where a judge of evidence does."""
    hints = _of(opinions, "detector").findings
    grounds = [
        one
        for judge in ("reference", "llm")
        if _of(opinions, judge).state == "seen"
        for one in _of(opinions, judge).findings
        if one.label != "wrong_item"  # the whole of another product, no place on it
    ]
    return any(overlaps(hint, ground) for hint in hints for ground in grounds)


def extent(opinion: Opinion) -> float:
    """How large the surest difference is (0 to 1: half the picture's side or more)."""
    sizes = [
        one.confidence * math.sqrt((one.box[2] - one.box[0]) * (one.box[3] - one.box[1]))
        for one in opinion.findings
    ]
    return min(2 * max(sizes, default=0.0), 1.0)


def clutter(opinion: Opinion) -> float:
    """How much else differs beside the surest difference (0 to 1: four sure ones or more)."""
    sure = sorted((one.confidence for one in opinion.findings), reverse=True)
    return min(sum(sure[1:]) / 4, 1.0)


def terms(opinions: Sequence[Opinion], weights: Weights) -> Terms:
    """What each judge adds, in log-odds."""
    reference, detector, llm = (_of(opinions, name) for name in ("reference", "detector", "llm"))
    return Terms(
        bias=weights.bias,
        reference=_compared(reference, weights),
        detector=weights.detector.at(detector.score if _spoke(detector) else None),
        agree=weights.agree if confirmed(opinions) else 0.0,
        llm=weights.llm_slope * logit(llm.score) if _spoke(llm) and llm.score is not None else 0.0,
        reference_missing=weights.reference.missing,
        detector_missing=weights.detector.missing,
    )


def _compared(reference: Opinion, weights: Weights) -> float:
    if not _spoke(reference):
        return weights.reference.missing
    return (
        weights.reference.at(reference.score)
        + weights.extent * extent(reference)
        + weights.clutter * clutter(reference)
    )


def contributions(report: Report, weights: Weights | None = None) -> tuple[Contribution, ...]:
    """How far each judge that spoke moved the report's score, the strongest first."""
    found = terms(report.opinions, weights or shipped())
    moved: dict[Judge, float] = {
        "reference": found.reference - found.reference_missing,
        "detector": found.detector - found.detector_missing + found.agree,
        "llm": found.llm,
    }
    spoke = {one.judge for one in report.opinions if _spoke(one)}
    whole = sum(abs(moved[judge]) for judge in spoke) or 1.0
    rows = [
        Contribution(judge, round(moved[judge], 3), abs(moved[judge]) / whole, "")
        for judge in sorted(spoke, key=lambda judge: -abs(moved[judge]))
    ]
    return tuple(replace(row, words=_words(row)) for row in rows)


def _words(row: Contribution) -> str:
    if abs(row.log_odds) < 0.05:
        return "판단에 거의 영향을 주지 않았어요"
    way = "의심을 높임" if row.log_odds > 0 else "의심을 낮춤"
    return f"판단 비중 {row.share:.0%}, {way}"


def merge(opinions: Sequence[Opinion], weights: Weights) -> tuple[Finding, ...]:
    """All findings, those of one place joined, the surest first.

    The box is the primary judge's (comparison, then language model, then detector); where
    another judge points at the same place its name is listed and the confidence raised. What
    kind of damage it is a language model says better than an unsure comparison.
    """
    reference, detector, llm = (_of(opinions, name) for name in ("reference", "detector", "llm"))
    aligned = _spoke(reference)
    ground = [
        replace(one, confidence=_calibrated(one, weights.reference_finding))
        for one in reference.findings
    ]
    ground = _join(ground, llm.findings)
    hint_line = weights.hint_beside if aligned else weights.hint_alone
    hints = [replace(one, confidence=_calibrated(one, hint_line)) for one in detector.findings]
    found = _join(ground, hints, agree=weights.reference_finding.agree)
    return tuple(
        sorted(
            (replace(one, confidence=round(min(one.confidence, _cap(one)), 4)) for one in found),
            key=lambda one: -one.confidence,
        )
    )


def _cap(one: Finding) -> float:
    return HINT_CAP if one.judges == ("detector",) else CAP


def _calibrated(one: Finding, line: Line) -> float:
    if one.label == "wrong_item":
        return one.confidence
    return sigmoid(line.bias + line.slope * logit(one.confidence))


def _join(
    grounds: Sequence[Finding], others: Sequence[Finding], agree: float | None = None
) -> list[Finding]:
    """``others`` join the grounds they overlap; those that overlap none stay by themselves.

    ``agree`` is the log-odds that agreement adds; None: the two are independent witnesses.
    """
    left = list(others)
    joined: list[Finding] = []
    for one in grounds:
        same = [other for other in others if overlaps(one, other)]
        left = [other for other in left if other not in same]
        joined.append(_joined(one, same, agree))
    return joined + left


def _joined(one: Finding, same: Sequence[Finding], agree: float | None) -> Finding:
    if not same or one.label == "wrong_item":
        return one
    surest = max(same, key=lambda other: other.confidence)
    if agree is None:
        sure = 1 - (1 - one.confidence) * (1 - surest.confidence)
    else:
        sure = sigmoid(logit(one.confidence) + max(agree, 0.0))
    judges = tuple(dict.fromkeys((*one.judges, *surest.judges)))
    if "llm" in surest.judges and surest.label != "wrong_item" and one.named < SURE_NAME:
        one = replace(one, label=surest.label, named=surest.named)
    return replace(one, confidence=max(sure, one.confidence), judges=judges)


def fuse(
    quality: Quality,
    opinions: Sequence[Opinion],
    *,
    size_px: tuple[int, int],
    weights: Weights | None = None,
    product_id: str = "",
    sku: str = "",
) -> Report:
    """The desk's one answer.

    ``size_px`` is the upright upload's width and height; ``product_id`` and ``sku`` name the
    catalogue photo it was compared with.
    """
    used = weights or shipped()
    findings = merge(opinions, used)
    other = _other_product(findings, used)
    score = other.confidence if other else score_of(opinions, used)
    evidence = _evidence(opinions, findings, used)
    verdict, closing = _verdict(quality, opinions, evidence)
    # A photo that is asked for again has one thing to do, not what each judge would like.
    said = () if verdict == "retake" else opinions
    reasons = [reason_of(one, confirmed(opinions)) for one in said]
    top = _top(findings, opinions) if verdict == "damage" else None
    return Report(
        verdict=verdict,
        score=None if verdict == "retake" or score is None else round(score, 4),
        quality=quality,
        findings=findings,
        opinions=tuple(opinions),
        reasons=tuple(dict.fromkeys(text for text in (*reasons, *closing) if text)),
        recommendation=Recommendation.of(top.label) if top else None,
        model=" · ".join(dict.fromkeys(one.model for one in opinions if one.model)),
        width_px=size_px[0],
        height_px=size_px[1],
        product_id=product_id,
        sku=sku,
    )


def _other_product(findings: Sequence[Finding], weights: Weights) -> Finding | None:
    for one in findings:
        if one.label == "wrong_item" and one.confidence >= weights.wrong_item_at:
            return one
    return None


def score_of(opinions: Sequence[Opinion], weights: Weights) -> float | None:
    """The calibrated probability of damage as it is told; None where no judge could say."""
    found = probability_of(opinions, weights)
    alone = [one.judge for one in opinions if _spoke(one)] == ["detector"]
    return None if found is None else min(found, HINT_CAP if alone else CAP)


def probability_of(opinions: Sequence[Opinion], weights: Weights) -> float | None:
    """:func:`score_of` without its cap: the bar for a claim may lie above what is told."""
    if not any(_spoke(one) for one in opinions):
        return None
    return sigmoid(terms(opinions, weights).total)


def _evidence(
    opinions: Sequence[Opinion],
    findings: Sequence[Finding],
    weights: Weights,
) -> bool:
    """Whether there is ground for a claim: never from the detector alone."""
    if _other_product(findings, weights):
        return True
    score = probability_of(opinions, weights)
    if score is None:
        return False
    reference, llm = _of(opinions, "reference"), _of(opinions, "llm")
    if not confirmed(opinions):
        # A hint that points elsewhere must not lift a weak difference over the bar.
        score = min(score, _without_hint(opinions, weights))
    compared = (
        reference.state == "seen"
        and (reference.score or 0.0) >= weights.reference_seen_at
        and bool(reference.findings)
        and score >= weights.damage_at
    )
    read = (
        llm.state == "seen"
        and (llm.score or 0.0) >= weights.llm_damage_at
        and bool(llm.findings)
        and score >= 0.5
    )
    return compared or read


def _without_hint(opinions: Sequence[Opinion], weights: Weights) -> float:
    rest = [one for one in opinions if one.judge != "detector"]
    return probability_of(rest, weights) or 0.0


def _verdict(
    quality: Quality,
    opinions: Sequence[Opinion],
    evidence: bool,
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and the sentences that say what happens next."""
    reference = _of(opinions, "reference")
    aligned = _spoke(reference)
    advice = advice_sentence(quality)
    if not quality.usable and not (aligned and set(quality.problems) <= FORGIVEN):
        # Damage that shows even on a bad photo is not thrown away: a person looks.
        verdict: Verdict = "review" if evidence else "retake"
        return verdict, (advice, CLOSING) if verdict == "review" else (advice,)
    if evidence:
        return "damage", ()
    if any(one.state == "seen" for one in opinions):
        return "review", (CLOSING,)
    if reference.state == "unsure" and _of(opinions, "llm").state != "clear":
        return "retake", (advice or NOT_ALIGNED,)
    told = "clear" in (reference.state, _of(opinions, "llm").state)  # by the judge's own reason
    return "review", (CLOSING if told else f"{NOTHING_SEEN} {CLOSING}", advice)


def _top(findings: Sequence[Finding], opinions: Sequence[Opinion]) -> Finding | None:
    """The surest finding that is more than a hint."""
    grounds = [one for one in findings if set(one.judges) & {"reference", "llm"}]
    named = [one for one in grounds if one.label in LABELS]
    return max(named, key=lambda one: one.confidence, default=None)
