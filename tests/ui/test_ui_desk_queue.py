"""티켓 처리, the left side: views, filters, rows in words, several tickets at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from agent.shop.tickets import sla
from agent.types import Caller
from store import tickets
from store.models import to_text
from tests.pages import press, shown
from tests.shelves import STAFF
from ui.desk import bulk, filters, queue, rows

ADMIN = Caller("admin", "admin_001", "한관리")
WHO = "staff@example.com"


@pytest.fixture
def ticket(desk, minji):
    return desk.tool(minji, "create_ticket", issue_type="refund", description="환불이 안 보여요")


def opened(at: AppTest) -> list[str]:
    """The tickets of the list, top to bottom."""
    return [b.key[5:] for b in at.button if str(b.key).startswith("open-T")]


def param(at: AppTest, name: str) -> str:
    """A parameter of the address."""
    value = at.query_params[name]
    return value if isinstance(value, str) else value[0]


def queue_ids(desk, **filters_: Any) -> list[str]:
    found = desk.tool(STAFF, "ticket_queue", limit=queue.PAGE, **filters_).items
    return [item.ticket.ticket_id for item in found]


def many(desk, number: int, **changes: Any) -> None:
    """So many more tickets, nobody's."""
    with desk.database.write(durable=False) as tx:
        model = tickets.find(tx, user_id=None, statuses=("open",), limit=1)[0]
        for serial in range(number):
            tickets.add(tx, replace(
                model, ticket_id=f"T20261119-{serial + 1000}", conversation_id=None,
                assignee_id=None, **changes,
            ))  # fmt: skip


# ── views ────────────────────────────────────────────────────────────────────────────────


def test_customers_do_not_get_the_desk(open_page):
    assert "볼 수 있는 권한이 없어요" in open_page("desk").subheader[0].value


def test_a_visit_begins_with_one_s_own_tickets(open_page, desk):
    assert desk.tool(STAFF, "queue_counts")["mine"]
    at = open_page("desk", WHO)
    assert opened(at) == queue_ids(desk, assignee_id="me")


def test_with_none_of_one_s_own_it_begins_with_nobody_s(open_page, desk):
    with desk.database.write() as tx:
        tx.execute("update tickets set assignee_id = 'admin_001' where assignee_id = 'staff_001'")
    at = open_page("desk", WHO)
    assert opened(at) == queue_ids(desk, assignee_id="nobody")
    press(at, "나에게")  # the view does not change under the hand that works in it
    assert opened(at) == queue_ids(desk, assignee_id="nobody")


@pytest.mark.parametrize("view", filters.VIEWS)
def test_each_view_shows_what_it_says(open_page, desk, ticket, view):
    with desk.database.write() as tx:
        tickets.heard(tx, ticket.ticket_id, "customer", at=desk.clock())
    at = open_page("desk", WHO, view=view)
    asks = dict(filters.VIEWS[view].asks)
    assert opened(at) == queue_ids(desk, **asks)
    assert opened(at) or view == "overdue"
    counts = desk.tool(STAFF, "queue_counts")
    label = at.button(key=f"view-{view}").label
    assert f"**{counts[view]}**" in label if view in counts else label == "끝난 문의"


def test_a_view_is_chosen_by_its_button_and_kept_in_the_address(open_page, desk):
    at = open_page("desk", WHO)
    at.button(key="view-waiting").click().run()
    assert param(at, "view") == "waiting"
    assert opened(at) == queue_ids(desk, statuses=("waiting_customer",))


def test_an_empty_view_says_what_would_be_there(open_page, desk):
    with desk.database.write() as tx:
        tx.execute("update tickets set status = 'closed'")
    for view, said in filters.VIEWS.items():
        at = open_page("desk", WHO, view=view)
        assert view == "done" or said.empty in shown(at)
        assert view == "done" or said.hint in shown(at)


# ── filters ──────────────────────────────────────────────────────────────────────────────


def test_filters_are_in_the_address_and_come_from_it(open_page, desk, ticket):
    at = open_page("desk", WHO, view="running", type="refund")
    assert opened(at) == queue_ids(desk, issue_type="refund")
    at.selectbox(key="desk-priority").set_value("urgent").run()
    assert param(at, "priority") == "urgent"
    assert "조건에 맞는 문의가 없어요" in shown(at) or opened(at)
    at.button(key="desk-clear").click().run()
    assert "type" not in at.query_params
    assert opened(at) == queue_ids(desk)


def test_words_are_searched(open_page, desk, ticket):
    at = open_page("desk", WHO, view="running")
    at.text_input(key="desk-q").set_value("환불이 안 보여요").run()
    assert opened(at) == [ticket.ticket_id]
    assert param(at, "q") == "환불이 안 보여요"
    at.text_input(key="desk-q").set_value("없는 말").run()
    assert "조건에 맞는 문의가 없어요" in shown(at)


@pytest.mark.parametrize(
    "address", [{"type": "x"}, {"who": "nobody_001"}, {"view": "x"}, {"after": "abc"}]
)
def test_an_address_typed_by_hand_shows_a_list(open_page, address):
    at = open_page("desk", WHO, **{"view": "running"} | address)
    assert opened(at)


def test_a_tag_of_the_address_that_nobody_uses_narrows_all_the_same(open_page):
    at = open_page("desk", WHO, view="running", tag="없는 태그")
    assert "조건에 맞는 문의가 없어요" in shown(at)


def test_three_hundred_come_page_by_page(open_page, desk):
    many(desk, 300)
    at = open_page("desk", WHO, view="unassigned")
    seen = opened(at)
    assert len(seen) == queue.PAGE
    while any(button.key == "desk-more" for button in at.button):
        at.button(key="desk-more").click().run()
        seen += opened(at)
    assert len(seen) == len(set(seen)) == desk.tool(STAFF, "queue_counts")["unassigned"]
    at.button(key="desk-first").click().run()
    assert opened(at) == seen[: queue.PAGE]


# ── a row ────────────────────────────────────────────────────────────────────────────────


def item_of(desk, ticket, *, minutes: int = 0, **changes: Any) -> Any:
    changed = replace(ticket, **changes)
    now = desk.clock() + timedelta(minutes=minutes)
    return SimpleNamespace(
        ticket=changed, customer_name="김민지", assignee_name="", product_name="무선 이어폰",
        lines=1, sla=sla(changed, now, desk.rules),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "changes", "word", "colour"),
    [
        (0, {}, "답변까지 8시간", "blue"),
        (18, {"first_response_due": "2026-11-20T04:00:00+00:00"}, "답변까지 42분", "orange"),
        (438, {"first_responded_at": "2026-11-20T03:00:00+00:00"}, "해결까지 4일", "blue"),
        (180, {"first_response_due": "2026-11-20T04:00:00+00:00"}, "답변 기한 2시간 지남", "red"),
        (0, {"status": "waiting_customer", "waiting_since": "2026-11-20T02:00:00+00:00"},
         "고객 답 대기", "violet"),
        (0, {"first_response_due": None, "resolution_due": None}, "기한 없음", "gray"),
    ],
)  # fmt: skip
def test_the_clock_in_words(desk, ticket, minutes, changes, word, colour):
    due = rows.clock(item_of(desk, ticket, minutes=minutes, **changes))
    assert (due.word, due.colour) == (word, colour)


def test_a_done_ticket_has_no_clock(desk, ticket):
    item = item_of(desk, ticket, status="resolved", resolved_at=to_text(desk.clock()))
    assert rows.clock(item).word.endswith("해결")


def test_what_people_wrote_is_shown_as_they_wrote_it(desk, ticket):
    item = item_of(
        desk, ticket, summary="**굵게** :red[빨강] <b>$x$</b>\n# 제목 " + "긴 " * 1000,
        tags=("[링크](http://x)",), order_id="20261101-0000001",
    )  # fmt: skip
    item.product_name = "이름이 아주 긴 상품 " * 6
    text = rows.text(item, new=True, here=("이:red[관리]",), mine=False)
    assert "**굵게**" not in text
    assert ":red[" not in text
    assert "<b>" not in text
    assert "](http" not in text
    assert len(text) < 900
    assert text.count("\n\n") == 2  # a line for the matter, the facts, the tags: never more


def test_a_row_says_who_else_is_there_and_what_is_unread(desk, ticket):
    item = item_of(desk, ticket, customer_spoke_at=to_text(desk.clock()), sentiment="angry")
    text = rows.text(item, new=False, here=("한관리", "나상담", "다상담"), mine=False)
    assert "한관리, 나상담 외 1명 님이 보는 중" in text
    assert "mark_chat_unread" in text
    assert "화남" in text
    assert "미배정" in text
    assert "새 고객 메시지" in rows.label(item)
    read = item_of(desk, ticket, customer_spoke_at="2026-11-20T02:00:00.000000+00:00",
                   staff_spoke_at="2026-11-20T02:00:01.000000+00:00")  # fmt: skip
    assert not rows.unread(read.ticket)


def test_a_colleague_at_a_ticket_is_shown_in_the_list(open_page, desk, ticket):
    desk.presence.seen(ticket.ticket_id, "admin_001", "한관리", "tab")
    desk.presence.seen(ticket.ticket_id, "staff_001", "이상담", "tab")
    text = shown(open_page("desk", WHO, view="unassigned"))
    assert "한관리 님이 보는 중" in text
    assert "이상담 님이" not in text


def test_a_row_opens_its_ticket(open_page, ticket):
    at = open_page("desk", WHO, view="unassigned")
    at.button(key=f"open-{ticket.ticket_id}").click().run()
    assert param(at, "ticket") == ticket.ticket_id
    assert not at.exception
    at.button(key="desk-close").click().run()
    assert "ticket" not in at.query_params


# ── several at once ──────────────────────────────────────────────────────────────────────


def pick(at: AppTest, *ticket_ids: str) -> AppTest:
    for ticket_id in ticket_ids:
        at.checkbox(key=bulk.pick_key(ticket_id)).check()
    at.run()
    assert not at.exception
    return at


def test_chosen_tickets_are_assigned_and_the_stale_one_stays_chosen(open_page, desk, minji):
    made = [
        desk.tool(minji, "create_ticket", issue_type="refund", description=f"환불 {number}")
        for number in range(3)
    ]
    at = pick(open_page("desk", WHO, view="running"), *(one.ticket_id for one in made))
    assert "3건 선택" in shown(at)
    desk.tool(ADMIN, "edit_ticket", ticket_id=made[1].ticket_id, version=1, priority="high")
    at.button(key="bulk-me").click().run()
    now = [desk.tool(STAFF, "get_ticket", ticket_id=one.ticket_id) for one in made]
    assert [one.assignee_id for one in now] == ["staff_001", None, "staff_001"]
    assert "2건을 나에게 배정했어요 · 1건은 바꾸지 못했어요" in shown(at).replace("\\", "")
    assert "우선순위가 바뀌었어요" in shown(at)
    assert at.checkbox(key=bulk.pick_key(made[1].ticket_id)).value
    assert not at.checkbox(key=bulk.pick_key(made[0].ticket_id)).value
    at.button(key="desk-refused-seen").click().run()
    assert "바꾸지 못했어요" not in shown(at)


def test_a_colleague_is_chosen_from_the_staff(open_page, desk, ticket):
    at = pick(open_page("desk", WHO, view="running"), ticket.ticket_id)
    assert at.selectbox(key="bulk-person").options == ["이상담", "한관리"]
    at.selectbox(key="bulk-person").set_value("admin_001").run()
    at.button(key="bulk-assign").click().run()
    now = desk.tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id)
    assert now.assignee_id == "admin_001"
    assert "1건을 배정했어요" in shown(at)


def test_tags_are_put_on_and_taken_off_the_chosen(open_page, desk, ticket):
    at = pick(open_page("desk", WHO, view="running"), ticket.ticket_id)
    at.text_input(key="bulk-new-tag").set_value("급함, vip").run()
    at.button(key="bulk-tag-add").click().run()
    assert desk.tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id).tags == ("급함", "vip")
    pick(at, ticket.ticket_id)
    at.text_input(key="bulk-new-tag").set_value("급함").run()
    at.button(key="bulk-tag-remove").click().run()
    assert desk.tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id).tags == ("vip",)


def test_no_tag_is_said_in_words(open_page, ticket):
    at = pick(open_page("desk", WHO, view="running"), ticket.ticket_id)
    at.button(key="bulk-tag-add").click().run()
    assert "태그를 골라 주세요" in shown(at)


def test_only_resolved_ones_are_closed(open_page, desk, ticket):
    solved = desk.tool(STAFF, "resolve_ticket", ticket_id=ticket.ticket_id, version=1,
                       resolution="다시 보냈어요.")  # fmt: skip
    at = pick(open_page("desk", WHO, view="done"), solved.ticket_id)
    at.button(key="bulk-close").click().run()
    assert desk.tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id).status == "closed"
    assert "1건을 종료했어요" in shown(at)


def test_all_are_chosen_and_none(open_page, desk):
    at = open_page("desk", WHO, view="unassigned")
    at.checkbox(key="desk-pick-all").check().run()
    assert f"{len(opened(at))}건 선택" in shown(at)
    at.button(key="bulk-none").click().run()
    assert "건 선택" not in shown(at)


def test_one_row_is_taken_without_choosing_it(open_page, desk, ticket):
    at = open_page("desk", WHO, view="unassigned")
    at.button(key=f"mine-{ticket.ticket_id}").click().run()
    assert desk.tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id).assignee_id == "staff_001"
    assert ticket.ticket_id not in opened(at)


# ── live ─────────────────────────────────────────────────────────────────────────────────


def test_a_new_ticket_is_told_until_it_is_seen(open_page, desk, clock, minji):
    at = open_page("desk", WHO, view="unassigned")
    clock.pass_(seconds=30)
    new = desk.tool(minji, "create_ticket", issue_type="refund", description="환불이 안 보여요")
    at.run()
    assert new.ticket_id in opened(at)
    assert at.button(key="desk-new").label == "새 문의 1건"
    assert "blue-badge[새 문의]" in shown(at)
    clock.pass_(seconds=1)
    at.button(key="desk-new").click().run()
    assert not [button for button in at.button if button.key == "desk-new"]
    assert "badge[새 문의]" not in shown(at)
    assert new.ticket_id in opened(at)


def test_a_failure_of_the_live_part_is_told_in_korean(open_page, desk, monkeypatch):
    def broken(*args: object, **given: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(queue, "_found", broken)
    at = open_page("desk", WHO)
    assert "화면을 여는 중에 문제가 생겼어요" in at.error[0].value
