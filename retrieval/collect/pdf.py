"""PDF to Markdown: paragraphs by layout, headings by the size of their letters."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from typing import Any

from errors import BadInput

__all__ = ["from_pdf"]

PAGES_MAX = 500
HEADING_FROM = 1.12  # times the size of the body's letters
HEADING_MAX_CHARS = 60
LEVELS = 3
MARGIN = 2  # lines at the top and at the foot of a page that may be running ones
_NO_GLYPH = re.compile(r"\(cid:\d+\)")
_PAGE_NUMBER = re.compile(r"[-–—\s]*\d+(\s*/\s*\d+)?[-–—\s]*\Z")
_HANGUL = re.compile("[가-힣]")
_ENDS = re.compile(r"[.!?。:;]['\"”’)\]]*\Z")
_BEGINS = re.compile(
    r"([-–•·ㆍ※○●▪■□▶*]|[①-⑳㉮-㉻]|\(?\d{1,2}[.)]\s|[가-하][.)]\s|제\s?\d+\s?[조장절])"
)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    bold: bool
    page: int
    block: int


def from_pdf(data: bytes) -> tuple[str, str]:
    """(title, Markdown) of a PDF; the title is the first line in the largest letters, or empty.

    Raises BadInput for one that is broken, locked, without text or with unreadable letters.
    """
    lines = _without_margins(_lines(data))
    text = "".join(line.text for line in lines)
    if not text.strip():
        raise BadInput(
            "글자가 없는 PDF입니다(스캔한 그림). 글자 인식(OCR)을 거친 PDF나 원본 문서를 넣어 "
            "주세요."
        )
    if len("".join(_NO_GLYPH.findall(text))) > len(text) / 10:
        raise BadInput("글자를 알아볼 수 없는 PDF입니다. 원본을 DOCX로 저장해 넣어 주세요.")
    levels = _levels(lines)
    title = next((line.text for line in lines if _level(line, levels) == 1), "")
    return title, "\n".join(_markdown(lines, levels))


def _lines(data: bytes) -> list[_Line]:
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LTTextContainer, LTTextLine
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.psexceptions import PSException

    found: list[_Line] = []
    block = 0
    try:
        for page in extract_pages(io.BytesIO(data), maxpages=PAGES_MAX + 1):
            if page.pageid > PAGES_MAX:
                raise BadInput(f"PDF가 {PAGES_MAX}쪽보다 깁니다. 나누어 넣어 주세요.")
            for box in page:
                if isinstance(box, LTTextContainer):
                    block += 1
                    lines = [line for line in box if isinstance(line, LTTextLine)]
                    found.extend(_measured(line, page.pageid, block) for line in lines)
    except PDFPasswordIncorrect as error:
        raise BadInput("암호가 걸린 PDF입니다. 암호를 풀고 다시 저장해 주세요.") from error
    except (PDFException, PSException) as error:
        raise BadInput("PDF가 깨져 있습니다. 원본에서 다시 저장해 주세요.") from error
    return [line for line in found if line.text]


def _measured(line: Any, page: int, block: int) -> _Line:
    from pdfminer.layout import LTChar

    letters = [letter for letter in line if isinstance(letter, LTChar)]
    sizes = Counter(round(letter.size, 1) for letter in letters)
    bold = bool(letters) and all("bold" in letter.fontname.lower() for letter in letters)
    size = sizes.most_common(1)[0][0] if sizes else 0.0
    return _Line(" ".join(line.get_text().split()), size, bold, page, block)


def _without_margins(lines: list[_Line]) -> list[_Line]:
    """Without page numbers and what stands at the edge of most pages (running heads, feet)."""
    pages = [list(page) for _, page in groupby(lines, key=lambda line: line.page)]
    edges = [{_key(line) for line in (*page[:MARGIN], *page[-MARGIN:])} for page in pages]
    seen = Counter(key for edge in edges for key in edge)
    often = max(3, len(pages) // 2 + 1)
    return [
        line for line in lines if seen[_key(line)] < often and not _PAGE_NUMBER.match(line.text)
    ]


def _key(line: _Line) -> str:
    return re.sub(rf"(?<!\d){line.page}(?!\d)", "#", line.text)


def _levels(lines: list[_Line]) -> dict[float, int]:
    """Letter size → heading level, for sizes clearly above that of most letters."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.size] += len(line.text)
    body = letters.most_common(1)[0][0]
    large = sorted((size for size in letters if size >= body * HEADING_FROM), reverse=True)
    return {size: min(level, LEVELS) for level, size in enumerate(large, start=1)}


def _level(line: _Line, levels: dict[float, int]) -> int:
    """The heading level of ``line``, 0 for a line of text."""
    if len(line.text) > HEADING_MAX_CHARS or line.text.endswith((".", ",")):
        return 0
    return levels.get(line.size, LEVELS + 1 if line.bold else 0)


def _markdown(lines: list[_Line], levels: dict[float, int]) -> Iterator[str]:
    parts: list[str] = []
    before = None
    for line in lines:
        level = _level(line, levels)
        same_heading = before and before.block == line.block and _level(before, levels) == level
        if parts and (same_heading if level else _goes_on(parts[-1], line, before, levels)):
            parts.append(line.text)
        else:
            yield f"{_joined(parts)}\n"
            parts = [f"{'#' * level} {line.text}" if level else line.text]
        before = line
    yield _joined(parts)


def _joined(parts: list[str]) -> str:
    """Lines as one paragraph. Korean is broken inside words as well: Kiwi tells where."""
    split = [_split_word(*pair) for pair in pairwise(parts)]
    if None in split:
        _, told = _kiwi().glue(parts, return_space_insertions=True)
        split = [
            not space if known is None else known for known, space in zip(split, told, strict=True)
        ]
    text = parts[0] if parts else ""
    for one_word, part in zip(split, parts[1:], strict=True):
        text += part if one_word else f" {part}"
    return text


def _split_word(before: str, after: str) -> bool | None:
    """Whether a word goes on over the end of a line; None where only its meaning tells."""
    if _HANGUL.match(after):
        return None if _HANGUL.match(before[-1]) else before[-1].isdigit()
    return before[-1] in ",." and before[-2:-1].isdigit() and after[0].isdigit()  # "3,|000"


@cache
def _kiwi() -> Any:
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


def _goes_on(text: str, line: _Line, before: _Line | None, levels: dict[float, int]) -> bool:
    if before is None or _level(before, levels) or _BEGINS.match(line.text):
        return False
    broken_by_page = before.page != line.page and not _ENDS.search(text)
    return before.block == line.block or broken_by_page
