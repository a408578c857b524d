"""Tickets over HTTP: opened, listed, changed with a version, resolved, answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.helpers import walk
from tests.shelves import STAFF, every_row, order_of

PLAIN = {"issue_type": "delivery", "description": "이틀째 배송이 멈춰 있어요."}


def open_ticket(api: Api, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    answer = api.client.post("/api/tickets", json=PLAIN | more, headers=headers or api.minji)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def patch(api: Api, ticket: dict[str, Any], **body: Any):  # type: ignore[no-untyped-def]
    return api.client.patch(
        f"/api/tickets/{ticket['ticket_id']}", json={"version": ticket["version"], **body},
        headers=api.staff,
    )  # fmt: skip


def resolve(api: Api, ticket: dict[str, Any], **body: Any):  # type: ignore[no-untyped-def]
    return api.client.post(
        f"/api/tickets/{ticket['ticket_id']}/resolve",
        json={"resolution": "오늘 보내기로 했어요.", "version": ticket["version"], **body},
        headers=api.staff,
    )  # fmt: skip


def test_a_customer_opens_one_about_an_order(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    made = open_ticket(api, order_id=order.order_id, priority="urgent", subject="배송이 안 와요")
    assert (made["status"], made["status_ko"], made["issue_type_ko"]) == ("open", "접수", "배송")
    assert (made["user_id"], made["order_id"], made["subject"]) == (
        "user_001", order.order_id, "배송이 안 와요",
    )  # fmt: skip
    assert made["priority"] == "high"  # only staff call a matter urgent
    assert [event["kind"] for event in made["events"]] == ["created"]
    read = api.client.get(f"/api/tickets/{made['ticket_id']}", headers=api.minji)
    assert read.json() == made


def test_staff_open_one_for_a_customer(api: Api) -> None:
    made = open_ticket(api, api.staff, customer_id="user_002", priority="urgent")
    assert (made["user_id"], made["priority"]) == ("user_002", "urgent")


def test_a_list_pages_and_filters(api: Api) -> None:
    made = [open_ticket(api, description=f"{number}번째예요") for number in range(7)]
    resolve(api, made[2])
    path = "/api/users/user_001/tickets"
    every = walk(api, path, api.minji, limit=100)
    assert [one["ticket_id"] for one in every][:7] == [one["ticket_id"] for one in made[::-1]]
    assert walk(api, path, api.minji, limit=2) == every
    assert "events" not in every[0]
    assert [o["ticket_id"] for o in walk(api, path, api.staff, limit=3)] == [
        one["ticket_id"] for one in every
    ]
    done = walk(api, path, api.minji, status="resolved", limit=1)
    assert made[2]["ticket_id"] in {one["ticket_id"] for one in done}
    assert {one["status"] for one in done} == {"resolved"}
    both = walk(api, path, api.minji, status=["open", "resolved"], limit=3)
    assert both == [one for one in every if one["status"] in ("open", "resolved")]


@pytest.mark.parametrize("query", ["status=done", "limit=0", "cursor=x", "cursor=%00~a",
                                   "cursor=2026~%ED%A0%80"])  # fmt: skip
def test_what_a_list_refuses(api: Api, query: str) -> None:
    answer = api.client.get(f"/api/users/user_001/tickets?{query}", headers=api.minji)
    assert answer.status_code == 422


def test_several_things_change_at_once(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    made = open_ticket(api)
    answer = patch(
        api, made, priority="urgent", issue_type="refund", subject="환불이 늦어요",
        tags=["단골", "급함"], order_id=order.order_id, status="in_progress",
        assignee_id="admin_001",
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert {name: now[name] for name in (
        "priority", "issue_type", "subject", "tags", "order_id", "status", "assignee_id",
    )} == {
        "priority": "urgent", "issue_type": "refund", "subject": "환불이 늦어요",
        "tags": ["단골", "급함"], "order_id": order.order_id, "status": "in_progress",
        "assignee_id": "admin_001",
    }  # fmt: skip
    assert [event["kind"] for event in now["events"]] == ["created", "edited", "taken", "assigned"]
    assert now["version"] == 4
    off = patch(api, now, order_id=None)
    assert (off.status_code, off.json()["order_id"]) == (200, None)


def test_all_of_it_or_nothing(api: Api) -> None:
    made = open_ticket(api)
    _, before = api.staff, every_row(api.shop)
    for body in (
        {"priority": "high", "assignee_id": "user_002"},
        {"priority": "high", "status": "closed"},
        {"subject": "새 제목", "order_id": "20200101-9999999"},
    ):
        assert patch(api, made, **body).status_code in (400, 404, 409)
        assert every_row(api.shop) == before


def test_the_states_a_change_leads_to(api: Api) -> None:
    ticket = open_ticket(api)
    refused = patch(api, ticket, status="resolved")
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_not_allowed")
    assert "/resolve" in refused.json()["detail"]
    ticket = patch(api, ticket, status="waiting_customer").json()
    assert (ticket["status"], ticket["assignee_id"]) == ("waiting_customer", "staff_001")
    ticket = patch(api, ticket, status="in_progress").json()
    assert (ticket["status"], ticket["assignee_id"]) == ("in_progress", "staff_001")
    assert patch(api, ticket, status="in_progress").status_code == 400  # nothing to change
    ticket = resolve(api, ticket).json()
    assert (ticket["status"], ticket["resolution"]) == ("resolved", "오늘 보내기로 했어요.")
    ticket = patch(api, ticket, status="in_progress").json()
    assert (ticket["status"], ticket["resolution"]) == ("in_progress", "")
    ticket = resolve(api, ticket).json()
    ticket = patch(api, ticket, status="closed").json()
    assert ticket["status"] == "closed"
    gone = patch(api, ticket, status="in_progress")
    assert (gone.status_code, gone.json()["code"]) == (409, "ticket_closed")


def test_a_waiting_ticket_is_taken_up_again(api: Api) -> None:
    made = open_ticket(api)
    waiting = api.shop.tool(
        STAFF, "reply_ticket", ticket_id=made["ticket_id"], version=1, text="사진을 보내 주세요",
        wait=True,
    )  # fmt: skip
    now = patch(api, {**made, "version": waiting.version}, status="in_progress").json()
    assert (now["status"], now["waiting_since"]) == ("in_progress", None)


def test_a_stale_version_tells_what_changed(api: Api) -> None:
    made = open_ticket(api)
    patch(api, made, priority="high", tags=["단골"])
    for answer in (patch(api, made, priority="low"), resolve(api, made)):
        assert (answer.status_code, answer.json()["code"]) == (409, "state_changed")
        assert answer.json()["changes"] == {"priority": ["normal", "high"], "tags": [[], ["단골"]]}


def test_customers_see_no_notes_tags_or_numbers_of_staff(api: Api) -> None:
    made = open_ticket(api)
    api.shop.tool(STAFF, "note_ticket", ticket_id=made["ticket_id"], version=1, text="비밀 메모")
    patch(api, {**made, "version": 2}, tags=["진상"], status="in_progress")
    path = f"/api/tickets/{made['ticket_id']}"
    seen = api.client.get(path, headers=api.minji)
    assert not any(word in seen.text for word in ("비밀", "진상", "staff_001"))
    assert [event["kind"] for event in seen.json()["events"]] == ["created", "taken"]
    listed = api.client.get("/api/users/user_001/tickets", headers=api.minji)
    assert not any(word in listed.text for word in ("진상", "staff_001"))
    staff = api.client.get(path, headers=api.staff).text
    assert all(word in staff for word in ("비밀", "진상", "staff_001"))


def test_findings_are_read_and_corrected_by_staff_only(api: Api) -> None:
    made = open_ticket(api)
    path = f"/api/tickets/{made['ticket_id']}"
    api.shop.triage.suggest(made["ticket_id"])
    found = api.client.get(path, headers=api.staff).json()
    assert (found["language"], found["sentiment"]) == ("ko", "negative")
    assert found["summary"]
    mended = {"sentiment": "angry", "language": "other", "summary": "배송이 이틀째 멈춤"}
    answer = patch(api, found, **mended)
    assert answer.status_code == 200
    assert answer.json().items() >= mended.items()
    assert answer.json()["version"] == found["version"] + 1
    theirs = api.client.get(path, headers=api.minji).json()
    assert [theirs[name] for name in mended] == [None, None, None]
    kept = api.shop.tool(STAFF, "list_triage_corrections")  # training data
    assert {row.field for row in kept if row.ticket_id == made["ticket_id"]} == set(mended)


def test_the_customer_writes_and_a_resolved_one_opens_again(api: Api) -> None:
    made = open_ticket(api)
    done = resolve(api, made).json()
    path = f"/api/tickets/{made['ticket_id']}/messages"
    answer = api.client.post(path, json={"text": "아직 안 왔어요"}, headers=api.minji)
    assert answer.status_code == 201
    assert answer.json()["status"] == "in_progress"
    assert answer.json()["events"][-1]["text"] == "아직 안 왔어요"
    assert answer.json()["version"] == done["version"] + 1
    closed = resolve(api, answer.json()).json()
    patch(api, closed, status="closed")
    late = api.client.post(path, json={"text": "저기요"}, headers=api.minji)
    assert (late.status_code, late.json()["code"]) == (409, "ticket_closed")
    assert late.json()["allowed_actions"] == ["create_ticket"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {}),
        ("POST", "", PLAIN | {"issue_type": "weather"}),
        ("POST", "", PLAIN | {"description": " \n "}),
        ("POST", "", PLAIN | {"description": "가" * 4001}),
        ("POST", "", PLAIN | {"description": "a\0b"}),
        ("POST", "", PLAIN | {"priority": "now"}),
        ("POST", "", PLAIN | {"subject": "가" * 101}),
        ("POST", "", PLAIN | {"order_id": 20261116}),
        ("PATCH", "/{}", {"version": 1}),
        ("PATCH", "/{}", {"priority": "high"}),
        ("PATCH", "/{}", {"version": 1, "priority": None}),
        ("PATCH", "/{}", {"version": 1, "tags": ["가" * 21]}),
        ("PATCH", "/{}", {"version": 1, "tags": ["태그"] * 11}),
        ("PATCH", "/{}", {"version": 1, "tags": "태그"}),
        ("PATCH", "/{}", {"version": 1, "subject": " "}),
        ("PATCH", "/{}", {"version": 1, "status": "done"}),
        ("PATCH", "/{}", {"version": 1, "sentiment": "sad"}),
        ("PATCH", "/{}", {"version": 1, "language": "ko-KR"}),
        ("PATCH", "/{}", {"version": 1, "summary": "가" * 121}),
        ("PATCH", "/{}", {"version": True, "status": "closed"}),
        ("POST", "/{}/resolve", {"version": 1}),
        ("POST", "/{}/resolve", {"version": 1, "resolution": "\t"}),
        ("POST", "/{}/resolve", {"resolution": "끝"}),
        ("POST", "/{}/messages", {"text": ""}),
        ("POST", "/{}/messages", {"text": "가" * 4001}),
    ],
)
def test_what_is_refused(api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    made = open_ticket(api)
    _, before = api.staff, every_row(api.shop)
    answer = api.client.request(
        method, "/api/tickets" + path.format(made["ticket_id"]), json=body, headers=api.staff
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
    assert every_row(api.shop) == before
