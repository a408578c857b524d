"""``policies.jsonl``: the collected policies, one edition a line.

An edition has a ``doc_id`` of its own, so that a citation keeps pointing at the text it
was made from: ``shop-kr-return-1a2b3c4d``, then ``shop-kr-return-1a2b3c4d.v2``. What staff
wrote (:mod:`retrieval.editions`) stands here too, with its author.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from errors import BadInput, Unavailable
from retrieval.documents import DOC_ID, content_hash
from retrieval.types import Document

__all__ = ["EDITION", "FILE", "Change", "Row", "Shelf", "locked", "read_shelf", "row_of"]

FILE = "policies.jsonl"
Change = Literal["new", "changed", "unchanged"]
EDITION = re.compile(r"\.v\d+\Z")
_COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
_FIELDS = (
    "doc_id", "title", "category", "audience", "effective_from", "effective_to", "version",
    "source", "body",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line: an edition and when it was fetched or written (UTC, ISO 8601).

    ``author`` is the account of the member of staff who wrote it, empty for a collected text.
    Only a written text is one of the shop's own: its placeholders are filled in, and its
    comments may say how customers ask.
    """

    document: Document
    fetched_at: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The file's rows in their order. ``unreadable`` are (line number, line as it stands)."""

    rows: tuple[Row, ...] = ()
    unreadable: tuple[tuple[int, str], ...] = ()

    def put(
        self,
        found: Document,
        given: Mapping[str, Any],
        fetched_at: str,
        today: date,
        *,
        author: str = "",
    ) -> tuple[Shelf, Row, Change]:
        """The shelf with ``found`` as the edition of its source; ``given`` fields win over it.

        Another text is a new edition. It starts on the day given, else on the one the text
        states, if that is to come or later than the old one's, else ``today``. Those before
        end on the day before; one that would end before it began was never in force and is
        left out.
        The same text only takes over what is given: a correction, no edition. A collected
        edition for staff makes those before it internal too; who writes one (``author``)
        says from which day on. Raises BadInput when the days given leave none in force.
        """
        before = [row for row in self.rows if row.document.source == found.source]
        if not before:
            row = row_of(_in_order(replace(found, **given), given), fetched_at, author)
            return replace(self, rows=(*self.rows, row)), row, "new"
        last = max(before, key=lambda row: row.document.version)
        if last.document.body == found.body:
            row = _with(last, _corrected(last.document, found, given))
            kept = tuple(row if one is last else one for one in self.rows)
        else:
            row = row_of(_next_edition(last.document, found, given, today), fetched_at, author)
            end = (row.document.effective_from or today) - timedelta(days=1)
            kept = (*_closed(self.rows, found.source, end), row)
        if row.document.audience == "staff" and not author:
            kept = tuple(_internal(kept, found.source))
        if kept == self.rows:
            return self, last, "unchanged"
        return replace(self, rows=kept), row, "changed"

    def write(self, path: Path) -> None:
        """Replace ``path`` in one step; who is killed half-way leaves the old file.

        Lines that cannot be read are kept as they are, for a person to mend. Raises
        Unavailable when the disk does not take it.
        """
        lines = [json.dumps(_as_json(row), ensure_ascii=False) for row in self.rows]
        lines += [line for _, line in self.unreadable]
        aside = path.with_suffix(".tmp")
        try:
            with aside.open("w", encoding="utf-8", errors="surrogateescape") as file:
                file.writelines(f"{line}\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
        except OSError as error:
            raise _unusable(path) from error


def read_shelf(path: Path) -> Shelf:
    """What ``path`` holds; an absent file is an empty shelf. Raises Unavailable.

    A line that is no policy, and one whose id an earlier line has, is told apart, not raised.
    """
    try:
        text = path.read_text("utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return Shelf()
    except OSError as error:
        raise Unavailable(f"{path.name} 파일을 읽을 수 없습니다. 권한을 확인해 주세요.") from error
    rows: dict[str, Row] = {}
    unreadable: list[tuple[int, str]] = []
    lines = text.removeprefix("\ufeff").split("\n")  # editors of Windows put the mark there
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _read(line)
        if row is None or row.document.doc_id in rows:
            unreadable.append((number, line))
        else:
            rows[row.document.doc_id] = row
    return Shelf(tuple(rows.values()), tuple(unreadable))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file against another collector.

    Raises Unavailable when one is at work and when the folder cannot be written.
    """
    import fcntl

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = path.with_suffix(".lock").open("w")
    except OSError as error:
        raise _unusable(path) from error
    with held as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(
                "다른 곳에서 정책을 모으고 있습니다. 끝난 뒤 다시 시도해 주세요.",
                code="collect_busy",
            ) from None
        yield


def _unusable(path: Path) -> Unavailable:
    return Unavailable(
        f"{path.parent} 폴더에 쓸 수 없습니다. 폴더의 권한과 남은 공간을 확인해 주세요."
    )


def _corrected(last: Document, found: Document, given: Mapping[str, Any]) -> Document:
    # Front matter that makes a text internal counts though the text is the same.
    audience = "staff" if "staff" in (last.audience, found.audience) else "public"
    return _in_order(replace(last, **{"audience": audience, **given}), given)


def _in_order(document: Document, given: Mapping[str, Any]) -> Document:
    """``document`` with its days in order: an end that is found gives way, one given does not."""
    start, end = document.effective_from, document.effective_to
    if start is None or end is None or start <= end:
        return document
    if "effective_to" in given:
        raise BadInput(
            f"끝나는 날({end})이 시작하는 날({start})보다 빠릅니다. --from과 --to를 확인해 주세요."
        )
    return replace(document, effective_to=None)


def _next_edition(
    old: Document, found: Document, given: Mapping[str, Any], today: date
) -> Document:
    start = given.get("effective_from") or found.effective_from
    # A text that changed under the same old date did not change on that date.
    stale = start is None or (old.effective_from and start <= old.effective_from and start < today)
    if stale and "effective_from" not in given:
        start = today
    version = old.version + 1
    # What a person once decided about a source holds: an internal text stays internal.
    kept = {
        "category": old.category,
        "audience": "staff" if "staff" in (old.audience, found.audience) else "public",
    }
    edition = replace(
        found,
        doc_id=f"{EDITION.sub('', old.doc_id)}.v{version}",
        version=version,
        **{**kept, **given, "effective_from": start},
    )
    return _in_order(edition, given)


def _closed(rows: tuple[Row, ...], source: str, end: date) -> Iterator[Row]:
    for row in rows:
        start, known = row.document.effective_from, row.document.effective_to
        if row.document.source != source:
            yield row
        elif start is None or start <= end:
            day = min(known, end) if known else end
            yield _with(row, replace(row.document, effective_to=day))


def _internal(rows: tuple[Row, ...], source: str) -> Iterator[Row]:
    """The earlier editions too: the one in force until a coming one starts is read today."""
    for row in rows:
        mine = row.document.source == source and row.document.audience != "staff"
        yield _with(row, replace(row.document, audience="staff")) if mine else row


def row_of(document: Document, fetched_at: str, author: str = "") -> Row:
    """A line for ``document``, whose hash is worked out anew."""
    return Row(replace(document, content_hash=content_hash(document)), fetched_at, author)


def _with(row: Row, document: Document) -> Row:
    return row_of(document, row.fetched_at, row.author)


def _as_json(row: Row) -> dict[str, Any]:
    fields = {name: getattr(row.document, name) for name in _FIELDS}
    days = {name: str(fields[name] or "") for name in ("effective_from", "effective_to")}
    hashed = {"fetched_at": row.fetched_at, "content_hash": row.document.content_hash}
    return {**fields, **days, **hashed, **({"author": row.author} if row.author else {})}


def _read(line: str) -> Row | None:
    try:
        fields = json.loads(line)
        texts = {name: fields[name] for name in ("doc_id", "title", "category", "body", "source")}
        start, end = _day(fields.get("effective_from")), _day(fields.get("effective_to"))
        author = fields.get("author", "")
        if not author:
            texts["body"] = _COMMENT.sub("", texts["body"])  # "asked" blocks are for our own
        "".join(texts.values()).encode()  # half a letter would stop the index of all
        fetched_at, version, audience = fields["fetched_at"], fields["version"], fields["audience"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    wrong = (
        not all(isinstance(text, str) for text in (*texts.values(), fetched_at, author))
        or not DOC_ID.match(texts["doc_id"])
        or not all(texts[name].strip() for name in ("title", "category", "body"))
        or (start and end and end < start)
        or audience not in ("public", "staff")
        or type(version) is not int
        or version < 1
    )
    if wrong:
        return None
    # The hash is worked out anew: a line changed by hand is a changed document.
    document = Document(
        **texts,
        effective_from=start,
        effective_to=end,
        version=version,
        audience=audience,
        content_hash="",
    )
    return row_of(document, fetched_at, author)


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
