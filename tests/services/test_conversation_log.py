"""The log of conversations: every message once, masked, rotated, and never in a turn's way."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agent.types import Caller
from services import Services
from services.conversation_log import ConversationLog
from services.line_file import LineFile
from tests.conftest import Clock, copy_database, make_services
from tests.shelves import STAFF
from tests.talk import Talk

PARTS = ("tokenizer", "encoder", "index", "policies", "catalogue", "understander")


def open_shop(base: Services, folder: Path, clock: Clock, **changes: object) -> Services:
    """The shop again, as after a restart; its database is made the first time."""
    if not (folder / "sangdam.db").exists():
        copy_database(base, folder / "sangdam.db")
    shop = make_services(folder, clock, **{"conversation_log": "on", **changes})
    for part in PARTS:
        shop.__dict__[part] = getattr(base, part)
    shop._ready.set()
    shop.conversation_log.start(clock())
    return shop


@pytest.fixture
def logged(base: Services, tmp_path: Path, clock: Clock) -> Services:
    return open_shop(base, tmp_path, clock)


def lines(folder: Path, name: str = "conversations.jsonl") -> list[dict[str, Any]]:
    """The log's lines but those that say that it begins."""
    path = folder / "logs" / name
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [line for line in found if line.get("event") != "on"]


def said(folder: Path) -> list[tuple[str, str]]:
    return [(line["role"], line["text"]) for line in lines(folder) if "role" in line]


def test_a_turn_is_two_lines(logged: Services, minji: Caller, tmp_path: Path) -> None:
    message = Talk(logged, minji).say("반품 배송비는 누가 내요?")
    asked, answered = lines(tmp_path)
    assert (asked["role"], asked["text"]) == ("user", "반품 배송비는 누가 내요?")
    assert answered["text"] == message.content
    assert answered["intent"] == "policy"
    assert answered["tools"] == ["search_policies"]
    assert answered["provider"] == "offline"
    assert answered["latency_ms"] == message.latency_ms
    assert asked["turn"] == answered["turn"]
    assert asked["conversation"] == message.session_id
    assert asked["at"].endswith("Z")


def test_it_is_off_unless_it_is_wanted(shop: Services, minji: Caller, tmp_path: Path) -> None:
    Talk(shop, minji).say("안녕하세요")
    assert not (tmp_path / "logs").exists()


def test_nothing_from_before_it_was_switched_on_is_in_it(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller
) -> None:
    silent = open_shop(base, tmp_path, clock, conversation_log="off")
    Talk(silent, minji).say("비밀 이야기")
    Talk(open_shop(base, tmp_path, clock), minji).say("안녕하세요")
    Talk(open_shop(base, tmp_path, clock, conversation_log="off"), minji).say("또 비밀")
    Talk(open_shop(base, tmp_path, clock), minji).say("고마워요")
    open_shop(base, tmp_path, clock, conversation_log="off")
    open_shop(base, tmp_path, clock, conversation_log="off")
    users = [text for role, text in said(tmp_path) if role == "user"]
    assert users == ["안녕하세요", "고마워요"]
    assert [line["event"] for line in lines(tmp_path) if "event" in line] == ["off", "off"]


def test_personal_data_and_contacts_are_masked(
    logged: Services, minji: Caller, tmp_path: Path
) -> None:
    Talk(logged, minji).say("010-1234-5678이나 a@b.com으로 연락 주세요. 카드는 4242-4242-4242-4242")
    text = (tmp_path / "logs" / "conversations.jsonl").read_text("utf-8")
    assert "[전화번호 가림]" in text
    for secret in ("1234-5678", "a@b.com", "4242"):
        assert secret not in text


def test_staff_and_customers_in_a_ticket_but_never_a_note(
    logged: Services, minji: Caller, tmp_path: Path
) -> None:
    talk = Talk(logged, minji)
    talk.say("상담원 연결해 주세요")
    ticket = logged.tool(minji, "list_tickets").items[0]
    for name, words in (("reply_ticket", "확인했어요."), ("note_ticket", "까다로운 고객")):
        ticket = logged.tool(
            STAFF, name, ticket_id=ticket.ticket_id, version=ticket.version, text=words
        )
    logged.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text="고마워요")
    found = said(tmp_path)
    assert ("staff", "확인했어요.") in found
    assert ("user", "고마워요") in found
    assert "까다로운" not in str(found)
    assert "receipt" not in [role for role, _ in found]


def test_an_opinion_is_a_line_of_its_own(logged: Services, minji: Caller, tmp_path: Path) -> None:
    message = Talk(logged, minji).say("안녕하세요")
    logged.rate(minji, message.message_id, good=False, reason="010-1234-5678로 전화 주세요")
    last = lines(tmp_path)[-1]
    assert (last["event"], last["message"], last["good"]) == (
        "feedback", message.message_id, False,
    )  # fmt: skip
    assert "1234" not in last["reason"]


def test_a_crash_between_the_store_and_the_log_loses_and_doubles_nothing(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(base, tmp_path, clock)
    talk = Talk(shop, minji)
    talk.say("첫 번째")
    monkeypatch.setattr(shop.conversation_log, "follow", lambda: None)  # the process has died
    talk.say("두 번째")
    path = tmp_path / "logs" / "conversations.jsonl"
    with path.open("a") as file:
        file.write('{"seq": 99999, "te')  # in the middle of a line
    again = open_shop(base, tmp_path, clock)
    Talk(again, minji, talk.session_id).say("세 번째")
    assert [text for role, text in said(tmp_path) if role == "user"] == [
        "첫 번째", "두 번째", "세 번째",
    ]  # fmt: skip
    numbers = [line["seq"] for line in lines(tmp_path)]
    assert numbers == sorted(set(numbers))


def test_a_crash_before_the_first_line_loses_nothing(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(base, tmp_path, clock)
    monkeypatch.setattr(shop.conversation_log, "follow", lambda: None)  # the process has died
    Talk(shop, minji).say("첫 번째")
    open_shop(base, tmp_path, clock)
    assert [text for role, text in said(tmp_path) if role == "user"] == ["첫 번째"]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_deleted_chat_takes_no_later_message_out_of_the_log(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller, restarted: bool
) -> None:
    """Its messages' numbers are given again."""
    shop = open_shop(base, tmp_path, clock)
    for first in ("첫 번째", "두 번째"):  # with a line of the store's in the log, and with none
        gone = Talk(shop, minji)
        gone.say(first)
        gone.say("지울 말")
        shop.delete_conversation(minji, gone.session_id or "")
        if restarted:
            shop = open_shop(base, tmp_path, clock)
        Talk(shop, minji).say("안녕하세요")
    users = [text for role, text in said(tmp_path) if role == "user"]
    assert users == ["첫 번째", "지울 말", "안녕하세요", "두 번째", "지울 말", "안녕하세요"]


def test_many_opinions_in_a_row_do_not_hide_where_it_stands(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller
) -> None:
    shop = open_shop(base, tmp_path, clock)
    talk = Talk(shop, minji)
    message = talk.say("안녕하세요")
    for _ in range(3):
        shop.rate(minji, message.message_id, good=True, reason="가" * 500)
    path = tmp_path / "logs" / "conversations.jsonl"
    rating = path.read_text("utf-8").splitlines(keepends=True)[-1]
    with path.open("a", encoding="utf-8") as file:
        file.write(rating * 300)
    Talk(open_shop(base, tmp_path, clock), minji, talk.session_id).say("고마워요")
    assert [text for role, text in said(tmp_path) if role == "user"] == ["안녕하세요", "고마워요"]


def test_threads_that_talk_at_once_lose_and_double_nothing(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller
) -> None:
    shops = [open_shop(base, tmp_path, clock) for _ in range(2)]  # as two processes
    texts = [f"반품 배송비는 누가 내요? {number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(
            lambda pair: Talk(shops[pair[0] % 2], minji).say(pair[1]), enumerate(texts)
        ))  # fmt: skip
    users = [text for role, text in said(tmp_path) if role == "user"]
    assert sorted(users) == sorted(texts)
    numbers = [line["seq"] for line in lines(tmp_path)]
    assert numbers == sorted(set(numbers))


def test_two_processes_write_each_message_once(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller
) -> None:
    one, two = open_shop(base, tmp_path, clock), open_shop(base, tmp_path, clock)
    for shop in (one, two, one):
        Talk(shop, minji).say("안녕하세요")
    assert len([role for role, _ in said(tmp_path) if role == "user"]) == 3


def test_only_the_owner_reads_it(logged: Services, minji: Caller, tmp_path: Path) -> None:
    Talk(logged, minji).say("안녕하세요")
    mode = (tmp_path / "logs" / "conversations.jsonl").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_log_that_cannot_be_written_breaks_no_turn_and_catches_up(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    (tmp_path / "logs").write_text("a file where the folder should be")
    shop = open_shop(base, tmp_path, clock)
    talk = Talk(shop, minji)
    assert talk.say("안녕하세요").content
    talk.say("고마워요")
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert b"sangdam_conversation_log_failures_total 0.0" not in shop.metrics.render()[0]
    (tmp_path / "logs").unlink()
    Talk(shop, minji, talk.session_id).say("반품 배송비는 누가 내요?")
    assert len([role for role, _ in said(tmp_path) if role == "user"]) == 3


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LineFile(tmp_path / "a.jsonl", max_bytes=0, files=1)
    file.append(["하나\n"])
    write = os.write

    def full(number: int, data: bytes) -> int:
        if len(data) > 3:
            return write(number, data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        file.append(["둘둘둘\n"])
    monkeypatch.setattr(os, "write", write)
    file.append(["셋\n"])
    assert (tmp_path / "a.jsonl").read_text("utf-8") == "하나\n셋\n"


def test_a_file_that_has_grown_is_set_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "logs" / "a.jsonl", max_bytes=20, files=2)
    with file.locked():
        for number in range(9):
            file.append([f"line {number} 1234567\n"])
    names = sorted(path.name for path in (tmp_path / "logs").iterdir() if path.name[0] != ".")
    assert names == ["a.jsonl", "a.jsonl.1", "a.jsonl.2"]
    assert file.path.read_text() == "line 8 1234567\n"
    assert file.path.with_name("a.jsonl.1").read_text() == "line 7 1234567\n"
    assert [line[:6] for line in file.newest()] == ["line 8", "line 7"]


def test_after_a_rotation_it_goes_on_where_it_was(
    base: Services, tmp_path: Path, clock: Clock, minji: Caller
) -> None:
    shop = open_shop(base, tmp_path, clock)
    Talk(shop, minji).say("안녕하세요")
    path = tmp_path / "logs" / "conversations.jsonl"
    path.replace(path.with_name("conversations.jsonl.1"))
    Talk(open_shop(base, tmp_path, clock), minji).say("고마워요")
    assert [text for role, text in said(tmp_path) if role == "user"] == ["고마워요"]


def test_half_a_line_is_not_set_aside_with_the_file(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl", max_bytes=20, files=2)
    file.append(["a whole line, long\n"])
    with file.path.open("a") as broken:
        broken.write("half a li")
    file.append(["the next one\n"])
    assert file.path.with_name("a.jsonl.1").read_text() == "a whole line, long\n"


def test_lines_are_read_from_the_last_one_back_over_any_length(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl", max_bytes=0, files=1)
    wanted = ["first", "가" * 70_000, "", "x" * 200_000, "last"]
    file.append([f"{line}\n" for line in wanted])
    with file.path.open("a") as broken:
        broken.write("half")
    assert list(file.newest()) == wanted[::-1]
    file.path.write_bytes(b"only half a line")
    assert list(file.newest()) == []


def test_no_rotated_file_is_kept_where_none_is_wanted(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl", max_bytes=10, files=0)
    file.append(["first line\n"])
    file.append(["second line\n"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    assert file.path.read_text() == "second line\n"


def test_it_is_told_nothing_of_a_log_that_is_off(base: Services, tmp_path: Path) -> None:
    settings = make_services(tmp_path).settings
    log = ConversationLog(settings, base.database)
    log.follow()
    log.rated("m", good=True, reason="", now=Clock().now)
    assert not (tmp_path / "logs").exists()
