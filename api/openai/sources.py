"""What a chat client gets beside the reply's words: cards, what waits for a yes, sources.

Such clients draw Markdown, so a card is a line of it and a source a link. Whatever comes from
the store or from a model goes through :class:`Neutral`: it can make neither HTML nor a link
nor a picture. A word joiner, which nobody sees, keeps an address from becoming a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from agent.types import Card, Citation, Message, PendingActionView

__all__ = ["Annotations", "Neutral", "closing", "neutral"]

Annotations = list[dict[str, Any]]
CONFIRM = "진행하려면 '네'라고 답해 주세요."
# "<" opens HTML and autolinks; "](", "]:" and "][" make links and pictures of brackets.
_ACTIVE = re.compile(r"[\\<]|(?<=\])[(:\[]")
# A bare address is linked after escapes are gone, so no backslash helps.
_ADDRESS = re.compile(r"(?<=:/)/|(?<=www)\.", re.IGNORECASE)
_JOINER = "\u2060"


class Neutral:
    """Takes Markdown's power from text that comes in pieces, and leaves it readable."""

    def __init__(self) -> None:
        self._before = ""

    def feed(self, piece: str) -> str:
        """The piece with a backslash before what would be a tag, a link or a picture."""
        whole, at = self._before + piece, len(self._before)
        self._before = whole[-3:]  # both patterns look at what is before
        marks = {one.start(): "\\" for one in _ACTIVE.finditer(whole, at)}
        marks |= {one.start(): _JOINER for one in _ADDRESS.finditer(whole, at)}
        return "".join(marks.get(n, "") + whole[n] for n in range(at, len(whole)))


def neutral(text: str) -> str:
    """A whole text through :class:`Neutral`."""
    return Neutral().feed(text)


def closing(message: Message, said: str, base_url: str) -> tuple[str, Annotations]:
    """What follows the words that were ``said``, and where its sources stand in the whole."""
    blocks = [block for block in (_cards(message.cards), _pending(message.pending_action)) if block]
    text = "".join(f"\n\n{block}" for block in blocks)
    if not message.citations:
        return text, []
    text += "\n\n근거"
    annotations: Annotations = []
    seen = {citation.chunk_id: citation for citation in message.citations}
    for number, citation in enumerate(seen.values(), 1):
        label, url = _label(citation), _url(citation, base_url)
        shown = neutral(label).replace("[", r"\[").replace("]", r"\]")
        line = f"[{number}] [{shown}]({url})"
        start = len(said) + len(text) + 1
        annotations.append(
            {"type": "url_citation",
             "url_citation": {"url": url, "title": label, "start_index": start,
                              "end_index": start + len(line)}}
        )  # fmt: skip
        text += f"\n{line}"
    return text, annotations


def _label(citation: Citation) -> str:
    title, section = _flat(citation.title), _flat(citation.section)
    return title if section in ("", title) else f"{title} · {section}"


def _url(citation: Citation, base_url: str) -> str:
    """The console's policy page, with the clause opened."""
    return f"{base_url.rstrip('/')}/policies?clause={quote(citation.chunk_id, safe='')}"


def _cards(cards: Sequence[Card]) -> str:
    """One line a card, numbered where the customer may pick one of several."""
    choices = [card for card in cards if card.type == "choice"]
    things = [card for card in cards if card.type in _LINES]
    pick = len(things) > 1 and len({card.type for card in things}) == 1
    lines = [
        (f"{number}. " if pick else "- ") + " · ".join(_line(card))
        for number, card in enumerate(things, 1)
    ]
    offered = [
        f"- {_button(action.label, action.message)}" for c in choices for action in c.actions
    ]
    title = next((card.title for card in choices if card.title), "이렇게 답하실 수 있어요.")
    parts = ["\n".join(lines), "\n".join([neutral(_flat(title)), "", *offered]) if offered else ""]
    return "\n\n".join(part for part in parts if part)


def _button(label: str, message: str) -> str:
    label, message = neutral(_flat(label)), neutral(_flat(message))
    return label if label == message else f"{label}: “{message}”"


def _line(card: Card) -> list[str]:
    return [neutral(_flat(str(one))) for one in _LINES[card.type](card.title, card.data) if one]


Data = Mapping[str, Any]
_LINES: Mapping[str, Callable[[str, Data], Sequence[str]]] = {
    "order": lambda title, data: (
        f"주문 {data['order_id']}", title, data["status_ko"], _won(data["total_krw"]),
    ),
    "product": lambda title, data: (
        title, _won(data["price_krw"]), "" if data["in_stock"] else "품절",
    ),
    "claim": lambda title, data: (
        f"{data['kind_ko']} {data['claim_id']}", title, data["status_ko"],
        f"환불 {_won(data['refund_krw'])}" if data["refund_krw"] else "",
    ),
    "ticket": lambda title, data: (f"문의 {data['ticket_id']}", title, data["status_ko"]),
}  # fmt: skip


def _pending(action: PendingActionView | None) -> str:
    if action is None:
        return ""
    rows = [f"- {neutral(_flat(label))}: {neutral(_flat(value))}" for label, value in action.rows]
    return "\n".join([neutral(_flat(action.summary)), "", *rows, "", CONFIRM])


def _won(amount: int) -> str:
    return f"{amount:,}원"


def _flat(text: str) -> str:
    return " ".join(text.split())
