"""대화 검토 in a browser: find a turn, look inside, play it again, keep it as a test."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Server, SignIn, wait_idle

QUESTION = "반품 배송비는 누가 내나요, 저인가요?"


def ask(server: Server, text: str) -> None:
    """One turn of a guest's, over HTTP."""
    request = urllib.request.Request(
        f"{server.url}/api/chat", json.dumps({"message": text}).encode(),
        {"Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["answer"]


def at_runs(server: Server, open_page: OpenPage, sign_in: SignIn, **options: object) -> Page:
    page = open_page("signin", **options)
    sign_in(page, "staff@example.com")
    page.goto(f"{server.url}/runs")
    wait_idle(page)
    return page


def test_a_turn_is_found_looked_into_played_again_and_kept(
    server: Server, open_page: OpenPage, sign_in: SignIn
) -> None:
    ask(server, QUESTION)
    page = at_runs(server, open_page, sign_in)
    page.get_by_placeholder("질문이나 답변에 있는 말").fill("저인가요")
    page.keyboard.press("Enter")
    row = page.get_by_role("button", name=QUESTION)
    expect(page).to_have_url(re.compile("q="))
    expect(row).to_have_count(1)
    row.click()
    expect(page.get_by_text("로 알아들었어요")).to_be_visible()
    expect(page).to_have_url(re.compile("turn="))
    page.get_by_text("근거", exact=True).click()
    expect(page.get_by_text("인용함").first).to_be_visible()
    page.get_by_text("시간", exact=True).click()
    expect(page.locator(".js-plotly-plot")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="지금 다시 해 보기").click()
    expect(page.get_by_text("그때와 똑같아요")).to_be_visible()
    page.get_by_role("button", name="대화 시험으로 남기기").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("무엇을 확인하는 시험인가요?").fill("반품 배송비")
    dialog.get_by_role("button", name="남기기", exact=True).click()
    expect(page.get_by_text("에 남겼어요")).to_be_visible()
    (kept,) = (Path(server.folder) / "kept_dialogues").glob("*.yaml")
    assert QUESTION in kept.read_text("utf-8")
    page.reload()  # the address alone brings it back
    wait_idle(page)
    expect(page.get_by_role("button", name="대화 시험 고치기")).to_be_visible()


def test_a_verdict_is_left_and_the_list_played_again_on_a_phone(
    server: Server, open_page: OpenPage, sign_in: SignIn
) -> None:
    ask(server, "후드티 안쪽에 주머니가 몇 개 있나요, 궁금해요?")
    phone = {"width": 390, "height": 844}
    page = at_runs(server, open_page, sign_in, viewport=phone)
    page.goto(f"{server.url}/runs?q=주머니가 몇 개")
    wait_idle(page)
    page.get_by_role("button", name="목록을 다시 해 보기").click()
    expect(page.get_by_text("모두 그대로예요")).to_be_visible()
    width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert width <= phone["width"]
    page.get_by_role("button", name="후드티 안쪽에").click()
    page.get_by_text("평가·감사", exact=True).click()
    page.get_by_text("틀린 답변", exact=True).click()
    page.get_by_label("메모").fill("상품 설명에 있어요")
    page.get_by_role("button", name="검토 남기기").click()
    expect(page.get_by_text("검토를 남겼어요.")).to_be_visible()
    expect(page.get_by_text("상품 설명에 있어요").first).to_be_visible()
    page.get_by_role("button", name="목록으로").click()
    expect(page.get_by_text("검토: 틀림")).to_be_visible()
