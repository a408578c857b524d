"""Scripted dialogues (``evals/dialogues/*.yaml``) and how they are played and checked.

A dialogue: ``id``, ``as`` (user id or ``guest``), optional ``about``, ``turns`` and, where the
desk does not do it yet, ``gap``: why. A turn says one of ``say`` (text), ``press`` (the n-th
button of the last reply, or its label) or ``confirm: true`` (the last proposal's button),
optionally with ``photos`` (``evals.dialogue_photos``; alone they are a message without words),
after ``wait_minutes`` and after what a member of staff does with the chat's ticket
(``desk``: {reply: text} or {resolve: text}), and expects any of: ``intent``, ``tools`` (all
used, in order; ``tools_any`` for at least these), ``reply`` (texts that occur), ``not_reply``,
``cards`` (their types, each at least once), ``pending`` (the proposed tool, or none),
``cites`` (a policy document), ``handoff``, ``flags``, and ``state`` (order id → {status,
refunded_krw, claims, road, ...}).

Places in texts: ``{order:paid:1}`` is the caller's first (newest) order in that state,
``{other:paid:1}`` the same of user_002, ``{last}`` the order last named by a place,
``{repeat:가:4001}`` a text of that length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.types import Caller, ErrorEvent, Event, Message
from errors import BadInput
from evals import dialogue_photos
from evals.subject import Clock
from services import Services

__all__ = ["FOLDER", "Dialogue", "Difference", "Play", "Talk", "TurnFailed", "load"]

FOLDER = Path(__file__).resolve().parent / "dialogues"
_EXPECTATIONS = {
    "intent", "tools", "tools_any", "reply", "not_reply", "cards", "pending", "cites", "handoff",
    "flags", "state",
}  # fmt: skip
_DOES = {"say", "press", "confirm", "wait_minutes", "desk", "photos"}
_STAFF = Caller("staff", "staff_001", "이상담")
_DESK = {"reply": ("reply_ticket", "text"), "resolve": ("resolve_ticket", "resolution")}
_PLACE = re.compile(r"\{(order|other|repeat|last)(?::([^:}]*))?(?::(\d+))?\}")


class TurnFailed(Exception):
    """A turn that ended in an error instead of a message."""


@dataclass
class Talk:
    """A conversation of one caller with one shop."""

    shop: Services
    caller: Caller
    session_id: str | None = None
    events: list[Event] = field(default_factory=list)

    def say(
        self, text: str, *, confirm: str | None = None, images: tuple[str, ...] = ()
    ) -> Message:
        """One turn. Raises :class:`TurnFailed` when it ends in an error."""
        self.events = list(
            self.shop.run_turn(
                self.caller, text, session_id=self.session_id, confirm=confirm, image_ids=images
            )
        )
        errors = [event for event in self.events if isinstance(event, ErrorEvent)]
        if errors:
            raise TurnFailed(f"{errors[0].code}: {errors[0].text}")
        message = next(event for event in self.events if isinstance(event, Message))
        self.session_id = message.session_id
        return message

    def confirm(self, message: Message) -> Message:
        """Press the confirm button of ``message``. Raises :class:`TurnFailed` without one."""
        if message.pending_action is None:
            raise TurnFailed(f"no confirm button: {message.content}")
        return self.say("", confirm=message.pending_action.action_id)


@dataclass
class Dialogue:
    """One dialogue as read from its file."""

    id: str
    caller: str
    turns: list[dict[str, Any]]
    file: str = ""
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a turn (counted from 1) did otherwise than expected: ``what`` names the field."""

    turn: int
    what: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"turn {self.turn}, {self.what}: {self.expected!r} expected, got {self.got!r}"


def load(*folders: Path) -> list[Dialogue]:
    """Every dialogue of the folders, of :data:`FOLDER` where none is given.

    One that is not there holds none. Raises BadInput for an unknown key or a doubled id.
    """
    found: list[Dialogue] = []
    for path in (one for folder in folders or (FOLDER,) for one in sorted(folder.glob("*.yaml"))):
        for row in yaml.safe_load(path.read_text("utf-8")):
            unknown = set(row) - {"id", "as", "about", "turns", "gap"}
            for turn in row["turns"]:
                unknown |= set(turn) - _EXPECTATIONS - _DOES
            if unknown:
                raise BadInput(f"{path.name}의 {row['id']}에 모르는 항목이 있습니다: {unknown}")
            found.append(
                Dialogue(row["id"], row["as"], row["turns"], _place(path), row.get("gap", ""))
            )
    ids = [dialogue.id for dialogue in found]
    if doubled := {one for one in ids if ids.count(one) > 1}:
        raise BadInput(f"두 대화가 같은 id를 씁니다: {', '.join(sorted(doubled))}")
    return found


def _place(path: Path) -> str:
    """A file's name; with its folder where that is not ours."""
    return path.name if path.parent == FOLDER else str(path)


@dataclass
class Play:
    """One dialogue being played against a shop of its own.

    ``shop`` and ``clock`` are the dialogue's; ``heard`` keeps every message in order (one a
    turn that was played), ``seen`` the talk as text for people.
    """

    shop: Services
    clock: Clock
    dialogue: Dialogue
    last_order: str = ""
    message: Message | None = None
    proposal: Message | None = None
    heard: list[Message] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def run(self) -> list[Difference]:
        """Play every turn; what differed. A turn that cannot be played ends the dialogue."""
        caller = (
            Caller(guest_key="a-guest")
            if self.dialogue.caller == "guest"
            else self.shop.accounts.caller(self.dialogue.caller)
        )
        talk = Talk(self.shop, caller)
        found: list[Difference] = []
        for number, turn in enumerate(self.dialogue.turns, 1):
            try:
                self.message = self._turn(talk, turn)
                different = list(self._differences(turn, self.message))
            except TurnFailed as error:
                return [*found, Difference(number, "turn", "a reply", str(error))]
            found += (Difference(number, *row) for row in different)
        return found

    def _turn(self, talk: Talk, turn: dict[str, Any]) -> Message:
        if turn.get("wait_minutes"):
            self.clock.pass_(minutes=turn["wait_minutes"])
        for what, said in turn.get("desk", {}).items():
            self._at_the_desk(talk, what, said)
        confirm = self._confirmed() if turn.get("confirm") else None
        text = self._text(turn)
        self.seen.append(f"> {text or '(confirm)'}")
        images: tuple[str, ...] = ()
        if turn.get("photos"):
            dialogue_photos.lay_out(self.shop)
            talk.session_id, images = dialogue_photos.add(
                self.shop, talk.caller, talk.session_id, turn["photos"]
            )
            self.seen.append(f"* photos: {turn['photos']}")
        message = talk.say(text, confirm=confirm, images=images)
        if message.pending_action is not None:
            self.proposal = message
        self.heard.append(message)
        self.seen.append(f"< {message.content}")
        return message

    def _at_the_desk(self, talk: Talk, what: str, said: str) -> None:
        """What a member of staff does with the caller's newest ticket. Raises TurnFailed."""
        found = self.shop.tool(talk.caller, "list_tickets", limit=1).items
        if not found or what not in _DESK:
            raise TurnFailed(f"nobody can {what!r} here: {len(found)} tickets")
        tool, name = _DESK[what]
        given: dict[str, Any] = {name: said, "version": found[0].version}
        self.shop.tool(_STAFF, tool, ticket_id=found[0].ticket_id, **given)
        self.seen.append(f"* {what}: {said}")

    def _confirmed(self) -> str:
        if self.proposal is None or self.proposal.pending_action is None:
            raise TurnFailed("there is nothing to confirm")
        return self.proposal.pending_action.action_id

    def _text(self, turn: dict[str, Any]) -> str:
        if "press" not in turn:
            return self.fill(turn.get("say", ""))
        cards = self.message.cards if self.message else ()
        actions = [action for card in cards for action in card.actions]
        wanted = turn["press"]
        fitting = (
            actions[wanted - 1 : wanted]
            if isinstance(wanted, int)
            else [action for action in actions if wanted in action.label]
        )
        if not fitting:
            raise TurnFailed(f"no button {wanted!r} in {[action.label for action in actions]}")
        return fitting[0].message

    def fill(self, text: str) -> str:
        """``text`` with its places filled in."""
        return _PLACE.sub(self._place, text)

    def _place(self, found: re.Match[str]) -> str:
        kind, what, number = found.groups()
        if kind == "last":
            return self.last_order
        if kind == "repeat":
            return str(what) * int(number)
        user = "user_002" if kind == "other" or self.dialogue.caller == "guest" else ""
        owner = self.shop.accounts.caller(user or self.dialogue.caller)
        orders = self.shop.tool(owner, "list_orders", statuses=(what,), limit=50).items
        if len(orders) < int(number or 1):
            raise TurnFailed(f"{found.group()}: there are {len(orders)} such orders")
        self.last_order = orders[int(number or 1) - 1].order_id
        return self.last_order

    def _differences(
        self, turn: dict[str, Any], message: Message
    ) -> Iterator[tuple[str, Any, Any]]:
        """(field, expected, got) of everything that is not as the turn expects it."""
        flags = message.guardrails
        if "ungrounded_reply" in flags:
            yield "flags", "a grounded reply", flags
        yield from _exact(turn, message)
        if not set(turn.get("tools_any", [])) <= set(message.tools_used):
            yield "tools_any", turn["tools_any"], list(message.tools_used)
        if not set(turn.get("flags", [])) <= set(flags):
            yield "flags", turn["flags"], list(flags)
        for text in map(self.fill, turn.get("reply", [])):
            if text not in message.content:
                yield "reply", text, message.content
        for text in map(self.fill, turn.get("not_reply", [])):
            if text in message.content:
                yield "not_reply", text, message.content
        cited = sorted({one.chunk_id.split("#")[0] for one in message.citations})
        if "cites" in turn and turn["cites"] not in cited:
            yield "cites", turn["cites"], cited
        for order_id, wanted in turn.get("state", {}).items():
            yield from self._order_differences(self.fill(order_id), wanted)

    def _order_differences(
        self, order_id: str, wanted: dict[str, Any]
    ) -> Iterator[tuple[str, Any, Any]]:
        order = self.shop.tool(_STAFF, "get_order", order_id=order_id)
        for name, value in wanted.items():
            if name == "claims":
                got: Any = [[claim.kind, claim.status] for claim in order.claims]
            elif name == "options":
                got = [line.option_name for line in order.lines]
            else:
                got = getattr(order, name)
            if got != value:
                yield f"state.{name}", value, got


def _exact(turn: dict[str, Any], message: Message) -> Iterator[tuple[str, Any, Any]]:
    """The expectations that name a whole value."""
    pending = message.pending_action.kind if message.pending_action else None
    got = {
        "intent": message.intent,
        "tools": list(message.tools_used),
        "cards": sorted({card.type for card in message.cards}),
        "pending": pending,
        "handoff": message.handoff,
    }
    for name, value in got.items():
        expected = turn.get(name, value)
        if name == "cards" and "cards" in turn:
            expected = sorted(set(turn["cards"]))
        if expected != value:
            yield name, expected, value
