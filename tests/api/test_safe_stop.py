"""Stopping the server while it answers: nobody loses an answer, nothing told is lost."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from errors import Conflict
from services import Services
from store.backup import backup, restore
from store.database import Database, Row
from tests.api.console import Console, SlowModel, console, seeded

pytestmark = pytest.mark.process

QUESTION = "반품은 며칠 안에 해야 하나요?"
GRACE_S = 20.0  # shutdown_grace_s


class Chat(threading.Thread):
    """One POST /api/chat/stream, read to its end: (event, data) by the time it is joined."""

    def __init__(self, running: Console) -> None:
        super().__init__(daemon=True)
        self.url = running.url
        self.events: list[tuple[str, Any]] = []
        self.broken: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            with httpx2.stream(
                "POST", f"{self.url}/api/chat/stream", json={"message": QUESTION},
                trust_env=False, timeout=60,
            ) as answer:  # fmt: skip
                name = ""
                for line in answer.iter_lines():
                    field, _, value = line.partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data":
                        self.events.append((name, json.loads(value)))
        except httpx2.HTTPError as error:
            self.broken = error

    def of(self, name: str) -> list[Any]:
        return [data for event, data in self.events if event == name]


def stored(folder: Path, session_id: str) -> tuple[list[Row], list[Row]]:
    """The messages and turns of a chat."""
    with Database(folder / "sangdam.db").read() as tx:
        where = "where conversation_id = ? order by rowid"
        return (
            tx.rows(f"select * from messages {where}", (session_id,)),
            tx.rows(f"select * from turns {where}", (session_id,)),
        )


def refused(running: Console) -> bool:
    """Whether a new message is turned away, by the port or in words."""
    try:
        answer = httpx2.post(f"{running.url}/api/chat", json={"message": QUESTION},
                             trust_env=False, timeout=10)  # fmt: skip
    except httpx2.ConnectError:
        return True
    return answer.status_code == 503 and answer.json()["code"] == "stopping"


def test_a_turn_under_way_is_finished_and_the_server_goes(base: Services, tmp_path: Path) -> None:
    with (
        SlowModel(2.0) as model,
        console(seeded(base, tmp_path / "data"), **model.settings) as running,
    ):
        chats = [Chat(running) for _ in range(3)]
        for _ in chats:
            assert model.calls.acquire(timeout=30), running.log
        stopped = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert running.process.poll() is None  # it waits for them
        assert refused(running)
        for chat in chats:
            chat.join(30)
        code = running.process.wait(GRACE_S)
        assert time.monotonic() - stopped < GRACE_S / 2  # not for the whole grace
    for chat in chats:
        assert chat.broken is None
        [told] = chat.of("message")
        assert chat.events[-1][0] == "done"
        assert "".join(piece["text"] for piece in chat.of("delta")) == told["content"]
        messages, turns = stored(running.folder, told["session_id"])
        assert [one["message_id"] for one in messages][-1] == told["message_id"]
        assert len(turns) == 1
    assert code == 0, running.log[-4000:]
    assert "Traceback" not in running.log


def test_a_turn_that_takes_too_long_does_not_hold_the_server(
    base: Services, tmp_path: Path
) -> None:
    patient = {"SANGDAM_LLM_TOTAL_S": "50", "SANGDAM_LLM_FIRST_TOKEN_S": "50"}
    settings = {"SANGDAM_SHUTDOWN_GRACE_S": "1", **patient}
    with (
        SlowModel(40.0) as model,
        console(seeded(base, tmp_path / "data"), **model.settings, **settings) as running,
    ):
        chat = Chat(running)
        assert model.calls.acquire(timeout=30), running.log
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0, running.log[-4000:]
        chat.join(10)
    assert chat.of("message") == []
    with Database(running.folder / "sangdam.db").read() as tx:
        assert tx.value("pragma integrity_check") == "ok"


def test_what_was_told_survives_a_kill(base: Services, tmp_path: Path) -> None:
    folder = seeded(base, tmp_path / "data")
    with SlowModel(0.05) as model, console(folder, **model.settings) as running:
        database = Database(folder / "sangdam.db")
        backup(database, tmp_path / "live.tar.gz")
        with pytest.raises(Conflict) as caught:  # the server is told by SQLite's own locks
            restore(database, tmp_path / "live.tar.gz", force=True)
        assert caught.value.code == "in_use"
        chats = [Chat(running) for _ in range(6)]
        while not any(chat.of("message") for chat in chats):
            time.sleep(0.005)
            assert any(chat.is_alive() for chat in chats), running.log
        running.process.kill()
        for chat in chats:
            chat.join(30)
    told = [message for chat in chats for message in chat.of("message")]
    assert told
    written = len((folder / "server.log").read_text("utf-8"))
    with console(folder, SANGDAM_LOG_FORMAT="json") as again:
        for message in told:
            messages, turns = stored(folder, message["session_id"])
            assert messages[-1]["message_id"] == message["message_id"]
            assert messages[-1]["content"] == message["content"]
            assert len(turns) == 1
        chat = Chat(again)
        chat.join(30)
        assert chat.of("message")[0]["content"]
        lines = again.log[written:].splitlines()
    assert {json.loads(line)["level"] for line in lines} == {"info"}  # from the first line on
    assert any("상담 창구가 열렸습니다" in line for line in lines)
    with Database(folder / "sangdam.db").read() as tx:
        assert tx.value("pragma integrity_check") == "ok"
        assert tx.rows("pragma foreign_key_check") == []
