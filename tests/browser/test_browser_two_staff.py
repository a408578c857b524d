"""Two members of staff on one ticket: they see each other, and nothing of either is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from store import conversations, tickets
from store.database import Database
from store.models import StoredMessage, Ticket, to_text
from tests.browser.conftest import OpenPage, Server, SignIn, wait_idle

pytestmark = pytest.mark.browser

ADMIN, STAFF = "admin@example.com", "staff@example.com"
BOX = "고객에게 보낼 답변"
SOON_MS = 20_000  # the page looks every 2 s; a busy machine takes longer


@pytest.fixture
def ticket(server: Server) -> Ticket:
    """An open ticket of Minji's with a chat of its own."""
    now, database = datetime.now(UTC), Database(server.folder / "sangdam.db")
    with database.write() as tx:
        chat = f"s_two_{now:%H%M%S%f}"
        conversations.create(tx, conversation_id=chat, user_id="user_001", guest_hash=None, at=now)
        conversations.add_message(
            tx, StoredMessage(f"m_{chat}", chat, None, "user", "이어폰이 안 와요", {}, to_text(now))
        )
        moment = to_text(now)
        made = Ticket(
            tickets.next_id(tx, f"{now:%Y%m%d}"), "user_001", None, None, chat, "delivery",
            "normal", "open", "이어폰 배송 문의", "이어폰이 안 와요", None, "", None, None, None,
            None, (), 1, moment, moment,
        )  # fmt: skip
        tickets.add(tx, made)
        tickets.add_event(
            tx, made.ticket_id, at=now, actor_id="user_001", kind="created",
            text=made.description, version=1,
        )  # fmt: skip
    return made


def stored(server: Server, ticket: Ticket) -> tuple[Ticket, list[StoredMessage]]:
    with Database(server.folder / "sangdam.db").read() as tx:
        found = tickets.get(tx, ticket.ticket_id, user_id=None, internal=True)
        assert found is not None
        return found, conversations.messages(tx, ticket.conversation_id or "")


def opened(open_page: OpenPage, sign_in: SignIn, ticket: Ticket, email: str) -> Page:
    page = open_page("signin")
    sign_in(page, email)
    page.goto(f"{page.url.split('?')[0].rstrip('/')}/desk?ticket={ticket.ticket_id}")
    wait_idle(page)
    expect(page.get_by_label(BOX)).to_be_visible(timeout=SOON_MS)
    return page


def raise_priority(page: Page) -> None:
    page.get_by_role("button", name="정보 고치기").click()
    for name, value in (
        ("우선순위", "보통"),
        ("유형", "배송"),
    ):  # as the ticket has it: neither is the first choice
        expect(page.get_by_label(name).first).to_have_value(value, timeout=SOON_MS)
    page.get_by_label("우선순위").first.click()
    page.get_by_role("option", name="높음").click()
    page.get_by_role("button", name="저장", exact=True).click()
    expect(page.get_by_text("문의 정보를 고쳤어요")).to_be_visible(timeout=SOON_MS)


def send(page: Page, text: str) -> None:
    page.get_by_label(BOX).fill(text)
    page.get_by_role("button", name="보내기", exact=True).click()


def test_no_text_and_no_event_is_lost(
    server: Server, open_page: OpenPage, sign_in: SignIn, ticket: Ticket
) -> None:
    a = opened(open_page, sign_in, ticket, ADMIN)
    b = opened(open_page, sign_in, ticket, STAFF)
    expect(a.get_by_text("이상담 님도 보고 있어요")).to_be_visible(timeout=SOON_MS)
    expect(b.get_by_text("한관리 님도 보고 있어요")).to_be_visible(timeout=SOON_MS)

    box = b.get_by_label(BOX)
    box.press_sequentially("B가 쓰는 답변이에요.")  # in the browser only, nothing is sent yet
    raise_priority(a)
    send(a, "A가 먼저 답했어요.")
    expect(a.get_by_text("답변을 보냈어요")).to_be_visible(timeout=SOON_MS)
    # B sees it come, in the conversation and as news, and the words stay under the fingers.
    expect(b.locator('[class*="st-key-said-staff-"]')).to_contain_text(
        "A가 먼저 답했어요.", timeout=SOON_MS
    )
    expect(b.locator(".st-key-desk-news")).to_contain_text("우선순위: 보통 → 높음")
    expect(box).to_have_value("B가 쓰는 답변이에요.")
    box.press_sequentially(" 이어서 써요.")

    b.get_by_role("button", name="보내기", exact=True).click()
    stale = b.locator(".st-key-desk-stale")
    expect(stale).to_contain_text("그사이 문의가 바뀌어서 멈췄어요", timeout=SOON_MS)
    expect(stale).to_contain_text("우선순위: 보통 → 높음")
    expect(stale).to_contain_text("한관리")
    expect(stale).to_contain_text("A가 먼저 답했어요.")
    expect(box).to_have_value("B가 쓰는 답변이에요. 이어서 써요.")
    assert [one.content for one in stored(server, ticket)[1] if one.role == "staff"] == [
        "A가 먼저 답했어요."
    ]

    stale.get_by_role("button", name="바뀐 내용 위에 보내기").click()
    expect(b.get_by_text("답변을 보냈어요")).to_be_visible(timeout=SOON_MS)
    expect(box).to_have_value("")
    now, said = stored(server, ticket)
    assert (now.priority, now.issue_type, now.sentiment or "neutral") == (
        "high", "delivery", "neutral",
    )  # fmt: skip
    assert [one.content for one in said if one.role == "staff"] == [
        "A가 먼저 답했어요.", "B가 쓰는 답변이에요. 이어서 써요.",
    ]  # fmt: skip
    kinds = [(one.kind, one.actor_id) for one in now.events if one.kind in ("edited", "reply")]
    assert kinds == [
        ("edited", "admin_001"), ("reply", "admin_001"), ("reply", "staff_001"),
    ]  # fmt: skip
    expect(a.locator('[class*="st-key-said-staff-"]').last).to_contain_text(
        "이어서 써요.", timeout=SOON_MS
    )


def test_the_customer_reads_both_answers(
    server: Server, open_page: OpenPage, sign_in: SignIn, ticket: Ticket
) -> None:
    customer = open_page("signin")
    sign_in(customer, "minji@example.com")
    customer.goto(f"{server.url}/?c={ticket.conversation_id}")
    wait_idle(customer)
    page = opened(open_page, sign_in, ticket, STAFF)
    send(page, "첫 번째 답변이에요.")
    expect(customer.get_by_text("첫 번째 답변이에요.")).to_be_visible(timeout=SOON_MS)
    desk = page.locator(".st-key-desk-write")
    desk.get_by_text("내부 메모", exact=True).first.click()
    desk.get_by_placeholder("동료에게 남길 메모").fill("고객에게 보이면 안 되는 메모")
    page.get_by_role("button", name="메모 남기기").click()
    expect(page.locator('[class*="st-key-said-note-"]')).to_contain_text(
        "보이면 안 되는", timeout=SOON_MS
    )
    desk.get_by_text("답변", exact=True).first.click()
    send(page, "두 번째 답변이에요.")
    expect(customer.get_by_text("두 번째 답변이에요.")).to_be_visible(timeout=SOON_MS)
    expect(customer.get_by_text("보이면 안 되는")).to_have_count(0)


def test_words_outlive_another_ticket_and_another_page(
    open_page: OpenPage, sign_in: SignIn, ticket: Ticket
) -> None:
    page = opened(open_page, sign_in, ticket, STAFF)
    box = page.get_by_label(BOX)
    box.fill("쓰다 만 답변")
    parts = page.get_by_role("radiogroup", name="문의의 무엇을 볼까요")
    parts.get_by_text("고객", exact=True).click()
    expect(page.locator(".st-key-desk-customer")).to_be_visible(timeout=SOON_MS)
    parts.get_by_text("대화", exact=True).click()
    expect(box).to_have_value("쓰다 만 답변", timeout=SOON_MS)


def test_a_window_is_whole_beside_the_conversation_and_outlives_the_news(
    server: Server, open_page: OpenPage, sign_in: SignIn, ticket: Ticket
) -> None:
    page = opened(open_page, sign_in, ticket, STAFF)
    page.get_by_role("button", name="자주 쓰는 답변").click()
    window = page.get_by_role("dialog", name="자주 쓰는 답변")
    first = window.get_by_role("button", name="넣기").first
    expect(first).to_be_in_viewport(timeout=SOON_MS)
    search = window.get_by_placeholder("제목이나 내용 검색")
    search.press_sequentially("배송")  # not entered yet
    now = datetime.now(UTC)
    with Database(server.folder / "sangdam.db").write() as tx:
        tickets.save(tx, ticket, {"priority": "high"}, at=now, actor_id="admin_001", kind="edited")
    expect(page.locator(".st-key-desk-ticket-head")).to_contain_text("높음", timeout=SOON_MS)
    expect(search).to_have_value("배송")
    first.click()
    expect(window).to_have_count(0, timeout=SOON_MS)
    expect(page.get_by_label(BOX)).not_to_have_value("", timeout=SOON_MS)
