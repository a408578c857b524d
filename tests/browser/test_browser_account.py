"""The account page in a real browser: what is wrong stays in the dialog, what is right is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from store import accounts
from store.database import Database

pytestmark = pytest.mark.browser


def test_the_default_address_is_mended_and_changed_in_its_dialog(open_page, sign_in, server):
    page = open_page("signin")
    sign_in(page, "jihun@example.com")
    page.goto(f"{server.url}/account")
    page.get_by_role("button", name="기본 배송지 변경").click()
    dialog = page.get_by_role("dialog")
    road = dialog.get_by_label("도로명 주소")
    expect(road).not_to_have_value("")
    road.fill("서울")
    dialog.get_by_role("button", name="이 주소로 바꾸기").click()
    expect(dialog.get_by_text("도로명과 번호까지 적어 주세요")).to_be_visible()
    road.fill("서울 마포구 월드컵북로 21")
    dialog.get_by_role("button", name="이 주소로 바꾸기").click()
    expect(page.get_by_text("기본 배송지를 바꿨어요.")).to_be_visible()
    expect(dialog).to_have_count(0)
    page.reload()
    expect(page.get_by_text("서울 마포구 월드컵북로 21").first).to_be_visible()


def test_another_password_is_mended_and_changed_in_its_dialog(open_page, sign_in, server):
    with Database(server.folder / "sangdam.db").write() as tx:
        accounts.create(
            tx, email="change@example.kr", name="바꿈", role="customer", at=datetime.now(UTC),
            password_hash=accounts.hash_password("오래된 우리집 비밀번호", cost=4),
        )  # fmt: skip
    here, there = open_page("signin"), open_page("signin")
    for page in (here, there):
        sign_in(page, "change@example.kr")
        page.goto(f"{server.url}/account")
        expect(page.get_by_text("change@example.kr")).to_be_visible()
    here.get_by_role("button", name="비밀번호 변경").click()
    dialog = here.get_by_role("dialog")
    dialog.get_by_label("지금 비밀번호").fill("틀린 비밀번호입니다")
    dialog.get_by_label("새 비밀번호", exact=True).fill("완전히 새로운 비밀번호")
    dialog.get_by_label("새 비밀번호 확인").fill("완전히 새로운 비밀번호")
    dialog.get_by_role("button", name="비밀번호 바꾸기").click()
    expect(dialog.get_by_text("지금 비밀번호가 맞지 않아요")).to_be_visible()
    dialog.get_by_label("지금 비밀번호").fill("오래된 우리집 비밀번호")
    dialog.get_by_role("button", name="비밀번호 바꾸기").click()
    expect(here.get_by_text("비밀번호를 바꿨어요.")).to_be_visible()
    expect(dialog).to_have_count(0)
    there.reload()
    expect(there.get_by_text("내 계정: 로그인이 필요해요")).to_be_visible()
