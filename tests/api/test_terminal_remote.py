"""The terminal as a client of a real server: signing in, talking, being cut off."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Iterator

import pytest

import services
from agent.__main__ import main
from agent.terminal.http import Http
from agent.terminal.memory import Memory, Person
from agent.terminal.remote import Remote
from agent.types import Message
from services import Services
from tests.api.conftest import DEMO, Api
from tests.api.cutting import Cut, after, cutting
from tests.conftest import Clock

MINJI = "minji@example.com"
QUESTION = "반품은 며칠 안에 해야 하나요?"
STREAM = "/api/chat/stream"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def server(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The server, and a terminal whose data folder is the test's."""
    monkeypatch.setattr(services, "_instance", api.shop)
    return api


@pytest.fixture
def memory(server: Api) -> Memory:
    return Memory(server.shop.settings.data_path / "terminal.json")


@pytest.fixture
def signed_in(server: Api, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Iterator[Api]:
    """Minji has signed in from the terminal."""
    log_in(monkeypatch, server.url)
    capsys.readouterr()
    return server


def log_in(monkeypatch: pytest.MonkeyPatch, url: str, password: str = DEMO) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    assert main(["login", "--url", url, "--email", MINJI]) == 0


def person(memory: Memory, url: str, who: str = MINJI) -> Person:
    return memory.place(url).person(who)


def chat(capsys: Capture, *arguments: str) -> dict[str, object]:
    assert main(["chat", *arguments, "--json"]) == 0
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def asked(shop: Services, session_id: object) -> list[str]:
    """What the customer said in a conversation."""
    with shop.database.read() as tx:
        rows = tx.rows(
            "select content from messages where conversation_id = ? and role = 'user' "
            "order by rowid",
            (session_id,),
        )
    return [row["content"] for row in rows]


def test_a_guest_talks_and_goes_on(server: Api, memory: Memory, capsys: Capture) -> None:
    first = chat(capsys, QUESTION, "--url", server.url)
    assert first["citations"]
    again = chat(capsys, "고마워요", "--url", f"{server.url}/")
    assert again["session_id"] == first["session_id"]
    assert asked(server.shop, first["session_id"]) == [QUESTION, "고마워요"]
    newer = chat(capsys, "안녕하세요", "--url", server.url, "--new")
    assert newer["session_id"] != first["session_id"]
    assert chat(capsys, "또 왔어요", "--url", server.url, "--session", str(first["session_id"]))
    assert person(memory, server.url, "guest").session_id == first["session_id"]


def test_the_object_is_that_of_the_api(signed_in: Api, capsys: Capture) -> None:
    ours = chat(capsys, QUESTION, "--url", signed_in.url)
    body = {"message": QUESTION}
    theirs = signed_in.client.post("/api/chat", json=body, headers=signed_in.minji).json()
    moving = ("session_id", "message_id", "latency_ms", "created_at")
    assert set(ours) == set(theirs)
    assert {k: v for k, v in ours.items() if k not in moving} == {
        k: v for k, v in theirs.items() if k not in moving
    }


def test_signed_in_a_change_is_made(signed_in: Api, capsys: Capture) -> None:
    minji = signed_in.shop.accounts.caller("user_001")
    order = signed_in.shop.tool(minji, "list_orders", statuses=("paid",)).items[0]
    at = ("--url", signed_in.url)
    offer = chat(capsys, f"{order.order_id} 주문 취소할게요", *at)
    action = offer["pending_action"]
    assert isinstance(action, dict)
    assert main(["chat", "--confirm", action["action_id"], *at, "--as", MINJI.upper()]) == 0
    assert "취소했어요" in capsys.readouterr().out
    after_it = signed_in.shop.tool(minji, "get_order", order_id=order.order_id)
    assert after_it.status == "cancelled"
    assert len(asked(signed_in.shop, offer["session_id"])) == 2


def test_the_guest_and_an_account_are_told_apart(signed_in: Api, capsys: Capture) -> None:
    mine = chat(capsys, "안녕하세요", "--url", signed_in.url)
    guest = chat(capsys, "안녕하세요", "--url", signed_in.url, "--as", "guest")
    assert guest["session_id"] != mine["session_id"]
    assert chat(capsys, "고마워요", "--url", signed_in.url)["session_id"] == mine["session_id"]


def test_signing_in_wrongly_keeps_nothing(
    server: Api, memory: Memory, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("wrong-password\n"))
    assert main(["login", "--url", server.url, "--email", MINJI]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "이메일" in said.err
    assert "Traceback" not in said.err
    assert person(memory, server.url).login is None


def test_signing_out_ends_it_on_the_server(signed_in: Api, memory: Memory, capsys: Capture) -> None:
    login = person(memory, signed_in.url).login
    assert login is not None
    headers = {"Authorization": f"Bearer {login.access_token}"}
    assert signed_in.client.get("/api/auth/me", headers=headers).json()["email"] == MINJI
    assert main(["logout", "--url", signed_in.url]) == 0
    assert "로그아웃했어요" in capsys.readouterr().out
    assert signed_in.client.get("/api/auth/me", headers=headers).status_code == 401
    assert login.access_token not in memory.path.read_text("utf-8")
    assert login.refresh_token not in memory.path.read_text("utf-8")
    assert main(["chat", QUESTION, "--url", signed_in.url, "--as", MINJI]) == 1
    assert "python -m agent login" in capsys.readouterr().err
    assert main(["logout", "--url", signed_in.url]) == 1
    assert "로그인한 계정이 없어요" in capsys.readouterr().err


def test_an_access_token_that_is_over_is_renewed(
    signed_in: Api, memory: Memory, clock: Clock, capsys: Capture
) -> None:
    first = chat(capsys, QUESTION, "--url", signed_in.url)
    before = person(memory, signed_in.url).login
    clock.pass_(minutes=16)  # the server's: it refuses, the terminal did not know
    again = chat(capsys, "고마워요", "--url", signed_in.url)
    assert again["session_id"] == first["session_id"]
    now = person(memory, signed_in.url).login
    assert before is not None
    assert now is not None
    assert now.access_token != before.access_token
    assert now.refresh_token != before.refresh_token
    with memory.changing(signed_in.url) as place:  # the terminal's own: it does not even try
        place.person(MINJI).login.expires_at = 0.0  # type: ignore[union-attr]
    assert chat(capsys, "네", "--url", signed_in.url)["session_id"] == first["session_id"]
    assert asked(signed_in.shop, first["session_id"]) == [QUESTION, "고마워요", "네"]


def test_terminals_renew_one_after_the_other(signed_in: Api, memory: Memory, clock: Clock) -> None:
    clock.pass_(minutes=16)
    answers: list[Message] = []

    def work() -> None:
        http = Http(signed_in.url)
        for event in Remote(http, memory, MINJI).ask(QUESTION, None, None):
            if isinstance(event, Message):
                answers.append(event)
        http.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 4  # a refresh token used twice would have signed all of them out


def test_a_login_that_was_ended_is_told_with_its_remedy(
    signed_in: Api, memory: Memory, capsys: Capture
) -> None:
    signed_in.shop.accounts.sign_out_everywhere("user_001")
    assert main(["chat", QUESTION, "--url", signed_in.url, "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["code"] == "not_signed_in"
    assert f"login --url {signed_in.url} --email {MINJI}" in said.out
    assert person(memory, signed_in.url).login is None


def test_a_guest_whose_token_is_over_begins_anew(
    server: Api, clock: Clock, capsys: Capture
) -> None:
    first = chat(capsys, QUESTION, "--url", server.url)
    clock.pass_(days=15)
    assert main(["chat", QUESTION, "--url", server.url, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["session_id"] != first["session_id"]
    assert said.err == "이어 가던 대화가 없어져서 새 대화를 시작했어요.\n"


def test_a_deleted_conversation_is_replaced(signed_in: Api, capsys: Capture) -> None:
    first = str(chat(capsys, QUESTION, "--url", signed_in.url)["session_id"])
    signed_in.shop.delete_conversation(signed_in.shop.accounts.caller("user_001"), first)
    assert main(["chat", QUESTION, "--url", signed_in.url, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["session_id"] != first
    assert "새 대화를 시작했어요" in said.err
    assert main(["chat", QUESTION, "--url", signed_in.url, "--session", first, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "cut", [after(b"event: status"), after(b"event: delta"), after(b"event: delta", 3)]
)
def test_a_connection_that_breaks_is_taken_up(
    server: Api, memory: Memory, capsys: Capture, cut: Cut
) -> None:
    whole = chat(capsys, QUESTION, "--url", server.url)["content"]
    with cutting(server.url, STREAM, [cut]) as (url, requests):
        assert main(["chat", QUESTION, "--url", url]) == 0
        said = capsys.readouterr()
    assert len(requests) == 2
    assert b"last-event-id" not in requests[0].lower()
    assert b"last-event-id: t_" in requests[1].lower()
    shown = said.out.splitlines()
    assert any(line.startswith("  근거:") for line in shown)
    body = "\n".join(line for line in shown if not line.startswith("  ")).strip()
    assert body == whole  # nothing twice, nothing missing
    assert asked(server.shop, person(memory, url, "guest").session_id) == [QUESTION]


def test_a_message_is_not_sent_twice_when_nobody_knows_whether_it_came(
    server: Api, capsys: Capture
) -> None:
    with cutting(server.url, STREAM, [lambda answer: 0]) as (url, requests):
        assert main(["chat", QUESTION, "--url", url, "--json"]) == 1
        said = capsys.readouterr()
    assert json.loads(said.out)["error"]["code"] == "connection_lost"
    assert len(requests) == 1


def test_it_is_taken_up_once(server: Api, capsys: Capture) -> None:
    cuts = [after(b"event: status"), lambda answer: 0]
    with cutting(server.url, STREAM, cuts) as (url, requests):
        assert main(["chat", QUESTION, "--url", url]) == 1
        said = capsys.readouterr()
    assert len(requests) == 2
    assert "연결이 끊겼어요" in said.err


def test_too_many_messages_are_told_with_the_time(
    server: Api, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.shop, "settings", server.shop.settings.replace(turns_per_minute=1))
    chat(capsys, "안녕하세요", "--url", server.url)
    assert main(["chat", "고마워요", "--url", server.url]) == 1
    said = capsys.readouterr()
    assert said.err.count("초 뒤에 다시") == 1
    assert "너무" in said.err


def test_a_server_that_is_starting_says_so(server: Api, capsys: Capture) -> None:
    server.shop._ready.clear()
    try:
        assert main(["chat", QUESTION, "--url", server.url]) == 1
    finally:
        server.shop._ready.set()
    assert capsys.readouterr().err == "상담 창구를 준비하고 있어요. 잠시 뒤 다시 시도해 주세요.\n"
