"""Signing in and out in a real browser: what the cookie is worth, and when it is worth nothing."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from playwright.sync_api import Page, expect

from store import accounts
from store.database import Database

pytestmark = pytest.mark.browser

HANGUL_PASSPHRASE = (
    "우리집강아지는복슬강아지학교길에마중나와반갑다고꼬리치며멍멍멍하고달려와요정말로요"
)


def session_cookie(page: Page) -> dict[str, Any] | None:
    found = [c for c in page.context.cookies() if c["name"].startswith("sangdam_")]
    return dict(found[0]) if found else None


def give_cookie(page: Page, name: str, value: str, url: str) -> None:
    page.context.add_cookies([{"name": name, "value": value, "url": url}])


def make_account(server, email: str, name: str, password: str) -> None:
    """A customer written straight into the store: registering has its own test."""
    with Database(server.folder / "sangdam.db").write() as tx:
        accounts.create(
            tx, email=email, name=name, role="customer", at=datetime.now(UTC),
            password_hash=accounts.hash_password(password, cost=4),
        )  # fmt: skip


def await_failures(server, email: str, count: int) -> None:
    """Until the store has counted so many failures (the fifth locks and starts over)."""
    email_hash = hashlib.sha256(email.encode()).hexdigest()
    end = time.monotonic() + 15
    while time.monotonic() < end:
        with Database(server.folder / "sangdam.db").read() as tx:
            sql = "select failures from sign_in_failures where email_hash = ?"
            if tx.value(sql, (email_hash,)) == count:
                return
        time.sleep(0.05)
    raise AssertionError(f"{email} never had {count} failures")


def fill_in(page: Page, email: str, password: str) -> None:
    """The sign-in form, sent with Enter."""
    page.get_by_label("이메일").first.fill(email)
    page.get_by_label("비밀번호").first.fill(password)
    page.keyboard.press("Enter")


def expect_signed_in(page: Page, name: str) -> None:
    expect(page.get_by_test_id("stSidebar").get_by_text(name)).to_be_attached()


def expect_refused(page: Page) -> None:
    expect(page.get_by_text("내 계정: 로그인이 필요해요")).to_be_visible()
    assert "@example.com" not in page.inner_text("body")


def test_one_click_signs_in_and_reload_keeps_it(open_page, server):
    page = open_page("account")
    expect_refused(page)
    page.get_by_role("button", name="로그인하기").click()
    page.get_by_role("button", name="김민지").click()
    expect(page.get_by_text("로그인 관리")).to_be_visible()  # back where the person wanted to go
    assert page.url == f"{server.url}/account"
    page.reload()
    expect(page.get_by_text("minji@example.com")).to_be_visible()
    cookie = session_cookie(page)
    assert cookie is not None
    assert cookie["sameSite"] == "Strict"
    assert "minji" not in cookie["value"]


def test_sign_out_revokes_the_cookie(open_page, sign_in, server):
    page = open_page("signin")
    sign_in(page, "minji@example.com")
    cookie = session_cookie(page)
    thief = open_page("signin")
    give_cookie(thief, cookie["name"], cookie["value"], server.url)
    thief.goto(f"{server.url}/account")
    expect(thief.get_by_text("minji@example.com")).to_be_visible()  # a copy works, until …
    page.get_by_test_id("stSidebar").get_by_role("button", name="로그아웃").click()
    expect(page.get_by_text("로그아웃했어요.")).to_be_visible()
    expect(page.get_by_label("이메일").first).to_be_visible()
    page.wait_for_function("!document.cookie.includes('sangdam_')")
    thief.reload()
    expect_refused(thief)


def test_forged_cookies_are_nobody(open_page, sign_in, server):
    page = open_page("signin")
    sign_in(page, "minji@example.com")
    cookie = session_cookie(page)
    claims = jwt.decode(cookie["value"], options={"verify_signature": False})
    key = (server.folder / "secret.key").read_text().strip()
    for forged in (
        jwt.encode(claims, "some_key" * 8, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode({**claims, "session": "x" * 43}, key, algorithm="HS256"),
        "%00not.a.token",
    ):
        give_cookie(page, cookie["name"], forged, server.url)
        page.goto(f"{server.url}/account")
        expect_refused(page)
    give_cookie(page, cookie["name"], cookie["value"], server.url)
    page.goto(f"{server.url}/account")
    expect(page.get_by_text("minji@example.com")).to_be_visible()


def test_signing_out_everywhere_ends_the_other_browser(open_page, sign_in, server):
    here, there = open_page("signin"), open_page("signin")
    sign_in(here, "jihun@example.com")
    sign_in(there, "jihun@example.com")
    here.goto(f"{server.url}/account")
    here.get_by_role("button", name="모든 기기에서 로그아웃").click()
    expect(here.get_by_text(re.compile(r"기기 \d+곳에서 로그아웃했어요"))).to_be_visible()
    # The other tab is still open: its very next click finds the session gone.
    there.get_by_test_id("stSidebarNav").get_by_text("내 계정").click()
    expect(there.get_by_text("로그인이 끝났어요")).to_be_visible()
    expect_refused(there)
    there.reload()
    expect_refused(there)


def test_registering_with_one_syllable_and_a_hangul_passphrase(open_page, server):
    assert len(HANGUL_PASSPHRASE) >= 40
    page = open_page("signin")
    page.get_by_role("tab", name="회원가입").click()
    form = page.get_by_test_id("stForm").nth(1)
    form.get_by_label("이름").fill("김")
    form.get_by_label("이메일").fill("kim@example.kr")
    form.get_by_label("비밀번호").fill(HANGUL_PASSPHRASE)
    page.keyboard.press("Enter")
    expect_signed_in(page, "김")
    again = open_page("signin")
    fill_in(again, "KIM@example.kr ", HANGUL_PASSPHRASE)
    expect_signed_in(again, "김")
    again.wait_for_url(f"{server.url}/")


def test_five_failures_lock_the_account(open_page, server):
    make_account(server, "lock@example.kr", "잠금", "오래오래기억할비밀번호")
    other = open_page("signin")
    for number in range(5):
        fill_in(other, "lock@example.kr", f"틀린비밀번호입니다{number}")
        await_failures(server, "lock@example.kr", (number + 1) % 5)
    expect(other.get_by_text("잠시 잠갔어요")).to_be_visible()
    fill_in(other, "lock@example.kr", "오래오래기억할비밀번호")
    expect(other.get_by_text("15분 뒤에 다시 시도해 주세요")).to_be_visible()


def test_a_deleted_users_cookie_is_harmless(open_page, sign_in, server):
    make_account(server, "gone@example.kr", "탈퇴한 사람", "이제는안녕히계세요")
    page = open_page("signin")
    sign_in(page, "gone@example.kr")
    expect_signed_in(page, "탈퇴한 사람")
    with closing(sqlite3.connect(server.folder / "sangdam.db", timeout=10)) as connection:
        connection.execute("pragma foreign_keys = off")
        connection.execute("delete from users where email = 'gone@example.kr'")
        connection.commit()
    page.goto(f"{server.url}/account")
    expect_refused(page)
    page.goto(f"{server.url}/")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert "Traceback" not in page.inner_text("body")


def test_nothing_asks_another_host_and_no_band_on_top(open_page, server):
    page = open_page("signin", viewport={"width": 1280, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="김민지").click()
    expect_signed_in(page, "김민지")
    page.goto(f"{server.url}/account")
    heading = page.get_by_role("heading", name="내 계정")
    expect(heading).to_be_visible()
    assert heading.bounding_box()["y"] < 110
    assert [url for url in asked if not url.startswith((server.url, "data:", "blob:"))] == []


def test_an_unknown_address_answers_in_korean(open_page):
    page = open_page("nowhere")
    expect(page.get_by_text("찾으시는 화면이 없어요")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
