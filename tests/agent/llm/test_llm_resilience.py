"""What else goes wrong while a model talks: a held store, a deleted chat, slow summaries, names
that nobody can tell, lines without an end."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent import core
from agent.types import Caller, Delta
from errors import Unavailable
from services import Services
from store import llm_calls
from store.database import Database
from tests.agent.llm.conftest import Live
from tests.api.console import draft_of
from tests.llmserver import KINDS, LLMServer, Reply, providers_table
from tests.llmserver.reply import Body

ASKED = "커피 어디쯤 왔어요?"
GOOD = "네, 커피는 지금 배송 중이에요."


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Another program writes, and takes its time."""
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


def soon(happened: Callable[[], Any], within_s: float = 5.0) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.01)
    return False


def calls_of(shop: Services, turn_id: str) -> int:
    with shop.database.read() as tx:
        return len(llm_calls.of_turn(tx, turn_id))


def test_no_words_wait_for_the_books(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(GOOD, delay_s=0.3))
    shop = live(one=providers_table(server, "openai"))
    turn = shop.turns.start(minji, ASKED)
    assert soon(lambda: server.asked)
    with held(shop.database):
        started = time.monotonic()
        assert any(isinstance(event, Delta) for event in _until_words(turn))
        assert time.monotonic() - started < 3  # the store itself is waited for for 10 s
        assert calls_of(shop, turn.turn_id) == 0
    assert turn.wait(10)
    assert turn.message is not None
    assert soon(lambda: calls_of(shop, turn.turn_id) == 1)
    assert soon(lambda: "llm-books" not in {thread.name for thread in threading.enumerate()})


def _until_words(turn: Any) -> Iterator[Any]:
    for event in turn.events():
        yield event
        if isinstance(event, Delta):
            return


@pytest.mark.parametrize("stop", [False, True])
def test_a_chat_deleted_while_the_model_talks(
    live: Live, server: LLMServer, minji: Caller, caplog: pytest.LogCaptureFixture, stop: bool
) -> None:
    server.say(Reply(GOOD, delay_s=0.5))
    shop = live(one=providers_table(server, "openai"))
    turn = shop.turns.start(minji, ASKED)
    assert soon(lambda: server.asked)
    assert turn.session_id is not None
    shop.delete_conversation(minji, turn.session_id)
    if stop:
        turn.stop()
    assert turn.wait(5)
    assert (turn.error.code if turn.error else "") == ("" if stop else "not_found")
    assert "a turn failed" not in caplog.text
    with shop.database.read() as tx:
        assert tx.value("select count(*) from messages where turn_id = ?", (turn.turn_id,)) == 0


def test_who_leaves_while_the_store_is_held_gets_no_event(
    live: Live, server: LLMServer, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generator that says something while it is closed is a RuntimeError."""

    def refuse(*_: Any) -> None:
        raise Unavailable("지금 이용이 많아요.")

    server.say(Reply(f"{GOOD} 곧 도착해요.", fault="stall", after=7))
    shop = live(one=providers_table(server, "openai"))
    events: Any = shop.run_turn(minji, ASKED)
    assert any(isinstance(event, Delta) for event in events)
    monkeypatch.setattr(core, "store_stopped", refuse)
    events.close()
    assert server.idle(2)


def test_no_turn_waits_for_a_summary(live: Live, server: LLMServer, minji: Caller) -> None:
    summing, gate = threading.Event(), threading.Event()

    def answer(body: Body) -> Reply:
        if body["messages"][0]["content"] == instruction:
            summing.set()
            gate.wait(20)
        return Reply(GOOD)

    server.say(answer)
    more = {"purposes": {"summarise": ["one"]}}
    shop = live({"history_tokens": 20}, more, one=providers_table(server, "openai"))
    instruction = shop.desk.prompts.purpose("summarise").text
    shop.settings = shop.settings.replace(turn_workers=1)
    try:
        first = shop.turns.start(minji, ASKED)
        assert summing.wait(10)
        assert first.wait(5)
        for _ in range(2):  # the chat's own next turns too, and it is summed up once at a time
            assert shop.turns.start(minji, ASKED, session_id=first.session_id).wait(5)
        # The server ends: what was not finished is left for the next start.
        assert shop.turns.drain(5) == 0
        assert soon(lambda: not shop.turns._summed_up)
    finally:
        gate.set()
    with shop.database.read() as tx:
        rows = tx.rows("select summary, summary_upto from conversations where user_id = 'user_001'")
    assert {(row["summary"] or "", row["summary_upto"] or 0) for row in rows} == {("", 0)}


def test_names_that_are_not_found_out_hold_up_no_other(
    live: Live, server: LLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve lookups hang; the next provider's name is looked up all the same."""
    real, gate = socket.getaddrinfo, threading.Event()

    def resolve(host: Any, *more: Any, **named: Any) -> Any:
        if "lost" in str(host):
            gate.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    server.say(lambda body: Reply(draft_of(body)))
    found = providers_table(server, "openai")
    found["base_url"] = found["base_url"].replace("127.0.0.1", "localhost")
    lost = {**found, "base_url": "http://lost.example:1/v1"}
    limits = {"first_token_s": 1, "total_s": 6, "breaker_failures": 100}
    shop = live(limits, lost=lost, found=found)
    try:
        turns = [shop.turns.start(Caller(guest_key=f"g{n}"), "반품은 며칠?") for n in range(12)]
        assert all(turn.wait(10) for turn in turns)
        assert {turn.message.provider for turn in turns if turn.message} == {"found"}
    finally:
        gate.set()
    assert soon(lambda: "llm-lookup" not in {one.name for one in threading.enumerate()})


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_without_an_end_fills_no_memory(live: Live, minji: Caller, kind: str) -> None:
    """It used to be read until the first word's deadline: gigabytes."""
    script = Path(__file__).with_name("endless_server.py")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as endless:
        assert endless.stdout is not None
        url = f"http://127.0.0.1:{endless.stdout.readline().strip()}"
        shop = live({"first_token_s": 15, "retries": 0}, one=providers_table(url, kind))
        started = time.monotonic()
        turn = shop.turns.start(minji, ASKED)
        assert turn.wait(20)
        assert time.monotonic() - started < 10
        endless.kill()
    assert turn.message is not None
    assert turn.message.provider == "offline"
    assert shop.models()["one"].last_error == "malformed"
