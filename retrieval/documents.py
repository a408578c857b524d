"""Policy files: Markdown with YAML front matter and ``{{placeholders}}`` for shop rules.

---
id: return-window
title: 반품할 수 있는 기간
category: 반품·교환
audience: public          # or staff
effective_from: 2026-01-01
effective_to:             # empty: still in force
version: 2
---
## 며칠 안에 신청해야 하나요
<!-- 이렇게 물어요
언제까지 돌려보낼 수 있어요
-->
받은 날부터 {{return_window_days}}일 안에 …
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import BadInput
from retrieval.types import Audience, Document

if TYPE_CHECKING:
    from retrieval.shelf import Shelf

__all__ = [
    "DOC_ID",
    "AsWritten",
    "content_hash",
    "filled",
    "load_all",
    "load_folder",
    "parse_document",
    "with_shelf",
]

log = logging.getLogger(__name__)

FIELDS = ("id", "title", "category", "audience", "effective_from", "effective_to", "version")
OPTIONAL = frozenset({"effective_from", "effective_to", "version"})
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)(.*)\Z", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
DOC_ID = re.compile(r"\w[\w.-]*\Z")


class AsWritten(dict[str, int | str]):
    """Rule values that leave every placeholder as it stands."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return f"{{{{{key}}}}}"


def load_folder(folder: Path, values: Mapping[str, int | str]) -> list[Document]:
    """Every ``*.md`` of ``folder`` (not of folders below it), ordered by file name.

    ``values`` fills the placeholders. Raises :class:`errors.BadInput` with a Korean message
    that names the file and the remedy.
    """
    if not folder.is_dir():
        raise BadInput(f"정책 폴더가 없습니다: {folder}. 폴더를 만들고 .md 문서를 넣어 주세요.")
    documents: list[Document] = []
    origin: dict[str, str] = {}
    for path in sorted(folder.glob("*.md")):
        document = parse_document(
            _read(path), name=path.name, values=values, source=f"{folder.name}/{path.name}"
        )
        if document.doc_id in origin:
            raise BadInput(
                f"{path.name}: id {document.doc_id!r}는 {origin[document.doc_id]}에서 이미 쓰고 "
                "있습니다. 다른 id로 바꿔 주세요."
            )
        origin[document.doc_id] = path.name
        documents.append(document)
    return documents


def load_all(folder: Path, collected: Path, values: Mapping[str, int | str]) -> list[Document]:
    """The policies of ``folder`` and those collected into the file ``collected``.

    Placeholders are filled in what the shop wrote itself: a collected text is only text. A line
    of ``collected`` that cannot be read, or whose id the folder uses, is logged by its number
    and left out. Raises as :func:`load_folder` does, and Unavailable.
    """
    from retrieval.shelf import read_shelf

    return with_shelf(load_folder(folder, values), read_shelf(collected), values, collected.name)


def with_shelf(
    ours: list[Document], shelf: Shelf, values: Mapping[str, int | str], name: str
) -> list[Document]:
    """``ours`` and the editions of ``shelf``, which the log calls ``name``.

    An edition whose source is one of ours comes after it: ours ends the day before.
    """
    documents = [one for document in ours if (one := _closed(document, shelf))]
    taken = {document.doc_id for document in documents}
    for number, _ in shelf.unreadable:
        log.warning("%s %d번째 줄을 읽을 수 없어 뺐습니다. 고치거나 지워 주세요.", name, number)
    for row in shelf.rows:
        document = row.document
        if document.doc_id in taken:
            log.warning(
                "%s: id %s는 정책 폴더의 문서가 쓰고 있어 뺐습니다. 한쪽 id를 바꿔 주세요.",
                name, document.doc_id,
            )  # fmt: skip
            continue
        try:
            documents.append(filled(document, values) if row.author else document)
        except BadInput as error:  # a rule that has gone since it was written
            log.warning("%s: %s 문서를 뺐습니다. %s", name, document.doc_id, error.message)
    return documents


def _closed(document: Document, shelf: Shelf) -> Document | None:
    """One of the shop's files until the first edition of it that staff wrote; None when that
    leaves it no day."""
    starts = [
        row.document.effective_from or date.min
        for row in shelf.rows
        if row.author and row.document.source == document.source
    ]
    if not starts or min(starts) == date.min:
        return None if starts else document
    end = min(starts) - timedelta(days=1)
    if document.effective_from and end < document.effective_from:
        return None
    closed = replace(document, effective_to=min(document.effective_to or end, end))
    return replace(closed, content_hash=content_hash(closed))


def filled(document: Document, values: Mapping[str, int | str]) -> Document:
    """``document`` with its placeholders filled in. Raises BadInput for an unknown one."""
    name = document.title
    whole = replace(
        document,
        title=_fill(document.title, values, name),
        body=_fill(document.body, values, name).strip(),
    )
    return replace(whole, content_hash=content_hash(whole))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name}: UTF-8 글이 아닙니다. UTF-8로 다시 저장해 주세요.") from error
    except OSError as error:
        raise BadInput(
            f"{path.name}: 파일을 읽을 수 없습니다. 파일의 권한을 확인해 주세요."
        ) from error


def parse_document(
    text: str, *, name: str, values: Mapping[str, int | str], source: str = ""
) -> Document:
    """One document from a file's ``text``; ``name`` is what messages call the file.

    Raises :class:`errors.BadInput` for front matter that is missing, unknown or of the wrong
    kind, for an unknown placeholder, a comment without an end and an empty body.
    """
    matter, body = _split(text.replace("\r\n", "\n"), name)
    body = _fill(body, values, name).strip()
    if not body:
        raise BadInput(f"{name}: 본문이 비어 있습니다. 머리말 아래에 내용을 적어 주세요.")
    if body.rfind("<!--") > body.rfind("-->"):
        raise BadInput(f"{name}: <!--로 연 곳을 닫지 않았습니다. 끝에 -->를 적어 주세요.")
    start, end = _day(matter, "effective_from", name), _day(matter, "effective_to", name)
    if start and end and end < start:
        raise BadInput(
            f"{name}: effective_to({end})가 effective_from({start})보다 빠릅니다. "
            "날짜를 고쳐 주세요."
        )
    document = Document(
        doc_id=_doc_id(matter, name),
        title=_fill(_text(matter, "title", name), values, name),
        category=_text(matter, "category", name),
        audience=_audience(matter, name),
        effective_from=start,
        effective_to=end,
        version=_version(matter, name),
        body=body,
        content_hash="",
        source=source,
    )
    return replace(document, content_hash=content_hash(document))


def content_hash(document: Document) -> str:
    """SHA-256 (hex) over everything a reader or the search can see of ``document``."""
    parts = (
        document.doc_id,
        document.title,
        document.category,
        document.audience,
        str(document.effective_from),
        str(document.effective_to),
        str(document.version),
        document.body,
        document.source,
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _split(text: str, name: str) -> tuple[dict[str, Any], str]:
    import yaml

    match = _FRONT_MATTER.match(text)
    if match is None:
        raise BadInput(
            f"{name}: 머리말이 없습니다. 첫 줄과 머리말 끝에 ---를 두고 "
            f"{', '.join(FIELDS)}을(를) 적어 주세요."
        )
    try:
        matter = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(
            f"{name}: 머리말을 YAML로 읽을 수 없습니다. '이름: 값' 모양과 날짜를 확인해 주세요."
        ) from error
    if not isinstance(matter, dict):
        raise BadInput(f"{name}: 머리말은 '이름: 값' 줄로 적어 주세요.")
    unknown = sorted(str(key) for key in matter if key not in FIELDS)
    if unknown:
        raise BadInput(
            f"{name}: 머리말에 모르는 항목이 있습니다: {', '.join(unknown)}. "
            f"쓸 수 있는 항목은 {', '.join(FIELDS)}입니다."
        )
    missing = [key for key in FIELDS if key not in OPTIONAL and matter.get(key) in (None, "")]
    if missing:
        raise BadInput(f"{name}: 머리말에 {', '.join(missing)}이(가) 없습니다. 적어 주세요.")
    return matter, match[2]


def _fill(text: str, values: Mapping[str, int | str], name: str) -> str:
    def value(match: re.Match[str]) -> str:
        key = match[1]
        if key not in values:
            raise BadInput(
                f"{name}: {{{{{key}}}}}에 넣을 값을 모릅니다. 설정에 있는 규칙 이름으로 고치거나 "
                "값을 직접 적어 주세요."
            )
        found = values[key]
        return f"{found:,}" if isinstance(found, int) else found

    return _PLACEHOLDER.sub(value, text)


def _text(matter: Mapping[str, Any], key: str, name: str) -> str:
    value = matter[key]
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise BadInput(f"{name}: {key}는 한 줄의 글로 적어 주세요.")
    return " ".join(str(value).split())


def _doc_id(matter: Mapping[str, Any], name: str) -> str:
    doc_id = _text(matter, "id", name)
    if not DOC_ID.match(doc_id):
        raise BadInput(f"{name}: id {doc_id!r}에는 글자, 숫자, -, _, .만 쓸 수 있습니다.")
    return doc_id


def _audience(matter: Mapping[str, Any], name: str) -> Audience:
    match matter["audience"]:
        case "public":
            return "public"
        case "staff":
            return "staff"
        case other:
            raise BadInput(f"{name}: audience {other!r}를 public이나 staff로 고쳐 주세요.")


def _day(matter: Mapping[str, Any], key: str, name: str) -> date | None:
    value = matter.get(key)
    if value in (None, ""):
        return None
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise BadInput(f"{name}: {key}는 2026-01-31처럼 날짜로 적거나 비워 두세요.")
    return value


def _version(matter: Mapping[str, Any], name: str) -> int:
    value = matter.get("version", 1)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadInput(f"{name}: version은 1 이상의 정수로 적어 주세요.")
    return value
