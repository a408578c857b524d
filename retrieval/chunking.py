"""Cut a policy into clauses: one a heading (``#`` to ``####``), long ones by sentence.

Chunk ids stay the same while a clause keeps its heading: they are made of the heading and
not of its number, so that a clause put in front does not make old citations point elsewhere.

A comment below a heading that begins with ``이렇게 물어요`` holds, a line each, other ways in
which customers ask for the clause. Comments are found by and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.pieces import fit, split_sentences
from retrieval.types import Chunk, Document

__all__ = ["ASKED", "MAX_CHARS", "PATH_GLUE", "chunk_document", "split_sentences"]

MAX_CHARS = 700
SLUG_CHARS = 40
PATH_GLUE = " › "
ASKED = "이렇게 물어요"
_HEADING = re.compile(r"^(#{1,4})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^[ \t]{0,3}(```|~~~)")
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"\*\*|__|`")


@dataclass(frozen=True, slots=True)
class _Section:
    heading: str
    path: tuple[str, ...]
    text: str
    asked: tuple[str, ...]


def chunk_document(document: Document, *, max_chars: int = MAX_CHARS) -> list[Chunk]:
    """The clauses of ``document`` in reading order; headings without text are left out.

    A clause holds at most ``max_chars`` characters unless one sentence or table row alone is
    longer. What customers ask belongs to the first piece of a clause that was cut.
    """
    chunks: list[Chunk] = []
    taken: set[str] = set()
    for section in _sections(document):
        slug = _unused(_slug(section.heading), taken)
        for part, piece in enumerate(fit(section.text, max_chars), start=1):
            suffix = slug if part == 1 else f"{slug}~{part}"
            asked = section.asked if part == 1 else ()
            chunks.append(_chunk(document, suffix, section, piece, len(chunks), asked))
    return chunks


def _chunk(
    document: Document,
    suffix: str,
    section: _Section,
    text: str,
    position: int,
    asked: tuple[str, ...],
) -> Chunk:
    return Chunk(
        chunk_id=f"{document.doc_id}#{suffix}",
        doc_id=document.doc_id,
        title=document.title,
        category=document.category,
        audience=document.audience,
        section=section.heading,
        text=text,
        position=position,
        effective_from=document.effective_from,
        effective_to=document.effective_to,
        version=document.version,
        path=PATH_GLUE.join(section.path),
        asked=asked,
        source=document.source,
    )


def _sections(document: Document) -> Iterator[_Section]:
    cut = list(_cut(document.body))
    # The only "# " line repeats the document's title: no clause and no step of the way.
    alone = [level for level, _, _ in cut].count(1) == 1
    above: list[tuple[int, str]] = []  # the headings over the text at hand, with their levels
    for level, heading, raw in cut:
        above = [step for step in above if step[0] < level]
        if level and not (level == 1 and (alone or heading == document.title)):
            above.append((level, heading))
        text = re.sub(r"\n{3,}", "\n\n", _COMMENT.sub("", raw)).strip()
        if text:
            steps = tuple(step[1] for step in above)
            title = document.title
            yield _Section(steps[-1] if steps else title, (title, *steps), text, tuple(_asked(raw)))


def _cut(body: str) -> Iterator[tuple[int, str, str]]:
    """(level, heading, what follows it); level 0 is the text before the first heading.

    A ``#`` inside a comment or a code block is no heading.
    """
    level, heading, lines = 0, "", list[str]()
    hidden, fence = False, ""
    for line in body.split("\n"):
        found = None if hidden or fence else _HEADING.match(line)
        if found:
            yield level, heading, "\n".join(lines)
            level, heading, lines = len(found[1]), _plain(found[2]), []
            continue
        lines.append(line)
        mark = _FENCE.match(line)
        if mark and not hidden and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        if not fence:
            hidden = line.rfind("<!--") > line.rfind("-->") or (hidden and "-->" not in line)
    yield level, heading, "\n".join(lines)


def _asked(raw: str) -> Iterator[str]:
    for comment in _COMMENT.finditer(raw):
        first, _, rest = comment[1].strip().partition("\n")
        if first.strip().rstrip(":") == ASKED:
            yield from (line.strip(" \t-*") for line in rest.split("\n") if line.strip(" \t-*"))


def _plain(heading: str) -> str:
    """A heading without the marks of Markdown: it is shown and cited as plain text."""
    return _MARKS.sub("", _LINK.sub(r"\1", heading)).strip() or heading


def _slug(section: str) -> str:
    slug = re.sub(r"\W+", "-", section.lower()).strip("-")
    return slug[:SLUG_CHARS].rstrip("-") or "clause"


def _unused(slug: str, taken: set[str]) -> str:
    candidate, number = slug, 2
    while candidate in taken:
        candidate, number = f"{slug}-{number}", number + 1
    taken.add(candidate)
    return candidate
