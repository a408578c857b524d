"""Turns kept as dialogue tests: files that ``python -m evals run --suite dialogues`` plays too.

An evaluation plays a fresh demonstration shop, so only turns of its accounts and of guests can be
kept. Order numbers become places ("the first delivered order", as the shop was when it was new),
as they differ from shop to shop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from agent.tools.base import clean
from agent.types import Caller
from errors import BadInput
from store import accounts, audit, traces
from store.database import Tx
from store.models import from_text
from store.seed import seeded_at
from store.traces import TurnRow, Wanted

if TYPE_CHECKING:
    from services.desk import Services
    from services.runs import Run

__all__ = ["FOLDER", "FRAGMENT_CHARS", "Expect", "Kept", "KeptDialogues"]

FOLDER = "kept_dialogues"
MOST_TURNS = 10  # that lead to the kept one
WORTH_A_WAIT = timedelta(minutes=5)
MOST_FRAGMENTS, FRAGMENT_CHARS = 8, (2, 200)
_ORDER = re.compile(r"\b\d{8}-\d{7}\b")
_SAFE = re.compile(r"[^A-Za-z0-9]+")
NOT_DEMO = (
    "데모 상점의 고객이나 비회원이 나눈 대화만 시험으로 남길 수 있어요. "
    "시험은 새로 만든 데모 상점에서 돌리기 때문이에요."
)


@dataclass(frozen=True, slots=True)
class Expect:
    """What staff judge right of the reply and want to stay so. ``reply`` are texts of it."""

    intent: bool = True
    tools: bool = True
    cites: bool = True
    pending: bool = True
    reply: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A dialogue as it was written. ``warnings`` say in Korean what may not hold elsewhere."""

    path: Path
    dialogue: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


class KeptDialogues:
    """The folder of kept dialogues of a shop."""

    def __init__(self, desk: Services) -> None:
        self._desk = desk

    def path(self, turn_id: str) -> Path:
        """The file a turn is kept in; the same turn has always the same."""
        return self._desk.settings.data_path / FOLDER / f"{_id(turn_id)}.yaml"

    def keep(self, run: Run, expect: Expect, *, about: str) -> Kept:
        """Write one. Raises BadInput for another shop's account or a text not in the reply."""
        account = self._account(run.row.user_id)
        orders = self._orders(run.row.user_id)
        lead = self._lead(run)
        turns = [self._turn(row, orders) for row in lead[-MOST_TURNS - 1 :]]
        for turn, (before, row) in zip(turns[1:], pairwise(lead[-MOST_TURNS - 1 :]), strict=True):
            waited = from_text(row.created_at) - from_text(before.created_at)
            if waited >= WORTH_A_WAIT:  # what was asked back or offered may have been forgotten
                turn["wait_minutes"] = int(waited.total_seconds() // 60)
        turns[-1] |= _expected(run, expect, orders)
        dialogue: dict[str, Any] = {"id": _id(run.row.turn_id), "as": account}
        if about.strip():
            dialogue["about"] = clean(about.strip(), 300)
        dialogue["turns"] = turns
        path = self.path(run.row.turn_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".part")
        draft.write_text(yaml.safe_dump([dialogue], allow_unicode=True, sort_keys=False), "utf-8")
        draft.replace(path)
        return Kept(path, dialogue, tuple(_warnings(run, expect, lead, turns)))

    def _account(self, user_id: str | None) -> str:
        if user_id is None:
            return "guest"
        with self._desk.database.read() as tx:
            user = accounts.get(tx, user_id)
        if user is None or not user.is_demo:
            raise BadInput(NOT_DEMO, code="not_a_demo_account")
        return user_id

    def _orders(self, user_id: str | None) -> dict[str, str]:
        """Order number → its place among the customer's ("{order:delivered:2}")."""
        if user_id is None:
            return {}
        caller: Caller = self._desk.accounts.caller(user_id)
        found = self._desk.tool(caller, "list_orders", limit=100).items
        places: dict[str, str] = {}
        counts: dict[str, int] = {}
        with self._desk.database.read() as tx:
            new = from_text(seeded_at(tx)) + timedelta(milliseconds=1)
            for order in found:
                status = _as_new(tx, order.order_id, new) or order.status
                counts[status] = counts.get(status, 0) + 1
                places[order.order_id] = f"{{order:{status}:{counts[status]}}}"
        return places

    def _lead(self, run: Run) -> Sequence[TurnRow]:
        """The kept turn and those that led to it, oldest first; one more than are kept."""
        at = from_text(run.row.created_at) + timedelta(milliseconds=1)
        wanted = Wanted(conversation_id=run.row.conversation_id, until=at)
        with self._desk.database.read() as tx:
            rows = traces.find(tx, wanted, limit=MOST_TURNS + 2)
        ids = [row.turn_id for row in rows]
        return rows[ids.index(run.row.turn_id) :][::-1]

    def _turn(self, row: TurnRow, orders: Mapping[str, str]) -> dict[str, Any]:
        with self._desk.database.read() as tx:
            pressed = _pressed(traces.get(tx, row.turn_id))
        return {"confirm": True} if pressed else {"say": _placed(row.question, orders)}


def _as_new(tx: Tx, order_id: str, new: datetime) -> str:
    """What an order was in when the shop was new; "" where nothing has changed it since."""
    changes = audit.find(tx, object_type="order", object_id=order_id, since=new)
    return next((one.before["status"] for one in changes[::-1] if "status" in one.before), "")


def _expected(run: Run, expect: Expect, orders: Mapping[str, str]) -> dict[str, Any]:
    reply = run.reply
    found: dict[str, Any] = {}
    if expect.intent:
        found["intent"] = reply.get("intent", run.row.intent)
    if expect.tools:
        found["tools"] = list(reply.get("tools_used", ()))
    cited = [one["chunk_id"].split("#")[0] for one in reply.get("citations", ())]
    if expect.cites and cited:
        found["cites"] = cited[0]
    proposed = reply.get("pending_action")
    if expect.pending:
        found["pending"] = proposed["kind"] if proposed else None
    fragments = _fragments(expect.reply, str(reply.get("content", "")))
    if fragments:
        found["reply"] = [_placed(text, orders) for text in fragments]
    return found


def _fragments(chosen: Sequence[str], content: str) -> list[str]:
    """The texts that must occur. Raises BadInput for one that the reply itself does not hold."""
    found = [text.strip() for text in chosen if text.strip()][:MOST_FRAGMENTS]
    least, most = FRAGMENT_CHARS
    for text in found:
        if text not in content:
            raise BadInput(f"답변에 없는 말이에요: {text[:40]}", code="not_in_reply")
        if not least <= len(text) <= most:
            raise BadInput(f"답변에서 고른 말은 {least}자에서 {most}자까지 쓸 수 있어요.")
    return found


def _warnings(
    run: Run, expect: Expect, lead: Sequence[TurnRow], turns: Sequence[Mapping[str, Any]]
) -> list[str]:
    found = []
    texts = " ".join(expect.reply)
    if re.search(r"\d+월\s?\d+일|오늘|내일|\d원", texts):
        found.append("고른 말에 날짜나 금액이 있어요. 다른 날에 돌리면 다를 수 있어요.")
    if run.images:
        found.append("함께 보낸 사진은 시험에 들어가지 않아요.")
    if len(lead) > len(turns):
        found.append(f"앞선 대화가 길어 마지막 {len(turns)}번만 남겼어요.")
    if any(row.status == "with_person" for row in lead):
        found.append("상담원이 답한 곳이 있어 시험에서는 대화가 다르게 흘러갈 수 있어요.")
    if any(_ORDER.search(turn.get("say", "")) for turn in turns):
        found.append("이 고객의 것이 아닌 주문번호는 그대로 남겼어요. 시험에서는 없는 주문이에요.")
    if run.trace is None:
        found.append("처리 기록이 없는 답변이라 확인 단추를 눌렀는지는 알 수 없었어요.")
    return found


def _pressed(trace: Mapping[str, Any] | None) -> bool:
    return bool((trace or {}).get("input", {}).get("confirm"))


def _placed(text: str, orders: Mapping[str, str]) -> str:
    return _ORDER.sub(lambda found: orders.get(found[0], found[0]), text)


def _id(turn_id: str) -> str:
    return "kept-" + _SAFE.sub("-", turn_id.removeprefix("t_")).strip("-")
