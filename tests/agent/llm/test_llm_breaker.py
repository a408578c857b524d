"""The circuit breaker, on a clock that the test moves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from agent.llm.breaker import COUNTED, Breaker
from errors import LLM_KINDS


@dataclass
class Bench:
    """A breaker that opens after three failures for 30 s."""

    now: float = 1000.0
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.breaker = Breaker(3, 30.0, self.heard.append, clock=lambda: self.now)

    def call(self, ok: bool | None) -> bool:
        """Whether a call was let through; it ended as ``ok`` says."""
        ticket = self.breaker.enter()
        if ticket is None:
            return False
        self.breaker.leave(ticket, ok)
        return True

    def open(self) -> None:
        for _ in range(3):
            assert self.call(False)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_opens_after_as_many_failures_in_a_row(bench: Bench) -> None:
    assert bench.call(False)
    assert bench.call(False)
    assert bench.call(True)  # the row is broken
    bench.open()
    assert not bench.call(True)
    assert bench.breaker.state == "open"
    assert bench.heard == ["open"]


def test_a_call_without_a_verdict_neither_counts_nor_excuses(bench: Bench) -> None:
    for ok in (False, None, False, None, False):
        assert bench.call(ok)
    assert bench.breaker.state == "open"


def test_after_the_pause_one_call_tries_and_closes_it(bench: Bench) -> None:
    bench.open()
    bench.now += 29.9
    assert not bench.breaker.admits()
    bench.now += 0.1
    assert bench.breaker.admits()
    assert bench.breaker.state == "open"  # asking takes nothing
    ticket = bench.breaker.enter()
    assert ticket is not None
    assert bench.breaker.state == "half_open"
    assert bench.breaker.enter() is None
    assert not bench.breaker.admits()
    bench.breaker.leave(ticket, True)
    assert bench.call(True)
    assert bench.heard == ["open", "half_open", "closed"]


def test_a_failed_try_opens_it_for_as_long_again(bench: Bench) -> None:
    bench.open()
    bench.now += 30
    assert bench.call(False)
    assert bench.breaker.state == "open"
    bench.now += 29.9
    assert not bench.breaker.admits()
    bench.now += 0.1
    assert bench.call(True)
    assert bench.heard == ["open", "half_open", "open", "half_open", "closed"]


def test_a_try_that_was_given_up_gives_the_right_back(bench: Bench) -> None:
    bench.open()
    bench.now += 30
    assert bench.call(None)
    assert bench.breaker.state == "half_open"
    assert bench.call(True)
    assert bench.heard == ["open", "half_open", "closed"]


def test_after_closing_the_count_begins_anew(bench: Bench) -> None:
    bench.open()
    bench.now += 30
    assert bench.call(True)
    assert bench.call(False)
    assert bench.call(False)
    assert bench.breaker.state == "closed"


def test_a_verdict_that_comes_late_changes_nothing(bench: Bench) -> None:
    late = [bench.breaker.enter() for _ in range(2)]
    bench.open()
    bench.now += 30
    trying = bench.breaker.enter()
    assert trying is not None
    for ticket, ok in zip(late, (True, False), strict=True):
        assert ticket is not None
        bench.breaker.leave(ticket, ok)
    assert bench.breaker.state == "half_open"
    assert bench.breaker.enter() is None  # the one that tries still has the right
    bench.breaker.leave(trying, True)
    assert bench.breaker.state == "closed"


def test_of_many_threads_one_gets_to_try(bench: Bench) -> None:
    bench.open()
    bench.now += 30
    tickets: list[int | None] = []
    ready = threading.Barrier(16)

    def enter() -> None:
        ready.wait()
        tickets.append(bench.breaker.enter())

    threads = [threading.Thread(target=enter) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(ticket is not None for ticket in tickets) == 1
    assert bench.heard == ["open", "half_open"]


def test_a_request_that_was_wrong_is_not_the_servers_failure() -> None:
    assert set(LLM_KINDS) - COUNTED == {"bad_request", "context_too_long"}
