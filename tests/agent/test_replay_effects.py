"""Playing turns again beside a running shop: whoever asked, whatever went wrong, no trace of it."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent import core
from agent.types import Caller
from services import Services
from store import sandbox
from store.traces import TurnRow, Wanted
from tests.conftest import Clock
from tests.shelves import STAFF
from tests.talk import Talk

ORDER = "20261115-0000355"  # Minji's, paid
COUNTED = (b"sangdam_turn", b"sangdam_search", b"sangdam_model", b"sangdam_llm", b"sangdam_tool")


def content(folder: Path) -> dict[str, str]:
    """What every file of the shop holds; of the database, what every table does."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("sangdam.db"):
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    with closing(sqlite3.connect(folder / "sangdam.db")) as connection:
        names = [row[0] for row in connection.execute(
            "select name from sqlite_master where type = 'table' and rootpage > 0"
        )]  # fmt: skip
        for name in names:
            rows = repr(connection.execute(f'select * from "{name}"').fetchall())
            found[f"table {name}"] = hashlib.sha256(rows.encode()).hexdigest()
    return found


def counted(shop: Services) -> list[bytes]:
    """The metrics of turns, searches and models."""
    return [line for line in shop.metrics.render()[0].splitlines() if line.startswith(COUNTED)]


def turns(shop: Services, *talks: Talk) -> list[TurnRow]:
    found = []
    for talk in talks:
        found += shop.runs.find(STAFF, Wanted(conversation_id=talk.session_id or ""))[::-1]
    return found


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (400, 300), "red").save(file, "jpeg")
    return file.getvalue()


def defect_with_a_photo(shop: Services, clock: Clock, caller: Caller) -> Talk:
    session_id, image_id = shop.save_photo(caller, jpeg(), session_id=None)
    talk = Talk(shop, caller, session_id)
    list(shop.run_turn(caller, "깨져서 왔어요", session_id=session_id, image_ids=(image_id,)))
    for text in ("첫 번째 거요", "컵이 깨졌어요", "네", "네"):
        clock.pass_(seconds=20)
        said = talk.say(text)
        if said.pending_action is not None:
            clock.pass_(seconds=20)
            talk.confirm(said)
            break
    return talk


def with_a_person(shop: Services, clock: Clock, caller: Caller) -> Talk:
    """Handed over, silent, answered, resolved, judged, and the agent's again."""
    talk = Talk(shop, caller)
    talk.say("상담원 연결해 주세요")
    clock.pass_(seconds=20)
    talk.say("빨리 좀요")
    ticket = shop.tool(caller, "list_tickets").items[0]
    for name, given in (
        ("reply_ticket", {"text": "확인했어요."}),
        ("resolve_ticket", {"resolution": "다시 보내 드렸어요."}),
    ):
        clock.pass_(seconds=20)
        more: dict[str, Any] = {**given, "version": ticket.version}
        ticket = shop.tool(STAFF, name, ticket_id=ticket.ticket_id, **more)
    clock.pass_(seconds=20)
    talk.say("아직 해결되지 않았어요")
    return talk


def staff_chat(shop: Services, clock: Clock, caller: Caller) -> Talk:
    talk = Talk(shop, STAFF)
    for text in (f"{ORDER} 주문 보여줘", "안녕하세요", "상담원 연결해 주세요"):
        clock.pass_(seconds=20)
        talk.say(text)
    return talk


def guest_with_an_order(shop: Services, clock: Clock, caller: Caller) -> Talk:
    talk = Talk(shop, Caller(guest_key="somebody"))
    for text in ("상담원 연결해 주세요", f"{ORDER} minji@example.com", "상담원 연결해 주세요"):
        clock.pass_(seconds=20)
        talk.say(text)
    return talk


PLAYS: dict[str, Callable[[Services, Clock, Caller], Talk]] = {
    "photo": defect_with_a_photo, "person": with_a_person, "staff": staff_chat,
    "guest": guest_with_an_order,
}  # fmt: skip


@pytest.mark.parametrize("name", PLAYS)
def test_whoever_asked_nothing_is_changed_or_counted(
    shop: Services, clock: Clock, minji: Caller, tmp_path: Path, name: str
) -> None:
    talk = PLAYS[name](shop, clock, minji)
    before, counts = content(tmp_path), counted(shop)
    played = turns(shop, talk)
    assert len(played) > 1
    for turn in played:
        found = shop.runs.replay(STAFF, turn.turn_id)
        assert not found.replayed.error
        assert found.replayed.reply
    assert content(tmp_path) == before
    assert counted(shop) == counts
    assert counts


def test_it_is_nothing_to_those_who_write_meanwhile(
    shop: Services, clock: Clock, minji: Caller, jihun: Caller
) -> None:
    talk = with_a_person(shop, clock, minji)
    talk2 = Talk(shop, minji)
    talk2.say(f"{ORDER} 주문 취소해 주세요")
    mine = turns(shop, talk, talk2)
    theirs = Talk(shop, jihun)
    failed: list[BaseException] = []
    stop = threading.Event()

    def write() -> None:
        try:
            while not stop.is_set():
                theirs.say("반품 배송비는 누가 내요?")
        except BaseException as error:
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    found = [shop.runs.replay(STAFF, turn.turn_id) for _ in range(3) for turn in mine]
    stop.set()
    writer.join(60)
    assert not failed
    assert [one.replayed.error for one in found] == [""] * len(found)
    assert [turn.turn_id for turn in turns(shop, talk, talk2)] == [turn.turn_id for turn in mine]
    assert turns(shop, theirs)
    with shop.database.read() as tx:
        assert tx.value("select status from orders where order_id = ?", (ORDER,)) == "paid"
        assert tx.value("pragma integrity_check") == "ok"


def test_a_turn_that_ended_in_an_error_can_be_looked_into(
    shop: Services, minji: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("somewhere in a flow")

    monkeypatch.setattr(core, "_answer", broken)
    talk = Talk(shop, minji)
    with pytest.raises(ZeroDivisionError):
        talk.say("안녕하세요")
    with shop.database.read() as tx:
        turn_id = tx.value("select turn_id from turns where status = 'error'")
    before = content(tmp_path)
    found = shop.runs.replay(STAFF, turn_id)
    assert "ZeroDivisionError" in found.replayed.error
    assert not found.same
    assert found.replayed.trace["status"] == "error"
    assert content(tmp_path) == before


def test_too_many_orders_are_looked_at_in_place(
    shop: Services, clock: Clock, minji: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copying a large shop for one turn of staff would take its memory."""
    talk = staff_chat(shop, clock, minji)
    before = content(tmp_path)
    monkeypatch.setattr(sandbox, "MOST_COPIED", 10)
    found = [shop.runs.replay(STAFF, turn.turn_id) for turn in turns(shop, talk)]
    assert [one.replayed.error for one in found] == [""] * 3
    assert found[0].same
    assert content(tmp_path) == before


def test_a_write_in_place_stops_the_play_and_says_so(
    shop: Services, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "MOST_COPIED", 10)
    monkeypatch.setattr(core, "_answer", lambda desk, state, understood: _paid(desk))
    talk = Talk(shop, STAFF)
    with pytest.raises(AttributeError):
        talk.say("안녕하세요")
    with shop.database.read() as tx:
        turn_id = tx.value("select turn_id from turns where status = 'error'")
    before = content(tmp_path)
    found = shop.runs.replay(STAFF, turn_id)
    assert "멈췄어요" in found.replayed.error
    assert content(tmp_path) == before


def _paid(desk: core.Desk) -> None:
    """Writes an order, and makes no reply."""
    with desk.database.write() as tx:
        tx.execute("update orders set version = version where order_id = ?", (ORDER,))
