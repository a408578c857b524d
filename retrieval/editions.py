"""Policies that staff write: a draft checked, then a new edition on the shelf.

A written edition comes after a file of the shop's own, a collected text or an earlier
edition: the one before ends the day before and stays searchable for staff. Nothing is ever
written into the folder of the shop's own files.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from errors import BadInput, Conflict, NotFound, StateChanged
from retrieval.chunking import chunk_document
from retrieval.documents import filled
from retrieval.shelf import EDITION, Change, Row, Shelf, row_of
from retrieval.types import Audience, Document

__all__ = [
    "Draft", "Overtaken", "Problem", "begun_from", "edition_of", "latest_of", "newest",
    "overtaken", "problems", "publish", "withdraw",
]  # fmt: skip

FOLDER = "직접 작성"
MAX_CHARS = 200_000
MAX_TITLE, MAX_CATEGORY = 80, 40
SLUG_CHARS = 30
_HEADING = re.compile(r"^#{1,4}[ \t]+\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """What staff wrote. ``doc_id`` is the edition it comes after, "" for a new policy.

    ``body`` is Markdown, its placeholders not filled in. None for ``effective_to`` means
    without an end. ``base`` is that edition as it stood when the writing began: when it has
    changed since, the draft is refused.
    """

    title: str
    body: str
    effective_from: date
    doc_id: str = ""
    category: str = "기타 안내"
    audience: Audience = "public"
    effective_to: date | None = None
    base: Document | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a draft: ``refused`` cannot be saved, a ``warning`` can."""

    kind: Literal["refused", "warning"]
    text: str


@dataclass(frozen=True, slots=True)
class Overtaken:
    """An edition that changed while somebody edited it: ``last`` is the newest now, None when
    the policy was withdrawn. ``mine``: by the same account; ``written``: there is work to keep.
    """

    base: Document
    last: Document | None
    mine: bool
    written: bool


def newest(shelf: Shelf, ours: Sequence[Document], source: str) -> Document | None:
    """The latest edition of ``source``: on the shelf, else the shop's own file."""
    editions = [row.document for row in shelf.rows if row.document.source == source]
    if editions:
        return max(editions, key=lambda one: one.version)
    return next((one for one in ours if one.source == source), None)


def edition_of(shelf: Shelf, ours: Sequence[Document], doc_id: str) -> Document:
    """The edition called ``doc_id``, as it was written. Raises NotFound."""
    for document in (*(row.document for row in shelf.rows), *ours):
        if document.doc_id == doc_id:
            return document
    raise NotFound("해당 정책을 찾을 수 없어요. 목록을 새로 열어 주세요.")


def begun_from(old: Document, today: date) -> Draft:
    """``old`` as it was written, to be edited: from ``today`` on, or from its day to come."""
    return Draft(
        title=old.title, body=old.body, doc_id=old.doc_id, category=old.category,
        audience=old.audience, effective_from=max(today, old.effective_from or date.min),
        effective_to=old.effective_to, base=old,
    )  # fmt: skip


def latest_of(shelf: Shelf, ours: Sequence[Document], doc_id: str) -> Document | None:
    """The newest edition of the policy that ``doc_id`` is or was an edition of; None when the
    policy has been withdrawn altogether."""
    name = EDITION.sub("", doc_id)
    editions = (*ours, *(row.document for row in shelf.rows))
    family = [one for one in editions if EDITION.sub("", one.doc_id) == name]
    return max(family, key=lambda one: one.version, default=None)


def overtaken(
    shelf: Shelf, ours: Sequence[Document], draft: Draft, *, author: str, today: date
) -> Overtaken | None:
    """What became of the edition ``draft`` of ``author`` began from; None while it stands as
    it was, and for a new policy."""
    if draft.base is None or (last := latest_of(shelf, ours, draft.doc_id)) == draft.base:
        return None
    by = next((row.author for row in shelf.rows if row.document == last), "")
    return Overtaken(draft.base, last, by == author, draft != begun_from(draft.base, today))


def problems(
    draft: Draft,
    shelf: Shelf,
    ours: Sequence[Document],
    values: Mapping[str, int | str],
    today: date,
) -> list[Problem]:
    """What stands against saving ``draft`` on ``today``, the refusals first."""
    refused = [Problem("refused", text) for text in _refusals(draft, shelf, ours, values, today)]
    if refused:
        return refused
    document = filled(_document(draft, "", "", 1), values)
    others = [*(_whole(one, values) for one in ours), *(_read(row, values) for row in shelf.rows)]
    mine = edition_of(shelf, ours, draft.doc_id).source if draft.doc_id else None
    others = [one for one in others if one.source != mine]
    return [Problem("warning", text) for text in _warnings(draft, document, others)]


def publish(
    shelf: Shelf,
    ours: Sequence[Document],
    draft: Draft,
    values: Mapping[str, int | str],
    *,
    author: str,
    now: datetime,
    today: date,
) -> tuple[Shelf, Row, Change]:
    """The shelf with ``draft`` as the newest edition, and its row.

    Another text is a new edition; the same text with another title, category, audience or
    end corrects the edition as it stands, unless that is one of the shop's own files. Raises
    BadInput for a refused draft, NotFound, and StateChanged when the edition that was edited
    has changed, gone, or got another one after it.
    """
    if draft.base is not None and latest_of(shelf, ours, draft.doc_id) != draft.base:
        raise StateChanged("그사이 다른 판이 되었어요. 무엇이 바뀌었는지 보고 이어 써 주세요.")
    for problem in problems(draft, shelf, ours, values, today):
        if problem.kind == "refused":
            raise BadInput(problem.text)
    at = now.isoformat(timespec="seconds")
    if not draft.doc_id:
        document = _document(draft, _new_id(draft, at), "", 1)
        row = row_of(replace(document, source=f"{FOLDER}/{document.doc_id}"), at, author)
        return replace(shelf, rows=(*shelf.rows, row)), row, "new"
    old = edition_of(shelf, ours, draft.doc_id)
    last = newest(shelf, ours, old.source)
    if last is not None and last.doc_id != old.doc_id:
        raise StateChanged("그사이 새 판이 나왔어요. 새 판을 열어 다시 고쳐 주세요.")
    if old.doc_id in {row.document.doc_id for row in shelf.rows}:
        found = _corrected(draft, old, today)
        given = {
            name: getattr(found, name)
            for name in ("title", "category", "audience", "effective_from", "effective_to")
        }
        shelf, row, change = shelf.put(found, given, at, today, author=author)
        return replace(shelf, rows=tuple(_after(shelf.rows, old, row))), row, change
    version = old.version + 1
    document = _document(draft, f"{EDITION.sub('', old.doc_id)}.v{version}", old.source, version)
    row = row_of(document, at, author)
    return replace(shelf, rows=(*shelf.rows, row)), row, "changed"


def withdraw(shelf: Shelf, doc_id: str) -> tuple[Shelf, Row]:
    """The shelf without the edition ``doc_id``; the one before is in force again, its end
    taken off where this one had set it.

    Raises NotFound, and Conflict when a later edition stands on it.
    """
    row = next((one for one in shelf.rows if one.document.doc_id == doc_id), None)
    if row is None:
        raise NotFound("화면에서 만들거나 가져온 정책만 거둘 수 있어요.")
    gone = row.document
    others = [one for one in shelf.rows if one.document.source == gone.source and one is not row]
    if any(one.document.version > gone.version for one in others):
        raise Conflict("이 판 뒤에 나온 판이 있어요. 가장 새 판부터 거둬 주세요.")
    before = max(others, key=lambda one: one.document.version, default=None)
    rows = [_reopened(one, gone) if one is before else one for one in shelf.rows if one is not row]
    return replace(shelf, rows=tuple(rows)), row


def _after(rows: Sequence[Row], old: Document, row: Row) -> Iterator[Row]:
    """The edition before one whose first day was moved ends the day before the new day."""
    was, start = old.effective_from, row.document.effective_from
    moved = row.document.doc_id == old.doc_id and was and start and was != start
    for one in rows:
        document = one.document
        if (
            moved and was and start and document.source == old.source
            and document.effective_to == was - timedelta(days=1)
        ):  # fmt: skip
            ended = replace(document, effective_to=start - timedelta(days=1))
            one = row_of(ended, one.fetched_at, one.author)
        yield one


def _reopened(row: Row, gone: Document) -> Row:
    start = gone.effective_from
    if start is None or row.document.effective_to != start - timedelta(days=1):
        return row
    return row_of(replace(row.document, effective_to=None), row.fetched_at, row.author)


def _document(draft: Draft, doc_id: str, source: str, version: int) -> Document:
    return Document(
        doc_id=doc_id,
        title=" ".join(draft.title.split()),
        category=" ".join(draft.category.split()) or "기타 안내",
        audience=draft.audience,
        effective_from=draft.effective_from,
        effective_to=draft.effective_to,
        version=version,
        body=draft.body.replace("\r\n", "\n").strip(),
        content_hash="",
        source=source,
    )


def _new_id(draft: Draft, at: str) -> str:
    """Readable in front, unique behind."""
    slug = re.sub(r"\W+", "-", draft.title.lower()).strip("-_")[:SLUG_CHARS].rstrip("-")
    mark = hashlib.sha256(f"{at}\0{draft.title}\0{draft.body}".encode()).hexdigest()[:8]
    return f"{slug}-{mark}".lstrip("-")


def _refusals(
    draft: Draft,
    shelf: Shelf,
    ours: Sequence[Document],
    values: Mapping[str, int | str],
    today: date,
) -> Iterator[str]:
    if not draft.title.strip():
        yield "제목을 적어 주세요."
    if len(draft.title) > MAX_TITLE or len(draft.category) > MAX_CATEGORY:
        yield f"제목은 {MAX_TITLE}자, 분류는 {MAX_CATEGORY}자까지 적을 수 있어요."
    if not re.sub(r"<!--.*?-->", "", draft.body, flags=re.DOTALL).strip("# \n\t"):
        yield "본문을 적어 주세요."
    if len(draft.body) > MAX_CHARS:
        yield f"본문은 {MAX_CHARS:,}자까지 적을 수 있어요. 정책을 나눠 주세요."
    if draft.body.rfind("<!--") > draft.body.rfind("-->"):
        yield "<!--로 연 곳을 닫지 않았어요. 끝에 -->를 적어 주세요."
    if draft.effective_to and draft.effective_to < draft.effective_from:
        yield "끝나는 날이 시행일보다 빨라요. 날짜를 고쳐 주세요."
    try:
        filled(_document(draft, "", "", 1), values)
        "".join((draft.title, draft.category, draft.body)).encode()
    except BadInput as error:
        yield error.message
    except UnicodeEncodeError:
        yield "깨진 글자가 들어 있어요. 그 글자를 지워 주세요."
    if draft.doc_id:
        yield from _against_the_last(draft, edition_of(shelf, ours, draft.doc_id), today)


def _corrected(draft: Draft, last: Document, today: date) -> Document:
    """``last`` with the facts and the text of ``draft``. The same text in force keeps its first
    day where the draft says today: so the editor begins, nobody chose it."""
    found = _document(draft, last.doc_id, last.source, last.version)
    began = last.effective_from is None or last.effective_from < today
    if began and draft.effective_from == today and found.body == last.body:
        return replace(found, effective_from=last.effective_from)
    return found


def _against_the_last(draft: Draft, last: Document, today: date) -> Iterator[str]:
    """An edition follows the one before: it changes something, and starts no earlier."""
    mine = _corrected(draft, last, today)
    if replace(mine, content_hash=last.content_hash) == last:
        yield "바뀐 내용이 없어요."
    elif last.effective_from and draft.effective_from < last.effective_from:
        day = last.effective_from
        yield f"앞선 판의 시행일({day.year}년 {day.month}월 {day.day}일)보다 빠를 수 없어요."


def _warnings(draft: Draft, document: Document, others: Sequence[Document]) -> Iterator[str]:
    if not _HEADING.search(draft.body):
        yield "소제목(## 로 시작하는 줄)이 없어요. 글 전체가 조항 하나로 찾아져요."
    chunks = chunk_document(document)
    pieces = Counter(re.sub(r"~\d+\Z", "", one.chunk_id) for one in chunks)
    if cut := sum(times > 1 for times in pieces.values()):
        yield f"긴 조항 {cut}개는 700자 안팎으로 나뉘어 찾아져요."
    named = Counter(one.section for one in chunks if "~" not in one.chunk_id)
    if twice := [name for name, times in named.items() if times > 1]:
        yield f"같은 소제목이 두 번 있어요: {', '.join(twice[:3])}"
    mine = {_letters(one.text) for one in chunks}
    for other in others:
        if other.effective_to and other.effective_to < draft.effective_from:
            continue
        if same := sum(_letters(one.text) in mine for one in chunk_document(other)):
            yield f"'{other.title}' 정책에 똑같은 조항이 {same}개 있어요."


def _whole(document: Document, values: Mapping[str, int | str]) -> Document:
    try:
        return filled(document, values)
    except BadInput:  # a rule that has gone: the text as it stands
        return document


def _read(row: Row, values: Mapping[str, int | str]) -> Document:
    return _whole(row.document, values) if row.author else row.document


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text)
