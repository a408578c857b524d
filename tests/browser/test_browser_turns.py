"""A turn that takes a while, in a real browser: stopped, reloaded, sent again."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from services import Services
from tests.api.console import Console, SlowModel, console, seeded

pytestmark = pytest.mark.browser

QUESTION, OTHER = "반품은 며칠 안에 해야 하나요?", "배송비는 얼마예요?"
REPLY_MS = 20_000
SOON_S, LATE_S = 2.0, 12.0  # a reply that is waited for; one that a busy machine cannot miss


@pytest.fixture(scope="module")
def slow(
    base: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Console, SlowModel]]:
    """A console with one worker and no queue, and its slow model."""
    folder: Path = seeded(base, tmp_path_factory.mktemp("slow") / "data")
    few = {"SANGDAM_TURN_WORKERS": "1", "SANGDAM_TURN_QUEUE_MAX": "0"}
    with SlowModel(SOON_S) as model, console(folder, **few, **model.settings) as running:
        yield running, model


def ask(page: Page, model: SlowModel, text: str = QUESTION, *, seconds: float = SOON_S) -> None:
    """Send a message; the model is at work on the reply when this returns."""
    ready(model, seconds)
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(text)
    box.press("Enter")
    assert model.calls.acquire(timeout=20)


def ready(model: SlowModel, seconds: float) -> None:
    """The next reply takes ``seconds``; whoever asked before is not counted any more."""
    model.seconds = seconds
    while model.calls.acquire(blocking=False):
        pass


def replies(page: Page, text: str) -> None:
    expect(page.get_by_text(text).last).to_be_visible(timeout=REPLY_MS)


def test_stop_says_so_and_the_chat_goes_on(chat: Page, slow: tuple[Console, SlowModel]) -> None:
    ask(chat, slow[1], seconds=LATE_S)
    chat.get_by_label("Stop script").click()
    replies(chat, "답변을 멈췄어요")  # the model's call is given up at once
    expect(chat.get_by_label("Stop script")).to_have_count(0, timeout=REPLY_MS)
    ask(chat, slow[1], OTHER)
    replies(chat, "3,000원")
    mine = chat.locator('[class*="st-key-mine-"]')
    expect(mine).to_contain_text([QUESTION, OTHER])  # in the same chat, not in a new one


def test_a_reload_finds_the_answer(chat: Page, slow: tuple[Console, SlowModel]) -> None:
    ask(chat, slow[1], OTHER)
    expect(chat).to_have_url(re.compile(r"\?c=s_"))
    chat.reload()
    replies(chat, OTHER)
    replies(chat, "3,000원")  # by itself


def test_a_full_desk_says_so_and_sends_again(chat: Page, slow: tuple[Console, SlowModel]) -> None:
    running, model = slow
    ready(model, LATE_S)
    busy = threading.Thread(
        target=lambda: httpx2.post(
            f"{running.url}/api/chat", json={"message": QUESTION}, trust_env=False, timeout=60
        )
    )
    busy.start()
    assert model.calls.acquire(timeout=20)
    box = chat.get_by_test_id("stChatInputTextArea")
    box.fill(OTHER)
    box.press("Enter")
    replies(chat, "지금 문의가 많아")
    busy.join(60)
    ready(model, SOON_S)
    chat.get_by_role("button", name="다시 보내기").click()
    replies(chat, "3,000원")
    expect(chat.get_by_text("지금 문의가 많아")).to_have_count(0)


def test_a_stop_at_any_moment_leaves_no_torn_page(
    chat: Page, slow: tuple[Console, SlowModel]
) -> None:
    """Also while the page is drawn: what it would have drawn comes by itself."""
    box, stop = chat.get_by_test_id("stChatInputTextArea"), chat.get_by_label("Stop script")
    mine = chat.locator('[class*="st-key-mine-"]')
    ready(slow[1], LATE_S)
    for tries, wait_ms in enumerate((0, 30, 80, 150, 300), 1):
        box.fill(f"{QUESTION} {tries}번째예요.")
        box.press("Enter")
        stop.wait_for()
        chat.wait_for_timeout(wait_ms)
        stop.click()
        expect(mine).to_have_count(tries, timeout=REPLY_MS)
        expect(chat.get_by_text("답변을 멈췄어요")).to_have_count(tries, timeout=REPLY_MS)
        expect(stop).to_have_count(0, timeout=REPLY_MS)


def test_a_button_pressed_meanwhile_stops_nothing(
    chat: Page, slow: tuple[Console, SlowModel]
) -> None:
    ask(chat, slow[1], OTHER)
    replies(chat, "3,000원")
    expect(chat.get_by_label("Stop script")).to_have_count(0, timeout=REPLY_MS)
    ask(chat, slow[1], seconds=2 * SOON_S)
    chat.locator("[class*=st-key-sources-] button").first.click()
    replies(chat, "7일")
    expect(chat.get_by_text("답변을 멈췄어요")).to_have_count(0)
