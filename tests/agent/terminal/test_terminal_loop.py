"""The conversation that goes on until the customer leaves, piped and in a real terminal."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import select
import shutil
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import services
from agent.__main__ import main
from agent.terminal.memory import Login, Memory
from agent.types import Caller
from services import Services
from tests.agent.terminal.foreign import serving
from tests.conftest import ROOT, copy_database, make_services

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def here(shop: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(services, "_instance", shop)
    return shop


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_piped_lines_are_one_conversation(
    here: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "안녕하세요", "", "고마워요", "/new", "안녕하세요", "/quit", "안 보낼 말")
    assert main(["chat", "--json"]) == 0
    said = capsys.readouterr()
    decoder, objects, rest = json.JSONDecoder(), [], said.out.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        objects.append(value)
        rest = rest[end:].strip()
    sessions = [one["session_id"] for one in objects]
    assert len(sessions) == 3
    assert sessions[0] == sessions[1] != sessions[2]
    assert said.err == "새 대화를 시작해요.\n"


def test_a_change_is_confirmed_and_refused_by_command(
    here: Services,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    minji: Caller,
) -> None:
    order = here.tool(minji, "list_orders", statuses=("paid",)).items[0]
    ask = f"{order.order_id} 주문 취소할게요"
    typed(monkeypatch, "/yes", ask, "/no", "/yes", "/what")
    assert main(["chat", "--as", "user_001"]) == 0
    said = capsys.readouterr()
    assert said.err.count("지금은 확인할 변경이 없어요.") == 2
    assert "쓸 수 있는 명령: /new" in said.err
    assert here.tool(minji, "get_order", order_id=order.order_id).status == "paid"
    typed(monkeypatch, ask, "/yes")
    assert main(["chat", "--as", "user_001"]) == 0
    assert "취소했어요" in capsys.readouterr().out
    assert here.tool(minji, "get_order", order_id=order.order_id).status == "cancelled"


def test_a_number_of_a_program_is_a_message(
    here: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "주문 확인할게요", "1")
    assert main(["chat", "--as", "user_001", "--json"]) == 0
    with here.database.read() as tx:
        last = "select content from messages where role = 'user' order by rowid desc limit 1"
        assert tx.value(last) == "1"


def test_a_turn_that_fails_is_told_by_the_exit_status(
    here: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "안녕하세요", "고마워요")
    assert main(["chat", "--session", "s_missing"]) == 1
    said = capsys.readouterr()
    assert said.err.count("대화를 찾을 수 없어요") == 2
    assert "Traceback" not in said.err


def test_bytes_that_are_no_letters_are_no_traceback(
    here: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["chat", "안녕\udcff하세요", "--json"]) == 0  # as Python gives an argument 0xff
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"hi \xff\n"), "utf-8"))
    assert main(["chat", "--json"]) == 0
    with here.database.read() as tx:
        rows = tx.rows(
            "select content from messages where role = 'user' order by rowid desc limit 2"
        )
    assert [row["content"] for row in rows] == ["hi \ufffd", "안녕?하세요"]
    assert capsys.readouterr().err == ""


class Screen:
    """A program in a terminal of its own."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._ours, theirs = os.openpty()
        self.text = self._unseen = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agent", "chat", *arguments], cwd=ROOT, env=environment,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)

    def wait_for(self, wanted: str, seconds: float = 60) -> str:
        """Read until ``wanted`` is on the screen; what came since the last one, it included."""
        until = time.monotonic() + seconds
        while wanted not in self._unseen:
            left = until - time.monotonic()
            ready, _, _ = select.select([self._ours], [], [], max(0, left))
            assert ready, f"{wanted!r} never came: {self._unseen!r}"
            self._unseen = ANSI.sub("", self._unseen + self._read())
        before, _, self._unseen = self._unseen.partition(wanted)
        return before + wanted

    def _read(self) -> str:
        data = os.read(self._ours, 65536)
        while data[-1:] > b"\x7f":  # a letter may come in two pieces
            try:
                data.decode()
                break
            except UnicodeDecodeError:
                data += os.read(self._ours, 65536)
        self.text += data.decode()
        return data.decode()

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """The exit status, once the program has ended by itself."""
        status = self._process.wait(30)
        os.close(self._ours)
        return status

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
            os.close(self._ours)


@contextmanager
def on_screen(folder: Path, *arguments: str) -> Iterator[Screen]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("SANGDAM_")}
    plain |= {"SANGDAM_DATA_DIR": str(folder), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    screen = Screen(list(arguments), plain)
    try:
        yield screen
    finally:
        screen.close()


@pytest.mark.process
def test_a_person_chooses_by_number_and_says_yes(base: Services, tmp_path: Path) -> None:
    for part in ("models", "policy_index"):
        shutil.copytree(base.settings.data_path / part, tmp_path / part)
    copy_database(base, tmp_path / "sangdam.db")
    shop, minji = make_services(tmp_path), Caller("customer", "user_001", "김민지")
    order = shop.tool(minji, "list_orders", statuses=("paid",)).items[0]
    with on_screen(tmp_path, "--as", "user_001") as screen:
        screen.wait_for("나 > ")
        screen.type(f"{order.order_id} 주문 상태 알려 주세요\r")
        shown = screen.wait_for("나 > ")
        assert "╭" in shown
        number = re.search(r"(\d) 주문 취소", shown)
        assert number, shown
        screen.type(f"{number.group(1)}\r")
        screen.wait_for(f"나 > {order.order_id} 주문 취소할게요")  # what the number says
        shown = screen.wait_for("나 > ")
        assert "┏" in shown
        assert "네 / 아니요로 답해 주세요" in shown
        screen.type("네\r")
        screen.wait_for("취소했어요")
        screen.wait_for("나 > ")
        screen.type("\x04")
        assert screen.end() == 0
    assert shop.tool(minji, "get_order", order_id=order.order_id).status == "cancelled"


STALLED = (
    'event: status\ndata: {"text":"확인 중","session_id":"s_1","turn_id":"t_1"}\nid: t_1.1\n\n'
    'event: delta\ndata: {"text":"한참 걸리는 "}\nid: t_1.2\n\n'
)


@pytest.mark.process
def test_ctrl_c_stops_the_answer_and_keeps_the_loop(tmp_path: Path) -> None:
    hold = threading.Event()
    kind = {"content-type": "text/event-stream"}
    with serving(200, STALLED.encode(), headers=kind, hold=hold) as url:
        with Memory(tmp_path / "terminal.json").changing(url) as place:
            place.current = "minji@example.com"
            place.person("minji@example.com").login = Login("token", time.time() + 900, "again")
        with on_screen(tmp_path, "--url", url) as screen:
            screen.wait_for("나 > ")
            screen.type("반쯤 쓰다 말")
            screen.wait_for("쓰다 말")
            time.sleep(0.3)  # readline misses a signal that comes before it waits for keys
            screen.type("\x03")  # at the prompt it only drops the line
            screen.wait_for("나 > ")
            screen.type("질문\r")
            screen.wait_for("한참 걸리는")
            screen.type("\x03")
            screen.wait_for("답변을 멈췄어요.")
            screen.wait_for("나 > ")
            screen.type("/quit\r")
            assert screen.end() == 0
            assert "Traceback" not in screen.text
    person = Memory(tmp_path / "terminal.json").place(url).person("minji@example.com")
    assert person.session_id == "s_1"  # the next call goes on where it was stopped


@pytest.mark.process
def test_ctrl_c_ends_a_single_question(tmp_path: Path) -> None:
    hold = threading.Event()
    kind = {"content-type": "text/event-stream"}
    with serving(200, STALLED.encode(), headers=kind, hold=hold) as url:
        with Memory(tmp_path / "terminal.json").changing(url) as place:
            place.person("minji@example.com").login = Login("token", time.time() + 900, "again")
        with on_screen(tmp_path, "질문", "--url", url, "--as", "Minji@example.com") as screen:
            screen.wait_for("한참 걸리는")
            screen.type("\x03")
            screen.wait_for("답변을 멈췄어요.")
            assert screen.end() == 130
            assert "Traceback" not in screen.text
