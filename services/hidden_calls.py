"""The calls a chat client makes behind its user's back: titles, tags, follow-up questions.

Open WebUI and LibreChat send them to the same address as the customer's words. They are
recognised by their whole shape (one prompt and no conversation around it) and answered here
from nothing but the prompt's own text, by the same understanding as a message: no model, no
tool, nothing written. So taking a customer's message for one by mistake reveals nothing, and
a hidden call never becomes a conversation, a ticket or a figure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from agent.flows import FLOWS
from agent.guardrails import mask_pii
from agent.types import Understood

__all__ = ["HiddenCalls", "Prompt"]

MOST_CHARS = 200_000  # more is no client's own prompt
MOST_MESSAGES, MESSAGE_CHARS = 6, 400
TITLE_WORDS, TITLE_CHARS = 5, 24
_NO_TOPIC = ("smalltalk", "out_of_scope", "unclear")
_TASK = "### Task:"
_OPEN, _CLOSE = "<chat_history>", "</chat_history>"
# What Open WebUI's instruction asks for: the key of its JSON, or else a word of it.
_ASKED = {
    "title": r"\btitle\b",
    "tags": r"\btags?\b",
    "follow_ups": r"\bfollow[-_ ]?ups?\b",
    "text": r"\bautocomplet",
    "queries": r"\bquer(?:y|ies)\b",
    "prompt": r"\bimage\b",
}
_SPEAKER = re.compile(r"^(USER|ASSISTANT|SYSTEM|TOOL|User|AI|Assistant|Human): ?", re.M)
# Found one after the other: a pattern of both would look through the prompt again and again.
_QUOTE_OPENS = re.compile(r'\|\|>User:\s*+"')
_QUOTE_CLOSES = re.compile(r'"\s*+(?:\|\|>Response:|\|\|>Title:)')
_FENCE = "```"
# What a customer may want next, by what was asked.
_NEXT = {
    "order_status": ("delivery", "cancel", "change_order"),
    "delivery": ("order_status", "change_order", "return_exchange"),
    "cancel": ("refund_status", "order_status", "product_info"),
    "change_order": ("order_status", "delivery", "cancel"),
    "return_exchange": ("policy", "refund_status", "claim_status"),
    "defect": ("return_exchange", "refund_status", "claim_status"),
    "refund_status": ("claim_status", "order_status", "handoff"),
    "claim_status": ("refund_status", "handoff", "order_status"),
    "complaint": ("handoff", "claim_status", "refund_status"),
    "payment": ("order_status", "refund_status", "account"),
    "account": ("order_status", "payment", "handoff"),
    "policy": ("return_exchange", "refund_status", "delivery"),
    "product_info": ("policy", "delivery", "order_status"),
    "handoff": ("claim_status", "order_status", "refund_status"),
}
_START = ("order_status", "policy", "product_info")
_FACES = {"complaint": "😠", "defect": "😟", "smalltalk": "😊", "refund_status": "🤔"}


class Prompt(Protocol):
    """One message of a request."""

    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...


class Understands(Protocol):
    """What reads the intent of a message."""

    def understand(self, text: str, now: datetime) -> Understood: ...


@dataclass(frozen=True, slots=True)
class Chat:
    """What the prompt shows of the conversation; ``asked`` are the customer's words, masked."""

    asked: tuple[str, ...]
    intents: tuple[str, ...]
    things: tuple[str, ...]

    @property
    def topics(self) -> tuple[str, ...]:
        """The intents that are about something, first asked first."""
        return tuple(dict.fromkeys(one for one in self.intents if one not in _NO_TOPIC))


class HiddenCalls:
    """Answers clients' hidden calls. Pure: reads the prompt and the clock only."""

    def __init__(self, understander: Understands, clock: Callable[[], datetime]) -> None:
        self._understander, self._clock = understander, clock

    def answer(
        self, messages: Sequence[Prompt], *, allow: Callable[[], None] = lambda: None
    ) -> str | None:
        """The answer in the shape the client asked for; None for a customer's own message.

        ``allow`` is asked once a hidden call is recognised, before any work; it may raise.
        """
        prompt = _lone_prompt(messages)
        if prompt is None:
            return None
        for shape in (_task, _tool_choice, _emoji, _merge, _compaction, _librechat):
            found = shape(prompt.strip(), messages)
            if found is not None:
                allow()
                told, finish = found
                return finish(self._chat(told))
        return None

    def _chat(self, told: Sequence[str]) -> Chat:
        masked = [mask_pii(" ".join(text.split())[:MESSAGE_CHARS], for_cloud=True).text
                  for text in told[-MOST_MESSAGES:] if text.strip()]  # fmt: skip
        now = self._clock()
        understood = [self._understander.understand(text, now) for text in masked]
        things = [thing for one in understood for thing in one.slots.products[:1]]
        return Chat(tuple(masked), tuple(one.intent for one in understood), tuple(things))


Finish = Callable[[Chat], str]
Found = tuple[Sequence[str], Finish]


def _lone_prompt(messages: Sequence[Prompt]) -> str | None:
    """The one prompt there is, system messages beside it; None inside a conversation."""
    said = [one for one in messages if one.role not in ("system", "developer")]
    if not said:  # LibreChat's older title call is a system message alone
        said = list(messages)
    if len(said) != 1 or said[0].role not in ("user", "system"):
        return None
    return said[0].text if len(said[0].text) <= MOST_CHARS else None


def _task(prompt: str, _: Sequence[Prompt]) -> Found | None:
    """Open WebUI's tasks: instruction, <chat_history>, and for autocompletion the text."""
    start, end = prompt.find(_OPEN), prompt.rfind(_CLOSE)
    if not prompt.startswith(_TASK) or not 0 < start < end:
        return None
    tail = prompt[end + len(_CLOSE) :].strip()
    if tail and not tail.startswith(("<type>", "#")):
        return None
    instruction = prompt[len(_TASK) : start]
    told = _spoken_by_customer(prompt[start + len(_OPEN) : end])
    key = _asked_for(instruction)
    # A custom template may want bare text; the built-in ones show their JSON.
    as_json = "{" in instruction or "json" in instruction.lower()
    return told, lambda chat: _dump({key: _VALUES[key](chat)}) if as_json else _bare(key, chat)


def _asked_for(instruction: str) -> str:
    for key in _ASKED:
        if f'"{key}"' in instruction:
            return key
    found = (key for key, word in _ASKED.items() if re.search(word, instruction, re.I))
    return next(found, "title")


def _tool_choice(prompt: str, messages: Sequence[Prompt]) -> Found | None:
    """Open WebUI asks a model without native tools which of the client's tools to call."""
    system = next((one.text for one in messages if one.role == "system"), "")
    if not system.startswith("Available Tools:") or not prompt.startswith("Query:"):
        return None
    return (), lambda _: _dump({"tool_calls": []})


def _emoji(prompt: str, _: Sequence[Prompt]) -> Found | None:
    if not prompt.startswith("Your task is to reflect the speaker's likely"):
        return None
    message = prompt.partition(f"Message: {_FENCE}")[2]
    if not message.endswith(_FENCE):
        return None
    return [message.removesuffix(_FENCE)], lambda chat: _FACES.get(
        next(iter(chat.intents), ""), "🙂"
    )


def _merge(prompt: str, _: Sequence[Prompt]) -> Found | None:
    """Several models' answers to one question: the first stands, it is the desk's or none."""
    head = "You have been provided with a set of responses from various models"
    at = prompt.rfind("Responses from models:")
    if not prompt.startswith(head) or at < 0:
        return None
    given = prompt[at:].split('"""', 2)
    first = given[1].strip() if len(given) == 3 else ""
    return (), lambda _: mask_pii(first, for_cloud=True).text


def _compaction(prompt: str, _: Sequence[Prompt]) -> Found | None:
    """A summary of what a client is about to drop from a long chat."""
    head, part = "Summarize the conversation history", "### Messages Being Compacted:"
    at = prompt.find(part)
    if not prompt.startswith(_TASK) or not prompt[len(_TASK) :].lstrip().startswith(head) or at < 0:
        return None
    dropped = prompt[at + len(part) :].partition("\n### ")[0]
    return _spoken_by_customer(dropped), lambda chat: "\n".join(f"- {one}" for one in chat.asked)


def _librechat(prompt: str, _: Sequence[Prompt]) -> Found | None:
    """LibreChat's titles: the present ways (completion, structured) and the older ones."""
    if prompt.startswith("Provide a concise, 5-word-or-less title"):
        head, mark, told = prompt.partition("Conversation:")
        return _spoken_by_customer(told if mark else head.partition("\n")[2]), _title
    if prompt.startswith("Analyze this conversation and provide:"):
        at = prompt.find("A concise title in the detected language")
        if at < 0:
            return None
        return _spoken_by_customer(prompt[at:].partition("\n")[2]), lambda chat: _dump(
            {"language": "Korean", "title": _title(chat)}
        )
    if prompt.startswith("Please generate a concise, 5-word-or-less title"):
        opens = _QUOTE_OPENS.search(prompt)
        closes = _QUOTE_CLOSES.search(prompt, opens.end()) if opens else None
        if not opens or not closes or not prompt.endswith("||>Title:"):
            return None
        return [prompt[opens.end() : closes.start()]], _title
    if prompt.startswith("Please generate a concise title (max 40 characters)"):
        told = prompt.partition("starts with:")[2].removesuffix("Title:")
        return (_spoken_by_customer(told), _title) if prompt.endswith("Title:") else None
    return None


def _spoken_by_customer(history: str) -> list[str]:
    """What "USER:" said in a history written as lines; all of it where nobody is named."""
    parts = _SPEAKER.split(history)
    if len(parts) == 1:
        return [history]
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return [text for who, text in pairs if who.lower() in ("user", "human")]


def _title(chat: Chat) -> str:
    """The first wish and the thing it is about, or the customer's own first words."""
    if chat.topics:
        wish = FLOWS[chat.topics[0]].title
        thing = _few(next(iter(chat.things), ""), 2)
        return f"{thing} {wish}" if thing and thing not in wish else wish
    return _few(next(iter(chat.asked), ""), TITLE_WORDS) or "상담"


def _few(text: str, words: int) -> str:
    kept = " ".join(re.sub(r"[^\w\s·]", " ", text).split()[:words])
    return kept if len(kept) <= TITLE_CHARS else kept[: TITLE_CHARS - 1].rstrip() + "…"


def _tags(chat: Chat) -> list[str]:
    return [FLOWS[intent].title for intent in chat.topics][:3] or ["상담"]


def _follow_ups(chat: Chat) -> list[str]:
    """Three questions the customer has not asked, the last wish's first."""
    wanted = [name for intent in reversed(chat.topics) for name in _NEXT[intent]] + [*_START]
    fresh = [name for name in dict.fromkeys(wanted) if name not in chat.intents]
    return [FLOWS[name].example for name in fresh][:3]


def _queries(chat: Chat) -> list[str]:
    """The last question itself; small talk is nothing to search for."""
    if not chat.intents or chat.intents[-1] in ("smalltalk", "unclear"):
        return []
    return [chat.asked[-1]]


_VALUES: dict[str, Callable[[Chat], Any]] = {
    "title": _title,
    "tags": _tags,
    "follow_ups": _follow_ups,
    "queries": _queries,
    "text": lambda chat: "",  # the desk does not put words into a customer's mouth
    "prompt": lambda chat: chat.asked[-1] if chat.asked else "",
}


def _bare(key: str, chat: Chat) -> str:
    value = _VALUES[key](chat)
    return value if isinstance(value, str) else "\n".join(value)


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
