"""A ticket's page answers and reopens; the audit page shows, filters and pages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from agent.tools.audit import AuditRow, FieldChange
from agent.types import Caller
from store.models import AuditEntry
from tests.pages import press, shown
from ui import audit_view

STAFF = Caller("staff", "staff_001", "이상담")


@pytest.fixture
def ticket(desk, minji):
    return desk.tool(minji, "create_ticket", issue_type="refund", description="환불이 안 보여요")


def do(desk, name, ticket, **given):
    return desk.tool(STAFF, name, ticket_id=ticket.ticket_id, version=ticket.version, **given)


def page_of(open_page, ticket, email="minji@example.com") -> AppTest:
    return open_page("tickets", email, ticket=ticket.ticket_id)


def answer(at: AppTest, text: str) -> AppTest:
    at.text_area[0].set_value(text)
    return press(at, "보내기")


# ── 내 문의 ──────────────────────────────────────────────────────────────────────────────


def test_an_answer_to_the_desk_is_sent_and_shown(open_page, desk, ticket):
    waiting = do(desk, "reply_ticket", ticket, text="통장 사본을 보내 주시겠어요?", wait=True)
    do(desk, "note_ticket", waiting, text="의심스러움")
    at = page_of(open_page, ticket)
    assert "답변을 기다리고 있어요" in at.info[0].value
    assert "이상담 상담원이 답변했어요" in shown(at)
    assert "통장 사본을 보내 주시겠어요?" in shown(at)
    assert "의심스러움" not in shown(at)
    assert at.text_area[0].label == "답변 적기"
    answer(at, "네, 보내 드릴게요")
    assert "담당자에게 전했어요" in at.success[0].value
    assert "네, 보내 드릴게요" in shown(at)
    assert at.text_area[0].value == ""
    assert desk.tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id).status == "in_progress"


def test_a_resolved_ticket_says_that_an_answer_reopens_it(open_page, desk, ticket):
    do(desk, "resolve_ticket", ticket, resolution="카드사에 접수했어요.")
    at = page_of(open_page, ticket)
    assert "답하시면 문의가 다시 열려요" in shown(at)
    assert "카드사에 접수했어요." in shown(at)
    answer(at, "아직 안 보여요")
    assert "문의를 다시 열고" in at.success[0].value
    assert "문의가 다시 열렸어요" in shown(at)
    assert "답하시면 문의가 다시 열려요" not in shown(at)


def test_a_closed_ticket_has_no_box_and_says_what_to_do(open_page, desk, ticket):
    do(desk, "close_ticket", do(desk, "resolve_ticket", ticket, resolution="했어요"))
    at = page_of(open_page, ticket)
    assert not at.text_area
    assert "종료된 문의예요" in shown(at)
    assert "새 상담" in shown(at)


def test_a_ticket_closed_meanwhile_keeps_the_words(open_page, desk, ticket):
    solved = do(desk, "resolve_ticket", ticket, resolution="했어요")
    at = page_of(open_page, ticket)
    do(desk, "close_ticket", solved)
    answer(at, "아직 안 보여요")
    assert "이미 종료된 문의예요" in at.error[0].value
    assert "종료된 문의예요" in shown(at)


def test_an_empty_answer_is_refused_in_words(open_page, desk, ticket):
    at = answer(page_of(open_page, ticket), "  ")
    assert "내용을 적어 주세요" in at.error[0].value
    assert desk.tool(STAFF, "get_ticket", ticket_id=ticket.ticket_id).version == ticket.version


def test_staff_see_anothers_ticket_without_the_customers_box(open_page, desk, ticket):
    do(desk, "note_ticket", ticket, text="내부 이야기")
    at = page_of(open_page, ticket, "staff@example.com")
    assert not at.text_area
    assert "내부 이야기" in shown(at)


# ── 감사 기록 ────────────────────────────────────────────────────────────────────────────


def rows(at: AppTest) -> int:
    """The lines of the list: each has its object and what was done in bold."""
    return sum("  \n:gray[" in one.value and "**" in one.value for one in at.markdown) // 2


@pytest.mark.parametrize("email", ["minji@example.com", "jihun@example.com"])
def test_the_audit_is_not_for_customers(open_page, email):
    at = open_page("audit", email)
    assert "볼 수 있는 권한이 없어요" in at.subheader[0].value
    assert "접수" not in shown(at)


@pytest.mark.parametrize("email", ["staff@example.com", "admin@example.com"])
def test_who_did_what_from_where_in_words(open_page, desk, ticket, email):
    do(desk, "take_ticket", ticket)
    at = open_page("audit", email, id=ticket.ticket_id)
    text = shown(at)
    assert rows(at) == 2
    assert "**이상담** 상담원  \n:gray[화면]" in text
    assert "문의 **담당 맡음**" in text
    assert "상태: 접수 → 처리 중 · 담당자: 없음 → 이상담" in text
    assert "**김민지** 고객" in text


def test_filters_narrow_count_and_clear(open_page, desk, ticket):
    at = open_page("audit", "staff@example.com")
    assert rows(at) == audit_view.PAGE
    at.text_input(key="audit-id").set_value(ticket.ticket_id).run()
    assert rows(at) == 1
    assert ticket.ticket_id in at.query_params["id"]
    at.selectbox(key="audit-action").set_value("close").run()
    assert "조건에 맞는 기록이 없어요" in shown(at)
    press(at, "조건 지우기")
    assert rows(at) == audit_view.PAGE
    assert "id" not in at.query_params


def test_older_pages_and_back(open_page, desk):
    at = open_page("audit", "staff@example.com")
    first = shown(at)
    press(at, "이전 기록 보기")
    assert shown(at) != first
    assert "before" in at.query_params
    press(at, "최근 기록으로")
    assert shown(at) == first
    press(at, "이전 기록 보기")
    at.segmented_control(key="audit-period").set_value("week").run()
    assert "before" not in at.query_params  # another list begins at its top


def test_an_address_with_a_wrong_page_shows_the_first(open_page, desk):
    at = open_page("audit", "staff@example.com", before="abc")
    assert rows(at) == audit_view.PAGE


def test_values_are_shown_as_they_were_typed(open_page, desk, ticket):
    do(desk, "edit_ticket", ticket, subject="**굵게** :red[빨강] <b>")
    at = open_page("audit", "staff@example.com", id=ticket.ticket_id)
    assert "**굵게**" not in shown(at)
    assert ":red[" not in shown(at)


def test_a_new_thing_has_no_before():
    entry = AuditEntry(1, "", None, "", "system", "system", None, "create", "ticket", "T1",
                       {"b": 1}, {"a": "x" * 300, "b": 2})  # fmt: skip
    changes = (
        FieldChange("a", "제목", None, "x" * 300, "없음", "x" * 300),
        FieldChange("b", "수", 1, 2, "1", "2"),
    )
    said = audit_view.said(AuditRow(entry, "접수", "문의", "자동", changes))
    assert said.startswith("제목: xxx")
    assert said.endswith("… · 수: 1 → 2")
    assert len(said) < 120
    assert audit_view.said(replace(AuditRow(entry, "", "", "", ()), changes=())) == ""
