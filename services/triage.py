"""Triage of new tickets in the background: fields, summary, draft reply, each with confidence.

One thread, woken by :meth:`TriageDesk.poke` and by itself every :data:`IDLE_S`. What is due is
asked of the store each time (a ticket without suggestions, or with ones the customer has spoken
after), so nothing is lost when the process dies: the next start finds it again.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from agent.llm import Cancelled
from agent.shop.calendar import day_of
from agent.tools.photo_words import note_line, told_line
from agent.triage import Guess
from agent.triage.about import (
    KNOWN,
    NAMED,
    About,
    claim_of,
    named_claims,
    named_orders,
    order_of,
    product_of,
)
from agent.triage.draft import drafted, found_for, question_of
from agent.triage.matter import Line, Matter, facts
from agent.triage.refine import refined
from agent.triage.safety import danger
from agent.triage.summary import key_sentences, one_line, with_note
from errors import NotFound, Unavailable
from store import accounts, claims, conversations, orders, photos, tickets, triage
from store.database import Tx
from store.models import Order, StoredMessage, Ticket, to_text
from store.triage import TicketTriage, TriageField
from vision.types import Report

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["TriageDesk"]

_log = logging.getLogger("sangdam.triage")
IDLE_S = 10.0  # what another process opened is found this late
BATCH = 20
AGAIN_S, MOST_FAILED = 300.0, 1000  # a ticket that failed is tried again this late
RECENT_DAYS, MOST_ORDERS, MOST_MESSAGES, MOST_PHOTOS = 120, 20, 60, 20
_SPEAKER = {"user": "customer", "assistant": "assistant", "staff": "staff"}
_OF_EVENT = {"message": "customer", "reply": "staff", "resolved": "staff"}
LIKELY = 0.5  # below it the ticket's own type counts for finding the order and the clause
NAMES_IT = 0.7  # an order surer than this is named in the summary
OF_SUMMARY = 0.5  # the customer's own sentence: true, though not always the point


class TriageDesk:
    """The suggestions for tickets, and the thread that makes them. Safe to share."""

    def __init__(self, desk: Services) -> None:
        self._desk = desk
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._later: OrderedDict[str, float] = OrderedDict()  # failed ticket → when again

    # ── the thread ───────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to look for new tickets; again is nothing. The shop must be ready."""
        with self._lock:
            if self._thread is not None:
                return
            self._stopping.clear()
            self._thread = threading.Thread(target=self._work, name="triage", daemon=True)
            self._thread.start()
        self.poke()

    def poke(self) -> None:
        """Something may be due: look now instead of later. Cheap, from any thread."""
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End the thread after the ticket it has; whether it ended in time."""
        with self._lock:
            thread, self._thread = self._thread, None
        self._stopping.set()
        self._wake.set()
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def run_due(self) -> int:
        """Make every suggestion that is due; returns how many were made. Never raises."""
        made = 0
        while not self._stopping.is_set():
            ids = self._due()
            if not ids:
                break
            for ticket_id in ids:
                if self._stopping.is_set():
                    break
                made += self._tried(ticket_id)
        return made

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(IDLE_S)
            self._wake.clear()
            self.run_due()

    def _due(self) -> list[str]:
        now = monotonic()
        for ticket_id in [one for one, again in self._later.items() if again <= now]:
            del self._later[ticket_id]
        try:
            with self._desk.database.read() as tx:
                return triage.due(tx, limit=BATCH, besides=self._later)
        except Exception:
            _log.exception("no look at what is due")
            return []

    def _tried(self, ticket_id: str) -> bool:
        """Whether it worked; a failure is kept off for a while."""
        try:
            self.suggest(ticket_id)
        except Cancelled:  # stopping: the next start finds it
            return False
        except Exception:  # whatever a ticket holds, the others get theirs
            _log.exception("ticket %s: no triage", ticket_id)
            self._later[ticket_id] = monotonic() + AGAIN_S
            while len(self._later) > MOST_FAILED:
                self._later.popitem(last=False)
            return False
        return True

    # ── one ticket ───────────────────────────────────────────────────────────────────────

    def suggest(self, ticket_id: str) -> TicketTriage:
        """Look at a ticket now and keep what is found. For staff.

        A language model takes part where one is configured; without it this takes milliseconds.
        Raises NotFound, Unavailable when the store is busy, Cancelled while stopping.
        """
        matter = self._read(ticket_id)
        found = self._found(matter)
        now = self._desk.clock()
        with self._desk.database.write(durable=False) as tx:
            if tickets.get(tx, ticket_id, user_id=None) is None:  # deleted meanwhile
                raise NotFound("해당 문의를 찾을 수 없어요.")
            if triage.put(tx, found, at=now):
                tickets.add_event(
                    tx, ticket_id, at=now, actor_id=None, kind="triaged", internal=True,
                    after={name: found.value(name) for name in ("sentiment", "language")},
                )  # fmt: skip
            kept = triage.get(tx, ticket_id)
        assert kept is not None, "it was kept in this transaction"
        return kept

    def training_data(self) -> list[dict[str, Any]]:
        """What staff corrected, oldest first, without who and on which ticket."""
        with self._desk.database.read() as tx:
            rows = triage.corrections(tx)
        return [
            {"field": row.field, "predicted": row.predicted, "confidence": row.confidence,
             "corrected": row.corrected, "text": row.text, "created_at": row.created_at}
            for row in reversed(rows)
        ]  # fmt: skip

    def _read(self, ticket_id: str) -> Matter:
        """What may be looked at. Internal notes are not even read."""
        now = self._desk.clock()
        with self._desk.database.read() as tx:
            ticket = tickets.get(tx, ticket_id, user_id=None, internal=False)
            if ticket is None:
                raise NotFound("해당 문의를 찾을 수 없어요. 문의 번호를 다시 확인해 주세요.")
            person = accounts.get(tx, ticket.user_id)
            since = to_text(now - timedelta(days=RECENT_DAYS))
            recent = orders.find(tx, user_id=ticket.user_id, since=since, limit=MOST_ORDERS)
            mine = claims.find(tx, user_id=ticket.user_id, limit=MOST_ORDERS)
            said = _said(tx, ticket)
            sent, reports = _photos(tx, ticket, said)
            return Matter(
                ticket, person.name if person else "고객", _lines(ticket, said), recent, mine, now,
                ticket.customer_spoke_at or "", sent, reports,
            )  # fmt: skip

    def _found(self, matter: Matter) -> TicketTriage:
        """Everything about one matter; the store is not held meanwhile."""
        desk, ticket, text = self._desk, matter.ticket, matter.text
        guess = desk.triager(text)
        sure = guess.issue_type.confidence >= LIKELY
        issue_type = guess.issue_type.value if sure else ticket.issue_type
        order_id = self._order(matter, issue_type)
        order = self._whole(order_id[0])
        claim_id = self._claim(matter, issue_type, order, order_id[1])
        told = facts(
            order, matter.claim(claim_id[0]), now=matter.now, rules=desk.rules,
            prompts=desk.desk.prompts,
        )  # fmt: skip
        if seen := told_line(matter.reports):
            told.append(seen)
        said = key_sentences(text, issue_type, desk.triager.issue_scores)
        alarm = danger(text)
        clauses = found_for((*said[:1], question_of(issue_type)), self._search)
        draft = drafted(
            name=matter.customer, issue_type=issue_type, danger=alarm, facts=told,
            sentiment=guess.sentiment.value, found=clauses, photos=bool(matter.photos),
            sure=min([guess.issue_type.confidence, *([order_id[1]] if told else [])]),
        )  # fmt: skip
        about = order if order_id[1] >= NAMES_IT else None
        fields = {
            "issue_type": _field(guess.issue_type), "priority": _field(guess.priority),
            "sentiment": _field(guess.sentiment), "language": _field(guess.language),
            "order_id": TriageField(*order_id), "claim_id": TriageField(*claim_id),
            "summary": TriageField(_summary(said, about, text) or ticket.subject, OF_SUMMARY),
        }  # fmt: skip
        found = TicketTriage(
            ticket.ticket_id, "classifier", "", fields, draft.text, draft.confidence,
            clauses.sources, matter.basis,
        )  # fmt: skip
        found = refined(
            found, desk.llm.gateway, desk.desk.prompts, lines=matter.lines,
            customer=matter.customer, facts=told, urgent=bool(alarm), cancel=self._stopping,
        )  # fmt: skip
        return _with_photos(found, note_line(matter.reports, matter.photos))

    def _order(self, matter: Matter, issue_type: str) -> About:
        """The ticket's own order, the one the text names (the customer's only), or a guess."""
        if matter.ticket.order_id:
            return matter.ticket.order_id, KNOWN
        for number in named_orders(matter.text):
            with self._desk.database.read() as tx:
                order = orders.get(tx, number, user_id=matter.ticket.user_id)
            if order is not None:
                return order.order_id, NAMED
        return order_of(matter.text, issue_type, matter.orders)

    def _claim(self, matter: Matter, issue_type: str, order: Order | None, sure: float) -> About:
        if matter.ticket.claim_id:
            return matter.ticket.claim_id, KNOWN
        for number in named_claims(matter.text):
            if matter.claim(number) is not None:
                return number, NAMED
        claim_id, confidence = claim_of(issue_type, order, matter.claims)
        return claim_id, min(confidence, sure)

    def _whole(self, order_id: str) -> Order | None:
        if not order_id:
            return None
        with self._desk.database.read() as tx:
            return orders.get(tx, order_id, user_id=None)

    def _search(self, question: str) -> Any:
        """Public clauses in force today; None while there is no search."""
        try:
            return self._desk.search_policies(
                question, top_k=4, staff=False, today=day_of(self._desk.clock())
            )
        except Unavailable:
            return None


def _said(tx: Tx, ticket: Ticket) -> list[StoredMessage]:
    """What was said in the ticket's chat about this matter; nothing where it has none."""
    if not ticket.conversation_id:
        return []
    fresh = conversations.get(tx, ticket.conversation_id)
    return conversations.messages(
        tx, ticket.conversation_id, limit=MOST_MESSAGES,
        after=fresh.fresh_from if fresh else 0,  # before it lie matters that are over
    )  # fmt: skip


def _photos(
    tx: Tx, ticket: Ticket, said: Sequence[StoredMessage]
) -> tuple[int, tuple[Report, ...]]:
    """How many photos the matter has, sent in the chat or with the claim, and what was found."""
    claim = claims.get(tx, ticket.claim_id, user_id=None) if ticket.claim_id else None
    sent = [image_id for one in said for image_id in one.payload.get("image_ids") or ()]
    ids = list(dict.fromkeys((*sent, *(claim.photos if claim else ()))))[-MOST_PHOTOS:]
    found = photos.latest_of_images(tx, ids) if ids else {}
    return len(ids), tuple(Report.from_dict(one.report) for one in found.values())


def _with_photos(found: TicketTriage, note: str) -> TicketTriage:
    """The summary says what the photos show, whoever worded it."""
    summary = found.fields["summary"]
    line = replace(summary, value=with_note(summary.value, note))
    return replace(found, fields={**found.fields, "summary": line}) if note else found


def _lines(ticket: Ticket, said: Sequence[StoredMessage]) -> tuple[Line, ...]:
    """What was said in public: the chat of the ticket, or the ticket's own text and answers."""
    lines = [(_SPEAKER[one.role], one.content) for one in said if one.role in _SPEAKER]
    if lines:
        return tuple(lines)
    events = [
        (_OF_EVENT[event.kind], event.text)
        for event in ticket.events
        if event.kind in _OF_EVENT and event.text and not event.internal
    ]
    return (("customer", ticket.description), *events[-MOST_MESSAGES:])


def _field(guess: Guess) -> TriageField:
    return TriageField(guess.value, guess.confidence)


def _summary(said: Sequence[str], order: Order | None, text: str) -> str:
    if not said:
        return ""
    about = product_of(text, order) or order.title if order else ""
    return one_line(said, about=about)
