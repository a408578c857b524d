"""How good the understanding is on a labelled file: figures, a table and what is confused."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from errors import BadInput

if TYPE_CHECKING:
    from agent.understanding.understander import Understander

__all__ = ["ClassScore", "accuracy", "class_scores", "classify_file", "macro_f1", "read_labelled"]

WORST_CONFUSIONS = 12


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Precision, recall and F1 (0 to 1) of one label; ``support`` counts its examples."""

    label: Hashable
    support: int
    precision: float
    recall: float
    f1: float


def class_scores(truth: Sequence[Hashable], guessed: Sequence[Hashable]) -> list[ClassScore]:
    """A row for each label in ``truth``, in the order of its first occurrence."""
    hits = Counter(t for t, g in zip(truth, guessed, strict=True) if t == g)
    wanted, answered = Counter(truth), Counter(guessed)
    rows = []
    for label, support in wanted.items():
        precision = hits[label] / answered[label] if answered[label] else 0.0
        recall = hits[label] / support
        both = precision + recall
        f1 = 2 * precision * recall / both if both else 0.0
        rows.append(ClassScore(label, support, precision, recall, f1))
    return rows


def macro_f1(truth: Sequence[Hashable], guessed: Sequence[Hashable]) -> float:
    """The mean F1 over the labels that occur in ``truth``; 0 when it is empty."""
    rows = class_scores(truth, guessed)
    return sum(row.f1 for row in rows) / len(rows) if rows else 0.0


def accuracy(truth: Sequence[Hashable], guessed: Sequence[Hashable]) -> float:
    """The share of equal positions; 0 when there are none."""
    pairs = list(zip(truth, guessed, strict=True))
    return sum(t == g for t, g in pairs) / len(pairs) if pairs else 0.0


def read_labelled(path: Path | str) -> list[tuple[str, str]]:
    """(label, text) of each line ``label<TAB>text``; blank lines and a header are skipped.

    Raises BadInput naming the line that has no tab, or when the file cannot be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"파일을 읽을 수 없습니다: {path}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label, tab, text = line.partition("\t")
        if not tab:
            raise BadInput(f"{path} {number}행에 탭이 없습니다. 형식: 의도<TAB>문장")
        rows.append((label.strip(), text.strip()))
    return rows[1:] if rows[:1] and rows[0] in _HEADERS else rows


_HEADERS = (("label", "text"), ("intent", "text"))


def classify_file(path: Path | str, understander: Understander) -> str:
    """A report on the file at ``path``: accuracy, macro-F1, each class, what is confused.

    Raises BadInput when the file is not ``label<TAB>text`` lines, or has none.
    """
    rows = read_labelled(path)
    if not rows:
        raise BadInput(f"분류할 문장이 없습니다: {path}")
    now = datetime.now(UTC)
    started = time.perf_counter()
    guessed = [understander.understand(text, now).intent for _, text in rows]
    each_ms = (time.perf_counter() - started) * 1000 / len(rows)
    truth = [label for label, _ in rows]
    head = (
        f"messages {len(rows)}  accuracy {accuracy(truth, guessed):.3f}  "
        f"macro-F1 {macro_f1(truth, guessed):.3f}  {each_ms:.1f} ms/message"
    )
    return "\n".join([head, "", *_table(truth, guessed), "", *_confusions(rows, guessed)])


def _table(truth: list[str], guessed: list[str]) -> list[str]:
    lines = [f"{'intent':<16} {'n':>4} {'prec':>6} {'recall':>6} {'F1':>6}"]
    for row in sorted(class_scores(truth, guessed), key=lambda row: str(row.label)):
        figures = f"{row.precision:>6.2f} {row.recall:>6.2f} {row.f1:>6.2f}"
        lines.append(f"{row.label!s:<16} {row.support:>4} {figures}")
    return lines


def _confusions(rows: list[tuple[str, str]], guessed: list[str]) -> list[str]:
    """The commonest (label → guess) mistakes, each with one message as an example."""
    counts: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], str] = {}
    for (label, text), guess in zip(rows, guessed, strict=True):
        if label != guess:
            counts[label, guess] += 1
            example.setdefault((label, guess), text)
    lines = ["most confused (label → guess):"] if counts else ["no mistakes"]
    for (label, guess), count in counts.most_common(WORST_CONFUSIONS):
        lines.append(f"{count:>4}  {label} → {guess}: {example[label, guess][:60]}")
    return lines
