"""``open_page(name, email)``: one page past the gate, over the seeded shop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import services
from agent.types import Caller
from services import Services
from store import accounts
from store.models import Ticket

PAGES = Path(__file__).resolve().parents[2] / "pages"
NAMES = tuple(sorted(path.stem for path in PAGES.glob("*.py") if path.stem != "shell"))
ENTRY = """
import streamlit as st

pages = [st.Page(f"{name}.py", url_path=name, default=name == WANTED) for name in NAMES]
st.navigation(pages, position="hidden").run()
"""


@pytest.fixture
def desk(shop: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The shop that the pages find."""
    monkeypatch.setattr(services, "_instance", shop)
    return shop


@pytest.fixture
def open_page(desk: Services, tmp_path: Path) -> Callable[..., AppTest]:
    """Run one page, signed in by e-mail or (None) as a guest, with a query in its address."""
    for name in NAMES:
        (tmp_path / f"{name}.py").symlink_to(PAGES / f"{name}.py")

    def _open(name: str, email: str | None = "minji@example.com", **query: str) -> AppTest:
        entry = ENTRY.replace("WANTED", repr(name)).replace("NAMES", repr(NAMES))
        (tmp_path / "entry.py").write_text(entry, "utf-8")
        at = AppTest.from_file(str(tmp_path / "entry.py"), default_timeout=60)
        if email is not None:
            with desk.database.write() as tx:
                user = accounts.by_email(tx, email)
                assert user is not None
                session = accounts.open_session(tx, user.user_id, days=1, at=desk.clock())
            at.session_state["sangdam_session_id"] = session
        for key, value in query.items():
            at.query_params[key] = value
        at.run()
        assert not at.exception
        return at

    return _open


@pytest.fixture
def ticket(desk: Services, minji: Caller) -> Ticket:
    """A new ticket of Minji's outside any chat."""
    made: Ticket = desk.tool(
        minji, "create_ticket", issue_type="delivery", description="택배가 언제 오나요?"
    )
    return made


@pytest.fixture
def open_ticket(open_page: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """A ticket on 티켓 처리, as staff see it."""

    def _open(ticket: Ticket, **query: str) -> AppTest:
        return open_page("desk", "staff@example.com", ticket=ticket.ticket_id, **query)

    return _open
