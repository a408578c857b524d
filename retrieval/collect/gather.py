"""From addresses and files to ``policies.jsonl``: one source after another, none stops the rest."""

from __future__ import annotations

import hashlib
import logging
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from errors import BadInput, SangdamError
from retrieval.collect.addresses import parse_url
from retrieval.collect.days import days_in_force
from retrieval.collect.enrich import one_line
from retrieval.collect.fetch import Fetched, Fetcher, Limits
from retrieval.collect.kinds import SUFFIXES, kind_of
from retrieval.collect.reading import Reading, read
from retrieval.shelf import Change, Shelf, locked, read_shelf
from retrieval.types import Audience, Document

__all__ = ["CATEGORY", "Outcome", "collect", "read_list", "steps"]

log = logging.getLogger(__name__)
CATEGORY = "기타 안내"
SEOUL = ZoneInfo("Asia/Seoul")
SLUG_CHARS = 40
SAVE_EVERY_S = 30  # so much of a long run is lost to who ends it by force
# Worth a word in a folder: policies are written in them. Pictures and the like are passed over.
_TO_NAME = {".hwp", ".hwpx", ".doc", ".rtf", ".odt"}
_OUR_FAULT = "예상하지 못한 오류입니다. 위에 적힌 내용을 개발자에게 알려 주세요."
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a source; ``document`` is None, and ``reason`` not empty, if it failed."""

    source: str
    state: Change | Literal["failed"]
    document: Document | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    path: Path | None = None  # None: an address
    error: str = ""


def collect(
    arguments: Sequence[str],
    target: Path,
    *,
    given: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    today: date | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Read ``arguments`` (addresses, files, folders) into the file ``target``.

    ``given`` are fields of :class:`Document` that win over what is found (title, category,
    audience, effective_from, effective_to); ``today`` is Seoul's. Raises Unavailable when
    another collector is at work or ``target`` cannot be used.
    """
    limits, today = limits or Limits(), today or datetime.now(SEOUL).date()
    outcomes: list[Outcome] = []
    with locked(target):
        saved = shelf = read_shelf(target)
        saved_at = time.monotonic()
        try:
            for taken, outcome, of in steps(arguments, saved, given or {}, limits, today):
                shelf = taken
                outcomes.append(outcome)
                if shelf is not saved and time.monotonic() - saved_at > SAVE_EVERY_S:
                    shelf.write(target)
                    saved, saved_at = shelf, time.monotonic()
                if progress:
                    progress(len(outcomes), of)
        finally:  # who is interrupted keeps what has been read
            if shelf is not saved:
                shelf.write(target)
    return outcomes


def steps(
    arguments: Sequence[str],
    shelf: Shelf,
    given: Mapping[str, Any],
    limits: Limits,
    today: date,
) -> Iterator[tuple[Shelf, Outcome, int]]:
    """Read one source after another: the shelf with it, what became of it, how many there are.

    Writes nothing. Raises BadInput for one title given to several sources.
    """
    fetcher = Fetcher(limits)
    sources = list(_sources(arguments))
    if "title" in given and len(sources) > 1:
        raise BadInput("제목은 문서 하나를 모을 때만 정할 수 있습니다. 하나씩 모아 주세요.")
    for source in sources:
        shelf, outcome = _taken(source, shelf, fetcher, limits, given, today)
        yield shelf, outcome, len(sources)


def _taken(
    source: _Source,
    shelf: Shelf,
    fetcher: Fetcher,
    limits: Limits,
    given: Mapping[str, Any],
    today: date,
) -> tuple[Shelf, Outcome]:
    try:
        found = _document(source, fetcher, limits)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        shelf, row, change = shelf.put(found, given, now, today)
    except SangdamError as error:
        return shelf, Outcome(source.name, "failed", reason=error.message)
    except Exception:  # a fault of ours must not stop the others either
        log.exception("cannot collect %s", source.name)
        return shelf, Outcome(source.name, "failed", reason=_OUR_FAULT)
    return shelf, Outcome(source.name, change, row.document)


def read_list(path: Path) -> list[str]:
    """The addresses of a list, one a line; empty lines and ``#`` remarks are no addresses.

    Raises BadInput when the list cannot be read.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path.name} 목록을 읽을 수 없습니다. 한 줄에 주소 하나씩 UTF-8로 적어 주세요."
        ) from error
    return [text for line in lines if (text := line.strip()) and not text.startswith("#")]


# -- what to read ------------------------------------------------------------------------------


def _sources(arguments: Sequence[str]) -> Iterator[_Source]:
    """Every source once; a file whose name another file already has is an error."""
    seen: dict[str, _Source] = {}
    for source in (found for argument in arguments for found in _expand(argument)):
        other = seen.get(source.name)
        if other is None:
            seen[source.name] = source
            yield source
        elif other.path != source.path:
            yield _Source(
                source.name,
                error="폴더와 파일 이름이 같은 문서가 또 있습니다. 이름을 바꾸고 다시 모아 주세요.",
            )


def _expand(argument: str) -> Iterable[_Source]:
    if "://" in argument:
        try:
            return [_Source(str(parse_url(argument)))]
        except BadInput as error:
            return [_Source(argument, error=error.message)]
    nowhere = "파일이나 폴더가 없습니다. 이름을 확인하고, 주소는 https://부터 적어 주세요."
    if not argument.strip():  # Path("") is the folder at hand
        return [_Source(argument, error=nowhere)]
    try:
        path = Path(argument).expanduser().resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # too long, a NUL in it, a loop, nobody's home
        return [_Source(_printable(argument), error=nowhere)]
    if path.is_dir():
        wanted = SUFFIXES.keys() | _TO_NAME
        files = [
            file
            for file in sorted(path.rglob("*"))
            if file.suffix.lower() in wanted and file.is_file()
            if not any(part.startswith((".", "~$")) for part in file.relative_to(path).parts)
        ]
        if not files:
            return [_Source(argument, error="폴더에 읽을 문서가 없습니다. 폴더를 확인해 주세요.")]
        return [_inside(file, path) for file in files]
    if path.is_file():
        return [_Source(_name(path, path.parent.parent), path)]
    return [_Source(_printable(argument), error=nowhere)]


def _inside(file: Path, folder: Path) -> _Source:
    """A file of ``folder``; a link may not bring in, unseen, what lies elsewhere."""
    out = not file.resolve().is_relative_to(folder)
    error = "폴더 밖의 파일을 가리키는 링크입니다. 그 파일의 이름을 직접 적어 주세요."
    return _Source(_name(file, folder.parent), file, error if out else "")


def _name(file: Path, below: Path) -> str:
    """Folder and file: enough to know it again, and nothing of whose machine it lies on."""
    return _printable(file.relative_to(below).as_posix())


def _printable(name: str) -> str:
    """``name`` as text: a name on a disk may be any bytes."""
    return unicodedata.normalize("NFC", name).encode("utf-8", "replace").decode()


# -- one document ------------------------------------------------------------------------------


def _document(source: _Source, fetcher: Fetcher, limits: Limits) -> Document:
    if source.error:
        raise BadInput(source.error)
    page = _load(source.path, limits) if source.path else fetcher.fetch(source.name)
    kind = kind_of(page.data, name=page.name, content_type=page.content_type)
    reading = read(page.data, kind, content_type=page.content_type, timeout_s=limits.timeout_s)
    start, end = _days(reading)
    return Document(
        doc_id=_doc_id(source.name),
        title=reading.title or one_line(Path(page.name).stem) or _host(source),
        category=reading.front.get("category") or CATEGORY,
        audience=_audience(reading),
        effective_from=start,
        effective_to=end,
        version=1,
        body=reading.body,
        content_hash="",
        source=source.name,
    )


def _audience(reading: Reading) -> Audience:
    # "Staff", "내부": whoever says anything but public does not mean everybody.
    return "public" if reading.front.get("audience", "public").lower() == "public" else "staff"


def _host(source: _Source) -> str:
    return source.name if source.path else str(parse_url(source.name).host)


def _load(path: Path, limits: Limits) -> Fetched:
    try:
        if path.stat().st_size > limits.max_bytes:
            raise BadInput(
                f"파일이 {limits.max_mb:g}MB보다 큽니다. 나누거나 --max-mb를 늘려 주세요."
            )
        if path.suffix.lower() not in SUFFIXES:
            raise BadInput(
                f"{path.suffix or '이름에 형식이 없는'} 파일은 읽지 못합니다. "
                "PDF나 DOCX로 저장해 넣어 주세요."
            )
        return Fetched("", "", _printable(path.name), path.read_bytes())
    except OSError as error:
        raise BadInput("파일을 읽을 수 없습니다. 파일의 권한을 확인해 주세요.") from error


def _days(reading: Reading) -> tuple[date | None, date | None]:
    """The days of the front matter, else those the text states."""
    start, end = days_in_force(reading.body)
    stated = [reading.front.get(name, "") for name in ("effective_from", "effective_to")]
    try:
        first, last = (date.fromisoformat(text) if text else None for text in stated)
    except ValueError as error:
        raise BadInput(
            "머리말의 effective_from, effective_to를 2026-01-31처럼 날짜로 적어 주세요."
        ) from error
    start, end = first or start, last or end
    return start, None if start and end and end < start else end


def _doc_id(source: str) -> str:
    """Readable in front, unique behind: the same source always gets the same id."""
    slug = re.sub(r"\W+", "-", re.sub(r"^https?://", "", source)).strip("-_").lower()
    mark = hashlib.sha256(source.encode()).hexdigest()[:8]
    return f"{slug[:SLUG_CHARS].rstrip('-')}-{mark}".lstrip("-")
