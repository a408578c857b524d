"""Scripted dialogues (``evals/dialogues/*.yaml``) and how they are checked.

A dialogue: ``id``, ``as`` (user id or ``guest``), optional ``about``, ``turns`` and, where the
desk does not do it yet, ``gap``: why. Such a dialogue must fail, so that nobody forgets it once
it works. A turn
says one of ``say`` (text), ``press`` (the n-th button of the last reply, or its label) or
``confirm: true`` (the last proposal's button), optionally after ``wait_minutes``, and expects
any of: ``intent``, ``tools`` (all used, in order; ``tools_any`` for at least these),
``reply`` (texts that occur), ``not_reply``, ``cards`` (their types, each at least once),
``pending`` (the proposed tool, or none), ``cites`` (a policy document), ``handoff``,
``flags``, and ``state`` (order id → {status, refunded_krw, claims, road, ...}).

Places in texts: ``{order:paid:1}`` is the caller's first (newest) order in that state,
``{other:paid:1}`` the same of user_002, ``{last}`` the order last named by a place,
``{repeat:가:4001}`` a text of that length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.types import Caller, Message
from services import Services
from tests.conftest import Clock
from tests.talk import Talk

FOLDER = Path(__file__).resolve().parents[1] / "evals" / "dialogues"
EXPECTATIONS = {
    "intent", "tools", "tools_any", "reply", "not_reply", "cards", "pending", "cites", "handoff",
    "flags", "state",
}  # fmt: skip
_PLACE = re.compile(r"\{(order|other|repeat|last)(?::([^:}]*))?(?::(\d+))?\}")


@dataclass
class Dialogue:
    """One dialogue as read from its file."""

    id: str
    caller: str
    turns: list[dict[str, Any]]
    file: str = ""
    gap: str = ""


def load() -> list[Dialogue]:
    """Every dialogue of the folder; fails on an unknown key or a doubled id."""
    found: list[Dialogue] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for row in yaml.safe_load(path.read_text("utf-8")):
            assert set(row) <= {"id", "as", "about", "turns", "gap"}, (path.name, row)
            for turn in row["turns"]:
                unknown = set(turn) - EXPECTATIONS - {"say", "press", "confirm", "wait_minutes"}
                assert not unknown, (row["id"], unknown)
            found.append(
                Dialogue(row["id"], row["as"], row["turns"], path.name, row.get("gap", ""))
            )
    ids = [dialogue.id for dialogue in found]
    assert len(ids) == len(set(ids)), "two dialogues share an id"
    return found


@dataclass
class Play:
    """One dialogue being played against a shop of its own."""

    shop: Services
    clock: Clock
    dialogue: Dialogue
    last_order: str = ""
    message: Message | None = None
    proposal: Message | None = None
    seen: list[str] = field(default_factory=list)

    def run(self) -> None:
        caller = (
            Caller(guest_key="a-guest")
            if self.dialogue.caller == "guest"
            else self.shop.caller(self.dialogue.caller)
        )
        talk = Talk(self.shop, caller)
        for number, turn in enumerate(self.dialogue.turns, 1):
            if turn.get("wait_minutes"):
                self.clock.pass_(minutes=turn["wait_minutes"])
            confirm = None
            if turn.get("confirm"):
                assert self.proposal
                assert self.proposal.pending_action
                confirm = self.proposal.pending_action.action_id
            text = self._text(turn)
            self.message = talk.say(text, confirm=confirm)
            if self.message.pending_action is not None:
                self.proposal = self.message
            self.seen.append(f"> {text or '(confirm)'}\n< {self.message.content}")
            self._check(turn, f"{self.dialogue.id} turn {number}")

    def _text(self, turn: dict[str, Any]) -> str:
        if "press" in turn:
            assert self.message is not None
            actions = [action for card in self.message.cards for action in card.actions]
            wanted = turn["press"]
            if isinstance(wanted, int):
                return actions[wanted - 1].message
            return next(action.message for action in actions if wanted in action.label)
        return self.fill(turn.get("say", ""))

    def fill(self, text: str) -> str:
        return _PLACE.sub(self._place, text)

    def _place(self, found: re.Match[str]) -> str:
        kind, what, number = found.groups()
        if kind == "last":
            return self.last_order
        if kind == "repeat":
            return str(what) * int(number)
        user = "user_002" if kind == "other" or self.dialogue.caller == "guest" else ""
        owner = self.shop.caller(user or self.dialogue.caller)
        orders = self.shop.tool(owner, "list_orders", statuses=(what,), limit=50)
        self.last_order = orders[int(number or 1) - 1].order_id
        return self.last_order

    def _check(self, turn: dict[str, Any], where: str) -> None:
        message = self.message
        assert message is not None
        told = f"{where}\n" + "\n".join(self.seen)
        assert "ungrounded_reply" not in message.guardrails, told
        if "intent" in turn:
            assert message.intent == turn["intent"], told
        if "tools" in turn:
            assert list(message.tools_used) == turn["tools"], told
        assert set(turn.get("tools_any", [])) <= set(message.tools_used), told
        for text in turn.get("reply", []):
            assert self.fill(text) in message.content, f"{text!r} not in the reply\n{told}"
        for text in turn.get("not_reply", []):
            assert self.fill(text) not in message.content, f"{text!r} in the reply\n{told}"
        if "cards" in turn:
            assert {card.type for card in message.cards} == set(turn["cards"]), told
        if "pending" in turn:
            kind = message.pending_action.kind if message.pending_action else None
            assert kind == turn["pending"], told
        if "cites" in turn:
            cited = {citation.chunk_id.split("#")[0] for citation in message.citations}
            assert turn["cites"] in cited, f"{cited}\n{told}"
        if "handoff" in turn:
            assert message.handoff == turn["handoff"], told
        assert set(turn.get("flags", [])) <= set(message.guardrails), told
        for order_id, wanted in turn.get("state", {}).items():
            self._check_state(self.fill(order_id), wanted, told)

    def _check_state(self, order_id: str, wanted: dict[str, Any], told: str) -> None:
        staff = Caller("staff", "staff_001", "이상담")
        order = self.shop.tool(staff, "get_order", order_id=order_id)
        for name, value in wanted.items():
            if name == "claims":
                got: Any = [[c.kind, c.status] for c in order.claims]
            elif name == "options":
                got = [line.option_name for line in order.lines]
            else:
                got = getattr(order, name)
            assert got == value, f"{name}: {got!r} is not {value!r}\n{told}"
