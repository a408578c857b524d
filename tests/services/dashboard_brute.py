"""Every figure of the dashboard counted again in plain Python from the rows themselves.

It shares nothing with ``store/figures``: no SQL but ``select *``, no trigger, no roll-up, and
desk time comes from the shop's own calendar.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from agent.shop.calendar import business_time_between
from store.database import Tx

SEOUL = ZoneInfo("Asia/Seoul")
Row = dict[str, Any]
TABLES = ("conversations", "turns", "messages", "feedback", "pending_actions", "tickets", "claims",
          "claim_lines", "order_lines", "llm_days")  # fmt: skip


def moment(text: str) -> datetime:
    """A stored time."""
    return datetime.fromisoformat(text).astimezone(UTC)


def rank(values: list[float], percent: int) -> float | None:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


def two_digits(ms: float) -> int:
    """Rounded to two significant digits, halves up."""
    step = 1 if ms < 100 else 10 if ms < 1000 else 100 if ms < 10_000 else 1000
    return int(Fraction(ms) / step + Fraction(1, 2)) * step


@dataclass
class Shop:
    """All rows, and the days and way in that are asked for."""

    rows: dict[str, list[Row]]
    first: date
    last: date
    now: datetime
    source: str = ""

    @classmethod
    def read(cls, tx: Tx, first: date, last: date, now: datetime, source: str = "") -> Shop:
        """The store's rows."""
        return cls({name: tx.rows(f"select * from {name}") for name in TABLES},
                   first, last, now, source)  # fmt: skip

    # ── who counts ──────────────────────────────────────────────────────────────────────

    def inside(self, text: str | None) -> bool:
        """Whether a time lies on one of the days, in Seoul."""
        return text is not None and self.first <= self.day(text) <= self.last

    @staticmethod
    def day(text: str) -> date:
        """The day it is in Seoul."""
        return moment(text).astimezone(SEOUL).date()

    def from_here(self, source: str | None) -> bool:
        """Whether a way in is the one that is asked for."""
        return self.source in ("", source or "chat")

    def turns(self, *statuses: str) -> list[Row]:
        """Turns of the days, of these statuses or of all."""
        return [
            t
            for t in self.rows["turns"]
            if self.inside(t["created_at"])
            and self.from_here(t["source"])
            and (not statuses or t["status"] in statuses)
        ]

    def turns_of(self) -> dict[str, list[Row]]:
        """Each conversation's turns as they came."""
        found: dict[str, list[Row]] = defaultdict(list)
        for turn in self.rows["turns"]:
            found[turn["conversation_id"]].append(turn)
        for turns in found.values():
            turns.sort(key=lambda one: one["created_at"])
        return found

    def talks(self) -> list[dict[str, Any]]:
        """The conversations of the days, each with what became of it."""
        found = []
        for talk, turns in self.turns_of().items():
            if self.inside(turns[0]["created_at"]) and self.from_here(turns[0]["source"]):
                found.append({"id": talk, "day": self.day(turns[0]["created_at"]), "turns": turns,
                              **self._fate(talk, turns)})  # fmt: skip
        return found

    def _fate(self, talk: str, turns: list[Row]) -> dict[str, Any]:
        tickets = [t for t in self.rows["tickets"] if t["conversation_id"] == talk]
        verdicts = sorted((t["verdict_at"], t["verdict"]) for t in tickets if t["verdict"])
        verdict = verdicts[-1][1] if verdicts else None
        answered = [t["turn_id"] for t in turns if t["status"] == "done"]
        replies = {
            m["message_id"]
            for m in self.rows["messages"]
            if m["conversation_id"] == talk and answered and m["turn_id"] == answered[-1]
        }
        thumbs = [f["rating"] for f in self.rows["feedback"] if f["message_id"] in replies]
        acted = any(a["conversation_id"] == talk and a["status"] == "executed"
                    for a in self.rows["pending_actions"])  # fmt: skip
        if verdict is not None:
            resolved = verdict == "solved"
        else:
            resolved = 0 not in thumbs and (acted or 1 in thumbs)
        ways = {"verdict": verdict == "solved", "rated": resolved and 1 in thumbs,
                "acted": resolved and acted}  # fmt: skip
        return {"resolved": resolved, "ways": ways,
                "handed": any(t["handoff_reason"] is not None for t in tickets)}  # fmt: skip

    def tickets(self, column: str = "created_at") -> list[Row]:
        """Tickets whose ``column`` lies on the days."""
        return [t for t in self.rows["tickets"] if self.inside(t[column]) and self._in(t)]

    def _in(self, ticket: Row) -> bool:
        if not self.source:
            return True
        turns = self.turns_of().get(ticket["conversation_id"], [])
        return bool(turns) and self.from_here(turns[0]["source"])

    # ── figures, as (key, numbers…) ─────────────────────────────────────────────────────

    def by_day_and_end(self) -> Counter[tuple[str, str]]:
        """Conversations by day and outcome."""
        return Counter(
            (str(t["day"]), "resolved" if t["resolved"] else "handed" if t["handed"] else "other")
            for t in self.talks()
        )

    def cost_each(self) -> tuple[float, int, int]:
        """(USD, conversations of which all is known, all)."""
        talks = self.talks()
        known = [t for t in talks if all(turn["cost_usd"] is not None for turn in t["turns"])]
        return (sum(turn["cost_usd"] for t in known for turn in t["turns"]), len(known), len(talks))

    def flags(self) -> Counter[str]:
        """Turns by what a guard held back."""
        return Counter(flag for t in self.turns() for flag in set(json.loads(t["guardrails"])))

    def hours(self) -> Counter[tuple[str, int]]:
        """Turns by weekday (0 is Monday) and hour."""
        times = [moment(t["created_at"]).astimezone(SEOUL) for t in self.turns()]
        return Counter((str(at.weekday()), at.hour) for at in times)

    def latency(self, key: Callable[[Row], str]) -> dict[str, tuple[float | None, ...]]:
        """Median, 95th percentile and count by a key."""
        found: dict[str, list[float]] = defaultdict(list)
        for turn in self.turns("done"):
            if turn["latency_ms"] is not None:
                found[key(turn)].append(two_digits(turn["latency_ms"]))
        return {k: (rank(v, 50), rank(v, 95), len(v)) for k, v in found.items()}

    def waits(self, name: str, key: Callable[[Row], str]) -> dict[str, tuple[float | None, ...]]:
        """Median, 90th percentile (desk seconds) and count by a key."""
        done = {"first_response": "first_responded_at", "resolution": "resolved_at"}[name]
        found: dict[str, list[float]] = defaultdict(list)
        for ticket in self.tickets(done):
            start, waited = ticket["created_at"], 0
            if name == "resolution":
                start, waited = ticket["resolution_from"] or start, ticket["waited_s"]
            spent = business_time_between(_second(start), _second(ticket[done]), start=9, end=18)
            found[key(ticket)].append(max(0.0, spent.total_seconds() - waited))
        return {k: (rank(v, 50), rank(v, 90), len(v)) for k, v in found.items()}

    def promises(self) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
        """(kept, decided) by promise and priority."""
        kept: Counter[tuple[str, str]] = Counter()
        decided: Counter[tuple[str, str]] = Counter()
        for ticket in self.rows["tickets"]:
            for name, done in (("first_response", ticket["first_responded_at"]),
                               ("resolution", ticket["resolved_at"])):  # fmt: skip
                due = ticket[f"{name}_due"]
                if due is None or not self._in(ticket):
                    continue
                until = self.now
                if name == "resolution" and ticket["waiting_since"]:
                    until = moment(ticket["waiting_since"])
                in_time = done is not None and moment(done) <= moment(due)
                over = moment(due) < (moment(done) if done else until)
                if (in_time and self.inside(done)) or (not in_time and over and self.inside(due)):
                    decided[name, ticket["priority"]] += 1
                    kept[name, ticket["priority"]] += in_time
        return kept, decided

    def left(self, day: date) -> int:
        """Tickets that were open when a day was over (or are now)."""
        ends = datetime.combine(day + timedelta(days=1), time(0), SEOUL)
        end = min(ends, self.now)
        return sum(
            self._in(t) and moment(t["created_at"]) < end
            and (moment(t["resolved_at"]) >= end if t["resolved_at"]
                 else t["status"] in ("open", "in_progress", "waiting_customer"))
            for t in self.rows["tickets"]
        )  # fmt: skip

    def opinions(self) -> list[Row]:
        """Thumbs given on the days."""
        return [f for f in self.rows["feedback"] if self.inside(f["created_at"])]

    def costs(self, key: str) -> dict[str, list[float]]:
        """[USD, calls, errors, unpriced] of the books by a column."""
        found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0, 0, 0])
        for row in self.rows["llm_days"]:
            if str(self.first) <= row["day"] <= str(self.last):
                for place, column in enumerate(("cost_usd", "calls", "errors", "unpriced")):
                    found[row[key] if key else ""][place] += row[column] or 0
        return dict(found)

    def claims(self) -> list[Row]:
        """Claims of the days that were not taken back."""
        return [c for c in self.rows["claims"]
                if self.inside(c["created_at"]) and c["status"] != "withdrawn"]  # fmt: skip

    def lines_of(self, claim: Row) -> list[tuple[str, int]]:
        """(product, unit price × quantity) of a claim's lines."""
        lines = {line["line_id"]: line for line in self.rows["order_lines"]}
        return [
            (
                lines[q["line_id"]]["product_name"],
                lines[q["line_id"]]["unit_price_krw"] * q["quantity"],
            )
            for q in self.rows["claim_lines"]
            if q["claim_id"] == claim["claim_id"]
        ]

    def by_product(self) -> Counter[tuple[str, str]]:
        """Claims by product and reason."""
        return Counter(
            (name, c["reason_code"]) for c in self.claims()
            for name in {name for name, _ in self.lines_of(c)}
        )  # fmt: skip

    def refunds(self) -> dict[tuple[str, str], tuple[int, float]]:
        """(claims, won) by product and kind."""
        ids: dict[tuple[str, str], set[str]] = defaultdict(set)
        krw: dict[tuple[str, str], float] = defaultdict(float)
        for claim in self.claims():
            if claim["status"] != "completed" or not claim["refund_krw"]:
                continue
            lines = self.lines_of(claim)
            whole = sum(price for _, price in lines)
            for name, price in lines:
                ids[name, claim["kind"]].add(claim["claim_id"])
                krw[name, claim["kind"]] += claim["refund_krw"] * price / whole
        return {key: (len(ids[key]), krw[key]) for key in ids}


def _second(text: str) -> datetime:
    return moment(text).replace(microsecond=0)


def count(rows: Iterable[Row], column: str) -> Counter[str]:
    """Rows by a column, NULL as ""."""
    return Counter(row[column] or "" for row in rows)
