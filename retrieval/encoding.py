"""From an entry's text to its terms and vectors: one pass of the analyser a part.

A passage's vector is made of its parts' morphemes, so nothing is analysed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from retrieval.embed import Encoder, MorphemeEncoder
from retrieval.entries import Encoded, Entry, Part
from retrieval.tokenize import Analysis, KoreanTokenizer

if TYPE_CHECKING:
    from retrieval.embed import Floats

__all__ = ["encode_entries"]

BATCH = 64  # entries an encoder sees at once

Unit = tuple[Part, ...]  # what one vector stands for


def encode_entries(
    tokenizer: KoreanTokenizer, encoder: Encoder, entries: Iterable[tuple[int, Entry]]
) -> Iterator[Encoded]:
    """``entries``, each with its group's number, encoded. Raises what the encoder raises."""
    waiting = iter(entries)
    while batch := list(islice(waiting, BATCH)):
        yield from _encode_batch(tokenizer, encoder, batch)


def _encode_batch(
    tokenizer: KoreanTokenizer, encoder: Encoder, batch: Sequence[tuple[int, Entry]]
) -> Iterator[Encoded]:
    texts = dict.fromkeys(text for _, entry in batch for text in _texts(entry))
    analyses = {text: tokenizer.analyse_once(text) for text in texts}
    units = [_units(entry) for _, entry in batch]
    vectors = _vectors(encoder, analyses, [unit for some in units for unit in some])
    end = 0
    for (group, entry), some in zip(batch, units, strict=True):
        start, end = end, end + len(some)
        own, asked = vectors[start : end - len(entry.asked)], vectors[end - len(entry.asked) : end]
        # Without a vector of the whole there is nothing to compare with, whatever its parts.
        known = own[own.any(axis=1)] if own[0].any() else own[:0]
        yield Encoded(
            key=entry.key,
            group=group,
            payload=entry.payload,
            columns=entry.columns,
            tokens=" ".join(
                term for part in entry.parts for term in analyses[part.text].terms * part.weight
            ),
            vectors=known,
            asked=tuple(
                (" ".join(analyses[text].terms), vector)
                for text, vector in zip(entry.asked, asked, strict=True)
            ),
        )


def _texts(entry: Entry) -> Iterable[str]:
    return (*(part.text for part in entry.parts), *entry.asked)


def _units(entry: Entry) -> list[Unit]:
    """The whole entry, its different sentences unless it is one sentence itself, the asked."""
    sentences = {part.text: Part(part.text) for part in entry.parts if part.sentence}
    alone = len(entry.parts) == 1 and len(sentences) == 1
    asked = [(Part(text),) for text in entry.asked]
    return [entry.parts, *([] if alone else ((one,) for one in sentences.values())), *asked]


def _vectors(encoder: Encoder, analyses: dict[str, Analysis], units: Sequence[Unit]) -> Floats:
    if isinstance(encoder, MorphemeEncoder):
        return encoder.encode_ids(
            [
                [one for part in unit for one in analyses[part.text].ids * part.weight]
                for unit in units
            ]
        )
    return encoder.encode(
        ["\n".join(text for part in unit for text in (part.text,) * part.weight) for unit in units]
    )
