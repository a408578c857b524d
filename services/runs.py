"""Past turns for the staff: what each did, what they think of it, and playing it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from agent.difference import Difference, compare, words
from agent.replay import Recorded, Replayed, play
from agent.tools.base import clean
from agent.types import Caller
from errors import Forbidden, NotFound
from services.kept_dialogues import Expect, Kept, KeptDialogues
from store import audit, traces
from store.models import AuditEntry
from store.traces import Review, TurnRow, Wanted

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["MOST_REPLAYS", "Comparison", "Expect", "Run", "Runs", "TurnRow", "Wanted", "words"]

MOST_REPLAYS = 50
MOST_NOTE_CHARS = 1000
GONE = "그 답변의 기록을 찾을 수 없어요. 고객이 대화를 지웠거나 주소가 잘못됐어요."
NOT_STAFF = "상담원만 볼 수 있는 기록이에요."


@dataclass(frozen=True, slots=True)
class Run:
    """One turn with everything that is known of it; ``trace`` is None where none was kept.

    ``reply`` is the answer as POST /api/chat gave it, ``images`` how many photos came along.
    """

    row: TurnRow
    reply: dict[str, Any]
    trace: dict[str, Any] | None
    images: tuple[str, ...]
    audit: tuple[AuditEntry, ...]
    reviews: Sequence[Review]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A turn and what today's agent made of it."""

    row: TurnRow
    replayed: Replayed
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether today's agent did the same, as far as is known."""
        return not self.replayed.error and all(one.same for one in self.differences)


class Runs:
    """The turns of a shop. Every method raises Forbidden for anybody who is not staff."""

    def __init__(self, desk: Services) -> None:
        self._desk = desk
        self._kept = KeptDialogues(desk)

    def find(
        self,
        caller: Caller,
        wanted: Wanted,
        *,
        after: tuple[str, str] | None = None,
        limit: int = 30,
    ) -> list[TurnRow]:
        """Turns newest first; ``after`` is (created_at, turn_id) of the last one seen."""
        _staff_only(caller)
        with self._desk.database.read() as tx:
            return traces.find(tx, wanted, after=after, limit=limit)

    def run(self, caller: Caller, turn_id: str) -> Run:
        """One turn. Raises NotFound."""
        _staff_only(caller)
        with self._desk.database.read() as tx:
            row = traces.turn(tx, turn_id)
            if row is None:
                raise NotFound(GONE)
            asked = traces.asked(tx, turn_id, row.conversation_id)
            payload = asked[1]["payload"] if asked else {}
            return Run(
                row,
                traces.answered(tx, turn_id, row.conversation_id),
                traces.get(tx, turn_id),
                tuple(payload.get("image_ids") or ()),
                tuple(audit.find(tx, turn_id=turn_id, limit=50)),
                traces.reviews(tx, turn_id),
            )

    def review(self, caller: Caller, turn_id: str, *, good: bool, note: str = "") -> None:
        """Keep the caller's opinion of a turn, the newest one. Raises NotFound."""
        _staff_only(caller)
        assert caller.user_id is not None, "staff have an account"
        with self._desk.database.write() as tx:
            if traces.turn(tx, turn_id) is None:
                raise NotFound(GONE)
            traces.review(
                tx, turn_id, reviewer_id=caller.user_id, good=good,
                note=clean(note.strip(), MOST_NOTE_CHARS), at=self._desk.clock(),
            )  # fmt: skip

    def replay(self, caller: Caller, turn_id: str) -> Comparison:
        """Play a turn again with today's agent, without any effect. Raises NotFound.

        Models that are configured are asked anew and cost what they cost.
        """
        _staff_only(caller)
        with self._desk.database.read() as tx:
            row = traces.turn(tx, turn_id)
            asked = traces.asked(tx, turn_id, row.conversation_id) if row else None
            if row is None or asked is None:
                raise NotFound(GONE)
            old = traces.get(tx, turn_id)
            reply = traces.answered(tx, turn_id, row.conversation_id)
        seq, said = asked
        customer = self._desk.accounts.caller(row.user_id) if row.user_id else None
        recorded = Recorded(
            turn_id, row.conversation_id, row.created_at, seq - 1, said["content"],
            tuple(said["payload"].get("image_ids") or ()),
            row.source or "chat",  # type: ignore[arg-type]  # the store holds only these
            customer, old,
        )  # fmt: skip
        # The search itself: what staff try out is not counted as a customer's.
        desk = replace(self._desk.desk, policy_search=self._desk.policies.search)
        with self._desk.photos.uncounted():
            replayed = play(desk, self._desk.database.path, recorded)
        return Comparison(row, replayed, compare(reply, old, replayed.reply, replayed.trace))

    def keep(self, caller: Caller, turn_id: str, expect: Expect, *, about: str = "") -> Kept:
        """Keep a turn, with what led to it, as a dialogue test. Raises NotFound, BadInput."""
        return self._kept.keep(self.run(caller, turn_id), expect, about=about)

    def kept(self, caller: Caller, turn_id: str) -> bool:
        """Whether a turn is kept as a dialogue test."""
        _staff_only(caller)
        return self._kept.path(turn_id).is_file()

    def forget_old(self) -> int:
        """Delete traces older than the setting, in short transactions; returns how many."""
        cut = self._desk.clock() - timedelta(days=self._desk.settings.trace_days)
        total = 0
        while True:
            with self._desk.database.write(durable=False) as tx:
                gone = traces.forget(tx, cut)
            total += gone
            if not gone:
                return total


def _staff_only(caller: Caller) -> None:
    if not caller.is_staff:
        raise Forbidden(NOT_STAFF)
