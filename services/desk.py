"""One shop: settings, store, index and agent behind plain methods.

Heavy parts (kiwi, LanceDB, the classifier) are built on first use or by
:meth:`Services.prepare`, which the launcher runs in the background.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from agent import conversations as chats
from agent import core
from agent.guardrails.novelty import Vocabulary
from agent.llm import ProviderState
from agent.prompts import Prompts
from agent.shop.calendar import add_business_days, day_of
from agent.shop.claims import allowed_actions, following
from agent.shop.quote import due_krw
from agent.tools.base import REGISTRY, ToolContext, run
from agent.types import Caller, Event, PendingActionView, Source
from errors import NotFound
from services.parts import Parts
from services.seeding import seed_demo
from settings import ROOT, Settings
from store import tickets
from store.backup import hold
from store.models import Claim, Conversation, Order, StoredMessage
from vision import Limits

if TYPE_CHECKING:
    from retrieval import Chunk, SearchResult
    from services.accounts import Accounts
    from services.conversation_log import ConversationLog
    from services.llm import Models
    from services.metrics import Metrics
    from services.photos import Photos
    from services.presence import Presence
    from services.runs import Runs
    from services.similar import Similar
    from services.triage import TriageDesk
    from services.turns import Turns

__all__ = ["Services"]

Progress = Callable[[str, int, int], None]
_FINDS_PRODUCTS = ("search_products", "recommend_products")


class Services(Parts):
    """One shop: settings, store, index and agent behind plain methods."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] | None = None) -> None:
        super().__init__(settings, clock=clock)
        self._ready = threading.Event()
        self._photos_swept_at = 0.0
        self._warm_lock = threading.Lock()
        self.progress: tuple[str, int, int] | None = None

    # ── parts that know the whole shop ───────────────────────────────────────────────────

    @cached_property
    def accounts(self) -> Accounts:
        """Sign-in, sessions, tokens, passwords."""
        from services.accounts import Accounts

        return Accounts(self.settings, self.database, self.clock, self.limits, self.metrics.sign_in)

    @cached_property
    def metrics(self) -> Metrics:
        """What is counted for Prometheus."""
        from services.metrics import Metrics

        return Metrics(self)

    @cached_property
    def llm(self) -> Models:
        """The language models: the gateway to them and its books."""
        from services.llm import Models

        return Models(self)

    @cached_property
    def photos(self) -> Photos:
        """What is judged on photos, and the catalogue's own pictures."""
        from services.photos import Photos

        return Photos(self)

    @cached_property
    def presence(self) -> Presence:
        """Who has which ticket open."""
        from services.presence import Presence

        return Presence()

    @cached_property
    def similar(self) -> Similar:
        """Solved tickets like an open one."""
        from services.similar import Similar

        return Similar(self.database)

    @cached_property
    def triage(self) -> TriageDesk:
        """What is suggested for tickets, made in the background."""
        from services.triage import TriageDesk

        return TriageDesk(self)

    @cached_property
    def runs(self) -> Runs:
        """Past turns: what each did, and playing it again."""
        from services.runs import Runs

        return Runs(self)

    @cached_property
    def conversation_log(self) -> ConversationLog:
        """What is said as JSON lines, where the settings ask for it."""
        from services.conversation_log import ConversationLog

        return ConversationLog(self.settings, self.database, failed=self.metrics.log_failed)

    @cached_property
    def turns(self) -> Turns:
        """The turns under way, of the page and of the API."""
        from services.turns import Turns

        return Turns(self)

    @cached_property
    def desk(self) -> core.Desk:
        """What the agent's turn needs."""
        prompts = Prompts.load(ROOT / "agent" / "prompts")
        return core.Desk(
            database=self.database,
            rules=self.rules,
            prompts=prompts,
            vocabulary=Vocabulary(self.tokenizer, prompts.templates()),
            understander=self.understander,
            policy_search=self.search_policies,
            product_search=self.catalogue,
            llm=self.llm.gateway,
            weather=self.weather,
            triage=self.triaged,
            photos=self.photos,
            limits=core.Limits.of(self.settings),
            traces=self.settings.trace_days > 0,
            clock=self.clock,
        )

    # ── start ────────────────────────────────────────────────────────────────────────────

    def prepare(self, progress: Progress | None = None) -> None:
        """Make the store, seed the demonstration shop, build the index and the model.

        Idempotent; a second process waits on the first one's locks. ``progress`` gets
        (what, done, of).
        """
        with self._warm_lock:
            if self._ready.is_set():
                return
            tell = progress or (lambda what, done, of: None)
            tell("데이터베이스", 0, 4)
            self.database.prepare()
            self._held = hold(self.database)
            if self.settings.demo:
                tell("데모 상점", 1, 4)
                seed_demo(self.settings, database=self.database, clock=self.clock)
            self.housekeeping()
            self.conversation_log.start(self.clock())
            tell("정책 문서", 2, 4)
            self.build_index()
            self.catalogue.refresh(start=True)
            tell("의도 분류 모델", 3, 4)
            self.desk.understander.understand("안녕하세요", self.clock())
            today = day_of(self.clock())
            self.policies.search("환불", today=today)
            self.llm.gateway.warm()
            add_business_days(today, 1)  # loads the holiday tables
            tell("준비 완료", 4, 4)
            self._ready.set()

    def housekeeping(self) -> int:
        """What is due by the clock alone: close silent tickets (returns how many), index
        a catalogue that was imported anew, forget what is kept for a time. Idempotent."""
        from services.openai_chat import OpenAIChat
        from services.repeats import Repeats

        if self.ready:
            self.catalogue.refresh()
        self.accounts.forget_old()
        Repeats(self).forget_old()
        OpenAIChat(self).forget_old()
        self.llm.forget_old()
        self.runs.forget_old()
        self._forget_photos()
        self.triage.poke()
        days = self.rules.ticket_auto_close_days
        with self.database.write() as tx:
            return len(tickets.close_silent_tickets(tx, self.clock(), days))

    def _forget_photos(self) -> None:
        """Once an hour: every file is looked at."""
        if self._photos_swept_at and monotonic() - self._photos_swept_at < 3600:
            return
        self._photos_swept_at = monotonic()
        chats.forget_photos(
            self.database, folder=self.photo_folder, days=self.settings.photo_days,
            now=self.clock(),
        )  # fmt: skip

    def build_index(self, progress: Any = None, *, rebuild: bool = False) -> Any:
        """Index data/policies and what was collected; only what changed, unless ``rebuild``.

        The rule values in force are filled in. ``progress(done, total)`` counts documents.
        """
        from retrieval.documents import load_all

        collected = self.settings.data_path / "policies.jsonl"
        folder = ROOT / "data" / "policies"
        documents = load_all(folder, collected, self.settings.rules())
        return self.index.build(documents, progress, rebuild=rebuild)

    @property
    def ready(self) -> bool:
        """Whether the store, the index and the model are there."""
        return self._ready.is_set()

    # ── the desk ─────────────────────────────────────────────────────────────────────────

    def run_turn(
        self,
        caller: Caller,
        message: str,
        *,
        session_id: str | None = None,
        image_ids: tuple[str, ...] = (),
        confirm: str | None = None,
        source: Source = "chat",
        key_id: str | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Event]:
        """One turn of the conversation; see :func:`agent.core.run_turn`."""
        events = core.run_turn(
            self.desk, caller, message, session_id=session_id, image_ids=image_ids,
            confirm=confirm, source=source, key_id=key_id, cancel=cancel,
        )  # fmt: skip
        return self.conversation_log.along(events) if self.conversation_log.on else events

    def tool(
        self, caller: Caller, name: str, /, *, source: Source = "page", **arguments: Any
    ) -> Any:
        """Run a tool for a page or a route, in a transaction of the right kind."""
        unit = self.database.write if REGISTRY[name].kind == "WRITE" else self.database.read
        with unit() as tx:
            context = ToolContext(
                tx, caller, self.rules, self.clock(), source=source,
                policy_search=self.search_policies if name == "search_policies" else None,
                product_search=self.catalogue if name in _FINDS_PRODUCTS else None,
                weather=self.weather, triage=self.triaged, photos=self.photos,
                photo_model=self.photos.model,
            )  # fmt: skip
            result = run(context, name, **arguments)
        if context.tx.writable:
            self.conversation_log.follow()  # staff's words are in the chat as well
            self.triage.poke()
        return result

    def search_policies(self, query: str, **options: Any) -> SearchResult:
        """The one policy search, counted (``retrieval.PolicySearch.search``)."""
        found = self.policies.search(query, **options)
        self.metrics.search(found.mode_used, found.took_ms / 1000, found.confident)
        return found

    def conversations(self, caller: Caller, *, limit: int = 20) -> list[Conversation]:
        """The caller's chats, last used first; none for a guest."""
        return chats.find(self.database, caller, limit=limit)

    def messages(self, caller: Caller, session_id: str, *, limit: int = 200) -> list[StoredMessage]:
        """A chat's messages, oldest first. Raises NotFound for somebody else's."""
        return chats.messages(self.database, caller, session_id, limit=limit)

    def answer_of(
        self, caller: Caller, turn_id: str, session_id: str | None = None
    ) -> dict[str, Any] | None:
        """The stored answer of one of the caller's turns (POST /api/chat's object), or None."""
        return chats.answer_of(self.database, caller, turn_id, session_id)

    def models(self) -> dict[str, ProviderState]:
        """Each language model's state, by the name of its provider."""
        return self.llm.gateway.states()

    def pending_action(self, caller: Caller, session_id: str) -> PendingActionView | None:
        """The chat's change that still waits for a yes. Raises NotFound."""
        return chats.pending_action(self.database, caller, session_id, now=self.clock())

    def delete_conversation(self, caller: Caller, session_id: str) -> None:
        """Delete a chat and everything said in it. Raises NotFound."""
        chats.delete(self.database, caller, session_id, folder=self.photo_folder)

    def rate(self, caller: Caller, message_id: str, *, good: bool, reason: str = "") -> None:
        """Keep an opinion on a reply. Raises NotFound."""
        now = self.clock()
        chats.rate(self.database, caller, message_id, good=good, reason=reason, now=now)
        self.conversation_log.rated(message_id, good=good, reason=reason, now=now)

    def save_photo(
        self, caller: Caller, data: bytes, *, session_id: str | None, owner_id: str | None = None
    ) -> tuple[str, str]:
        """Clean and store a photo; returns (session id, image id).

        ``owner_id``: staff store it for that customer, in no chat (session id ""). Raises
        BadInput, NotFound, Forbidden.
        """
        with self.photos.counted():
            return chats.save_photo(
                self.database, caller, data, session_id=session_id, folder=self.photo_folder,
                limits=self.photo_limits, now=self.clock(), owner_id=owner_id,
            )  # fmt: skip

    @property
    def photo_limits(self) -> Limits:
        """What an uploaded picture may be."""
        given = self.settings
        return Limits(
            given.max_image_mb, given.max_image_megapixels, given.min_image_side_px,
            given.max_image_side_ratio, given.photo_workers,
        )  # fmt: skip

    def photo(self, caller: Caller, image_id: str) -> bytes:
        """A stored photo as JPEG. Raises NotFound for somebody else's."""
        return chats.photo(self.database, caller, image_id, folder=self.photo_folder)

    @property
    def photo_folder(self) -> Path:
        """Where cleaned photos lie."""
        folder: Path = self.settings.data_path / "photos"
        return folder

    def highlight(self, query: str, text: str) -> list[tuple[int, int]]:
        """Where ``text`` holds words of ``query``: (start, end) in characters."""
        return self.policies.highlight_spans(query, text)

    def allowed_actions(self, order: Order) -> tuple[str, ...]:
        """What the customer may do with an order now."""
        return allowed_actions(order, now=self.clock(), rules=self.rules)

    def due_krw(self, order: Order) -> int:
        """What an order costs without what was cancelled before it was paid (KRW)."""
        return due_krw(order)

    def next_states(self, claim: Claim) -> tuple[str, ...]:
        """The states staff may move a claim to; taking it back is the customer's own."""
        return tuple(to for to in following(claim) if to != "withdrawn")

    def clause(self, caller: Caller, chunk_id: str) -> Chunk:
        """One policy clause. Raises NotFound; staff documents are missing for others."""
        chunk = self.index.chunk(chunk_id, staff=caller.is_staff)
        if chunk is None:
            raise NotFound("해당 조항을 찾을 수 없어요.")
        return chunk
