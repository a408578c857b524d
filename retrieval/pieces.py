"""Cut Markdown that is too long for one clause: by paragraph, line, sentence; tables by row."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import wrap

__all__ = ["SENTENCE_MAX_CHARS", "fit", "split_sentences"]

# What runs on for longer without an end is no sentence (a pasted log, a broken PDF).
SENTENCE_MAX_CHARS = 2000
# A Korean sentence ends in a mark followed by a space; "1.5배" and "3. 1." do not end one
# because a digit stands before or behind the dot.
_SENTENCE_END = re.compile(r"(?<=[.!?。…])(?<!\d\.)[\"'”’)\]]*\s+|\n+")
_TABLE_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?\Z")


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


def fit(text: str, max_chars: int) -> list[str]:
    """``text`` in pieces of at most ``max_chars`` characters, in order, nothing lost.

    Paragraphs stay whole where they fit, then lines (so the items of a list), then
    sentences; a sentence alone may be longer. A table is cut between rows and every piece
    repeats its header.
    """
    if len(text) <= max_chars:
        return [text]
    return _pack(text.split("\n\n"), "\n\n", max_chars, lambda block: _block(block, max_chars))


def _block(block: str, max_chars: int) -> list[str]:
    lines = block.split("\n")
    if len(lines) > 2 and "|" in lines[0] and _TABLE_RULE.match(lines[1].strip()):
        header = "\n".join(lines[:2])
        if len(header) < max_chars // 2:
            rows = _pack(lines[2:], "\n", max_chars - len(header) - 1, lambda row: [row])
            return [f"{header}\n{row}" for row in rows]
    return _pack(lines, "\n", max_chars, lambda line: _line(line, max_chars))


def _line(line: str, max_chars: int) -> list[str]:
    return _pack(split_sentences(line), " ", max_chars, _sentence)


def _sentence(sentence: str) -> list[str]:
    if len(sentence) <= SENTENCE_MAX_CHARS:
        return [sentence]
    return wrap(sentence, SENTENCE_MAX_CHARS, break_on_hyphens=False)


def _pack(
    pieces: list[str], glue: str, max_chars: int, cut: Callable[[str], list[str]]
) -> list[str]:
    """Fill clauses with whole ``pieces``; one too long by itself goes through ``cut``.

    Indentation is kept: it nests the items of a list.
    """
    packed: list[str] = []
    open_piece = ""
    for piece in (kept for raw in pieces if (kept := raw.rstrip()).strip()):
        joined = f"{open_piece}{glue}{piece}" if open_piece else piece
        if len(joined) <= max_chars:
            open_piece = joined
            continue
        if open_piece:
            packed.append(open_piece)
        *whole, open_piece = [piece.lstrip()] if len(piece) <= max_chars else cut(piece)
        packed.extend(whole)
    return [*packed, open_piece] if open_piece else packed
