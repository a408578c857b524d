"""What the triggers keep is what counting anew gives, whatever happens and in whatever order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from figures_helpers import Book, at, span
from store_helpers import add_user, new_database

from store import conversations
from store.database import Database, Tx
from store.figures import talks, turns
from store.migrations import m013_dashboard
from store.seed.bulk_turns import grow_turns
from store.transfer import export, import_


def kept(tx: Tx) -> dict[str, list[dict[str, Any]]]:
    """Every count that is not zero."""
    return {
        name: tx.rows(f"select * from {name} where turns > 0 order by 1, 2, 3, 4")
        for name in m013_dashboard.TABLES
    }


def happen(book: Book, random: Random, talks_: list[str]) -> None:
    """One thing that can happen at the desk."""
    when = at(random.randrange(10, 25), random.randrange(24), random.randrange(60))
    kind = random.randrange(7)
    if kind == 0 or not talks_:
        talks_.append(book.talk(when, {"source": random.choice(("chat", "api", None))}))
        return
    talk = random.choice(talks_)
    if kind == 1:
        later = at(25) + timedelta(minutes=book.count)  # turns come in the order of time
        book.turn(talk, later, status=random.choice(("done", "stopped", "with_person")),
                  guardrails=random.choice(([], ["abuse"], ["abuse", "pii_card"])),
                  cost_usd=random.choice((0.0, 0.5, None)), fallbacks=random.randrange(2),
                  latency_ms=random.choice((None, 5.5, 99.5, 1049.0, 77_777.0)),
                  unanswered=random.randrange(2), source="api")  # fmt: skip
    elif kind == 2:
        book.rate(talk, random.randrange(2), when)
    elif kind == 3:
        book.act(talk, when, status=random.choice(("executed", "declined")))
    elif kind == 4:
        ticket = book.ticket(when, conversation_id=talk,
                             handoff_reason=random.choice((None, "asked")))  # fmt: skip
        if random.random() < 0.5:
            verdict = random.choice(("solved", "unsolved"))
            book.tx.update("tickets", {"ticket_id": ticket},
                           {"verdict": verdict, "verdict_at": f"{book.count:09d}"})  # fmt: skip
    elif kind == 5 and random.random() < 0.2:
        talks_.remove(talk)
        conversations.delete(book.tx, talk)


@pytest.mark.parametrize("number", range(8))
def test_counting_as_it_happens_and_counting_anew_agree(tx: Tx, number: int) -> None:
    book, random, talks_ = Book(tx), Random(number), list[str]()
    for _ in range(150):
        happen(book, random, talks_)
    before = kept(tx)
    assert before["figures_talks"]
    m013_dashboard.fill(tx)
    assert kept(tx) == before


def test_an_export_leaves_the_counts_out_and_an_import_makes_them(tmp_path: Path) -> None:
    source, target = new_database(tmp_path / "a.db"), new_database(tmp_path / "b.db")
    with source.write() as tx:
        add_user(tx, "minji", "minji@example.com")
        book = Book(tx)
        talk = book.talk(at(17), {"guardrails": ["abuse"]})
        book.rate(talk, 1, at(17, 13))
        book.act(talk, at(17))
        book.ticket(at(17), conversation_id=talk, handoff_reason="asked")
        before = kept(tx)
    export(source, tmp_path / "out")
    assert not list((tmp_path / "out").glob("figures_*"))
    for _ in range(2):  # over an empty store, then over a full one
        import_(target, tmp_path / "out", replace=True)
        with target.read() as tx:
            assert kept(tx) == before
            assert talks.resolution_rate(tx, span(17, 17)).n == 1


def test_a_store_of_before_is_counted_when_it_is_migrated(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "minji", "minji@example.com")
        for name in m013_dashboard.TRIGGERS:
            tx.execute(f"drop trigger {name}")
        talk = Book(tx).talk(at(17), {"guardrails": None, "source": None, "intent": None})
        assert kept(tx)["figures_talks"] == []
        m013_dashboard.fill(tx)
        m013_dashboard.count_on(tx)
        assert talks.conversations(tx, span(17, 17, source="chat")).n == 1
        assert turns.by_intent(tx, span(17, 17))[0].key == ""
        conversations.delete(tx, talk)
        assert kept(tx) == {name: [] for name in m013_dashboard.TABLES}


def test_growing_counts_every_turn_and_goes_on_counting(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "minji", "minji@example.com")
    grow_turns(database, turns=50, tickets=8, until=at(20, 0), days=3)
    with database.write() as tx:
        assert tx.value("select count(*) from turns") == 50
        assert talks.conversations(tx, span(16, 20)).n == 10
        assert tx.value("select count(*) from tickets") == 8
        Book(tx).talk(at(20))
        assert talks.conversations(tx, span(16, 20)).n == 11
        assert tx.rows("pragma foreign_key_check") == []


def test_the_counts_of_a_million_turns_are_read_from_an_index(tx: Tx) -> None:
    seen: list[str] = []

    class Watched:
        """Explains every query it is asked."""

        def value(self, sql: str, values: Any) -> Any:
            seen.extend(row["detail"] for row in tx.rows(f"explain query plan {sql}", values))
            return tx.value(sql, values)

        def row(self, sql: str, values: Any) -> Any:
            seen.extend(row["detail"] for row in tx.rows(f"explain query plan {sql}", values))
            return tx.row(sql, values)

    watched: Any = Watched()
    for query in (talks.conversations, talks.resolution_rate, talks.handoff_rate, talks.cost_each):
        query(watched, span(16, 22))
    assert len(seen) == 4
    assert all("COVERING INDEX ix_figures_talks_hour (hour>? AND hour<?)" in plan for plan in seen)
