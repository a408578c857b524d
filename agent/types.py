"""What passes between the agent and everybody who uses it.

Pages, routes and the terminal know these types and nothing else of the agent. An event is
one of the dataclasses in :data:`Event`; :class:`Message` is the last but one and carries
exactly what ``POST /api/chat`` answers (http.md).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal

__all__ = [
    "MOST_PHOTOS",
    "TOO_MANY_PHOTOS",
    "Caller",
    "Card",
    "CardAction",
    "CardEvent",
    "Citation",
    "CitationEvent",
    "DateRange",
    "Delta",
    "Done",
    "ErrorEvent",
    "Event",
    "IntentGuess",
    "Message",
    "PendingActionEvent",
    "PendingActionView",
    "Role",
    "Slots",
    "Source",
    "Status",
    "TokenUsage",
    "Understood",
]

Role = Literal["guest", "customer", "staff", "admin"]
Source = Literal["chat", "page", "api", "terminal", "system"]

MOST_PHOTOS = 5  # in one message, and with one claim
TOO_MANY_PHOTOS = f"사진은 한 번에 {MOST_PHOTOS}장까지 보낼 수 있어요. 줄여서 다시 보내 주세요."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. Made from the signed-in session only, never from a message or a model.

    ``user_id`` is None for a guest; ``guest_key`` then names the guest's own browser.
    """

    role: Role = "guest"
    user_id: str | None = None
    name: str = ""
    guest_key: str = ""

    @property
    def is_staff(self) -> bool:
        """Whether the caller may act for any customer."""
        return self.role in ("staff", "admin")


@dataclass(frozen=True, slots=True)
class DateRange:
    """Whole days in Asia/Seoul, both ends included. ``text`` is what the customer wrote."""

    start: date
    end: date
    text: str


@dataclass(frozen=True, slots=True)
class Slots:
    """What a message says besides its intent; None or empty where it says nothing.

    ``ordinal`` counts from 1 ("두 번째 거" is 2); -1 is the last one. ``refers_back`` is
    set by "그거", "아까 그 주문". ``reason_code`` is one of ``agent.shop.claims.REASONS``.
    ``products`` holds the words that may name a product, longest first.
    """

    order_id: str | None = None
    order_ids: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    when: DateRange | None = None
    ordinal: int | None = None
    refers_back: bool = False
    yes_no: bool | None = None
    reason_code: str | None = None
    claim_kind: Literal["return", "exchange"] | None = None
    wanted_option: str | None = None
    quantity: int | None = None
    amount_krw: int | None = None
    email: str | None = None
    address: str | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class IntentGuess:
    """An intent with the classifier's calibrated probability (0 to 1)."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Understood:
    """The result of understanding one message, best guess first.

    ``errand`` names a small wish that runs instead of the intent's flow (``agent.errands``).
    """

    intent: str
    confidence: float
    slots: Slots
    alternatives: tuple[IntentGuess, ...] = ()
    errand: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A policy clause the reply rests on; ``quote`` is a passage of its text."""

    chunk_id: str
    title: str
    section: str
    quote: str


@dataclass(frozen=True, slots=True)
class CardAction:
    """A button on a card: pressing it sends ``message`` as the customer's next turn."""

    label: str
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """Something shown beside the reply: an order, a product, a claim, a ticket, a photo's
    report, some choices.

    ``data`` holds plain JSON values; ``ui.cards`` knows how to draw each ``type``.
    """

    type: Literal["order", "product", "claim", "ticket", "choice", "photo_report"]
    id: str
    title: str
    data: dict[str, Any] = field(default_factory=dict)
    actions: tuple[CardAction, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingActionView:
    """A proposed change waiting for the customer's yes (domain.md, Confirmation).

    ``rows`` are (label, value) pairs that say exactly what will happen and what it costs.
    """

    action_id: str
    kind: str
    summary: str
    rows: tuple[tuple[str, str], ...]
    expires_at: str
    status: str = "pending"


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens a model used in the turn; zero when no model took part."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """What the desk is doing now, in words a customer may read.

    ``session_id`` and ``turn_id`` name conversation and turn, so that a client that leaves
    early finds them.
    """

    text: str
    session_id: str = ""
    turn_id: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the reply; all pieces joined are the message's content."""

    text: str


@dataclass(frozen=True, slots=True)
class CitationEvent:
    """A source of the reply."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class CardEvent:
    """A card beside the reply."""

    card: Card


@dataclass(frozen=True, slots=True)
class PendingActionEvent:
    """A change that waits for confirmation."""

    pending_action: PendingActionView


PERSON = "person"  # the model of a turn that no model answers: a person has the chat


@dataclass(frozen=True, slots=True)
class Message:
    """The finished reply: the object ``POST /api/chat`` answers with."""

    session_id: str
    message_id: str
    content: str
    created_at: str
    intent: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    cards: tuple[Card, ...] = ()
    pending_action: PendingActionView | None = None
    tools_used: tuple[str, ...] = ()
    handoff: bool = False
    ticket_id: str | None = None
    guardrails: tuple[str, ...] = ()
    provider: str = "offline"
    model: str = "template"
    token_usage: TokenUsage = TokenUsage()
    latency_ms: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain values in http.md's shape (``answer`` equals ``content``)."""
        head = {"session_id": self.session_id, "message_id": self.message_id}
        body = asdict(self)
        return {**head, "role": "assistant", "answer": self.content, **body}


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """The turn could not be done; ``text`` says in Korean what happened and what to do.

    ``http_status`` is the error's own (errors.py).
    """

    code: str
    text: str
    http_status: int = 500


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing follows."""

    at: datetime


Event = (
    Status | Delta | CitationEvent | CardEvent | PendingActionEvent | Message | ErrorEvent | Done
)
