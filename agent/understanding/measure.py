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

__all__ = [
    "SURE",
    "ClassScore",
    "accuracy",
    "calibration_error",
    "class_scores",
    "classify_file",
    "confident_errors",
    "macro_f1",
    "read_labelled",
]

WORST_CONFUSIONS = 12
SURE = 0.7  # a probability from which the desk acts without asking back
BINS = 10
_HEADER = frozenset({"label", "labels", "intent", "class", "의도", "라벨"})
_TEXT_HEADER = frozenset({"text", "message", "utterance", "sentence", "문장", "발화"})


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


def confident_errors(guesses: Sequence[tuple[bool, float]]) -> float:
    """The share of (right, confidence) pairs that are wrong at :data:`SURE` or above."""
    wrong = sum(not right and confidence >= SURE for right, confidence in guesses)
    return wrong / len(guesses) if guesses else 0.0


def calibration_error(guesses: Sequence[tuple[bool, float]]) -> float:
    """The expected calibration error of (right, confidence) pairs, in ten equal bins.

    The mean distance (0 to 1) between how sure and how often right (Guo et al., 2017).
    """
    bins: dict[int, list[tuple[bool, float]]] = {}
    for right, confidence in guesses:
        bins.setdefault(min(int(confidence * BINS), BINS - 1), []).append((right, confidence))
    apart = (
        abs(sum(right for right, _ in part) - sum(confidence for _, confidence in part))
        for part in bins.values()
    )
    return sum(apart) / len(guesses) if guesses else 0.0


def read_labelled(path: Path | str) -> list[tuple[str, str]]:
    """(label, text) of each line ``label<TAB>text``; blank lines and a header are skipped.

    UTF-8, with or without its mark, or what Korean Windows writes (CP949). Raises BadInput
    naming the line that has no tab, or when the file cannot be read.
    """
    # Not splitlines: a message may hold a line separator that no editor shows as a new line.
    lines = _read(Path(path)).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label, tab, text = line.partition("\t")
        if not tab:
            raise BadInput(f"{path} {number}행에 탭이 없습니다. 형식: 의도<TAB>문장")
        rows.append((label.strip(), text.strip()))
    return rows[1:] if rows and _is_header(*rows[0]) else rows


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"파일을 읽을 수 없습니다: {path}") from error
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(f"파일을 읽을 수 없습니다: {path}. UTF-8로 저장해 주세요.")


def _is_header(label: str, text: str) -> bool:
    return label.lower() in _HEADER and text.lower() in _TEXT_HEADER


def classify_file(path: Path | str, understander: Understander) -> str:
    """A report on the file at ``path``: figures, each class, the confusion matrix, mistakes.

    A label that is no intent of ours is simply never right. Raises BadInput when the file is
    not ``label<TAB>text`` lines, or has none.
    """
    rows = read_labelled(path)
    if not rows:
        raise BadInput(f"분류할 문장이 없습니다: {path}")
    now = datetime.now(UTC)
    understander.understand("안녕하세요", now)  # the first message loads the tokenizer
    started = time.perf_counter()
    understood = [understander.understand(text, now) for _, text in rows]
    each_ms = (time.perf_counter() - started) * 1000 / len(rows)
    truth, guessed = [label for label, _ in rows], [found.intent for found in understood]
    sure = [
        (found.intent == label, found.confidence)
        for found, label in zip(understood, truth, strict=True)
    ]
    head = (
        f"messages {len(rows)}  accuracy {accuracy(truth, guessed):.3f}  "
        f"macro-F1 {macro_f1(truth, guessed):.3f}  {each_ms:.1f} ms/message"
    )
    calibrated = (
        f"confident errors (p >= {SURE}) {confident_errors(sure):.3f}  "
        f"calibration error (ECE) {calibration_error(sure):.3f}  "
        f"answered at p >= {SURE}: {sum(p >= SURE for _, p in sure) / len(sure):.3f}"
    )
    parts = (_table(truth, guessed), _matrix(truth, guessed), _confusions(rows, guessed))
    return "\n".join([head, calibrated, *(line for part in parts for line in ("", *part))])


def _table(truth: list[str], guessed: list[str]) -> list[str]:
    lines = [f"{'intent':<16} {'n':>4} {'prec':>6} {'recall':>6} {'F1':>6}"]
    for row in sorted(class_scores(truth, guessed), key=lambda row: str(row.label)):
        figures = f"{row.precision:>6.2f} {row.recall:>6.2f} {row.f1:>6.2f}"
        lines.append(f"{row.label!s:<16} {row.support:>4} {figures}")
    return lines


def _matrix(truth: list[str], guessed: list[str]) -> list[str]:
    """The confusion matrix: a row a label, columns numbered in the order of the rows."""
    labels = sorted({*truth, *guessed})
    counts = Counter(zip(truth, guessed, strict=True))
    lines = ["confusion (row: label, column: guess)"]
    lines.append(" " * 19 + "".join(f"{at:>4}" for at in range(1, len(labels) + 1)))
    for at, label in enumerate(labels, 1):
        cells = "".join(f"{counts[label, guess] or '.':>4}" for guess in labels)
        lines.append(f"{at:>2} {label:<16}{cells}")
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
