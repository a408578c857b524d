"""How fast the policy search answers, beside a plain whitespace BM25 in the same run.

Every question is asked once: a repeated one would come out of a cache and flatter us.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import settings
from retrieval import CongEncoder, KoreanTokenizer, PolicyIndex, PolicySearch, load_folder
from retrieval.bm25 import K1, B

__all__ = ["main", "run"]

SUBJECTS = (
    "환불은", "반품 배송비는", "교환 신청은", "카드 취소는", "쿠폰은", "택배는", "주문 취소는",
    "현금영수증은", "배송지 변경은", "불량 상품은", "비밀번호는", "무통장 입금은",
)  # fmt: skip
ENDINGS = (
    "언제 되나요", "어떻게 하나요", "누가 내요?", "며칠 걸려요", "안 되는데 왜 그래요",
    "다시 받을 수 있나요", "어디서 확인해요", "꼭 해야 하나요",
)  # fmt: skip
WARM_UP = ("안녕하세요", "배송 조회", "영업시간")


def run() -> dict[str, float]:
    """Milliseconds a question: ``search_*`` (hybrid), ``keyword_*``, ``vector_*`` and
    ``baseline_*``, each with ``p50_ms`` and ``p95_ms``."""
    questions = [f"{subject} {ending}" for subject in SUBJECTS for ending in ENDINGS]
    day = date.today()
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = KoreanTokenizer()
        index = PolicyIndex(Path(folder), tokenizer, CongEncoder(tokenizer, Path(folder)))
        index.build(load_folder(settings.ROOT / "data" / "policies", settings.load().rules()))
        search = PolicySearch(index, cache_size=0)
        for question in WARM_UP:
            search.search(question, today=day)
        third = len(questions) // 3
        figures = _figures("search", questions, lambda q: search.search(q, today=day))
        # Other wordings for the single modes, so that no analysis is in the cache.
        polite = [f"저기요 {question}" for question in questions[:third]]
        figures |= _figures(
            "keyword", polite, lambda q: search.search(q, mode="keyword", today=day)
        )
        direct = [f"혹시 {question}" for question in questions[third : 2 * third]]
        figures |= _figures("vector", direct, lambda q: search.search(q, mode="vector", today=day))
        snapshot = index.snapshot()
        assert snapshot is not None
        baseline = _baseline([chunk.text for chunk in snapshot.chunks])
    return figures | _figures("baseline", questions, baseline)


def _figures(name: str, questions: list[str], ask: Callable[[str], object]) -> dict[str, float]:
    spent: list[float] = []
    for question in questions:
        started = time.perf_counter()
        ask(question)
        spent.append((time.perf_counter() - started) * 1000)
    return {
        f"{name}_p50_ms": statistics.median(spent),
        f"{name}_p95_ms": statistics.quantiles(spent, n=20)[-1],
    }


def _baseline(texts: list[str]) -> Callable[[str], list[int]]:
    """BM25 over whitespace words, scored one document after the other."""
    counts = [Counter(text.split()) for text in texts]
    lengths = [sum(count.values()) for count in counts]
    average = sum(lengths) / len(lengths)
    frequency = Counter(word for count in counts for word in count)

    def score(words: list[str], number: int) -> float:
        count, total = counts[number], 0.0
        damping = K1 * (1 - B + B * lengths[number] / average)
        for word in words:
            if count[word]:
                rows = frequency[word]
                idf = math.log(1 + (len(texts) - rows + 0.5) / (rows + 0.5))
                total += idf * count[word] / (count[word] + damping)
        return total

    def ask(question: str) -> list[int]:
        words = question.split()
        return sorted(range(len(texts)), key=lambda number: -score(words, number))[:5]

    return ask


def main() -> None:
    """Print the figures, one a line."""
    for name, value in run().items():
        print(f"{name:<18}{value:8.2f}")


if __name__ == "__main__":
    main()
