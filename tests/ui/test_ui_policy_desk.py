"""정책 검색 for staff: modes side by side, superseded clauses, questions without an answer."""

from __future__ import annotations

import pytest

from agent.types import Caller
from tests.pages import press, shown
from tests.talk import Talk

OLD = "2025년 주문의 반품 기간"
ODD = "반려 고슴도치 동반 투숙 규정이 어떻게 되나요"


@pytest.fixture
def asked(desk, minji: Caller) -> None:
    Talk(desk, minji).say(ODD)


def test_customers_see_the_search_alone(open_page):
    at = open_page("policies", "minji@example.com")
    assert "답하지 못한 질문" not in shown(at)
    assert not at.toggle


def test_three_modes_stand_side_by_side(open_page):
    at = open_page("policies", "staff@example.com", view="compare", q="반품 배송비는 누가 내요?")
    text = shown(at)
    assert all(f"**{name}**" in text for name in ("키워드", "의미", "하이브리드"))
    assert "점수" in text
    assert "하이브리드 1" in text


def test_superseded_clauses_are_found_on_request_only(open_page):
    at = open_page("policies", "staff@example.com", q="2025년 반품 정책")
    assert OLD not in shown(at)
    at.toggle(key="policies-superseded").set_value(True).run()
    assert OLD in shown(at)


def test_a_question_is_settled_and_leaves_the_list(open_page, asked):
    at = open_page("policies", "staff@example.com", view="unanswered")
    assert ODD in shown(at)
    assert "1번 물음" in shown(at)
    press(at, "확인")
    assert ODD not in shown(at)
    assert "답하지 못한 질문이 없어요" in shown(at)


def test_a_question_leads_back_into_the_search(open_page, asked):
    at = press(open_page("policies", "staff@example.com", view="unanswered"), "검색해 보기")
    assert at.text_input(key="policies-q").value == ODD


def test_nothing_asked_says_what_comes_here(open_page):
    at = open_page("policies", "staff@example.com", view="unanswered")
    assert "맞는 조항을 찾지 못하면" in shown(at)


def test_a_link_opens_its_clause_once(open_page, desk, guest: Caller):
    hit = desk.tool(guest, "search_policies", query="반품 배송비는 누가 내요?").hits[0]
    at = open_page("policies", None, clause=hit.chunk.chunk_id)
    assert hit.chunk.text.splitlines()[0][:30] in shown(at)
    assert "clause" not in at.query_params
    at.run()
    assert hit.chunk.text.splitlines()[0][:30] not in shown(at)
    gone = open_page("policies", None, clause="no-such-clause")
    assert "해당 조항을 찾을 수 없어요." in shown(gone)
