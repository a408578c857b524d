"""Does the search find the clause: keyword, vector, RRF and ours side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from agent.shop.calendar import day_of
from evals.rankings import DATA, MODES, Ranked, RankedSet, labelled, ranked_sets
from evals.stats import bootstrap, share
from evals.subject import Subject
from evals.types import Case, ClassRow, Metric, Progress, SuiteResult
from services.quality_figures import MODES as SAID

__all__ = ["TITLE", "run", "size"]

TITLE = "정책 찾기"
SHOWN = 200
GOALS = {
    ("shop_test", 1): 0.60, ("shop_test", 5): 0.88,
    ("korquad", 1): 0.92, ("korquad", 5): 0.99,
}  # fmt: skip


def size() -> int:
    """Questions of the shop's own sets; those of ``../shared`` come on top."""
    return sum(len(labelled(DATA / f"{part}.jsonl")) for part in ("dev", "test"))


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """Every set in every mode, and whether what nothing answers is honestly left alone."""
    sets = ranked_sets(subject, progress)
    honest = _off_topic(subject)
    if not sets and not honest:
        return SuiteResult("retrieval", TITLE, skipped="정답이 달린 질문 모음이 없습니다.")
    metrics = [metric for one in sets for metric in _metrics(one)]
    return SuiteResult(
        suite="retrieval",
        title=TITLE,
        metrics=(*metrics, *_honesty(sets, honest), *_speed(sets)),
        classes=tuple(_topics(sets)),
        cases=tuple(_cases(sets, honest))[:SHOWN],
    )


def _metrics(one: RankedSet) -> Iterator[Metric]:
    rows, name, title = one.answerable, one.name, one.title
    for mode in reversed(MODES):
        ours = mode == "hybrid"
        how = "" if ours else f" · {SAID[mode]}만" if mode != "rrf" else " · RRF"
        for within in (1, 5):
            yield share(
                f"{name}.{mode}.r{within}", f"{title} R@{within}{how}",
                sum(_within(row, mode, within) for row in rows), len(rows),
                goal=GOALS.get((name, within)) if ours else None, margin=0.01 if ours else None,
            )  # fmt: skip
        yield _mrr(f"{name}.{mode}.mrr", f"{title} MRR@10{how}", rows, mode)


def _within(row: Ranked, mode: str, within: int) -> bool:
    place = row.places[mode]
    return place is not None and place <= within


def _mrr(name: str, title: str, rows: Sequence[Ranked], mode: str) -> Metric:
    def figure(values: Sequence[float]) -> float:
        return sum(values) / max(len(values), 1)

    values = [1 / place if (place := row.places[mode]) else 0.0 for row in rows]
    low, high = bootstrap(values, figure)
    margin = 0.01 if mode == "hybrid" else None
    return Metric(name, title, figure(values), len(values), low, high, margin=margin)


def _off_topic(subject: Subject) -> list[tuple[Case, bool]]:
    """Questions about anything else: (the case it would make, whether nothing was claimed)."""
    path = DATA / "off_topic.jsonl"
    found: list[tuple[Case, bool]] = []
    today = day_of(subject.shop.clock())
    for number, line in enumerate(_lines(path), 1):
        text = json.loads(line)["question"]
        result = subject.shop.policies.search(text, today=today)
        got = result.hits[0].chunk.chunk_id if result.hits else ""
        case = Case(f"evals/retrieval/{path.name}:{number}", text, "없음", got, 0.5, "딴 이야기")
        found.append((case, not (result.hits and result.confident)))
    return found


def _lines(path: Path) -> list[str]:
    text = path.read_text("utf-8") if path.is_file() else ""
    return [line for line in text.splitlines() if line.strip()]


def _honesty(sets: Sequence[RankedSet], honest: list[tuple[Case, bool]]) -> Iterator[Metric]:
    if honest:
        yield share("off_topic.honest", "딴 이야기에 답이 없다고 한 비율",
                    sum(ok for _, ok in honest), len(honest), margin=0.02)  # fmt: skip
    for one in sets:
        if not one.name.startswith("shop"):
            continue
        kept = [row.confident for row in one.answerable]
        yield share(f"{one.name}.kept", f"{one.title}: 답이 있는 질문에 답한 비율",
                    sum(kept), len(kept), margin=0.02)  # fmt: skip
        silent = [not row.confident for row in one.rows if not row.asked.relevant]
        if silent:
            yield share(f"{one.name}.silent", f"{one.title}: 조항이 없는 질문에 없다고 한 비율",
                        sum(silent), len(silent), margin=None)  # fmt: skip


def _speed(sets: Sequence[RankedSet]) -> Iterator[Metric]:
    for one in sets:
        times = sorted(row.ms["hybrid"] for row in one.rows)
        if times:
            yield Metric(
                f"{one.name}.ms", f"{one.title}: 질문 하나 (중앙값)", median(times), len(times),
                times[int(0.025 * len(times))], times[int(0.975 * len(times))],
                better="lower", unit="ms", margin=None,
            )  # fmt: skip


def _topics(sets: Sequence[RankedSet]) -> Iterator[ClassRow]:
    """The shop's own test by document: how often its clauses come first."""
    rows = [row for one in sets if one.name == "shop_test" for row in one.answerable]
    documents = {key.split("#")[0] for row in rows for key in row.asked.relevant}
    found = []
    for document in documents:
        mine = [row for row in rows if _about(row, document)]
        first = [row for row in rows if row.found.split("#")[0] == document]
        right = sum(_within(row, "hybrid", 1) for row in first)
        precision, recall = (
            _ratio(right, len(first)),
            _ratio(sum(_within(row, "hybrid", 1) for row in mine), len(mine)),
        )
        f1 = _ratio(2 * precision * recall, precision + recall)
        found.append(ClassRow(document, len(mine), precision, recall, f1))
    return iter(sorted(found, key=lambda row: row.f1))


def _about(row: Ranked, document: str) -> bool:
    return any(key.split("#")[0] == document for key in row.asked.relevant)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _cases(sets: Sequence[RankedSet], honest: list[tuple[Case, bool]]) -> Iterator[Case]:
    """Own questions first, then the claims that should not be, then others' sets."""
    own = [one for one in sets if one.name.startswith("shop")]
    others = [one for one in sets if not one.name.startswith("shop")]
    for one in own:
        yield from _missed(one)
    yield from (case for case, ok in honest if not ok)
    for one in others:
        yield from list(_missed(one))[:30]


def _missed(one: RankedSet) -> Iterator[Case]:
    rows = [row for row in one.answerable if row.places["hybrid"] != 1]
    for row in sorted(rows, key=lambda row: -(row.places["hybrid"] or 99)):
        place = row.places["hybrid"]
        note = f"정답은 {place}위" if place else "정답이 10위 밖"
        yield one.case(row, (place or 99) / 100, note)
