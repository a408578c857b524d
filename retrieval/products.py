"""The catalogue on the search engine: names, keywords, properties and options by their meaning.

An index knows names and prices as of its build. What a customer is told of price and stock
comes from the store; a filter here only leaves out what is far off.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path

from retrieval.embed import END_VECTOR_IDS, FIRST_WORD_ID, Encoder
from retrieval.engine import BuildReport, Index, Progress
from retrieval.entries import Entry, Filter, Group, Part
from retrieval.find import Finder
from retrieval.pieces import split_sentences
from retrieval.spelling import Spelling, count_words, write_spelling
from retrieval.tokenize import KoreanTokenizer
from retrieval.types import IndexStatus, Mode, ModeUsed, Ranks, Scores

__all__ = ["ProductHit", "ProductHits", "ProductIndex", "ProductText"]

RECIPE = "1"  # raise when a product is described otherwise
LOOSE = 0.25  # a price may have moved by so much since the build
MOST_CHARS = 1000  # of a description; the rest is small print
MOST_NAMES = 40  # of options
ELSEWHERE = 4  # similar ones are looked for among so many times as many
_CONSONANTS = re.compile(r"[ㄱ-ㅎ]{2,}")
_HANGUL = re.compile(r"[가-힣]{2,}")
_CODE = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,6}[\s-]?\d{1,6}[A-Za-z]{0,3}(?![0-9A-Za-z])")
_PARTICLE = re.compile(r"(?:이요|으로|에서|이랑|요|은|는|이|가|을|를|로|도|만|랑|하고)$")


@dataclass(frozen=True, slots=True)
class ProductText:
    """What a product is found by. ``price_krw`` and ``category`` are for filters."""

    product_id: str
    name: str
    category: str
    brand: str = ""
    price_krw: int = 0
    description: str = ""
    keywords: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductHit:
    """A found product with every stage's rank and score."""

    product_id: str
    score: float
    ranks: Ranks
    scores: Scores


@dataclass(frozen=True, slots=True)
class ProductHits:
    """Hits best first. ``query`` is what was searched for, misspelt words put right.

    ``mode_used`` and ``notice`` as in :class:`retrieval.types.SearchResult`.
    """

    query: str
    mode_used: ModeUsed
    notice: str = ""
    hits: tuple[ProductHit, ...] = ()


class ProductIndex:
    """An index of products in ``directory``. Making one costs nothing; thread safe."""

    def __init__(self, directory: Path, tokenizer: KoreanTokenizer, encoder: Encoder) -> None:
        self.directory = directory
        self._tokenizer = tokenizer
        self._engine = Index(directory, tokenizer, encoder, recipe=RECIPE)
        self._finder = Finder(self._engine)
        self._spelling: tuple[str, Spelling | None] = ("", None)

    # -- building ------------------------------------------------------------------------------

    def build(
        self,
        texts: Iterable[ProductText],
        *,
        version: int = 0,
        progress: Progress | None = None,
        rebuild: bool = False,
    ) -> BuildReport:
        """Make the index hold exactly ``texts``, gone through two or three times.

        Only new and changed ones are encoded. ``version`` is the catalogue's, told again by
        :attr:`version`. Raises what :meth:`retrieval.engine.Index.build` raises.
        """
        report = self._engine.build(_Groups(texts), progress, rebuild=rebuild)
        snapshot = self._engine.snapshot()
        name = snapshot.version if snapshot else ""
        if name and not self._words_of(name).is_dir():
            self._write_words(texts, name)
        self._write_state(version)
        return report

    @property
    def version(self) -> int | None:
        """The catalogue's version as of the last build; None when there was none."""
        try:
            return int(json.loads(self._state.read_text("utf-8"))["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def usable(self) -> bool:
        """Whether there is an index made by this program's analyser and encoder."""
        status = self._engine.status()
        return status.ready and not status.stale

    def status(self) -> IndexStatus:
        """What lies on the disk."""
        return self._engine.status()

    @property
    def _state(self) -> Path:
        return self.directory / "CATALOGUE.json"

    def _words_of(self, generation: str) -> Path:
        return self.directory / f"words-{generation}"

    def _write_words(self, texts: Iterable[ProductText], name: str) -> None:
        """Written aside and renamed; those of generations long gone are removed."""
        aside = self.directory / f".words-{os.getpid()}"
        write_spelling(aside, count_words(line for text in texts for line in _named(text)))
        os.replace(aside, self._words_of(name))
        for old in sorted(self.directory.glob("words-gen-*"))[:-2]:
            shutil.rmtree(old, ignore_errors=True)

    def _write_state(self, version: int) -> None:
        aside = self._state.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps({"version": version}), "utf-8")
        os.replace(aside, self._state)

    # -- searching -----------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        mode: Mode = "hybrid",
        category: str = "",
        min_price_krw: int = 0,
        max_price_krw: int | None = None,
        top_k: int = 50,
    ) -> ProductHits:
        """The ``top_k`` best products; prices a quarter off the bounds are still among them.

        Never raises for any text.
        """
        text = self.corrected(query)
        filters = _filters(category, min_price_krw, max_price_krw)
        found = self._finder.find(text, mode=mode, top_k=top_k, filters=filters)
        hits = tuple(ProductHit(e.key, e.score, e.ranks, e.scores) for e in found.entries)
        return ProductHits(text, found.mode_used, found.notice, hits)

    def similar(
        self,
        product_id: str,
        *,
        category: str = "",
        min_price_krw: int = 0,
        max_price_krw: int | None = None,
        top_k: int = 20,
    ) -> list[tuple[str, float]]:
        """(product id, cosine) of the nearest by meaning, never itself; [] when unknown."""
        snapshot = self._engine.snapshot()
        entry = snapshot.entry(product_id) if snapshot else None
        if snapshot is None or entry is None:
            return []
        import numpy as np

        try:
            vector = snapshot.vector(entry)
            if vector is None or not vector.any():
                return []
            filters = _filters(category, min_price_krw, max_price_krw)
            near = snapshot.by_vector(vector, filters, top_k * ELSEWHERE)
            near = near[near != entry]
            cosines = np.nan_to_num(snapshot.cosines(vector, near)[0], nan=-1.0)
            order = np.argsort(-cosines, kind="stable")[:top_k]
            return [(snapshot.read(int(near[n]))[0], float(cosines[n])) for n in order]
        except (OSError, RuntimeError):
            return []  # the generation went away: nothing is similar this once

    def corrected(self, query: str) -> str:
        """``query`` with initial consonants, codes and misspelt names as the index has them."""
        spelling = self._words()
        if spelling is None:
            return query
        text = _CODE.sub(lambda match: spelling.known(match[0]) or match[0], query)
        return " ".join(self._word(spelling, word) for word in text.split())

    def _word(self, spelling: Spelling, word: str) -> str:
        if _CONSONANTS.fullmatch(word):
            return " ".join(spelling.begun_by(word)) or word
        forms = dict.fromkeys((word, _PARTICLE.sub("", word)))
        if not _HANGUL.fullmatch(word) or any(_holds(spelling, form) for form in forms):
            return word
        for form in forms:
            if self._may_be_wrong(form) and (right := spelling.nearest(form)):
                return right
        return word

    def _may_be_wrong(self, word: str) -> bool:
        """Whether it is no word of the dictionary with nothing but endings behind it."""
        morphemes = self._tokenizer.morphemes(word)
        if not morphemes or len(word) < 2:
            return False
        first, *rest = morphemes
        if not FIRST_WORD_ID <= first.id < END_VECTOR_IDS:
            return True
        ends = all(one.tag.startswith(("J", "E", "XS", "VC")) for one in rest)
        return len(word) > 2 and (len(first.form) < 2 or not ends)

    def _words(self) -> Spelling | None:
        snapshot = self._engine.snapshot()
        name = snapshot.version if snapshot else ""
        if self._spelling[0] != name:
            folder = self._words_of(name)
            try:
                self._spelling = (name, Spelling(folder) if name and folder.is_dir() else None)
            except OSError:
                self._spelling = (name, None)
        return self._spelling[1]


class _Groups:
    """The products as the engine's groups, anew at every walk."""

    def __init__(self, texts: Iterable[ProductText]) -> None:
        self._texts = texts

    def __iter__(self) -> Iterator[Group]:
        for text in self._texts:
            whole = json.dumps(asdict(text), ensure_ascii=False, sort_keys=True)
            content = blake2b(whole.encode("utf-8", "replace"), digest_size=12).hexdigest()
            yield Group(text.product_id, content, partial(_entries, text))


def _entries(text: ProductText) -> list[Entry]:
    """One entry a product. Name, keywords and description have a vector each: on 65 written
    queries no worse than one for every keyword and sentence, at a third of the size."""
    description = " ".join(split_sentences(text.description[:MOST_CHARS]))
    rest = (
        f"{text.category} {text.brand}",
        " ".join(f"{name} {value}" for name, value in text.attributes.items()),
        " ".join(text.options[:MOST_NAMES]),
    )
    parts = (
        Part(text.name, weight=2),
        *(Part(line) for line in (" ".join(text.keywords), description) if line),
        *(Part(line, sentence=False) for line in rest if line.strip()),
    )
    columns: dict[str, int | str] = {"price_krw": text.price_krw, "category": text.category}
    return [Entry(key=text.product_id, parts=parts, columns=columns)]


def _named(text: ProductText) -> Iterator[str]:
    yield from (text.name, text.brand, text.category)
    for keyword in text.keywords:
        yield keyword
        yield keyword.replace(" ", "")


def _filters(category: str, low: int, high: int | None) -> tuple[Filter, ...]:
    filters = [Filter("category", "=", category)] if category else []
    if low > 0:
        filters.append(Filter("price_krw", ">=", int(low * (1 - LOOSE))))
    if high is not None:
        filters.append(Filter("price_krw", "<=", int(high * (1 + LOOSE))))
    return tuple(filters)


def _holds(spelling: Spelling, word: str) -> bool:
    """Whether it begins or ends as a word of the catalogue does: 이어폰은, 무선이어폰."""
    heads = (word[:end] for end in range(2, len(word) + 1))
    tails = (word[start:] for start in range(1, len(word) - 1))
    return any(spelling.known(part) for part in (*heads, *tails))
