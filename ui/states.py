"""One language of state: every state's word, colour and icon, the same everywhere.

Words come from ``agent.shop.words``; colours are Streamlit's badge colours, icons Material
symbols that Streamlit brings along. A colour never stands alone: the word is always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from agent.shop import words
from services.words import PHOTO_VERDICT

__all__ = ["STATES", "Kind", "State", "badge", "chip", "state_of"]

Kind = Literal["order", "claim", "ticket", "priority", "sentiment", "sla", "key", "photo"]
Colour = Literal["red", "orange", "blue", "green", "violet", "gray", "primary"]


@dataclass(frozen=True, slots=True)
class State:
    """How one state is called and shown. ``icon`` is the name of a Material symbol."""

    word: str
    colour: Colour
    icon: str

    @property
    def material(self) -> str:
        """The icon as Streamlit writes it."""
        return f":material/{self.icon}:"


_Looks = Mapping[str, tuple[Colour, str]]
_ORDER: _Looks = {
    "pending_payment": ("orange", "schedule"),
    "paid": ("blue", "credit_score"),
    "preparing": ("violet", "inventory_2"),
    "shipped": ("blue", "local_shipping"),
    "delivered": ("green", "where_to_vote"),
    "cancelled": ("gray", "cancel"),
}
_CLAIM: _Looks = {
    "requested": ("orange", "pending_actions"),
    "approved": ("blue", "task_alt"),
    "collecting": ("violet", "local_shipping"),
    "collected": ("violet", "inventory_2"),
    "reshipping": ("blue", "redeem"),
    "completed": ("green", "check_circle"),
    "rejected": ("red", "block"),
    "withdrawn": ("gray", "undo"),
}
_TICKET: _Looks = {
    "open": ("orange", "mark_email_unread"),
    "in_progress": ("blue", "support_agent"),
    "waiting_customer": ("violet", "reply"),
    "resolved": ("green", "check_circle"),
    "closed": ("gray", "archive"),
}
_PRIORITY: _Looks = {
    "low": ("gray", "arrow_downward"),
    "normal": ("blue", "remove"),
    "high": ("orange", "arrow_upward"),
    "urgent": ("red", "priority_high"),
}
_SENTIMENT: _Looks = {
    "positive": ("green", "sentiment_satisfied"),
    "neutral": ("gray", "sentiment_neutral"),
    "negative": ("orange", "sentiment_dissatisfied"),
    "angry": ("red", "sentiment_very_dissatisfied"),
}
_SLA: _Looks = {
    "met": ("green", "check_circle"),
    "running": ("blue", "timer"),
    "soon": ("orange", "hourglass_bottom"),
    "late": ("red", "alarm"),
}
_KEY: _Looks = {
    "active": ("green", "check_circle"),
    "expired": ("gray", "event_busy"),
    "revoked": ("gray", "block"),
}
_PHOTO: _Looks = {
    "damage": ("red", "broken_image"),
    "review": ("orange", "person_search"),
    "retake": ("violet", "add_a_photo"),
}
_SLA_WORDS = {"met": "지킴", "running": "여유", "soon": "임박", "late": "지남"}


def _table(names: Mapping[str, str], looks: _Looks) -> dict[str, State]:
    return {name: State(word, *looks[name]) for name, word in names.items()}


STATES: Mapping[Kind, Mapping[str, State]] = {
    "order": _table(words.ORDER_STATUS, _ORDER),
    "claim": _table(words.CLAIM_STATUS, _CLAIM),
    "ticket": _table(words.TICKET_STATUS, _TICKET),
    "priority": _table(words.PRIORITY, _PRIORITY),
    "sentiment": _table(words.SENTIMENT, _SENTIMENT),
    "sla": _table(_SLA_WORDS, _SLA),
    "key": _table(words.KEY_STATUS, _KEY),
    "photo": _table(PHOTO_VERDICT, _PHOTO),
}


def state_of(kind: Kind, name: str) -> State:
    """A state's looks; an unknown one shows its own name in grey rather than failing."""
    return STATES[kind].get(name) or State(name, "gray", "help")


def badge(kind: Kind, name: str, *, prefix: str = "") -> None:
    """Draw a state's badge; ``prefix`` goes before the word ("반품 " + "승인")."""
    found = state_of(kind, name)
    st.badge(f"{prefix}{found.word}", icon=found.material, color=found.colour)


def chip(kind: Kind, name: str, *, prefix: str = "") -> str:
    """The same badge as inline Markdown, for a line of text."""
    found = state_of(kind, name)
    return f":{found.colour}-badge[{found.material} {prefix}{found.word}]"
