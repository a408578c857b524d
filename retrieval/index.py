"""The policy index: documents in, clauses out, on the engine of :mod:`retrieval.engine`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from retrieval.chunking import MAX_CHARS, chunk_document, split_sentences
from retrieval.embed import Encoder
from retrieval.engine import Index, Progress
from retrieval.entries import Entry, Filter, Group, Part, hash64
from retrieval.snapshot import Snapshot
from retrieval.tokenize import KoreanTokenizer
from retrieval.types import Chunk, Document, IndexReport, IndexStatus

__all__ = [
    "PolicyIndex",
    "Progress",
    "chunk_of",
    "parts_of",
    "payload_of",
    "searchable_text",
    "visible_to",
]

RECIPE = 1  # raise when clauses are cut or described otherwise
FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()


def parts_of(chunk: Chunk) -> tuple[Part, ...]:
    """What a clause is found by: its document's title, its heading (twice) and its text.

    The heading is mostly the customer's question in other words, so it counts as a sentence.
    Counting it twice moved 60 written questions from R@1 .70 to .73; they are few, so finer
    weights were not looked for.
    """
    title = [Part(chunk.title, sentence=chunk.section == chunk.title)] if chunk.title else []
    heading = [Part(chunk.section, weight=2)] if chunk.section not in ("", chunk.title) else []
    return (*title, *heading, *(Part(text) for text in split_sentences(chunk.text)))


def searchable_text(chunk: Chunk) -> str:
    """The clause's text with its document's title and its heading, a line each."""
    heading = "" if chunk.section == chunk.title else chunk.section
    return "\n".join(part for part in (chunk.title, heading, chunk.text) if part)


def payload_of(chunk: Chunk) -> str:
    """A clause as an entry's payload."""
    values = {name: getattr(chunk, name) for name in Chunk.__slots__}
    return json.dumps(values, ensure_ascii=False, default=date.isoformat)


def chunk_of(payload: str) -> Chunk:
    """The clause that an entry's payload holds."""
    values = json.loads(payload)
    for name in ("effective_from", "effective_to"):
        values[name] = values[name] and date.fromisoformat(values[name])
    return Chunk(**{**values, "asked": tuple(values["asked"])})


def visible_to(*, staff: bool, today: date, include_superseded: bool) -> tuple[Filter, ...]:
    """The clauses a reader may find. Staff may ask for those no longer in force as well;
    clauses not yet in force are never found."""
    day = today.toordinal()
    filters = [Filter("starts", "<=", day)]
    if not (staff and include_superseded):
        filters.append(Filter("ends", ">=", day))
    if not staff:
        filters.append(Filter("audience", "=", "public"))
    return tuple(filters)


class PolicyIndex:
    """An index of policy clauses in ``directory``. Making one costs nothing.

    Thread safe. A build by another process is noticed at the next call. ``max_chars`` is the
    longest clause before it is split. ``engine`` is the general index underneath.
    """

    def __init__(
        self,
        directory: Path,
        tokenizer: KoreanTokenizer,
        encoder: Encoder,
        *,
        max_chars: int = MAX_CHARS,
    ) -> None:
        self.directory = directory
        self.tokenizer = tokenizer
        self.encoder = encoder
        self.engine = Index(directory, tokenizer, encoder, recipe=f"{RECIPE}/{max_chars}")
        self._max_chars = max_chars

    def snapshot(self) -> Snapshot | None:
        """The generation in force, opened; None when there is no readable index."""
        return self.engine.snapshot()

    def status(self) -> IndexStatus:
        """What lies on the disk now. Does not load Kiwi."""
        return self.engine.status()

    def chunk(self, chunk_id: str, *, staff: bool = False) -> Chunk | None:
        """The clause, in force or not; None if there is none that this reader may see."""
        snapshot = self.snapshot()
        entry = snapshot.entry(chunk_id) if snapshot else None
        if snapshot is None or entry is None:
            return None
        found = chunk_of(snapshot.read(entry)[1])
        return found if staff or found.audience == "public" else None

    def document_chunks(self, doc_id: str, *, staff: bool = False) -> tuple[Chunk, ...]:
        """The document's clauses in reading order; empty if this reader may see none."""
        snapshot = self.snapshot()
        if snapshot is None:
            return ()
        chunks = [chunk_of(snapshot.read(entry)[1]) for entry in snapshot.group(doc_id)]
        chunks.sort(key=lambda chunk: chunk.position)
        return tuple(chunk for chunk in chunks if staff or chunk.audience == "public")

    def build(
        self,
        documents: Sequence[Document],
        progress: Progress | None = None,
        *,
        rebuild: bool = False,
    ) -> IndexReport:
        """Make the index hold exactly ``documents`` (doc_ids must differ).

        Only new and changed ones are encoded, unless ``rebuild`` asks for all; nothing is
        written when nothing changed.
        ``progress(done, total)`` counts the documents to encode. Raises ValueError for equal
        doc_ids, :class:`errors.Unavailable` when another process builds for over two minutes.
        """
        groups = [self._group(document) for document in documents]
        report = self.engine.build(groups, progress, rebuild=rebuild)
        return IndexReport(
            added=report.added,
            changed=report.changed,
            removed=report.removed,
            unchanged=report.unchanged,
            chunks=report.entries,
            took_s=report.took_s,
        )

    def difference(
        self, documents: Sequence[Document]
    ) -> tuple[dict[str, Chunk], dict[str, Chunk]]:
        """What :meth:`build` would take out and put in: clauses by their ids.

        A changed clause is in both. Costs the cutting of the changed documents, nothing else.
        """
        snapshot = self.snapshot()
        known = snapshot.groups if snapshot else {}
        wanted = {hash64(one.doc_id): one for one in documents}
        fresh = {
            number: one
            for number, one in wanted.items()
            if known.get(number) != hash64(one.content_hash)
        }
        out = (known.keys() - wanted.keys()) | (known.keys() & fresh.keys())
        entries = snapshot.of_groups(set(out)) if snapshot else []
        before = [chunk_of(snapshot.read(entry)[1]) for entry in entries] if snapshot else []
        after = [
            chunk
            for one in fresh.values()
            for chunk in chunk_document(one, max_chars=self._max_chars)
        ]
        return {one.chunk_id: one for one in before}, {one.chunk_id: one for one in after}

    def _group(self, document: Document) -> Group:
        return Group(document.doc_id, document.content_hash, partial(self._entries, document))

    def _entries(self, document: Document) -> list[Entry]:
        return [_entry(chunk) for chunk in chunk_document(document, max_chars=self._max_chars)]


def _entry(chunk: Chunk) -> Entry:
    starts, ends = chunk.effective_from, chunk.effective_to
    return Entry(
        key=chunk.chunk_id,
        parts=parts_of(chunk),
        payload=payload_of(chunk),
        columns={
            "audience": chunk.audience,
            "starts": starts.toordinal() if starts else FIRST_DAY,
            "ends": ends.toordinal() if ends else LAST_DAY,
        },
        asked=chunk.asked,
    )
