"""Console and API are one shop: what either changes, the other shows at once."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from store.database import Database
from tests.browser.conftest import IDLE, START_S, OpenPage, Server, SignIn
from tests.docs import SERVER, blocks

pytestmark = pytest.mark.browser

MINJI, PASSWORD = "minji@example.com", "sangdam-demo-2026"
DESK = {"viewport": {"width": 1280, "height": 900}}


def idle(page: Page) -> None:
    page.wait_for_timeout(250)
    page.wait_for_selector(IDLE)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


@pytest.fixture(scope="module")
def client(fresh_server: Server) -> Iterator[httpx2.Client]:
    """The API as minji, signed in over HTTP."""
    with httpx2.Client(base_url=fresh_server.url, trust_env=False, timeout=60) as client:
        end = time.monotonic() + START_S
        while client.get("/ready").status_code != 200 and time.monotonic() < end:
            time.sleep(0.1)
        account = {"email": MINJI, "password": PASSWORD}
        tokens = client.post("/api/auth/login", json=account).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        yield client


@pytest.fixture(scope="module")
def paid(fresh_server: Server) -> list[str]:
    """Four paid orders of minji, of this module's own server."""
    with Database(fresh_server.folder / "sangdam.db").write() as tx:
        found = tx.rows(
            "select distinct o.order_id from orders o join payments p using (order_id) "
            "where o.user_id = 'user_001' and o.status in ('paid', 'delivered') "
            "and not exists (select 1 from claims c where c.order_id = o.order_id) "
            "order by o.created_at desc limit 4"
        )
        ids = [str(row["order_id"]) for row in found]
        for one in ids:
            tx.execute(
                "update orders set status = 'paid', delivered_at = null where order_id = ?", (one,)
            )
    assert len(ids) == 4
    return ids


@pytest.fixture
def page(open_page: OpenPage, sign_in: SignIn, fresh_server: Server) -> Page:
    """The console, signed in as minji."""
    shown = open_page("signin", url=fresh_server.url, **DESK)
    sign_in(shown, MINJI, on=fresh_server)
    return shown


def status(client: httpx2.Client, order_id: str) -> dict[str, Any]:
    found = client.get(f"/api/orders/{order_id}/status")
    assert found.status_code == 200, found.text
    return dict(found.json())


def cancel(client: httpx2.Client, order_id: str) -> None:
    done = client.post(f"/api/orders/{order_id}/cancel", json={"reason": "change_of_mind"})
    assert done.status_code == 200, done.text
    assert done.json()["status"] == "cancelled"


def test_a_page_shows_what_the_api_cancelled(
    page: Page, client: httpx2.Client, paid: list[str], fresh_server: Server
) -> None:
    page.goto(f"{fresh_server.url}/orders?order={paid[0]}")
    expect(page.get_by_text("결제완료").first).to_be_visible()
    cancel(client, paid[0])
    page.reload()
    expect(page.get_by_text("취소완료").first).to_be_visible()
    expect(button(page, "주문 취소")).to_have_count(0)
    assert status(client, paid[0])["status_ko"] == "취소완료"


def test_a_click_on_the_list_is_enough(
    page: Page, client: httpx2.Client, paid: list[str], fresh_server: Server
) -> None:
    page.goto(f"{fresh_server.url}/orders")
    idle(page)
    card = page.locator(f'[class*="st-key-card-{paid[1]}"]')
    expect(card.get_by_text("결제완료")).to_be_visible()
    cancel(client, paid[1])
    expect(card.get_by_text("결제완료")).to_be_visible()  # nobody has touched the page
    page.get_by_test_id("stMain").get_by_text("3개월", exact=True).first.click()
    expect(card.get_by_text("취소완료")).to_be_visible()


def test_the_api_tells_what_the_page_cancelled(
    page: Page, client: httpx2.Client, paid: list[str], fresh_server: Server
) -> None:
    assert "cancel" in status(client, paid[2])["allowed_actions"]
    page.goto(f"{fresh_server.url}/orders?order={paid[2]}")
    button(page, "주문 취소").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("환불 금액")).to_be_visible()
    idle(page)
    dialog.get_by_role("button", name=re.compile("취소하기")).last.click()
    expect(page.get_by_text("취소완료").first).to_be_visible()
    assert status(client, paid[2])["status"] == "cancelled"


def test_a_chat_of_the_api_goes_on_in_the_page_and_back(
    page: Page, client: httpx2.Client, paid: list[str], fresh_server: Server
) -> None:
    words = "주문번호를 말할게요"
    begun = client.post("/api/chat", json={"message": words}).json()
    told = client.post(
        "/api/chat",
        json={"session_id": begun["session_id"], "message": f"{paid[3]} 주문 취소할게요"},
    ).json()
    assert told["pending_action"]["kind"] == "cancel_order"
    page.goto(fresh_server.url)
    listed = page.get_by_test_id("stSidebar").locator(
        '[class*="st-key-chat-s_"] button:visible', has_text=words
    )
    listed.click()
    idle(page)
    expect(page).to_have_url(re.compile(begun["session_id"]))
    expect(page.locator('[class*="st-key-mine-"]')).to_have_count(2)
    expect(page.get_by_text(told["content"], exact=True)).to_be_visible()
    box = page.get_by_test_id("stChatInputTextArea")  # the question asked over HTTP, confirmed here
    box.fill("네")
    box.press("Enter")
    expect(page.get_by_text("취소했어요", exact=False).first).to_be_visible()
    assert status(client, paid[3])["status"] == "cancelled"
    said = client.get(f"/api/sessions/{begun['session_id']}/messages").json()["messages"]
    assert [one["role"] for one in said] == ["user", "assistant"] * 3
    assert "취소했어요" in said[-1]["content"]


def offline(page: Page, server: Server) -> list[str]:
    """Cut everything but the server off; what was asked elsewhere."""
    asked: list[str] = []

    def cut(route: Route) -> None:
        if route.request.url.startswith(server.url):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    page.route("**/*", cut)
    return asked


def test_the_documentation_needs_no_network(open_page: OpenPage, server: Server) -> None:
    page = open_page("signin", **DESK)
    told: list[str] = []
    page.on("console", lambda one: told.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    asked = offline(page, server)
    page.goto(f"{server.url}/api/docs")
    document = httpx2.get(f"{server.url}/api/openapi.json", trust_env=False).json()
    expect(page.locator(".opblock")).to_have_count(sum(map(len, document["paths"].values())))
    expect(page.get_by_text("주문 취소하기")).to_be_visible()
    cancelling = page.locator("#operations-주문-cancel_order")
    cancelling.click()
    expect(cancelling.get_by_text("Idempotency-Key")).to_be_visible()
    expect(cancelling.get_by_text("change_of_mind").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert asked == []
    assert told == []


def test_a_request_can_be_tried_in_the_documentation(open_page: OpenPage, server: Server) -> None:
    page = open_page("signin", **DESK)
    page.goto(f"{server.url}/api/docs")
    alive = page.locator("#operations-상태-healthz")
    alive.click()
    button(alive, "Try it out").click()
    button(alive, "Execute").click()
    expect(alive.locator(".live-responses-table .response-col_status").last).to_have_text("200")


def test_the_documents_javascript_runs(open_page: OpenPage, server: Server) -> None:
    [example] = blocks("api.md", "js")
    assert SERVER in example.code
    page = open_page("signin")
    page.goto(f"{server.url}/api/docs")  # a page of the same origin
    words: list[str] = []
    page.on("console", lambda one: words.append(one.text))
    page.evaluate(f"(async () => {{{example.code.replace(SERVER, server.url)}}})()")
    assert "고객이 냅니다" in "".join(words)


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/v1/nothing", "/api/docs/nothing"])
def test_an_unknown_path_is_not_the_consoles(server: Server, path: str) -> None:
    got = httpx2.get(f"{server.url}{path}", trust_env=False, headers={"Accept": "text/html"})
    assert got.status_code == 404
    body = json.loads(got.text)
    error = body.get("error", body)
    assert error["code"] == "route_not_found"
    assert got.headers["content-type"].startswith("application/")
