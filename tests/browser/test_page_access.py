"""Every page for everybody by deep link, on a fresh process where nobody ever opened "/".

Streamlit's trap: a process that finds pages by itself serves them past the gate until the
gate has run once. The anonymous visits therefore come first, to this module's own process.
"""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import start_server

pytestmark = pytest.mark.browser

PUBLIC = {"": "상담 채팅", "policies": "정책 검색", "signin": "로그인"}
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
SECRET = re.compile(r"\d{8}-\d{7}|minji@example\.com|김민지|배송완료")
NOT_FOR = {"customer": {**STAFF_ONLY, **ADMIN_ONLY}, "staff": ADMIN_ONLY, "admin": {}}
ACCOUNTS = {
    "customer": "minji@example.com",
    "staff": "staff@example.com",
    "admin": "admin@example.com",
}


def refused(page: Page) -> bool:
    return page.locator(".st-key-sangdam-refused").count() > 0


def expect_page(page: Page, title: str) -> None:
    expect(page).to_have_title(f"{title} · 상담")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("화면을 여는 중에 문제가 생겼어요")).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_the_tables_name_every_page() -> None:
    files = {path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py")}
    assert files - {"shell"} == {*(PUBLIC.keys() - {""}), "chat", *PRIVATE}


@pytest.mark.parametrize("visit", ["nobody", "guest"])
def test_private_pages_refuse_politely(visit, open_page, fresh_server):
    """First on the untouched process, then after somebody has opened the front page."""
    if visit == "guest":
        open_page("", url=fresh_server.url)
    for url_path, title in PRIVATE.items():
        page = open_page(url_path, url=fresh_server.url)
        expect_page(page, title)
        expect(page.get_by_text(f"{title}: 로그인이 필요해요")).to_be_visible()
        assert not SECRET.search(page.inner_text("body"))


def test_public_pages_open_for_a_guest(open_page, fresh_server):
    for url_path, title in PUBLIC.items():
        page = open_page(url_path, url=fresh_server.url)
        expect_page(page, title)
        assert not refused(page)
        if url_path != "signin":  # which shows the demonstration accounts
            assert not SECRET.search(page.inner_text("body"))
    shown = page.get_by_test_id("stSidebarNav").inner_text()
    assert not any(title in shown for title in PRIVATE.values())


@pytest.mark.parametrize("role", ACCOUNTS)
def test_signed_in_people_see_their_pages(role, open_page, sign_in, fresh_server):
    page = open_page("signin", url=fresh_server.url)
    sign_in(page, ACCOUNTS[role], on=fresh_server)
    for url_path, title in {**PRIVATE, "policies": "정책 검색", "": "상담 채팅"}.items():
        page.goto(f"{fresh_server.url}/{url_path}")
        expect_page(page, title)
        assert refused(page) == (url_path in NOT_FOR[role])
    if role != "customer":
        assert "minji@example.com" not in page.inner_text("body")
    page.goto(f"{fresh_server.url}/signin")  # nothing to do there: on to the chat
    expect_page(page, "상담 채팅")


def test_beyond_loopback_the_demonstration_is_closed(open_page, fresh_server):
    """The address the server really listens on decides, whatever SANGDAM_HOST says."""
    folder = fresh_server.folder
    with start_server(folder, address="0.0.0.0", SANGDAM_HOST="127.0.0.1") as open_server:
        page = open_page("signin", url=open_server.url)
        expect(page.get_by_label("이메일").first).to_be_visible()
        assert "sangdam-demo-2026" not in page.inner_text("body")
        page.get_by_label("이메일").first.fill("admin@example.com")
        page.get_by_label("비밀번호").first.fill("sangdam-demo-2026")
        page.keyboard.press("Enter")
        expect(page.get_by_text("데모 계정은 이 서버에서 쓸 수 없어요")).to_be_visible()
        log = open_server.log.read_text("utf-8")
        assert "데모 계정은 로그인할 수 없게 막았습니다" in log
        assert "sangdam-demo-2026" not in log


def test_failed_sign_ins_of_an_address_count_on_the_page_too(open_page, fresh_server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks which address would be ours
        except OSError:
            pytest.skip("this machine has loopback only, which is not counted")
        own = probe.getsockname()[0]
    settings = {"SANGDAM_SIGN_IN_TRIES_PER_MINUTE": "1"}
    with start_server(fresh_server.folder, address="0.0.0.0", **settings) as open_server:
        page = open_page("signin", url=open_server.url.replace("127.0.0.1", own))
        for number, told in enumerate(("비밀번호가 맞지 않아요", "로그인 시도가 너무 많았어요")):
            page.get_by_label("이메일").first.fill(f"nobody{number}@example.com")
            page.get_by_label("비밀번호").first.fill("not the password")
            page.keyboard.press("Enter")
            expect(page.get_by_text(told)).to_be_visible()


def test_healthz_is_json_with_a_request_id(fresh_server):
    request = urllib.request.Request(f"{fresh_server.url}/healthz")
    request.add_header("X-Request-ID", "from-outside")
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.headers.get_content_type() == "application/json"
        assert answer.headers["X-Request-ID"] == "from-outside"
        assert json.load(answer) == {"status": "ok"}
    request.add_header("X-Request-ID", "<script>")
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])
