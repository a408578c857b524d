"""The policy owner's desk: what there is, how it is searched, and changing it.

Staff only. A change is planned first (:class:`Plan`: what the index would then hold), then
applied: the shelf file, the audit and the index, one change at a time in the whole shop.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from agent.desk import Limits
from agent.flows.knowledge import search_words
from agent.reading import heard_alone
from agent.shop.calendar import day_of
from agent.tools.base import ToolContext, run
from errors import Forbidden, NotFound
from retrieval.changes import ClauseChange, changes, text_difference
from retrieval.chunking import chunk_document
from retrieval.documents import AsWritten, filled, load_folder, with_shelf
from retrieval.editions import (
    Draft,
    Overtaken,
    Problem,
    begun_from,
    edition_of,
    newest,
    overtaken,
    problems,
    publish,
    withdraw,
)  # fmt: skip
from retrieval.shelf import FILE, Row, Shelf, locked, read_shelf
from retrieval.types import Audience, Document
from services import policy_inspect as looking
from services.policy_inspect import Answer, Comparison, Inspection, Look, State, state_of
from settings import ROOT

if TYPE_CHECKING:
    from agent.types import Caller
    from retrieval import Chunk, IndexReport
    from services.parts import Parts
    from services.policy_import import PolicyImport
    from services.policy_questions import Questions

__all__ = [
    "Audience",
    "Draft",
    "Listed",
    "Look",
    "Moved",
    "Overtaken",
    "Plan",
    "PolicyDesk",
    "Problem",
    "text_difference",
]

MAX_QUERY = 400
TRIAL_DEPTH = 10
Origin = Literal["shop", "written", "collected"]
Progress = Callable[[int, int], None]
# (action, id, before, after) for the audit.
Told = tuple[Literal["publish", "edit", "withdraw", "import"], str, dict[str, Any], dict[str, Any]]
Change = Callable[[Shelf, list[Document]], tuple[Shelf, list[Told]]]


@dataclass(frozen=True, slots=True)
class Listed:
    """One edition in the list. ``newest`` ones can be edited, those on the shelf withdrawn.

    ``at`` is when it was written or fetched, ``author`` who wrote it ("" for neither).
    """

    document: Document
    state: State
    origin: Origin
    sections: int
    newest: bool
    at: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A clause's places (from 1, None: not among the first ten) before and after a change."""

    chunk: Chunk
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying a change does. ``moved`` is told for the question that was asked last."""

    changes: tuple[ClauseChange, ...]
    query: str = ""
    moved: tuple[Moved, ...] = ()


class PolicyDesk:
    """See the module. Every method raises Forbidden for anybody who is not staff."""

    def __init__(self, shop: Parts) -> None:
        self._shop = shop
        self._changing = threading.Lock()

    @cached_property
    def imports(self) -> PolicyImport:
        """Reading addresses and files, one import a person."""
        from services.policy_import import PolicyImport

        return PolicyImport(self._shop, self)

    @cached_property
    def questions(self) -> Questions:
        """Questions without a good answer, grouped, and what becomes of them."""
        from services.policy_questions import Questions

        return Questions(self._shop, self)

    # ── looking ──────────────────────────────────────────────────────────────────────────

    def inspect(self, caller: Caller, query: str, look: Look | None = None) -> Inspection:
        """The search's every stage for ``query`` (400 characters)."""
        _require_staff(caller)
        query = query[:MAX_QUERY]
        return looking.inspect(
            self._shop.policies, query, look or Look(), self.today, heard=self._heard(query)[0]
        )

    def answer(self, caller: Caller, query: str) -> Answer:
        """What the agent's reply to a customer would cite today, and why the rest is dropped."""
        _require_staff(caller)
        text, intent = self._heard(query[:MAX_QUERY])
        return replace(looking.answer(self._shop.policies, text, self.today), intent=intent)

    def compare(self, caller: Caller, query: str, left: Look, right: Look) -> Comparison:
        """The same question looked for in two ways."""
        _require_staff(caller)
        query = query[:MAX_QUERY]
        return looking.compare(
            self._shop.policies, query, left, right, self.today, heard=self._heard(query)[0]
        )

    def neighbours(self, caller: Caller, chunk_id: str) -> tuple[Chunk | None, Chunk, Chunk | None]:
        """A clause between the ones before and after it in its document. Raises NotFound."""
        _require_staff(caller)
        index = self._shop.index
        chunk = index.chunk(chunk_id, staff=True)
        if chunk is None:
            raise NotFound("해당 조항을 찾을 수 없어요.")
        around = {one.position: one for one in index.document_chunks(chunk.doc_id, staff=True)}
        return around.get(chunk.position - 1), chunk, around.get(chunk.position + 1)

    def listed(self, caller: Caller) -> list[Listed]:
        """Every edition of every policy, by category and title, newest edition first."""
        _require_staff(caller)
        shelf, ours = self._shelf(), self._ours()
        rows = {row.document.doc_id: row for row in shelf.rows}
        found = [
            self._listed(document, rows.get(document.doc_id), shelf, ours)
            for document in self._documents(shelf)
        ]
        return sorted(
            found, key=lambda one: (one.document.category, one.document.source,
                                    -one.document.version),
        )  # fmt: skip

    def clauses(self, caller: Caller, doc_id: str) -> tuple[Chunk, ...]:
        """The clauses of an edition as the index holds them."""
        _require_staff(caller)
        return self._shop.index.document_chunks(doc_id, staff=True)

    # ── changing ─────────────────────────────────────────────────────────────────────────

    def draft_of(self, caller: Caller, doc_id: str) -> Draft:
        """An edition as it was written, to be edited: from today on. Raises NotFound."""
        _require_staff(caller)
        return begun_from(edition_of(self._shelf(), self._ours(), doc_id), self.today)

    def overtaken(self, caller: Caller, draft: Draft) -> Overtaken | None:
        """What became of the edition ``draft`` began from; None while it stands as it was."""
        _require_staff(caller)
        return overtaken(
            self._shelf(), self._ours(), draft, author=caller.user_id or "", today=self.today
        )

    def check(self, caller: Caller, draft: Draft) -> list[Problem]:
        """What stands against a draft; refusals alone, where there are any."""
        _require_staff(caller)
        return problems(draft, self._shelf(), self._ours(), self._rules, self.today)

    def preview(self, caller: Caller, draft: Draft) -> tuple[Chunk, ...]:
        """The clauses that the draft would become. Raises BadInput for a placeholder nobody
        knows."""
        _require_staff(caller)
        document = _sketch(draft)
        return tuple(chunk_document(filled(document, self._rules)))

    def plan(self, caller: Caller, draft: Draft, query: str = "") -> Plan:
        """What publishing ``draft`` would change. Raises as :meth:`publish` does."""
        return self.planned(caller, self._publishing(caller, draft), query)

    def publish(self, caller: Caller, draft: Draft, progress: Progress | None = None) -> str:
        """Save ``draft`` as the newest edition and index it; returns its doc_id.

        Raises BadInput for a refused draft, NotFound, StateChanged when another edition has
        come since, Unavailable when policies are being collected elsewhere.
        """
        told = self.applied(caller, self._publishing(caller, draft), progress)
        return told[0][1]

    def plan_withdrawal(self, caller: Caller, doc_id: str, query: str = "") -> Plan:
        """What withdrawing an edition would change. Raises as :meth:`withdraw` does."""
        return self.planned(caller, _withdrawing(doc_id), query)

    def withdraw(self, caller: Caller, doc_id: str, progress: Progress | None = None) -> None:
        """Take an edition off the shelf; the one before is in force again.

        Raises NotFound for one of the shop's own files, Conflict when a later edition stands
        on it, Unavailable.
        """
        self.applied(caller, _withdrawing(doc_id), progress)

    def planned(self, caller: Caller, change: Change, query: str = "") -> Plan:
        """What ``change`` would do to the index, and to the order of ``query``'s clauses."""
        _require_staff(caller)
        shelf, _ = change(self._shelf(), self._ours())
        documents = self._documents(shelf)
        found = tuple(changes(self._shop.index, documents))
        query = " ".join(query.split())[:MAX_QUERY]
        earlier = {one.chunk.chunk_id: one.earlier.chunk_id for one in found if one.earlier}
        moved = self._moved(documents, query, earlier) if query and found else ()
        return Plan(found, query, moved)

    def applied(
        self, caller: Caller, change: Change, progress: Progress | None = None
    ) -> list[Told]:
        """Make ``change``: shelf, audit and index. Raises what ``change`` raises, Unavailable."""
        _require_staff(caller)
        # Two owners here wait for each other; a collector elsewhere is told of instead.
        with self._changing, locked(self._file):
            with self._shop.database.write() as tx:
                context = ToolContext(
                    tx, caller, self._shop.rules, self._shop.clock(), source="page"
                )
                shelf, told = change(self._shelf(), self._ours())
                for action, doc_id, before, after in told:
                    run(context, "note_policy_change", action=action, doc_id=doc_id,
                        before=before, after=after)  # fmt: skip
                shelf.write(self._file)
            self._build(progress)
        return told

    @property
    def today(self) -> date:
        """The day in Seoul."""
        return day_of(self._shop.clock())

    def now_iso(self) -> str:
        """The time for a line of the shelf, UTC."""
        return self._shop.clock().isoformat(timespec="seconds")

    # ── parts ────────────────────────────────────────────────────────────────────────────

    def _heard(self, query: str) -> tuple[str, str]:
        """What the agent makes of ``query`` before it searches: the text and the intent."""
        read, now = self._shop.understander.understand, self._shop.clock()
        limits = Limits.of(self._shop.settings)
        return heard_alone(query, lambda text: read(text, now), limits)

    def _publishing(self, caller: Caller, draft: Draft) -> Change:
        def change(shelf: Shelf, ours: list[Document]) -> tuple[Shelf, list[Told]]:
            after, row, _ = publish(
                shelf, ours, draft, self._rules, author=caller.user_id or "",
                now=self._shop.clock(), today=self.today,
            )  # fmt: skip
            old = edition_of(shelf, ours, draft.doc_id) if draft.doc_id else None
            same = old is not None and row.document.doc_id == old.doc_id
            action: Literal["edit", "publish"] = "edit" if same else "publish"
            facts = facts_of(old) if old else {}
            return after, [(action, row.document.doc_id, facts, facts_of(row.document))]

        return change

    def _moved(
        self, documents: Sequence[Document], query: str, earlier: dict[str, str]
    ) -> tuple[Moved, ...]:
        """Places for ``query`` now and in a copy of the index with ``documents``."""
        from retrieval import PolicyIndex, PolicySearch

        mine = self._shop.index
        searched = search_words(query)
        with TemporaryDirectory(dir=self._shop.settings.data_path, prefix="trial-") as name:
            folder = Path(name) / "index"
            if mine.directory.is_dir():
                shutil.copytree(mine.directory, folder)
            trial = PolicyIndex(folder, mine.tokenizer, mine.encoder)
            trial.build(documents)
            found = [
                [
                    hit.chunk
                    for hit in search.search(searched, top_k=TRIAL_DEPTH, today=self.today).hits
                ]
                for search in (self._shop.policies, PolicySearch(trial))
            ]
        places = [{one.chunk_id: at for at, one in enumerate(some, 1)} for some in found]
        chunks = {one.chunk_id: one for some in reversed(found) for one in some}
        # A clause of a new edition takes over the place of the same clause in the one before.
        moved = [
            Moved(chunk, places[0].get(earlier.get(key, key)), places[1].get(key))
            for key, chunk in chunks.items()
            if key not in earlier.values()
        ]
        return tuple(sorted(moved, key=lambda one: (one.after or 99, one.before or 99)))

    def _listed(
        self, document: Document, row: Row | None, shelf: Shelf, ours: list[Document]
    ) -> Listed:
        last = newest(shelf, ours, document.source)
        return Listed(
            document=document,
            state=state_of(document.effective_from, document.effective_to, self.today),
            origin="shop" if row is None else "written" if row.author else "collected",
            sections=len(chunk_document(document)),
            newest=last is not None and last.doc_id == document.doc_id,
            at=row.fetched_at if row else "",
            author=row.author if row else "",
        )

    @property
    def _file(self) -> Path:
        path: Path = self._shop.settings.data_path / FILE
        return path

    @property
    def _rules(self) -> dict[str, int | str]:
        return dict(self._shop.settings.rules())

    def _shelf(self) -> Shelf:
        return read_shelf(self._file)

    def _ours(self) -> list[Document]:
        """The shop's own files as they were written."""
        return load_folder(ROOT / "data" / "policies", AsWritten())

    def _documents(self, shelf: Shelf) -> list[Document]:
        ours = load_folder(ROOT / "data" / "policies", self._rules)
        return with_shelf(ours, shelf, self._rules, FILE)

    def _build(self, progress: Progress | None) -> IndexReport:
        return self._shop.index.build(self._documents(self._shelf()), progress)


def _sketch(draft: Draft) -> Document:
    """A draft as a document without a place yet, for looking at."""
    return Document(
        draft.doc_id or "draft", draft.title or "제목 없음", draft.category, draft.audience,
        draft.effective_from, draft.effective_to, 1, draft.body, "",
    )  # fmt: skip


def facts_of(document: Document) -> dict[str, Any]:
    """What the audit keeps of an edition: its facts, never its text."""
    return {
        "title": document.title,
        "version": document.version,
        "audience": "직원" if document.audience == "staff" else "모두",
        "effective_from": str(document.effective_from or ""),
        "effective_to": str(document.effective_to or ""),
    }


def _withdrawing(doc_id: str) -> Change:
    def change(shelf: Shelf, ours: list[Document]) -> tuple[Shelf, list[Told]]:
        after, row = withdraw(shelf, doc_id)
        return after, [("withdraw", doc_id, facts_of(row.document), {})]

    return change


def _require_staff(caller: Caller) -> None:
    if not caller.is_staff:
        raise Forbidden("담당자만 할 수 있는 일이에요.")
