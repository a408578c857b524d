"""Does fusing ever cost anything: hybrid against the better of its parts, RRF beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evals.rankings import Ranked, RankedSet, ranked_sets
from evals.stats import bootstrap
from evals.subject import Subject
from evals.types import Case, Metric, Progress, SuiteResult
from services.quality_figures import MODES as SAID

__all__ = ["TITLE", "run"]

TITLE = "합치기"
GOAL = -0.005  # never further below the better part than this
SHOWN = 200


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """Differences of R@1 and R@5 on every set; the first figure is the worst of them."""
    sets = [one for one in ranked_sets(subject, progress) if one.answerable]
    if not sets:
        return SuiteResult("fusion", TITLE, skipped="정답이 달린 질문 모음이 없습니다.")
    ours = [_gain(one, "hybrid", within) for one in sets for within in (1, 5)]
    rrf = [_gain(one, "rrf", within) for one in sets for within in (1, 5)]
    least = min(ours, key=lambda metric: metric.value)
    worst = replace(least, name="worst", title="나은 쪽과의 차이(최저)")
    return SuiteResult(
        suite="fusion",
        title=TITLE,
        metrics=(worst, *ours, *(replace(one, goal=None, margin=None) for one in rrf)),
        cases=tuple(_cases(sets))[:SHOWN],
    )


def _gain(one: RankedSet, mode: str, within: int) -> Metric:
    """Recall of ``mode`` less the better recall of keyword and vector, paired a question."""

    def figure(rows: Sequence[Ranked]) -> float:
        recall = {name: _recall(rows, name, within) for name in (mode, "keyword", "vector")}
        return recall[mode] - max(recall["keyword"], recall["vector"])

    low, high = bootstrap(one.answerable, figure)
    how = SAID[mode]
    return Metric(
        f"{one.name}.{mode}.r{within}", f"{one.title} R@{within}: {how} − 나은 쪽",
        figure(one.answerable), len(one.answerable), low, high, goal=GOAL, margin=0.01,
    )  # fmt: skip


def _recall(rows: Sequence[Ranked], mode: str, within: int) -> float:
    found = sum((row.places[mode] or 99) <= within for row in rows)
    return found / max(len(rows), 1)


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
