"""Lines of a text file with their numbers, in UTF-8 or CP949, however long they are."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator

from errors import BadInput

__all__ = ["MAX_LINE_BYTES", "TOO_LONG", "CsvLines", "Lines", "unreadable"]

MAX_LINE_BYTES = 4 * 1024 * 1024
SAMPLE_BYTES = 1024 * 1024
MAX_ROW_CHARS = 512 * 1024  # of a row that spans lines
MOST_READ_AGAIN = 4  # characters put back for one that was read, then every line is alone
TOO_LONG = f"한 줄이 {MAX_LINE_BYTES // 1024 // 1024}MB를 넘습니다(원문은 앞부분만 남깁니다)"
UNCLOSED = '따옴표(")가 닫히지 않았습니다'
_BOM = b"\xef\xbb\xbf"
_Line = tuple[int, str, bool]  # its number, its text, whether it was cut off


class Lines:
    """Iterates ``(number, bytes, too_long)``; a line that is too long comes cut off.

    ``encoding`` is what most of the first lines that are not plain ASCII can be read as.
    Raises BadInput for UTF-16.
    """

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file
        self._head = io.BytesIO(file.read(SAMPLE_BYTES) + file.readline(MAX_LINE_BYTES))
        sample = self._head.getvalue()
        if sample[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise BadInput("UTF-16 파일입니다. UTF-8 또는 CP949(EUC-KR)로 저장해 주세요.")
        if sample.startswith(_BOM):
            self._head.seek(len(_BOM))
        self.encoding = "utf-8" if sample.startswith(_BOM) else _encoding(sample)

    def __iter__(self) -> Iterator[tuple[int, bytes, bool]]:
        number = 0
        while data := self._readline():
            number += 1
            too_long = len(data) >= MAX_LINE_BYTES and not data.endswith(b"\n")
            rest = data
            while too_long and rest and not rest.endswith(b"\n"):
                rest = self._readline()
            yield number, data, too_long

    def peek(self) -> str:
        """The first line, without taking it."""
        at = self._head.tell()
        first = self._head.readline(MAX_LINE_BYTES)
        self._head.seek(at)
        return self.text(first)

    def text(self, data: bytes) -> str:
        """The line as text; bytes that cannot be read stay in it as lone surrogates."""
        return data.decode(self.encoding, "surrogateescape")

    def _readline(self) -> bytes:
        return self._head.readline(MAX_LINE_BYTES) or self._file.readline(MAX_LINE_BYTES)


class CsvLines:
    """The text lines of one CSV row after the other, kept until the next row starts.

    ``first`` is the number of the row's first line; ``again`` says that this line was part of
    an earlier row that was put back.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._source = iter(lines)
        self._kept: list[_Line] = []
        self._waiting: deque[_Line] = deque()
        self._chars = self._read = self._put_back = 0
        self.first = 0
        self.again = False

    def start_row(self) -> None:
        """The next line begins a row."""
        self._kept.clear()
        self._chars = 0

    @property
    def later(self) -> list[str]:
        """The row's lines after the first."""
        return [text for _, text, _ in self._kept[1:]]

    def raw(self) -> str:
        """The row as it stands in the file."""
        return "".join(text for _, text, _ in self._kept)

    def put_back(self) -> None:
        """Leave the row its first line only; the later ones are read again."""
        self._put_back += self._chars
        self._waiting.extendleft(reversed(self._kept[1:]))
        del self._kept[1:]

    def delimiter(self) -> str:
        """Comma, tab or semicolon: what the header has most of."""
        return max(",\t;", key=self._lines.peek().count)

    def __iter__(self) -> CsvLines:
        return self

    def __next__(self) -> str:
        if self._kept and self._is_endless():
            raise csv.Error(UNCLOSED)
        again = bool(self._waiting)
        number, text, too_long = line = self._waiting.popleft() if again else self._new()
        if not self._kept:
            self.first, self.again = number, again
        self._kept.append(line)
        self._chars += len(text)
        if too_long:
            raise csv.Error(TOO_LONG)
        return text

    def _new(self) -> _Line:
        number, data, too_long = next(self._source)
        text = self._lines.text(data)
        self._read += len(text)
        return number, text, too_long

    def _is_endless(self) -> bool:
        # Without the second bound a file of stray quotes would be read over and over.
        worn = self._put_back > MAX_ROW_CHARS + MOST_READ_AGAIN * self._read
        return self._chars > MAX_ROW_CHARS or worn


def unreadable(text: str, encoding: str) -> str:
    """Why the text cannot be used, or "" when it can."""
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"{encoding.upper()}로 읽을 수 없는 글자가 있습니다"
    return ""


def _encoding(sample: bytes) -> str:
    votes = {"utf-8": 0, "cp949": 0}
    for line in sample.splitlines():
        if line.isascii():
            continue
        for name in votes:
            try:
                line.decode(name)
            except UnicodeDecodeError:
                continue
            votes[name] += 1
            break  # bytes of CP949 are hardly ever valid UTF-8; the reverse is common
    return "cp949" if votes["cp949"] > votes["utf-8"] else "utf-8"
