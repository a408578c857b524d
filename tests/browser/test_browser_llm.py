"""Fifty people talk to a slow model at once; somebody else uses the pages meanwhile."""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from services import Services
from tests.api.console import Console, SlowModel, console, seeded
from tests.browser.conftest import wait_idle

pytestmark = pytest.mark.browser

AT_ONCE, FIRST_WORD_S, CONCURRENCY = 50, 2.0, 16
QUESTION = "반품은 며칠 안에 해야 하나요?"
PATIENT = {
    "SANGDAM_LLM_TOTAL_S": "60", "SANGDAM_LLM_FIRST_TOKEN_S": "60",
    "SANGDAM_GUEST_TURNS_PER_MINUTE": "6000", "SANGDAM_TURNS_PER_MINUTE": "6000",
}  # fmt: skip


@pytest.fixture(scope="module")
def slow(
    base: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Console, SlowModel]]:
    folder: Path = seeded(base, tmp_path_factory.mktemp("many") / "data")
    with SlowModel(FIRST_WORD_S) as model, console(folder, **model.settings, **PATIENT) as one:
        yield one, model


def figures(running: Console) -> tuple[int, int]:
    """Threads of the server, and its memory in KiB."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    threads, memory = re.search(r"Threads:\s+(\d+)", status), re.search(r"VmRSS:\s+(\d+)", status)
    assert threads is not None
    assert memory is not None
    return int(threads[1]), int(memory[1])


def ask(running: Console) -> str:
    got = httpx2.post(
        f"{running.url}/api/chat", json={"message": QUESTION}, trust_env=False, timeout=90
    )
    return str(got.raise_for_status().json()["provider"])


def test_the_pages_go_on_beside_fifty_slow_turns(
    slow: tuple[Console, SlowModel], chat: Page
) -> None:
    running, model = slow
    rounds, waits = [], list[float]()
    for number in range(3):
        with ThreadPoolExecutor(AT_ONCE) as people:
            started = time.perf_counter()
            replies = [people.submit(ask, running) for _ in range(AT_ONCE)]
            if number == 1:
                chat.goto(f"{running.url}/policies")
                wait_idle(chat)
                expect(chat.get_by_role("heading", name="정책 검색")).to_be_visible()
                opened_s = time.perf_counter() - started
            while not all(reply.done() for reply in replies):
                asked = time.perf_counter()
                httpx2.get(f"{running.url}/healthz", trust_env=False, timeout=10).raise_for_status()
                waits.append(time.perf_counter() - asked)
                time.sleep(0.05)
            assert {reply.result() for reply in replies} == {"vllm"}
            assert time.perf_counter() - started < AT_ONCE * FIRST_WORD_S / 3
        rounds.append(figures(running))
    assert model.most_open == CONCURRENCY  # the rest wait for their turn with the server
    assert opened_s < 10
    assert statistics.quantiles(waits, n=20)[-1] < 2
    (_, _), (threads, memory), (threads_after, memory_after) = rounds
    assert threads_after < threads + AT_ONCE / 4  # one left behind a turn would be fifty more
    assert memory_after - memory < 20 * 1024


def test_the_welcome_is_gone_while_the_first_reply_comes(
    slow: tuple[Console, SlowModel], chat: Page
) -> None:
    chat.goto(slow[0].url)
    wait_idle(chat)
    expect(chat.get_by_text("무엇을 도와드릴까요?")).to_be_visible()
    box = chat.get_by_test_id("stChatInputTextArea")
    box.fill(QUESTION)
    box.press("Enter")
    expect(chat.get_by_text("답변을 쓰고 있어요")).to_be_visible(timeout=10_000)
    # What is left of an earlier run stays on the page, faded, until the script has ended.
    assert chat.get_by_role("button", name="반품 배송비는 누가 내요?").count() == 0
    expect(chat.get_by_label("Stop script")).to_be_visible()
    wait_idle(chat)


def test_a_stop_frees_the_model_at_once(slow: tuple[Console, SlowModel], chat: Page) -> None:
    model = slow[1]
    model.gone.clear()
    busy = threading.active_count()
    box = chat.get_by_test_id("stChatInputTextArea")
    box.fill(QUESTION)
    box.press("Enter")
    assert model.calls.acquire(timeout=20)
    while model.calls.acquire(blocking=False):
        pass
    chat.get_by_label("Stop script").click()
    assert model.gone.wait(FIRST_WORD_S + 5)
    expect(chat.get_by_text("답변을 멈췄어요").last).to_be_visible(timeout=10_000)
    assert threading.active_count() <= busy
