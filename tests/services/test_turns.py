"""A turn under way: it survives reruns, ends on stop, and never loses an error."""

from __future__ import annotations

import threading

from agent.types import Delta, Done, ErrorEvent, Status
from errors import TooMany
from services.live_turn import FAILED, LiveTurn

WAIT_S = 5


def turn(make) -> LiveTurn:
    live = LiveTurn(make)
    threading.Thread(target=live.run, daemon=True).start()
    return live


def heard(live: LiveTurn) -> list[str]:
    return [event.text for event in live.events() if isinstance(event, Delta)]


def test_a_second_watcher_hears_everything_from_the_start():
    live = turn(lambda: iter([Status("보고 있어요", "s_1"), Delta("가"), Delta("나")]))
    assert heard(live) == ["가", "나"]
    assert heard(live) == ["가", "나"]
    assert live.over
    assert live.session_id == "s_1"


def test_watching_ticks_while_nothing_comes():
    gate = threading.Event()

    def slow():
        gate.wait(WAIT_S)
        yield Delta("가")

    live = turn(slow)
    watching = live.events()
    assert next(watching) is None  # the page gets a chance to notice a stop or a rerun
    gate.set()
    assert [event.text for event in watching if isinstance(event, Delta)] == ["가"]


def test_stop_closes_the_turn_after_its_event():
    said, closed = threading.Event(), threading.Event()

    def endless():
        try:
            while True:
                said.wait(WAIT_S)
                yield Delta("가")
        finally:
            closed.set()

    live = turn(endless)
    live.stop()
    said.set()
    assert live.wait(WAIT_S)
    assert closed.is_set()
    assert live.stopped
    assert heard(live) == ["가"]


def test_an_error_event_is_kept():
    live = turn(lambda: iter([ErrorEvent("busy", "잠시 뒤에요"), Done(None)]))
    assert live.wait(WAIT_S)
    assert live.error == ErrorEvent("busy", "잠시 뒤에요")


def test_what_is_raised_becomes_an_error_event():
    def refused():
        raise TooMany("천천히 보내 주세요", retry_after_s=3)
        yield

    live = turn(refused)
    assert live.wait(WAIT_S)
    assert live.error == ErrorEvent("too_many_requests", "천천히 보내 주세요", 429)


def test_a_bug_is_told_kindly(caplog):
    def broken():
        yield Delta("가")
        raise KeyError("secret")

    live = turn(broken)
    assert live.wait(WAIT_S)
    assert live.error == ErrorEvent("internal_error", FAILED)
    assert "secret" not in live.error.text
    assert "a turn failed" in caplog.text
