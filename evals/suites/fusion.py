"""Does fusing ever cost anything: keyword, vector, RRF and ours, and ours less the better part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from evals.rankings import MODES, Ranked, RankedSet, ranked_sets
from evals.stats import bootstrap, share
from evals.subject import Subject
from evals.types import Case, Metric, Progress, SuiteResult
from services.quality_figures import MODES as SAID

__all__ = ["TITLE", "run"]

TITLE = "합치기"
GOAL = -0.005  # never further below the better part than this
SHOWN = 200
WITHIN = (1, 5)


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """R@1 and R@5 of every set: ours less the better part (the worst first), then each mode."""
    sets = [one for one in ranked_sets(subject, progress) if one.answerable]
    if not sets:
        return SuiteResult("fusion", TITLE, skipped="정답이 달린 질문 모음이 없습니다.")
    gains = [_gain(one, within) for one in sets for within in WITHIN]
    least = min(gains, key=lambda metric: metric.value)
    worst = replace(least, name="worst", title="나은 쪽과의 차이(최저)")
    return SuiteResult(
        suite="fusion",
        title=TITLE,
        metrics=(worst, *gains, *(metric for one in sets for metric in _each_mode(one))),
        cases=tuple(_cases(sets))[:SHOWN],
    )


def _gain(one: RankedSet, within: int) -> Metric:
    """Recall of ours less the better recall of keyword and vector, paired a question."""

    def figure(rows: Sequence[Ranked]) -> float:
        ours, *parts = (_hits(rows, mode, within) for mode in ("hybrid", "keyword", "vector"))
        return (ours - max(parts)) / max(len(rows), 1)

    low, high = bootstrap(one.answerable, figure)
    return Metric(
        f"{one.name}.gain.r{within}", f"{one.title} R@{within} 차이",
        figure(one.answerable), len(one.answerable), low, high, goal=GOAL, margin=0.01,
    )  # fmt: skip


def _each_mode(one: RankedSet) -> Iterator[Metric]:
    """The recalls behind the differences; told for comparison, the gains are what is judged."""
    rows = one.answerable
    for within in WITHIN:
        for mode in MODES:
            yield share(
                f"{one.name}.{mode}.top{within}", f"{one.title} R@{within}",
                _hits(rows, mode, within), len(rows), margin=None,
            )  # fmt: skip


def _hits(rows: Sequence[Ranked], mode: str, within: int) -> int:
    return sum((row.places[mode] or 99) <= within for row in rows)


def _cases(sets: Sequence[RankedSet]) -> list[Case]:
    """Questions that one part alone puts first and the fusion does not."""
    found = []
    for one in sets:
        for row in one.answerable:
            right = [name for name in ("keyword", "vector") if row.places[name] == 1]
            place = row.places["hybrid"]
            if right and place != 1:
                parts = "·".join(SAID[name] for name in right)
                fused = f"{place}위" if place else "10위 밖"
                note = f"{parts} 검색만으로는 1위, 합치면 {fused}"
                found.append(one.case(row, len(right) + (place or 99) / 100, note))
    return sorted(found, key=lambda case: -case.weight)
