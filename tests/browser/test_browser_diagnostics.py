"""The diagnostics in a real browser: a model server tried, heard, left; settings on a phone."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from store import llm_calls
from store.database import Database
from store.llm_calls import LlmCall
from store.models import to_text
from tests.browser.conftest import Server, start_server
from tests.llmserver import LLMServer, Reply, nobody_there

pytestmark = pytest.mark.browser

IDLE = '[data-testid=stApp][data-test-script-state="notRunning"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
LONG = "a-long-organisation/its-model-with-a-name-of-sixty-characters"
HOSTILE = "안녕하세요. <script>window.hit=1</script><img src=x onerror=window.hit=2> **굵게** 끝."
KEY = "sk-test-a-secret-key-9876"


class Console(NamedTuple):
    """A console with two models: one that answers (``models``) and one that is not there."""

    server: Server
    models: LLMServer


@pytest.fixture(scope="module")
def console(server, tmp_path_factory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("diagnostics") / "data"
    shutil.copytree(server.folder, folder, ignore=shutil.ignore_patterns("*.db*", "*.log"))
    with (
        closing(sqlite3.connect(server.folder / "sangdam.db")) as source,
        closing(sqlite3.connect(folder / "sangdam.db")) as copy,
    ):
        source.backup(copy)
    with Database(folder / "sangdam.db").write() as tx:
        now = to_text(datetime.now(UTC))
        llm_calls.add(tx, LlmCall("compose", "vllm", LONG, now, input_tokens=90, cost_usd=None))
    with LLMServer() as models, nobody_there() as nowhere:
        models.models = [LONG, *(f"another-model-{n}" for n in range(20))]
        settings = {
            "SANGDAM_LLM_VLLM_BASE_URL": models.base_url("openai"),
            "SANGDAM_LLM_VLLM_MODEL": LONG,
            "SANGDAM_LLM_VLLM_API_KEY": KEY,
            "SANGDAM_LLM_OPENROUTER_BASE_URL": nowhere,
            "SANGDAM_LLM_OPENROUTER_MODEL": "tiny",
            "SANGDAM_LLM_OPENROUTER_API_KEY": "sk-another",
            "OPENAI_BASE_URL": "http://somewhere.example/v1",
            "OLLAMA_HOST": "0.0.0.0",
        }
        with start_server(folder, **settings) as running:
            yield Console(running, models)


@pytest.fixture
def visit(open_page, sign_in, console):
    """``visit("view=routes", **options)``: the page, as an admin unless told otherwise."""

    def _visit(query: str = "", email: str = "admin@example.com", **options: object) -> Page:
        page = open_page("signin", url=console.server.url, **options)
        sign_in(page, email, on=console.server)
        page.goto(f"{console.server.url}/diagnostics?{query}")
        expect(page).to_have_title("진단 · 상담")
        idle(page)
        return page

    return _visit


def idle(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def card(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-diag-card-{name}")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("email", ["minji@example.com", "staff@example.com"])
def test_nobody_else_sees_it(visit, console, email):
    page = visit(email=email)
    expect(page.get_by_text("진단: 볼 수 있는 권한이 없어요")).to_be_visible()
    assert LONG not in page.content()
    assert "diagnostics" not in page.get_by_test_id("stSidebarNav").inner_html()


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_a_connection_that_works_and_one_that_does_not(visit, console, options):
    console.models.listed.clear()
    page = visit(**options)
    page.get_by_text("가지 더 보기").click()
    expect(page.get_by_text("OPENAI_BASE_URL", exact=True)).to_be_visible()
    assert not console.models.listed  # looking asks nobody
    button(card(page, "vllm"), "연결 확인").click()
    expect(page.get_by_text("연결됐어요.")).to_be_visible()
    page.get_by_text("모델 21개").click()
    expect(page.get_by_text("another-model-19")).to_be_visible()
    assert len(console.models.listed) == 1
    button(card(page, "openrouter"), "연결 확인").click()
    broken = card(page, "openrouter")
    expect(broken.get_by_text("연결하지 못했어요.", exact=True)).to_be_visible(timeout=15_000)
    expect(broken.get_by_text("openrouter 서버가 켜져 있는지")).to_be_visible()
    expect(page.get_by_text("연결됐어요.")).to_be_visible()  # the other one's is kept
    assert fits(page)
    assert KEY not in page.content()


def test_words_come_one_by_one_and_are_text(visit, console):
    page = visit(**DESK)
    console.models.say(Reply(HOSTILE, gap_s=0.4, usage=(31, 9, 0)))
    button(card(page, "vllm"), "생성 확인").click()
    live = page.locator(".st-key-diag-text-live")
    expect(live.get_by_text("안녕하세요.")).to_be_visible()
    assert "끝." not in live.inner_text()
    expect(page.get_by_text("모델의 문장을 기다리고 있어요")).to_be_visible()
    expect(page.get_by_text("문장을 만들었어요.")).to_be_visible(timeout=15_000)
    assert page.locator(".st-key-diag-text").inner_text().strip() == HOSTILE
    assert page.evaluate("window.hit") is None
    expect(card(page, "vllm").get_by_text("토큰 입력 31 · 출력 9")).to_be_visible()
    expect(button(page, "멈추기")).to_have_count(0)


def test_stopping_leaves_the_model_at_once(visit, console):
    page = visit(**DESK)
    console.models.say(Reply(delay_s=10))
    console.models.gone.clear()
    button(card(page, "vllm"), "생성 확인").click()
    button(page, "멈추기").click()
    expect(button(page, "멈추기")).to_have_count(0)
    idle(page)
    assert console.models.gone.wait(3)
    assert console.models.idle()
    expect(page.get_by_text("문장을 받지 못했어요")).to_have_count(0)


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize(
    ("view", "seen"),
    [
        ("routes", "그 밖에 모델이 하는 일"),
        ("usage", "모델별"),
        ("settings", "가림 · 끝 4자리 9876"),
    ],
)
def test_every_view_fits(visit, console, options, view, seen):
    page = visit(f"view={view}&q=vllm.api" if view == "settings" else f"view={view}", **options)
    expect(page.get_by_text(seen)).to_be_visible()
    assert fits(page)
    assert KEY not in page.content()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_filter_is_kept_in_the_address(visit):
    page = visit("view=settings&which=changed", **DESK)
    expect(page.get_by_text("llm.providers.vllm.model")).to_be_visible()
    expect(page.get_by_text("llm.limits.total_s")).to_have_count(0)
    page.get_by_label("찾기").fill("openrouter")
    page.keyboard.press("Enter")
    expect(page.get_by_text("llm.providers.vllm.model")).to_have_count(0)
    expect(page.get_by_text("llm.providers.openrouter.model")).to_be_visible()
    page.reload()
    idle(page)
    expect(page.get_by_text("llm.providers.openrouter.model")).to_be_visible()
    expect(page.get_by_text("llm.providers.vllm.model")).to_have_count(0)
