"""Importing policies from the page: read in the background, looked at, then taken in.

Addresses go through the collector's own guards (robots.txt, private networks, sizes); files
come from the browser, never from a path of this machine. Reading writes nothing to the shelf.
"""

from __future__ import annotations

import itertools
import logging
import lzma
import re
import shutil
import struct
import threading
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Literal

from errors import BadInput, Conflict, Forbidden, SangdamError
from retrieval.chunking import chunk_document
from retrieval.collect import Limits, Outcome
from retrieval.collect.gather import steps
from retrieval.collect.kinds import SUFFIXES
from retrieval.shelf import FILE, Shelf, read_shelf
from services.policy_desk import facts_of
from settings import ROOT

if TYPE_CHECKING:
    from agent.types import Caller
    from retrieval import Document
    from services.parts import Parts
    from services.policy_desk import Plan, PolicyDesk, Progress, Told

__all__ = ["Item", "PolicyImport", "Reading"]

log = logging.getLogger("sangdam.policies")
MOST_SOURCES = 200
MAX_UNPACKED = 200 * 1024 * 1024
FEW_CHARS = 60
UPLOADED = "올린 문서"
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")
_TAKEN = (
    "기본 정책 파일과 이름이 같아요. 문서 화면에서 그 정책의 새 판을 쓰거나, 파일이나 폴더 이름을 "
    "바꿔서 다시 올려 주세요."
)
State = Literal["idle", "running", "done", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one source. ``sections`` counts its clauses."""

    outcome: Outcome
    sections: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether there is something to take in."""
        return self.outcome.state in ("new", "changed")


@dataclass(frozen=True, slots=True)
class Reading:
    """An import under way or just read; ``error`` says why it failed as a whole."""

    state: State = "idle"
    done: int = 0
    of: int = 0
    items: tuple[Item, ...] = ()
    error: str = ""


@dataclass
class _Work:
    reading: Reading
    given: Mapping[str, Any]
    stop: threading.Event = field(default_factory=threading.Event)


class PolicyImport:
    """One import a member of staff. Thread safe; raises Forbidden for anybody else.

    ``limits`` are the collector's, for every document.
    """

    def __init__(self, shop: Parts, desk: PolicyDesk, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._shop = shop
        self._desk = desk
        self._lock = threading.Lock()
        self._works: dict[str, _Work] = {}

    def start(
        self,
        caller: Caller,
        addresses: Sequence[str] = (),
        files: Sequence[tuple[str, bytes]] = (),
        given: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin to read ``addresses`` and uploaded ``files`` (name, content; a ZIP is unpacked).

        ``given`` are fields of a document that win over what is found in it. Raises BadInput
        for nothing to read, too much or a broken archive, Conflict while one is being read.
        """
        owner = _staff(caller)
        for one in addresses:
            if "://" not in one:
                raise BadInput(f"주소는 https://부터 적어 주세요: {one[:80]}")
        with self._lock:
            current = self._works.get(owner)
            if current and current.reading.state == "running":
                raise Conflict("아직 읽고 있어요. 끝나거나 멈춘 뒤에 다시 시작해 주세요.")
            folder = Path(mkdtemp(prefix="import-", dir=self._shop.settings.data_path))
            try:
                paths = [str(path) for path in _unpacked(files, folder)]
                sources = [*addresses, *paths]
                if not 0 < len(sources) <= MOST_SOURCES:
                    raise BadInput(f"문서를 1개에서 {MOST_SOURCES}개까지 골라 주세요.")
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            work = _Work(Reading("running", 0, len(sources)), given or {})
            self._works[owner] = work
        threading.Thread(
            target=self._read, args=(work, sources, folder), name="policy-import", daemon=True
        ).start()

    def progress(self, caller: Caller) -> Reading:
        """Where one's import is."""
        work = self._works.get(_staff(caller))
        return work.reading if work else Reading()

    def cancel(self, caller: Caller) -> None:
        """Stop reading: at once for who asks, after the document at hand for the thread."""
        work = self._works.get(_staff(caller))
        if work:
            work.stop.set()
            self._end(work, "cancelled")

    def discard(self, caller: Caller) -> None:
        """Forget what was read."""
        self.cancel(caller)
        self._works.pop(_staff(caller), None)

    def plan(self, caller: Caller, sources: Sequence[str], query: str = "") -> Plan:
        """What taking in the documents of ``sources`` would change. Raises BadInput for none."""
        return self._desk.planned(caller, self._taking(caller, sources), query)

    def apply(
        self, caller: Caller, sources: Sequence[str], progress: Progress | None = None
    ) -> int:
        """Take in the documents of ``sources`` and index them; returns how many. Raises
        BadInput, Unavailable."""
        told = self._desk.applied(caller, self._taking(caller, sources), progress)
        self.discard(caller)
        return len(told)

    # ── parts ────────────────────────────────────────────────────────────────────────────

    def _taking(self, caller: Caller, sources: Sequence[str]) -> Any:
        work = self._works.get(_staff(caller))
        wanted = set(sources)
        documents = [
            item.outcome.document
            for item in (work.reading.items if work else ())
            if item.usable and item.outcome.source in wanted and item.outcome.document
        ]
        if work is None or not documents:
            raise BadInput("가져올 문서를 하나 이상 골라 주세요.")
        given, at = work.given, self._desk.now_iso()

        def change(shelf: Shelf, ours: list[Document]) -> tuple[Shelf, list[Told]]:
            told: list[Told] = []
            for document in documents:
                shelf, row, _ = shelf.put(document, given, at, self._desk.today)
                told.append(("import", row.document.doc_id, {}, facts_of(row.document)))
            return shelf, told

        return change

    def _read(self, work: _Work, sources: Sequence[str], folder: Path) -> None:
        shelf = read_shelf(self._shop.settings.data_path / FILE)
        try:
            for after, outcome, of in steps(
                sources, shelf, work.given, self.limits, self._desk.today
            ):
                if work.stop.is_set():
                    return
                self._add(work, _item(outcome, after), of)
            self._end(work, "done")
        except SangdamError as error:
            self._end(work, "failed", error.message)
        except Exception:  # told on the page; the thread has nobody else to tell
            log.exception("cannot import policies")
            self._end(work, "failed", "문서를 읽는 중에 문제가 생겼어요. 다시 시도해 주세요.")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _add(self, work: _Work, item: Item, of: int) -> None:
        with self._lock:
            if work.reading.state == "running":
                items = (*work.reading.items, item)
                work.reading = replace(work.reading, items=items, done=len(items), of=of)

    def _end(self, work: _Work, state: State, error: str = "") -> None:
        with self._lock:
            if work.reading.state == "running":
                work.reading = replace(work.reading, state=state, error=error)


def _item(outcome: Outcome, shelf: Shelf) -> Item:
    document = outcome.document
    if outcome.source in _shops_own():
        return Item(Outcome(outcome.source, "failed", reason=_TAKEN))
    if document is None:
        return Item(outcome)
    chunks = chunk_document(document)
    return Item(outcome, len(chunks), tuple(_warnings(document, len(chunks), shelf)))


def _shops_own() -> set[str]:
    """What the shop's own files are called: one from elsewhere would stand in their place."""
    folder = ROOT / "data" / "policies"
    return {f"{folder.name}/{path.name}" for path in folder.glob("*.md")}


def _warnings(document: Document, sections: int, shelf: Shelf) -> list[str]:
    """What a person should look at before taking a document in."""
    found = []
    if not re.search(r"^#{1,4}[ \t]+\S", document.body, re.MULTILINE):
        found.append("소제목이 없어서 글 길이로 나눴어요.")
    if document.effective_from is None:
        found.append("시행일이 적혀 있지 않아요. 지금 시행 중인 것으로 봐요.")
    if len(document.body) < FEW_CHARS:
        found.append("글이 아주 짧아요. 빠진 내용이 없는지 확인해 주세요.")
    if _PLACEHOLDER.search(document.body):
        found.append("{{ }} 표시는 채우지 않고 글자 그대로 두어요.")
    if any(
        row.document.body == document.body and row.document.source != document.source
        for row in shelf.rows
    ):
        found.append("이미 있는 정책과 글이 똑같아요.")
    return found


def _staff(caller: Caller) -> str:
    if not caller.is_staff or caller.user_id is None:
        raise Forbidden("담당자만 할 수 있는 일이에요.")
    return caller.user_id


# ── uploaded files ───────────────────────────────────────────────────────────────────────

# What zipfile and the decompressors raise for bytes that are damaged, locked or made up.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, OSError,
    EOFError, ValueError, struct.error,
)  # fmt: skip


def _unpacked(files: Sequence[tuple[str, bytes]], folder: Path) -> list[Path]:
    """The files in ``folder``, archives unpacked; their names keep at most one folder."""
    paths: list[Path] = []
    for name, data in files:
        if name.lower().endswith(".zip"):
            paths += _unzipped(data, folder)
        else:
            paths.append(_put(folder, name, data))
    return paths


def _unzipped(data: bytes, folder: Path) -> list[Path]:
    """Only documents, never more than fits: a small archive may unpack to anything."""
    paths, left = [], MAX_UNPACKED
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            wanted = [one for one in archive.infolist() if _is_document(one)]
            if len(wanted) > MOST_SOURCES:
                raise BadInput(f"압축 파일에 문서가 {MOST_SOURCES}개보다 많아요. 나눠 주세요.")
            for one in wanted:
                with archive.open(one) as file:
                    body = file.read(left + 1)
                left -= len(body)
                if left < 0:
                    raise BadInput("압축을 풀면 200MB보다 커요. 나눠서 올려 주세요.")
                paths.append(_put(folder, one.filename, body))
    except _BROKEN as error:
        raise BadInput("압축 파일을 풀 수 없어요. 암호 없이 다시 묶어 주세요.") from error
    if not paths:
        raise BadInput("압축 파일에 읽을 문서가 없어요. HTML, PDF, DOCX, Markdown을 넣어 주세요.")
    return paths


def _is_document(one: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(one.filename)
    hidden = any(part.startswith((".", "~$", "__MACOSX")) for part in path.parts)
    return not one.is_dir() and not hidden and path.suffix.lower() in SUFFIXES


def _put(folder: Path, name: str, data: bytes) -> Path:
    """Write a file under a name of letters; whatever way it names is not followed."""
    parts = [part for part in re.split(r"[\\/]", unicodedata.normalize("NFC", name)) if part]
    clean = [re.sub(r"[^\w.() -]+", "_", part).lstrip(".")[-80:] or "_" for part in parts[-2:]]
    # Two of one name both go in, the second elsewhere: the collector then names the clash.
    places = (folder / str(number) / UPLOADED for number in itertools.count())
    path = next(one for place in places if not (one := place.joinpath(*clean or ["문서"])).exists())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
