"""Where a text says the words of a question."""

from __future__ import annotations

import re

from retrieval.tokenize import KoreanTokenizer, Morpheme, is_content, normalise

__all__ = ["highlight_spans"]

# Verbs so common that marking them shows nothing.
_EMPTY = frozenset({"하", "되", "있", "없", "이", "않", "같", "주", "싶", "것", "거", "수", "때"})
_CODE = re.compile(r"[A-Za-z0-9]+(?:[-_./,][A-Za-z0-9]+)*")


def highlight_spans(tokenizer: KoreanTokenizer, query: str, text: str) -> list[tuple[int, int]]:
    """Character ranges of ``text`` to mark, in order, neither overlapping nor touching.

    A range is a content morpheme that occurs in ``query`` too, whatever its ending
    ("취소했는데" marks "취소"), or a number or code written there.
    """
    wanted = {_key(m) for m in tokenizer.content(normalise(query)) if m.form not in _EMPTY}
    codes = {match[0] for match in _CODE.finditer(normalise(query))}
    spans = [
        (m.start, m.end)
        for m in tokenizer.morphemes(text)
        if is_content(m) and m.end > m.start and _key(m) in wanted
    ]
    spans += [match.span() for match in _CODE.finditer(text) if normalise(match[0]) in codes]
    return _merged(spans)


def _key(morpheme: Morpheme) -> tuple[str, str]:
    # NNG and NNP, VV and VV-R are one word to a reader; a noun and a verb are not.
    return morpheme.form.lower(), morpheme.tag[0]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
