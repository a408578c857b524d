"""정책 검색: the customers' search; for staff also past clauses and the way to 정책 검사."""

from __future__ import annotations

from agent.types import Caller
from tests.pages import shown

OLD = "2025년 주문의 반품 기간"


def test_customers_see_the_search_alone(open_page):
    at = open_page("policies", "minji@example.com")
    assert "시행 중인 정책에서" in shown(at)
    assert not at.toggle


def test_superseded_clauses_are_found_on_request_only(open_page):
    at = open_page("policies", "staff@example.com", q="2025년 반품 정책")
    assert OLD not in shown(at)
    at.toggle(key="policies-superseded").set_value(True).run()
    assert OLD in shown(at)


def test_a_link_opens_its_clause_once(open_page, desk, guest: Caller):
    hit = desk.tool(guest, "search_policies", query="반품 배송비는 누가 내요?").hits[0]
    at = open_page("policies", None, clause=hit.chunk.chunk_id)
    assert hit.chunk.text.splitlines()[0][:30] in shown(at)
    assert "clause" not in at.query_params
    at.run()
    assert hit.chunk.text.splitlines()[0][:30] not in shown(at)
    gone = open_page("policies", None, clause="no-such-clause")
    assert "해당 조항을 찾을 수 없어요." in shown(gone)
