"""Turns kept as dialogue tests: files that ``python -m evals run --suite dialogues`` plays too.

An evaluation plays a fresh demonstration shop, so only turns of its accounts and of guests can be
kept. Order numbers become places ("the first delivered order"), as they differ from shop to shop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from agent.tools.base import clean
from agent.types import Caller
from errors import BadInput
from store import accounts, traces
from store.traces import Wanted

if TYPE_CHECKING:
    from services.desk import Services
    from services.runs import Run

__all__ = ["FOLDER", "Expect", "Kept", "KeptDialogues"]

FOLDER = "kept_dialogues"
MOST_TURNS = 10  # that lead to the kept one
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
        turns = [self._turn(row_text, orders) for row_text in self._before(run)]
        last = turns[-1] if turns else {"say": ""}
        last |= _expected(run, expect, orders)
        dialogue: dict[str, Any] = {"id": _id(run.row.turn_id), "as": account}
        if about.strip():
            dialogue["about"] = clean(about.strip(), 300)
        dialogue["turns"] = turns or [last]
        path = self.path(run.row.turn_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".part")
        draft.write_text(yaml.safe_dump([dialogue], allow_unicode=True, sort_keys=False), "utf-8")
        draft.replace(path)
        return Kept(path, dialogue, tuple(_warnings(run, expect)))

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
        for order in found:
            counts[order.status] = counts.get(order.status, 0) + 1
            places[order.order_id] = f"{{order:{order.status}:{counts[order.status]}}}"
        return places

    def _before(self, run: Run) -> Sequence[tuple[str, bool]]:
        """(text, pressed the confirm button) of the turns up to the kept one, oldest first."""
        wanted = Wanted(conversation_id=run.row.conversation_id)
        with self._desk.database.read() as tx:
            rows = [
                row for row in traces.find(tx, wanted, limit=200)
                if row.created_at <= run.row.created_at
            ]  # fmt: skip
            at = [row.turn_id for row in rows].index(run.row.turn_id)
            lead = reversed(rows[at : at + MOST_TURNS])
            return [(row.question, _pressed(traces.get(tx, row.turn_id))) for row in lead]

    def _turn(self, said: tuple[str, bool], orders: Mapping[str, str]) -> dict[str, Any]:
        text, pressed = said
        return {"confirm": True} if pressed else {"say": _placed(text, orders)}


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


def _warnings(run: Run, expect: Expect) -> list[str]:
    found = []
    texts = " ".join(expect.reply)
    if re.search(r"\d+월\s?\d+일|오늘|내일|\d원", texts):
        found.append("고른 말에 날짜나 금액이 있어요. 다른 날에 돌리면 다를 수 있어요.")
    if run.images:
        found.append("함께 보낸 사진은 시험에 들어가지 않아요.")
    if run.trace is None:
        found.append("처리 기록이 없는 답변이라 확인 단추를 눌렀는지는 알 수 없었어요.")
    return found


def _pressed(trace: Mapping[str, Any] | None) -> bool:
    return bool((trace or {}).get("input", {}).get("confirm"))


def _placed(text: str, orders: Mapping[str, str]) -> str:
    return _ORDER.sub(lambda found: orders.get(found[0], found[0]), text)


def _id(turn_id: str) -> str:
    return "kept-" + _SAFE.sub("-", turn_id.removeprefix("t_")).strip("-")
