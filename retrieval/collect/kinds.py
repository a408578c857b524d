"""What a document really is: by its bytes, held against what its name or server says."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from typing import Literal

from errors import BadInput

__all__ = ["SUFFIXES", "Kind", "decode", "kind_of"]

Kind = Literal["html", "markdown", "pdf", "docx"]
SUFFIXES: dict[str, Kind] = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "markdown",
    ".pdf": "pdf",
    ".docx": "docx",
}
_TYPES: dict[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/markdown": "markdown",
    "text/plain": "markdown",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
_UNSAID = {"", "application/octet-stream", "binary/octet-stream", "application/download"}
_NAMES = {"html": "HTML", "markdown": "글", "pdf": "PDF", "docx": "DOCX"}
_MARKUP = re.compile(rb"\s*<(!doctype html|html|head|body|!--)", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_KOREAN = {"euc-kr", "euckr", "ks_c_5601-1987", "ksc5601", "ks_c_5601", "x-windows-949", "ms949"}
# Servers say Latin-1 of anything, and anything can be read as Latin-1: it comes last.
_LATIN = {"iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii"}
_DAMAGE_MAX = 1 / 500
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def kind_of(data: bytes, *, name: str = "", content_type: str = "") -> Kind:
    """The kind of ``data``; ``name`` (of a file) or ``content_type`` is what it claims to be.

    Raises BadInput for what cannot be read and for a claim that the bytes contradict.
    """
    said = content_type.partition(";")[0].strip().lower()
    suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    claim = _TYPES.get(said) if said not in _UNSAID else SUFFIXES.get(suffix)
    if claim is None and said not in _UNSAID:
        raise BadInput(f"{said} 형식은 읽지 못합니다. HTML, Markdown, PDF, DOCX로 바꿔 주세요.")
    found = _sniff(data)
    text = ("html", "markdown")
    if claim is None or claim == found or (claim in text and found in text):
        # Plain text may begin with a tag and a page without one: there the claim decides.
        return claim or found
    raise BadInput(
        f"{_NAMES[claim]}이라고 하지만 내용은 {_NAMES[found]}입니다. "
        "파일을 열어 확인하고 알맞은 형식으로 다시 저장해 주세요."
    )


def _sniff(data: bytes) -> Kind:
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # HWP 5 and the Word of old
        raise BadInput("HWP나 옛 DOC 파일은 읽지 못합니다. PDF나 DOCX로 저장해 주세요.")
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in data[:4096] and not utf16:
        raise BadInput("글이 든 파일이 아닙니다. HTML, Markdown, PDF, DOCX로 바꿔 주세요.")
    return "html" if _MARKUP.match(data[:1024].removeprefix(codecs.BOM_UTF8)) else "markdown"


def _zipped(data: bytes) -> Kind:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadInput("파일이 깨져 있습니다. 원본에서 다시 저장해 주세요.") from error
    if "word/document.xml" not in names:
        raise BadInput("Word 문서(DOCX)가 아닌 압축 파일입니다. 풀어서 넣어 주세요.")
    return "docx"


def decode(data: bytes, content_type: str = "") -> str:
    """``data`` as text: by its byte order mark, what the server or page says, UTF-8, CP949.

    A few broken letters (a page may cut a text by bytes) become ``\ufffd``. Raises BadInput
    when no encoding fits.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decode(data, encoding) or _undecodable()
    stated = re.search(r"charset=[\"']?([\w-]+)", content_type, re.IGNORECASE)
    meta = _META.search(data[:4096])
    said = [stated[1] if stated else "", meta[1].decode("ascii") if meta else ""]
    latin = [name for name in said if name.lower() in _LATIN]
    plain = [name for name in said if name and name not in latin]
    for candidate in (*plain, "utf-8", "cp949"):
        # Pages that say EUC-KR are written in its superset, CP949.
        text = _decode(data, "cp949" if candidate.lower() in _KOREAN else candidate)
        if text is not None:
            return text
    for candidate in ("utf-8", "cp949"):
        text = data.decode(candidate, "replace")
        if text.count("\ufffd") <= len(text) * _DAMAGE_MAX:
            return text
    return (_decode(data, latin[0]) if latin else None) or _undecodable()


def _decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _undecodable() -> str:
    raise BadInput("글자 인코딩을 알 수 없습니다. UTF-8로 다시 저장해 주세요.")
