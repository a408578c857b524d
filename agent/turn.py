"""One turn as a flow sees it: what was said, the tools, and the reply it builds up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from agent.memory import Asking, Context
from agent.prompts import Prompts
from agent.shop.rules import Rules
from agent.tools.base import ToolContext, run
from agent.types import Caller, Card, Citation, Slots, Understood
from errors import SangdamError

__all__ = ["Draft", "Proposal", "Turn", "Understands"]


class Understands(Protocol):
    """Intent and slots from a message (``agent.understanding.Understander``)."""

    def understand(self, text: str, now: datetime) -> Understood: ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """A write the desk proposes: a WRITE tool's name and exact arguments.

    ``version`` is the order's version it was based on; ``rows`` are (label, value) pairs.
    """

    kind: str
    arguments: dict[str, Any]
    summary: str
    rows: tuple[tuple[str, str], ...]
    order_id: str
    version: int | None


@dataclass(slots=True)
class Draft:
    """The reply being built."""

    parts: list[str] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    proposal: Proposal | None = None
    asking: Asking | None = None
    keep_asking: bool = False
    ticket_id: str | None = None
    offered: str = ""
    unanswered: bool = False  # the policies hold no answer: kept for their owner
    nearest: tuple[str, float] | None = None  # the clause that came closest, and its score
    unsure: float | None = None  # the confidence of an answer that may not be the right one

    @property
    def text(self) -> str:
        """The whole reply."""
        return "\n\n".join(part for part in self.parts if part)


class Turn:
    """What flows work with. Tools run as the caller; what they return is evidence.

    ``changed``: something was written that the customer must be told of.
    """

    def __init__(
        self,
        *,
        text: str,
        understood: Understood,
        context: Context,
        tools: ToolContext,
        prompts: Prompts,
        images: tuple[str, ...] = (),
        write: Callable[[Callable[[ToolContext], Any]], Any] | None = None,
        history: Callable[[], Sequence[tuple[str, str]]] = tuple,
    ) -> None:
        self.text = text
        self.understood = understood
        self.intent = understood.intent
        self.context = context
        self.tools = tools
        self.images = images
        self.draft = Draft()
        self.evidence: list[Any] = []
        self.retrieved: list[str] = []
        self.history = history
        self._prompts = prompts
        self._write = write
        self.changed = False

    @property
    def slots(self) -> Slots:
        """What the message says besides its intent."""
        return self.understood.slots

    @property
    def caller(self) -> Caller:
        """Who speaks."""
        return self.tools.caller

    @property
    def now(self) -> datetime:
        """The turn's time."""
        return self.tools.now

    @property
    def rules(self) -> Rules:
        """The shop's rule values."""
        return self.tools.rules

    def call(self, name: str, **arguments: Any) -> Any:
        """Run a READ tool; its result becomes evidence. Raises what the tool raises."""
        return self.fact(run(self.tools, name, **arguments))

    def write(self, name: str, **arguments: Any) -> Any:
        """Run a WRITE tool that needs no confirmation, in a transaction of its own."""
        assert self._write is not None, "this turn may not write"
        self.changed = True
        granted = self.tools.granted  # an order proved in this very turn counts
        return self.fact(
            self._write(lambda tools: run(replace(tools, granted=granted), name, **arguments))
        )

    def keep(self, name: str, **arguments: Any) -> Any:
        """As :meth:`write`, for what the desk notes down for itself: nothing that the customer
        must be told of, and no evidence."""
        assert self._write is not None, "this turn may not write"
        return self._write(lambda tools: run(tools, name, **arguments))

    def look(self, name: str, **arguments: Any) -> Any:
        """As :meth:`call`, for a result whose numbers (of pixels, say) are no facts to tell."""
        return run(self.tools, name, **arguments)

    def fact(self, value: Any) -> Any:
        """Count ``value`` (a tool's result, a rule, a computed day) as evidence."""
        self.evidence.append(value)
        return value

    def say(self, name: str, /, **values: Any) -> None:
        """Add a reply template of the intent to the reply."""
        self.draft.parts.append(self._prompts.reply(self.intent, name, **values))

    def show(self, *cards: Card) -> None:
        """Put cards beside the reply and remember what was shown, for "두 번째 거"."""
        self.draft.cards.extend(cards)
        for kind, name in (("order", "orders"), ("product", "products")):
            ids = tuple(card.id for card in cards if card.type == kind)
            if len(ids) == 1 and ids[0] in getattr(self.context, name):
                # One of those shown before: "마지막 거" still counts in that list.
                single = {"order": "order_id", "product": "product_id"}[kind]
                self.context = self.context.change(**{single: ids[0]})
            elif ids:
                single = {"order": "order_id", "product": "product_id"}[kind]
                only = ids[0] if len(ids) == 1 else ""
                self.context = self.context.change(**{name: ids, single: only})

    def ask(self, slot: str, *, choices: Sequence[str] = (), **data: Any) -> None:
        """Wait for ``slot``; the next message is read as its answer first."""
        self.draft.asking = Asking(self.intent, slot, tuple(choices), data)

    def refuse(self, error: SangdamError) -> None:
        """Reply with what a tool refused for."""
        self.fact(error.message)
        self.draft.parts.append(error.message)

    def propose(self, proposal: Proposal) -> None:
        """Offer a change to confirm."""
        self.draft.proposal = proposal
        self.fact(proposal.rows)

    def cite(self, hits: Sequence[Any]) -> None:
        """Rest the reply on policy clauses (``retrieval.types.Hit``)."""
        for hit in hits:
            chunk = hit.chunk
            self.fact(chunk.text)
            self.draft.citations.append(
                Citation(chunk.chunk_id, chunk.title, chunk.section, chunk.text)
            )

    @property
    def answered(self) -> Asking | None:
        """The question this message answers, when it is of this intent."""
        asking = self.context.asking
        return asking if asking and asking.intent == self.intent else None
