"""The remembered session: found again, kept apart, replaced, written whole and unreadable."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

import services
from agent.__main__ import main
from agent.terminal.memory import GUEST, HERE, Login, Memory
from agent.types import Caller
from errors import Unavailable
from services import Services


@pytest.fixture
def here(shop: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The command in this process, on the test's shop."""
    monkeypatch.setattr(services, "_instance", shop)
    return shop


def session_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["chat", *arguments, "--json"]) == 0
    session: str = json.loads(capsys.readouterr().out)["session_id"]
    return session


def test_the_next_call_goes_on(here: Services, capsys: pytest.CaptureFixture[str]) -> None:
    first = session_of(capsys, "안녕하세요")
    assert session_of(capsys, "고마워요") == first
    newer = session_of(capsys, "안녕하세요", "--new")
    assert newer != first
    assert session_of(capsys, "고마워요") == newer
    assert session_of(capsys, "또 왔어요", "--session", first) == first
    assert session_of(capsys, "고마워요") == first


def test_a_change_is_confirmed_without_naming_the_session(
    here: Services, capsys: pytest.CaptureFixture[str], minji: Caller
) -> None:
    order = here.tool(minji, "list_orders", statuses=("paid",)).items[0]
    assert main(["chat", f"{order.order_id} 주문 취소할게요", "--as", "user_001"]) == 0
    assert main(["chat", "네", "--as", "user_001"]) == 0
    assert "취소했어요" in capsys.readouterr().out
    assert here.tool(minji, "get_order", order_id=order.order_id).status == "cancelled"


def test_everybody_has_a_memory_of_their_own(
    here: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    guest = session_of(capsys, "안녕하세요")
    minji = session_of(capsys, "안녕하세요", "--as", "user_001")
    jihun = session_of(capsys, "안녕하세요", "--as", "user_002")
    assert len({guest, minji, jihun}) == 3
    assert session_of(capsys, "고마워요", "--as", "user_001") == minji
    assert session_of(capsys, "고마워요") == guest
    assert session_of(capsys, "고마워요", "--as", "guest") == guest


def test_a_session_that_is_gone_is_replaced(
    here: Services, capsys: pytest.CaptureFixture[str], minji: Caller
) -> None:
    first = session_of(capsys, "안녕하세요", "--as", "user_001")
    here.delete_conversation(minji, first)
    assert main(["chat", "안녕하세요", "--as", "user_001", "--json"]) == 0
    said = capsys.readouterr()
    newer = json.loads(said.out)["session_id"]
    assert newer != first
    assert said.err == "이어 가던 대화가 없어져서 새 대화를 시작했어요.\n"
    assert session_of(capsys, "고마워요", "--as", "user_001") == newer


def test_a_missing_action_is_no_missing_session(
    here: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    first = session_of(capsys, "안녕하세요", "--as", "user_001")
    assert main(["chat", "--as", "user_001", "--confirm", "act_missing", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["code"] == "not_found"
    assert said.err == ""
    assert session_of(capsys, "고마워요", "--as", "user_001") == first


def test_a_session_named_in_vain_is_not_remembered(
    here: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    first = session_of(capsys, "안녕하세요")
    assert main(["chat", "안녕하세요", "--session", "s_missing", "--json"]) == 1
    assert "error" in json.loads(capsys.readouterr().out)
    assert session_of(capsys, "고마워요") == first


def test_only_its_owner_can_read_it(here: Services, capsys: pytest.CaptureFixture[str]) -> None:
    session = session_of(capsys, "안녕하세요")
    path = here.settings.data_path / "terminal.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Memory(path).place(HERE).person(GUEST).session_id == session
    path.chmod(0o644)  # somebody was careless: the next writing puts it right
    session_of(capsys, "안녕하세요", "--new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [p.name for p in path.parent.iterdir() if p.name.startswith(".terminal")]


def test_two_terminals_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "terminal.json"

    def work(name: str) -> None:
        for number in range(20):
            Memory(path).remember("http://a", f"{name}{number}", f"s_{name}{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    people = Memory(path).place("http://a").people
    assert {who: one.session_id for who, one in people.items()} == {
        f"{name}{number}": f"s_{name}{number}" for name in "abcd" for number in range(20)
    }


def test_a_change_that_fails_writes_nothing(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "terminal.json")
    memory.remember("http://a", "x", "s_1")
    with pytest.raises(KeyError), memory.changing("http://a") as place:  # noqa: PT012
        place.person("x").session_id = "s_2"
        raise KeyError
    assert memory.place("http://a").person("x").session_id == "s_1"


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"here": {"people": 3}}', b"\xff"])
def test_a_broken_file_is_told_with_its_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "terminal.json"
    path.write_bytes(content)
    with pytest.raises(Unavailable, match="지우고 다시 시작해 주세요"):
        Memory(path).place(HERE)
    with pytest.raises(Unavailable), Memory(path).changing(HERE) as place:
        place.person(GUEST)
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="쓸 수 없어요"):
        Memory(tmp_path / "file" / "terminal.json").remember(HERE, GUEST, "s_1")


def test_tokens_are_not_shown() -> None:
    shown = repr(Login("secret-access", 1.0, "secret-refresh"))
    assert "secret" not in shown
