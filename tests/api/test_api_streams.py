"""POST /api/chat/stream: events, heartbeat, resuming, leaving."""

from __future__ import annotations

import threading
import time

import httpx2
import pytest

from agent.types import Message
from services import Services
from services.live_turn import TICK_S
from tests.api.conftest import Api
from tests.api.streaming import Told, told

QUESTION = "반품 배송비는 누가 내요?"
URL = "/api/chat/stream"


def stream(api: Api, headers: dict[str, str] | None = None, **body: object) -> list[Told]:
    with api.client.stream(
        "POST", URL, json={"message": QUESTION, **body}, headers=headers or {}
    ) as got:
        assert got.status_code == 200
        assert got.headers["content-type"].startswith("text/event-stream")
        assert got.headers["X-Request-ID"]
        return list(told(got))


def slow(api: Api, monkeypatch: pytest.MonkeyPatch, seconds: float) -> threading.Event:
    """Make understanding take its time; the event tells that a turn has come that far."""
    reached, real = threading.Event(), api.shop.desk.understander.understand

    def understand(text: str, now: object) -> object:
        reached.set()
        time.sleep(seconds)
        return real(text, now)  # type: ignore[arg-type]

    monkeypatch.setattr(type(api.shop.desk.understander), "understand", staticmethod(understand))
    return reached


def test_the_last_message_is_what_chat_answers(api: Api) -> None:
    events = stream(api, api.minji)
    kinds = [one.event for one in events]
    assert kinds[0] == "status"
    assert kinds[-2:] == ["message", "done"]
    message = events[-2].data
    plain = api.client.post("/api/chat", json={"message": QUESTION}, headers=api.minji).json()
    moving = ("session_id", "message_id", "latency_ms")
    assert {k: v for k, v in message.items() if k not in moving} == {
        k: v for k, v in plain.items() if k not in moving
    }
    assert set(message) == set(plain)
    said = "".join(one.data["text"] for one in events if one.event == "delta")
    assert said == message["content"]
    cited = [one.data for one in events if one.event == "citation"]
    assert cited == message["citations"]


def test_events_are_numbered_from_one(api: Api) -> None:
    events = stream(api, api.minji)
    turn = events[0].data["turn_id"]
    assert [one.id for one in events] == [f"{turn}.{n + 1}" for n in range(len(events))]


def test_a_lost_stream_goes_on_where_it_was(api: Api) -> None:
    whole = stream(api, api.minji)
    seen = whole[len(whole) // 2]
    rest = stream(api, api.minji | {"Last-Event-ID": seen.id})
    assert rest == whole[len(whole) // 2 + 1 :]
    with api.shop.database.read() as tx:
        asked = tx.value(
            "select count(*) from messages where content = ? and conversation_id glob 's_*'",
            (QUESTION,),
        )
    assert asked == 1  # nothing was sent anew


def test_after_a_restart_the_stored_answer_comes(api: Api) -> None:
    whole = stream(api, api.minji)
    api.shop.__dict__.pop("turns")
    rest = stream(api, api.minji | {"Last-Event-ID": whole[2].id})
    assert [one.event for one in rest] == ["message", "done"]
    assert rest[0].data == whole[-2].data


def test_nobody_resumes_somebody_elses_turn(api: Api) -> None:
    whole = stream(api, api.minji)
    guest = stream(api)
    session = guest[0].data["session_id"]
    for forget in (False, True):
        if forget:
            api.shop.__dict__.pop("turns")
        for headers in (api.jihun, api.guest(), {}):
            for seen in (whole[2].id, "t_missing.3"):
                gone = api.client.post(
                    URL, json={"message": "x"}, headers=headers | {"Last-Event-ID": seen}
                )
                assert gone.status_code == 404
        taken = {"Last-Event-ID": guest[2].id}
        assert api.client.post(URL, json={"message": "x"}, headers=taken).status_code == 404
        mine = stream(api, taken, session_id=session)
        assert mine[-1].event == "done"


def test_silence_is_filled_with_comments(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.shop.settings = api.shop.settings.replace(sse_heartbeat_s=0)
    slow(api, monkeypatch, 0.5)
    began = time.monotonic()
    with api.client.stream("POST", URL, json={"message": QUESTION}, headers=api.minji) as got:
        text = "".join(got.iter_text())
    most = (time.monotonic() - began) / TICK_S
    assert 1 <= text.count(": ping\n\n") <= most  # 0 is as often as makes sense, not for ever
    assert "event: message" in text


def test_a_client_that_leaves_stops_the_turn(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.shop.settings = api.shop.settings.replace(stream_resume_s=0)
    reached = slow(api, monkeypatch, 1.0)
    with (
        httpx2.Client(base_url=api.url, trust_env=False) as leaving,
        leaving.stream("POST", URL, json={"message": QUESTION}, headers=api.minji) as got,
    ):
        first = next(told(got))
        assert reached.wait(10)
    _wait_until_idle(api.shop)
    turn_id, session = first.data["turn_id"], first.data["session_id"]
    with api.shop.database.read() as tx:
        status = tx.value("select status from turns where turn_id = ?", (turn_id,))
        said = tx.rows(
            "select role, content from messages where conversation_id = ? order by message_seq",
            (session,),
        )
    assert status == "stopped"
    assert [one["role"] for one in said] == ["user", "assistant"]
    assert "멈췄어요" in said[1]["content"]
    rest = stream(api, api.minji | {"Last-Event-ID": first.id})
    assert rest[0].event == "message"
    assert rest[0].data["content"] == said[1]["content"]


def test_a_lost_connection_may_come_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = slow(api, monkeypatch, 0.5)
    with (
        httpx2.Client(base_url=api.url, trust_env=False) as lost,
        lost.stream("POST", URL, json={"message": QUESTION}, headers=api.minji) as got,
    ):
        first = next(told(got))
        assert reached.wait(10)
    rest = stream(api, api.minji | {"Last-Event-ID": first.id})
    assert rest[0].id.endswith(".2")
    assert [one.event for one in rest][-2:] == ["message", "done"]
    assert "멈췄어요" not in rest[-2].data["content"]


def test_leaving_in_the_middle_of_the_words_keeps_all_of_them(api: Api) -> None:
    with (
        httpx2.Client(base_url=api.url, trust_env=False) as leaving,
        leaving.stream("POST", URL, json={"message": QUESTION}, headers=api.minji) as got,
    ):
        seen = next(one for one in told(got) if one.event == "delta")
    _wait_until_idle(api.shop)
    rest = stream(api, api.minji | {"Last-Event-ID": seen.id})
    message = next(one.data for one in rest if one.event == "message")
    assert len(message["content"]) > len(seen.data["text"])


def test_a_turn_stopped_before_its_reply_is_kept_as_stopped(shop: Services, minji) -> None:  # type: ignore[no-untyped-def]
    events = shop.run_turn(minji, QUESTION)
    status = next(events)
    events.close()  # type: ignore[attr-defined]
    with shop.database.read() as tx:
        row = tx.row("select * from turns where turn_id = ?", (status.turn_id,))
    assert row is not None
    assert row["status"] == "stopped"
    again = list(shop.run_turn(minji, QUESTION, session_id=status.session_id))
    assert isinstance(again[-2], Message)


def _wait_until_idle(shop: Services) -> None:
    end = time.monotonic() + 20
    while (shop.turns.running or shop.turns.waiting) and time.monotonic() < end:
        time.sleep(0.02)
    assert not shop.turns.running
