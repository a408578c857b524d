"""What a ticket promises, when a clause is in force, how filters and the URL agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from store.models import to_text
from ui import clauses, ticket_view

SOON = to_text(datetime.now(UTC) + timedelta(hours=2))
GONE = to_text(datetime.now(UTC) - timedelta(hours=2))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"first_response_due": SOON}, "답변드릴게요"),
        ({"first_response_due": GONE}, "늦어지고 있어요"),
        ({"first_responded_at": GONE, "resolution_due": SOON}, "해결해 드릴게요"),
        ({"first_responded_at": GONE, "resolution_due": GONE}, "확인하고 있어요"),
        ({"status": "waiting_customer"}, "답변을 기다리고 있어요"),
    ],
)
def test_a_ticket_says_what_to_expect(shop, minji, changes, words):
    ticket = shop.tool(minji, "list_tickets").items[0]
    assert words in ticket_view.promise(replace(ticket, **{"status": "open", **changes}))


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_a_finished_ticket_promises_nothing(shop, minji, status):
    ticket = shop.tool(minji, "list_tickets").items[0]
    assert ticket_view.promise(replace(ticket, status=status)) == ""


def test_when_a_clause_is_in_force():
    begin, end = date(2024, 1, 1), date(2024, 12, 31)
    assert clauses.dates(begin, None) == "2024년 1월 1일(월)부터 시행 중"
    assert clauses.dates(begin, end) == "2024년 1월 1일(월)부터 2024년 12월 31일(화)까지 시행"
    assert clauses.dates(None, end) == "2024년 12월 31일(화)까지 시행"
    assert clauses.dates(None, None) == "시행 중"


def filtered() -> AppTest:
    def script() -> None:
        import streamlit as st

        from ui import url

        key = url.take("p", "kind", "all", allowed=("all", "a", "b"))
        st.text(url.give("p", "kind", "all", st.pills("k", ["all", "a", "b"], key=key)))
        st.button("reset", on_click=url.reset, args=("p", "kind", "all"))

    return AppTest.from_function(script)


def test_a_filter_comes_from_the_url_and_goes_back_to_it():
    at = filtered()
    at.query_params["kind"] = "b"
    assert at.run().text[0].value == "b"
    at.pills[0].set_value("a").run()
    assert (at.text[0].value, at.query_params["kind"]) == ("a", "a")
    at.button[0].click().run()
    assert at.text[0].value == "all"
    assert "kind" not in at.query_params


def test_a_changed_url_wins_over_the_widget():
    at = filtered().run()
    at.pills[0].set_value("a").run()
    at.query_params["kind"] = "b"  # the browser's back button
    assert at.run().text[0].value == "b"


def test_nonsense_in_the_url_is_the_default():
    at = filtered()
    at.query_params["kind"] = "<script>"
    assert at.run().text[0].value == "all"
    assert "kind" not in at.query_params
