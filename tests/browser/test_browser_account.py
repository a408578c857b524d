"""The account page in a real browser: what is wrong stays in the dialog, what is right is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

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
