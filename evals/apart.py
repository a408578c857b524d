"""Proof that training, development and test sentences are different ones.

Train: ``data/intents/*.yaml``, ``data/triage/*.yaml`` and the ``asked`` blocks of the policies.
Development and test: files named ``dev`` or ``test`` under ``evals/``, and those of
:data:`UNNAMED`.
Sentences are compared by their letters and digits alone; two that share most of their
character trigrams count as the same.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from evals.subject import ROOT
from retrieval.chunking import ASKED

__all__ = ["NEAR", "Overlap", "Sentence", "Sentences", "overlaps", "plain", "sentences"]

NEAR = 0.8  # Jaccard similarity of character trigrams from which two sentences are one
TEXT_KEYS = ("text", "question", "query", "message")
PART = re.compile(r"(?:^|[_-])(dev|test)(?:[_-]|$)")
UNNAMED = {"off_topic": "test", "shop": "dev"}  # files whose names do not say it
_ASKED = re.compile(rf"<!--\s*{ASKED}:?[ \t]*\n(.*?)-->", re.DOTALL)
WORD = 3  # letters: below it is a word ("네", "ㅇㅇ"), which any set may hold


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of ``part`` (train, dev, test) and where it stands."""

    part: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two sentences of different parts that are (nearly) the same; ``likeness`` 0 to 1."""

    one: Sentence
    other: Sentence
    likeness: float

    def __str__(self) -> str:
        one, other = self.one, self.other
        return f"{self.likeness:.2f}  {one.where} “{one.text}”  =  {other.where} “{other.text}”"


@dataclass
class Sentences:
    """Every sentence there is, of every part."""

    all: list[Sentence] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """Sentences a part."""
        return Counter(one.part for one in self.all)


def plain(text: str) -> str:
    """What of a sentence is compared: its letters and digits, NFKC, lower case."""
    normal = unicodedata.normalize("NFKC", text).lower()
    return "".join(letter for letter in normal if letter.isalnum())


def sentences(root: Path = ROOT) -> Sentences:
    """The sentences under ``root``."""
    found = Sentences()
    for path in sorted((root / "data" / "intents").glob("*.yaml")):
        rows = yaml.safe_load(path.read_text("utf-8"))["examples"]
        where = path.relative_to(root)
        found.all += (
            Sentence("train", f"{where}:{n}", text)
            for n, row in enumerate(rows, 1)
            for text in _texts(row)
        )
    for path in sorted((root / "data" / "triage").glob("*.yaml")):
        groups = yaml.safe_load(path.read_text("utf-8"))["examples"]
        texts = (text for group in groups for text in group["texts"])
        where = path.relative_to(root)
        found.all += (Sentence("train", f"{where}:{n}", text) for n, text in enumerate(texts, 1))
    for path in sorted((root / "data" / "policies").glob("*.md")):
        for block in _ASKED.findall(path.read_text("utf-8")):
            lines = (line.strip(" \t-*") for line in block.splitlines())
            where = path.relative_to(root)
            found.all += (Sentence("train", str(where), line) for line in lines if line)
    for path in sorted((root / "evals").glob("*/*")):
        named = PART.search(path.stem)
        part = named[1] if named else UNNAMED.get(path.stem)
        if part and path.is_file():
            found.all += _of_file(part, path, root)
    return found


def overlaps(found: Sentences, *, near: float = NEAR) -> list[Overlap]:
    """Pairs of different parts that share a sentence, most alike first."""
    grams = [_grams(plain(one.text)) for one in found.all]
    seen_in: dict[str, list[int]] = defaultdict(list)
    pairs: list[Overlap] = []
    for number, (one, mine) in enumerate(zip(found.all, grams, strict=True)):
        shared = Counter(other for gram in mine for other in seen_in[gram])
        for other, count in shared.items():
            likeness = count / (len(mine) + len(grams[other]) - count)
            if likeness >= near and one.part != found.all[other].part:
                pairs.append(Overlap(found.all[other], one, likeness))
        for gram in mine:
            seen_in[gram].append(number)
    return sorted(pairs, key=lambda pair: -pair.likeness)


def _grams(text: str) -> frozenset[str]:
    """Character trigrams; none of a text shorter than one."""
    if len(text) < WORD:
        return frozenset()
    return frozenset(text[at : at + 3] for at in range(len(text) - 2))


def _of_file(part: str, path: Path, root: Path) -> Iterator[Sentence]:
    where = path.relative_to(root)
    for number, row in enumerate(_rows(path), 1):
        for text in _texts(row):
            yield Sentence(part, f"{where}:{number}", text)


def _rows(path: Path) -> list[Any]:
    text = path.read_text("utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if path.suffix == ".tsv":
        rows = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row[-1] for row in rows if row]
    if path.suffix in (".yaml", ".json"):
        found = yaml.safe_load(text)
        lists = found.values() if isinstance(found, dict) else (found,)
        return [row for one in lists if isinstance(one, list) for row in one]
    return []


def _texts(row: Any) -> Iterator[str]:
    if isinstance(row, str):
        yield row
    elif isinstance(row, dict):
        yield from (row[key] for key in TEXT_KEYS if isinstance(row.get(key), str))
