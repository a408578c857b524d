"""Sixteen people work the same fifty tickets at once: nobody overwrites anybody."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from agent.types import Caller
from errors import NotAllowedNow, StateChanged
from services import Services
from store import accounts
from store.database import dump, load
from store.models import Ticket

THREADS, TICKETS, ROUNDS, SAVES = 16, 50, 3, 20
EDITS = ({"priority": "high"}, {"priority": "low"}, {"issue_type": "refund"}, {"tags": ("급함",)})


@dataclass
class Work:
    """What one person tried: saves by ticket and version, and the marks of refused texts."""

    done: list[tuple[str, int]] = field(default_factory=list)
    stale: list[StateChanged] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    forbidden: int = 0


def staff(shop: Services) -> list[Caller]:
    with shop.database.write() as tx:
        for n in range(THREADS):
            accounts.create(
                tx, email=f"desk{n}@example.com", name=f"상담원{n}", role="staff",
                password_hash="-", at=shop.clock(), user_id=f"desk_{n:02d}",
            )  # fmt: skip
    return [Caller("staff", f"desk_{n:02d}", f"상담원{n}") for n in range(THREADS)]


def fifty(shop: Services, minji: Caller) -> list[str]:
    made = [
        shop.tool(minji, "create_ticket", issue_type="other", description=f"문의 {n}")
        for n in range(TICKETS)
    ]
    return [ticket.ticket_id for ticket in made]


def attempt(
    random: Random, caller: Caller, ticket: Ticket, mark: str
) -> tuple[str, dict[str, Any]]:
    """A save that fits the state the ticket was seen in, most of the time."""
    if ticket.status == "resolved":
        return random.choice([("reopen_ticket", {}), ("note_ticket", {"text": mark})])
    edit = dict(EDITS[random.randrange(len(EDITS))], subject=mark)
    return random.choice([
        ("take_ticket", {}), ("edit_ticket", edit), ("resolve_ticket", {"resolution": mark}),
        ("reply_ticket", {"text": mark, "wait": random.random() < 0.5}),
        ("note_ticket", {"text": mark}),
    ])  # fmt: skip


def work(
    shop: Services, caller: Caller, ids: list[str], gate: threading.Barrier, log: Work
) -> None:
    random = Random(caller.user_id)
    for turn in range(ROUNDS):
        seen = [shop.tool(caller, "get_ticket", ticket_id=one) for one in ids]
        gate.wait()
        for ticket in random.sample(seen, SAVES):
            mark = f"{caller.user_id}/{turn}/{ticket.ticket_id}"
            name, given = attempt(random, caller, ticket, mark)
            try:
                saved = shop.tool(
                    caller, name, ticket_id=ticket.ticket_id, version=ticket.version, **given
                )
            except StateChanged as error:
                log.stale.append(error)
                log.refused.add(mark)
            except NotAllowedNow:  # one's own already: seen rightly, just nothing to do
                log.forbidden += 1
                log.refused.add(mark)
            else:
                assert saved.version == ticket.version + 1
                log.done.append((saved.ticket_id, saved.version))
                if given:
                    log.kept.add(mark)
        gate.wait()


def marked(side: str, mark: str) -> str:
    """One side of a change as the audit has it: without the words."""
    words = ("subject", "resolution")
    return dump({n: mark if v and n in words else v for n, v in load(side).items()})


def test_nothing_is_overwritten_and_nothing_is_lost(shop: Services, minji: Caller) -> None:
    callers, ids = staff(shop), fifty(shop, minji)
    with shop.database.read() as tx:
        audited_before = tx.value("select count(*) from audit_events")
    gate, logs = threading.Barrier(THREADS, timeout=60), [Work() for _ in callers]
    threads = [
        threading.Thread(target=work, args=(shop, caller, ids, gate, log))
        for caller, log in zip(callers, logs, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [one for log in logs for one in log.done]
    stale = [error for log in logs for error in log.stale]
    tries = THREADS * ROUNDS * SAVES
    assert len(done) + len(stale) + sum(log.forbidden for log in logs) == tries
    assert len(done) >= TICKETS
    assert len(stale) > tries / 2  # the race took place
    assert len(done) == len(set(done)), "two people made the same version of a ticket"

    with shop.database.read() as tx:
        rows = tx.rows("select * from ticket_events order by event_seq")
        versions = {row["ticket_id"]: row for row in tx.rows("select * from tickets")}
        audited = tx.rows(
            "select object_id, before, after from audit_events "
            "where event_seq > ? order by event_seq", (audited_before,)
        )  # fmt: skip
    events = defaultdict(list)
    for row in rows:
        if row["kind"] != "triaged":  # what triage decided is said beside the first version
            events[row["ticket_id"]].append(row)
    saves = Counter(ticket_id for ticket_id, _ in done)
    texts = "\n".join(f"{r['text']}\n{r['after']}" for one in ids for r in events[one])
    for ticket_id in ids:
        assert versions[ticket_id]["version"] == 1 + saves[ticket_id]
        assert [r["version"] for r in events[ticket_id]] == list(range(1, saves[ticket_id] + 2))
        check_chain(events[ticket_id], versions[ticket_id])
    assert len(audited) == len(done)
    told = [
        (r["ticket_id"], marked(r["before"], "(이전 내용)"), marked(r["after"], "(새 내용)"))
        for one in ids
        for r in events[one][1:]
    ]
    assert sorted(told) == sorted((r["object_id"], r["before"], r["after"]) for r in audited)
    for log in logs:
        assert all(mark in texts for mark in log.kept)
        assert not any(mark in texts for mark in log.refused)


def check_chain(events: list[dict[str, Any]], row: dict[str, Any]) -> None:
    """Each entry's ``before`` is what the entries up to it made; the last is the ticket."""
    state = load(events[0]["after"])
    for event in events[1:]:
        before, after = load(event["before"]), load(event["after"])
        assert before.keys() == after.keys()
        assert before == {name: state[name] for name in before}
        state |= after
    now = {**row, "tags": load(row["tags"]), "resolution": row["resolution"] or ""}
    assert state == {name: now[name] for name in state}


def test_a_stale_save_says_what_was_faster(shop: Services, minji: Caller) -> None:
    first, second, *_ = staff(shop)
    ticket = shop.tool(minji, "create_ticket", issue_type="other", description="도와주세요")
    seen = {"ticket_id": ticket.ticket_id, "version": ticket.version}
    taken = shop.tool(first, "take_ticket", **seen)
    shop.tool(first, "edit_ticket", ticket_id=ticket.ticket_id, version=taken.version,
              priority="urgent")  # fmt: skip
    with pytest.raises(StateChanged) as caught:
        shop.tool(second, "take_ticket", **seen)
    assert caught.value.changes == {
        "assignee_id": (None, "desk_00"), "priority": ("normal", "urgent"),
        "status": ("open", "in_progress"),
    }  # fmt: skip
    assert "상태, 담당자와 우선순위가 바뀌었어요" in caught.value.message
