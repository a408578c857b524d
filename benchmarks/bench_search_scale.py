"""The policy search at 10,000 and 1,000,000 clauses, beside two baselines on the same texts.

Clauses are made of the shop's own policy sentences: some words changed for other words of
the policies, as often as these occur there, and some for rare ones that nobody knows, so
that frequencies fall off as they do in real text. The 10,000 go through the whole builder;
the million comes with ready terms and vectors, which would take Kiwi hours.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import settings
from benchmarks.questions import QUESTIONS, WARM_UP
from benchmarks.timing import figures
from retrieval import (
    Chunk,
    CongEncoder,
    Document,
    KoreanTokenizer,
    PolicyIndex,
    PolicySearch,
    load_folder,
)
from retrieval.baselines import lancedb_simple, whitespace_bm25
from retrieval.chunking import chunk_document
from retrieval.entries import Encoded, hash64
from retrieval.index import FIRST_DAY, LAST_DAY, parts_of, payload_of

__all__ = ["run"]

WORDS_A_SENTENCE = 12
SENTENCES, SENTENCES_READY = 4, 2  # a clause: as the shop's own; fewer to spare the disk
CHANGED, RARE = 0.35, 0.08  # shares of words
RARE_WORDS = 200_000
BLOCK = 10_000
STAFF_EVERY = 10  # one clause in so many is internal
READY_FROM = 50_000  # clauses; Kiwi needs 2 ms for each
COMPARED = 24  # questions whose nearest clauses are looked for among all
DAY = date(2026, 11, 21)
Words = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pool:
    """Words of the policies with their terms and vectors, and sentences of word numbers."""

    words: list[str]
    terms: list[str]
    vectors: NDArray[np.float32]
    sentences: Words  # (n, WORDS_A_SENTENCE), -1 after the end
    frequent: Words  # every word as often as it occurs

    @classmethod
    def of_policies(cls, tokenizer: KoreanTokenizer, encoder: CongEncoder) -> Pool:
        """Read from data/policies."""
        documents = load_folder(settings.ROOT / "data" / "policies", settings.load().rules())
        chunks = (chunk for document in documents for chunk in chunk_document(document))
        texts = dict.fromkeys(part.text for chunk in chunks for part in parts_of(chunk))
        split = [text.split()[:WORDS_A_SENTENCE] for text in texts]
        number = {word: n for n, word in enumerate(dict.fromkeys(w for s in split for w in s))}
        sentences = np.full((len(split), WORDS_A_SENTENCE), -1)
        for row, some in zip(sentences, split, strict=True):
            row[: len(some)] = [number[word] for word in some]
        return cls(
            words=list(number),
            terms=[" ".join(tokenizer.index_terms(word)) for word in number],
            vectors=encoder.encode(list(number)),
            sentences=sentences,
            frequent=sentences[sentences >= 0],
        )

    def clauses(self, count: int) -> Iterator[Words]:
        """Blocks (m, sentences, WORDS_A_SENTENCE) of word numbers, the same every time; -1
        is no word, numbers from ``len(words)`` on are rare words."""
        random = np.random.default_rng(7)
        sentences = SENTENCES if count < READY_FROM else SENTENCES_READY
        for at in range(0, count, BLOCK):
            size = (min(BLOCK, count - at), sentences)
            found = self.sentences[random.integers(0, len(self.sentences), size)]
            dice = random.random(found.shape)
            others = self.frequent[random.integers(0, len(self.frequent), found.shape)]
            rare = len(self.words) + random.zipf(1.3, found.shape) % RARE_WORDS
            changed = np.where(dice < RARE, rare, np.where(dice < RARE + CHANGED, others, found))
            yield np.where(found < 0, -1, changed)

    def texts(self, count: int) -> Iterator[str]:
        """The clauses as people would read them."""
        for block in self.clauses(count):
            for clause in block.tolist():
                yield " ".join(self._word(one) for some in clause for one in some if one >= 0)

    def encoded(self, count: int) -> Iterator[Encoded]:
        """The clauses as the builder would hand them to the writer."""
        width = self.vectors.shape[1]
        known = np.concatenate([self.vectors, np.zeros((1, width), np.float32)])
        number = 0
        for block in self.clauses(count):
            places = np.where((block < 0) | (block >= len(self.words)), len(self.words), block)
            sentences = known[places].sum(axis=2)
            vectors = np.concatenate([sentences.sum(axis=1, keepdims=True), sentences], axis=1)
            lengths = np.linalg.norm(vectors, axis=2, keepdims=True)
            vectors /= np.maximum(lengths, 1e-6)
            for clause, rows in zip(block.tolist(), vectors, strict=True):
                yield self._encoded(number, clause, rows)
                number += 1

    def _encoded(self, number: int, clause: list[list[int]], rows: NDArray[np.float32]) -> Encoded:
        words = [one for some in clause for one in some if one >= 0]
        audience = "staff" if number % STAFF_EVERY == 0 else "public"
        text = " ".join(self._word(one) for one in words)
        key = f"p{number}"
        chunk = Chunk(key, key, "", "", audience, "", text, 0, None, None, 1)  # type: ignore[arg-type]
        return Encoded(
            key=key,
            group=hash64(key),
            payload=payload_of(chunk),
            columns={"audience": audience, "starts": FIRST_DAY, "ends": LAST_DAY},
            tokens=" ".join(self._terms(one) for one in words),
            vectors=rows[rows.any(axis=1)] if rows[0].any() else rows[:0],
        )

    def _word(self, number: int) -> str:
        return self.words[number] if number < len(self.words) else f"w{number}"

    def _terms(self, number: int) -> str:
        return self.terms[number] if number < len(self.words) else f"w{number}"


def run(chunks: int = 10_000) -> dict[str, float]:
    """Figures named by the size (``10k``, ``1m``): ``search_*``, ``lancedb_default_*`` and
    ``whitespace_*``, each with ``p50_ms``, ``p95_ms`` and ``cpu_p95_ms``; MiB that searching
    takes, its own and of mapped files; ``index_*`` seconds of the whole builder, or, from
    ``READY_FROM`` on, ``write_*`` seconds with terms and vectors made before; ``recall_*``,
    the share of the ten clauses nearest by vector that are among the candidates."""
    name = _size(chunks)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = KoreanTokenizer()
        encoder = CongEncoder(tokenizer, Path(folder))
        pool = Pool.of_policies(tokenizer, encoder)
        index = PolicyIndex(Path(folder) / "index", tokenizer, encoder)
        if chunks < READY_FROM:
            documents = [_document(n, text) for n, text in enumerate(pool.texts(chunks))]
            index.build(documents[:1])  # the encoder's basis is not the index's time
            started, kind = time.perf_counter(), "index"
            before = time.process_time()
            index.build(documents)
        else:
            groups = {hash64(f"p{number}"): 0 for number in range(chunks)}
            started, kind = time.perf_counter(), "write"
            before = time.process_time()
            index.engine.write(pool.encoded(chunks), groups)
        found = {
            f"{kind}_{name}_s": time.perf_counter() - started,
            f"{kind}_{name}_cpu_s": time.process_time() - before,
        }
        files = (path.stat().st_size for path in index.directory.rglob("*") if path.is_file())
        found[f"index_{name}_mib"] = sum(files) / 2**20
        found |= _searches(index, pool, chunks, Path(folder))
        return found | {f"recall_{name}": _recall(index, encoder)}


def _searches(index: PolicyIndex, pool: Pool, chunks: int, folder: Path) -> dict[str, float]:
    name, before = _size(chunks), _memory()
    search = PolicySearch(index, cache_size=0)
    for question in WARM_UP:
        search.search(question, today=DAY)
    found = figures(f"search_{name}", QUESTIONS, lambda one: search.search(one, today=DAY))
    after = _memory()
    found |= {f"search_{name}_{kind}_mib": after[kind] - before[kind] for kind in before}
    plain = lancedb_simple(pool.texts(chunks), folder / "lancedb")
    for question in WARM_UP:
        plain(question)
    found |= figures(f"lancedb_default_{name}", QUESTIONS, plain)
    words = whitespace_bm25(pool.texts(chunks))
    return found | figures(f"whitespace_{name}", QUESTIONS, words)


def _recall(index: PolicyIndex, encoder: CongEncoder) -> float:
    snapshot = index.snapshot()
    assert snapshot is not None
    shares: list[float] = []
    for query in encoder.encode(QUESTIONS[:: len(QUESTIONS) // COMPARED]):
        scores = np.concatenate(
            [
                np.add(
                    *snapshot.cosines(query, np.arange(at, min(at + BLOCK, snapshot.entries)))[:2]
                )
                for at in range(0, snapshot.entries, BLOCK)
            ]
        )
        best = np.argsort(-np.nan_to_num(scores, nan=-2))[:10]
        shares.append(float(np.isin(best, snapshot.by_vector(query, (), 300)).mean()))
    return sum(shares) / len(shares)


def _document(number: int, text: str) -> Document:
    return Document(f"p{number}", "", "", "public", None, None, 1, text, str(number))


def _memory() -> dict[str, float]:
    """MiB of this process: its own (``own``) and mapped from files (``mapped``)."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    values = {line[0]: int(line[1]) / 1024 for line in lines if line[0].startswith("Rss")}
    return {"own": values["RssAnon:"], "mapped": values["RssFile:"]}


def _size(chunks: int) -> str:
    return f"{chunks // 1000}k" if chunks < 1_000_000 else f"{chunks // 1_000_000}m"
