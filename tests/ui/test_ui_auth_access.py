"""Each page guards itself, run alone without the gate: page × role, in one process.

The same table over real deep links on a fresh process is tests/browser/test_page_access.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import services
from store import accounts

PAGES = Path(__file__).resolve().parents[2] / "pages"
PUBLIC = ("chat", "policies", "signin")
STAFF_ONLY = {
    "audit": "감사 기록", "claims": "신청 처리", "quality": "품질", "desk": "티켓 처리",
    "dashboard": "지표", "runs": "대화 검토", "inspection": "정책 검사",
    "defects": "불량 확인",
}  # fmt: skip
ADMIN_ONLY = {"keys": "API 키", "diagnostics": "진단"}
PRIVATE = {
    "orders": "주문 내역", "tickets": "내 문의", "account": "내 계정",
    **STAFF_ONLY, **ADMIN_ONLY,
}  # fmt: skip
NOT_FOR = {"customer": {**STAFF_ONLY, **ADMIN_ONLY}, "staff": ADMIN_ONLY, "admin": {}}
ACCOUNTS = {
    "customer": "minji@example.com",
    "staff": "staff@example.com",
    "admin": "admin@example.com",
}


@pytest.fixture
def desk(shop, monkeypatch):
    monkeypatch.setattr(services, "_instance", shop)
    return shop


ENTRY = """
import streamlit as st

pages = [st.Page(f"{name}.py", url_path=name, default=name == WANTED) for name in NAMES]
st.navigation(pages, position="hidden").run()
"""


@pytest.fixture
def open_page(desk, tmp_path) -> Callable[[str, str | None], AppTest]:
    """Run one page past the gate; all are registered beside it, as their links need it."""
    for name in (*PUBLIC, *PRIVATE):
        (tmp_path / f"{name}.py").symlink_to(PAGES / f"{name}.py")

    def _open(name: str, session_id: str | None) -> AppTest:
        names = (*PUBLIC, *PRIVATE)
        (tmp_path / "entry.py").write_text(
            ENTRY.replace("WANTED", repr(name)).replace("NAMES", repr(names)), "utf-8"
        )
        at = AppTest.from_file(str(tmp_path / "entry.py"), default_timeout=30)
        if session_id is not None:
            at.session_state["sangdam_session_id"] = session_id
        return at.run()

    return _open


def session_of(desk, role: str) -> str | None:
    """A session for the role: none for a guest, a made-up one for an impostor."""
    if role in ACCOUNTS:
        with desk.database.write() as tx:
            user = accounts.by_email(tx, ACCOUNTS[role])
            return accounts.open_session(tx, user.user_id, days=1, at=desk.clock())
    return "made-up" if role == "impostor" else None


def test_the_table_names_every_page():
    assert {path.stem for path in PAGES.glob("*.py")} == {"shell", *PUBLIC, *PRIVATE}


@pytest.mark.parametrize("role", ["guest", "impostor"])
@pytest.mark.parametrize("name", PRIVATE)
def test_private_pages_stop_before_anything_private(name, role, desk, open_page):
    at = open_page(name, session_of(desk, role))
    assert [one.value for one in at.subheader] == [f"{PRIVATE[name]}: 로그인이 필요해요"]
    assert [button.label for button in at.button] == ["로그인하기"]
    assert not at.exception


@pytest.mark.parametrize("name", ["chat", "policies", "signin"])
def test_public_pages_open_for_guests(name, open_page):
    at = open_page(name, None)
    assert not at.exception
    assert not any("필요해요" in one.value for one in at.subheader)


@pytest.mark.parametrize("role", ACCOUNTS)
@pytest.mark.parametrize("name", ["chat", "policies", *PRIVATE])
def test_signed_in_people_get_in(name, role, desk, open_page):
    at = open_page(name, session_of(desk, role))
    assert not at.exception
    refused = name in NOT_FOR[role]
    assert any("권한이 없어요" in one.value for one in at.subheader) == refused
    assert not any("필요해요" in one.value for one in at.subheader)
