"""Cut a policy into clauses: one a ``## `` heading, long ones by sentence.

Chunk ids stay the same while a clause keeps its heading: they are made of the heading and
not of its number, so that a clause put in front does not make old citations point elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from retrieval.types import Chunk, Document

__all__ = ["MAX_CHARS", "chunk_document", "split_sentences"]

MAX_CHARS = 700
SLUG_CHARS = 40
_HEADING = re.compile(r"^##[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_TITLE_LINE = re.compile(r"^#[ \t]+.*$\n?", re.MULTILINE)
# A Korean sentence ends in a mark followed by a space; "1.5배" and "3. 1." do not end one
# because a digit stands before or behind the dot.
_SENTENCE_END = re.compile(r"(?<=[.!?。…])(?<!\d\.)[\"'”’)\]]*\s+|\n+")


def split_sentences(text: str) -> list[str]:
    """Sentences of ``text`` by marks and line ends, trimmed, none empty (about 5 µs each)."""
    pieces: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        # Closing quotes belong to the sentence they end.
        end = match.start() + len(match.group().rstrip())
        pieces.append(text[start:end].strip())
        start = match.end()
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]


def chunk_document(document: Document, *, max_chars: int = MAX_CHARS) -> list[Chunk]:
    """The clauses of ``document`` in reading order; headings without text are left out.

    A clause holds at most ``max_chars`` characters unless one sentence alone is longer:
    a sentence is never cut.
    """
    chunks: list[Chunk] = []
    taken: set[str] = set()
    for section, text in _sections(document):
        slug = _unused(_slug(section), taken)
        for part, piece in enumerate(_fit(text, max_chars), start=1):
            suffix = slug if part == 1 else f"{slug}~{part}"
            chunks.append(_chunk(document, suffix, section, piece, len(chunks)))
    return chunks


def _chunk(document: Document, suffix: str, section: str, text: str, position: int) -> Chunk:
    return Chunk(
        chunk_id=f"{document.doc_id}#{suffix}",
        doc_id=document.doc_id,
        title=document.title,
        category=document.category,
        audience=document.audience,
        section=section,
        text=text,
        position=position,
        effective_from=document.effective_from,
        effective_to=document.effective_to,
        version=document.version,
    )


def _sections(document: Document) -> Iterator[tuple[str, str]]:
    headings = list(_HEADING.finditer(document.body))
    first = headings[0].start() if headings else len(document.body)
    # A "# title" line repeats the front matter's title; it is not a clause.
    opening = _TITLE_LINE.sub("", document.body[:first]).strip()
    if opening:
        yield document.title, opening
    for number, heading in enumerate(headings):
        last = number + 1 == len(headings)
        end = len(document.body) if last else headings[number + 1].start()
        text = document.body[heading.end() : end].strip()
        if text:
            yield heading[1], text


def _fit(text: str, max_chars: int) -> list[str]:
    if len(text) <= max_chars:
        return [text]
    # Paragraphs keep their line breaks where they fit; sentences are joined by a space.
    return _pack(text.split("\n\n"), "\n\n", max_chars, lambda piece: _by_line(piece, max_chars))


def _by_line(text: str, max_chars: int) -> list[str]:
    return _pack(
        text.split("\n"),
        "\n",
        max_chars,
        lambda piece: _pack(split_sentences(piece), " ", max_chars, lambda one: [one]),
    )


def _pack(
    pieces: list[str], glue: str, max_chars: int, cut: Callable[[str], list[str]]
) -> list[str]:
    """Fill chunks with whole ``pieces``; one too long by itself goes through ``cut``."""
    packed: list[str] = []
    open_chunk = ""
    for piece in (stripped for raw in pieces if (stripped := raw.strip())):
        joined = f"{open_chunk}{glue}{piece}" if open_chunk else piece
        if len(joined) <= max_chars:
            open_chunk = joined
            continue
        if open_chunk:
            packed.append(open_chunk)
        *whole, open_chunk = [piece] if len(piece) <= max_chars else cut(piece)
        packed.extend(whole)
    return [*packed, open_chunk] if open_chunk else packed


def _slug(section: str) -> str:
    slug = re.sub(r"\W+", "-", section.lower()).strip("-")
    return slug[:SLUG_CHARS].rstrip("-") or "clause"


def _unused(slug: str, taken: set[str]) -> str:
    candidate, number = slug, 2
    while candidate in taken:
        candidate, number = f"{slug}-{number}", number + 1
    taken.add(candidate)
    return candidate
