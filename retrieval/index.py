"""The policy index: documents in, clauses out, on a LanceDB table.

A build makes a new generation beside the one in force (rows of unchanged documents are
copied, not encoded again) and switches to it in one step; see :mod:`retrieval.generations`.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retrieval.chunking import MAX_CHARS, chunk_document, split_sentences
from retrieval.embed import Encoder
from retrieval.generations import Manifest, Store
from retrieval.snapshot import TABLE, Snapshot, row_vectors
from retrieval.tokenize import KoreanTokenizer
from retrieval.types import Chunk, Document, IndexReport, IndexStatus

__all__ = ["PolicyIndex", "searchable_text"]

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
OPEN_TRIES = 3


def searchable_text(chunk: Chunk) -> str:
    """What a clause is found by: its document's title, its heading (twice) and its text.

    The heading is mostly the customer's question in other words. Counting it twice moved 60
    written questions from R@1 .70 to .73; they are few, so finer weights were not looked for.
    """
    heading = () if chunk.section == chunk.title else (chunk.section,) * 2
    return "\n".join(part for part in (chunk.title, *heading, chunk.text) if part)


class PolicyIndex:
    """An index in ``directory``. Making one costs nothing; reading opens it when first needed.

    Thread safe. A build by another process is noticed at the next call. ``max_chars`` is the
    longest clause before it is split.
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
        self._max_chars = max_chars
        self._store = Store(directory)
        self._lock = threading.Lock()
        self._open: Snapshot | None = None
        self._signature: tuple[int, int, int] | None = None

    # -- reading ---------------------------------------------------------------------------

    def snapshot(self) -> Snapshot | None:
        """The generation in force, opened; None when there is no readable index."""
        if self._signature is not None and self._signature == self._store.signature():
            return self._open
        with self._lock:
            for _ in range(OPEN_TRIES):
                signature = self._store.signature()
                if signature == self._signature:
                    break
                if self._reopen():
                    self._signature = signature
            return self._open

    def _reopen(self) -> bool:
        manifest = self._store.manifest()
        if manifest is None:
            self._open = None
            return True
        try:
            self._open = Snapshot(self._store.path(manifest.generation), manifest)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            # Two builds may have passed since the manifest was read: the caller looks again.
            log.warning("policy index %s cannot be opened: %s", manifest.generation, error)
            self._open = None
            return False
        return True

    def encoder_matches(self, snapshot: Snapshot) -> bool:
        """Whether questions encoded now can be compared with the vectors of ``snapshot``."""
        mine = (self._encoder_name, self.encoder.dim)
        return mine == (snapshot.manifest.encoder, snapshot.manifest.dim)

    def chunk(self, chunk_id: str, *, staff: bool = False) -> Chunk | None:
        """The clause, in force or not; None if there is none that this reader may see."""
        snapshot = self.snapshot()
        found = snapshot.chunk(chunk_id) if snapshot else None
        return found if found and (staff or found.audience == "public") else None

    def document_chunks(self, doc_id: str, *, staff: bool = False) -> tuple[Chunk, ...]:
        """The document's clauses in reading order; empty if this reader may see none."""
        snapshot = self.snapshot()
        return tuple(
            chunk
            for chunk in (snapshot.chunks if snapshot else ())
            if chunk.doc_id == doc_id and (staff or chunk.audience == "public")
        )

    def status(self) -> IndexStatus:
        """What lies on the disk now. Does not load Kiwi."""
        snapshot = self.snapshot()
        if snapshot is None:
            return IndexStatus(ready=False)
        manifest = snapshot.manifest
        return IndexStatus(
            ready=True,
            version=manifest.generation,
            documents=len(manifest.documents),
            chunks=len(snapshot.chunks),
            built_at=manifest.built_at,
            tokenizer=manifest.tokenizer,
            encoder=manifest.encoder,
            stale=not manifest.made_like(self._manifest("", {}, 0)),
        )

    # -- building --------------------------------------------------------------------------

    def build(self, documents: Sequence[Document], progress: Progress | None = None) -> IndexReport:
        """Make the index hold exactly ``documents`` (doc_ids must differ).

        Only new and changed ones are encoded; nothing is written when nothing changed.
        ``progress(done, total)`` counts the documents to encode. Raises
        :class:`errors.Unavailable` when another process builds for over two minutes.
        """
        started = time.perf_counter()
        wanted = {document.doc_id: document for document in documents}
        if len(wanted) != len(documents):
            raise ValueError("doc_ids must differ")
        with self._store.building():
            old = self._reusable()
            before = old.manifest.documents if old else {}
            same = {key for key, doc in wanted.items() if before.get(key) == doc.content_hash}
            todo = [document for key, document in wanted.items() if key not in same]
            # What was there under other versions is changed, not added.
            known = self._store.manifest()
            known_ids = set(known.documents) if known else set()
            removed = known_ids - wanted.keys()
            chunks = len(old.chunks) if old else 0
            if todo or removed or old is None:
                rows = self._rows(todo, progress)
                chunks = self._write(wanted, rows, old.rows_of(same) if old and same else None)
        added = sum(document.doc_id not in known_ids for document in todo)
        return IndexReport(
            added=added,
            changed=len(todo) - added,
            removed=len(removed),
            unchanged=len(same),
            chunks=chunks,
            took_s=time.perf_counter() - started,
        )

    @property
    def _encoder_name(self) -> str:
        return f"{self.encoder.name}/{self.encoder.version}"

    def _manifest(self, generation: str, documents: dict[str, str], chunks: int) -> Manifest:
        return Manifest(
            generation=generation,
            tokenizer=self.tokenizer.version,
            encoder=self._encoder_name,
            dim=self.encoder.dim,
            max_chars=self._max_chars,
            built_at=datetime.now(UTC).isoformat(timespec="seconds"),
            chunks=chunks,
            documents=documents,
        )

    def _reusable(self) -> Snapshot | None:
        snapshot = self.snapshot()
        if snapshot is None or not snapshot.manifest.made_like(self._manifest("", {}, 0)):
            return None
        return snapshot

    def _rows(self, documents: Sequence[Document], progress: Progress | None) -> list[Any]:
        rows: list[Any] = []
        if progress:
            progress(0, len(documents))
        for done, document in enumerate(documents, start=1):
            for chunk in chunk_document(document, max_chars=self._max_chars):
                rows.append(self._row(chunk, document.content_hash))
            if progress:
                progress(done, len(documents))
        return rows

    def _row(self, chunk: Chunk, content_hash: str) -> dict[str, Any]:
        import numpy as np

        text = searchable_text(chunk)
        # A heading is often the customer's question itself: it counts as a sentence.
        sentences = dict.fromkeys([chunk.section, *split_sentences(chunk.text)])
        passage, *rest = self.encoder.encode([text, *(s for s in sentences if s)])
        known = [vector for vector in rest if vector.any()]
        stacked = np.stack(known) if known else np.zeros((0, self.encoder.dim), np.float32)
        return {
            **{name: getattr(chunk, name) for name in Chunk.__slots__},
            "content_hash": content_hash,
            "tokens": " ".join(self.tokenizer.index_terms(text)),
            "vectors": row_vectors(passage, stacked).tolist(),
        }

    def _write(self, wanted: dict[str, Document], rows: list[Any], kept: Any) -> int:
        """Write the new generation and bring it into force; returns its number of rows."""
        import lancedb
        import pyarrow as pa
        from lancedb.index import FTS

        table = pa.Table.from_pylist(rows, schema=_schema(self.encoder.dim + 1))
        if kept is not None:
            table = pa.concat_tables([kept.cast(table.schema), table])
        name = self._store.next_name()
        path = self._store.path(name)
        try:
            stored = lancedb.connect(path).create_table(TABLE, schema=table.schema)
            if table.num_rows:  # LanceDB refuses to create or add nothing
                stored.add(table)
            # Terms are ready-made: LanceDB must neither stem, fold nor drop any of them.
            words = FTS(
                base_tokenizer="whitespace",
                stem=False,
                remove_stop_words=False,
                ascii_folding=False,
                lower_case=False,
                with_position=False,
                max_token_length=None,
            )
            stored.create_index("tokens", config=words)
            hashes = {key: document.content_hash for key, document in wanted.items()}
            self._store.switch(self._manifest(name, hashes, table.num_rows))
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        return int(table.num_rows)


def _schema(width: int) -> Any:
    import pyarrow as pa

    text, day, number = pa.string(), pa.date32(), pa.int32()
    kinds = {
        "position": number,
        "version": number,
        "effective_from": day,
        "effective_to": day,
    }
    fields = [(name, kinds.get(name, text)) for name in Chunk.__slots__]
    vectors = pa.list_(pa.list_(pa.float32(), width))
    extra = [("content_hash", text), ("tokens", text), ("vectors", vectors)]
    return pa.schema([*fields, *extra])
