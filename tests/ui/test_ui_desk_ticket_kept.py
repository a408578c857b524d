"""What is begun at a ticket outlives the news: the form, the windows, the words of a solution."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from agent.types import Caller
from services import Services
from store.models import Ticket
from tests.desk import do, of_chat, read
from tests.pages import press, shown
from tests.talk import Talk
from tests.ui.ticket_page import OTHER, keys, place, tap, write, written
from ui.desk.ticket_base import form_key

Open = Callable[..., AppTest]


# ── the form ─────────────────────────────────────────────────────────────────────────────


def test_an_open_form_keeps_its_fields_when_the_customer_speaks(
    open_ticket: Open, desk: Services, minji: Caller, ticket: Ticket
) -> None:
    at = open_ticket(ticket)
    at.session_state["desk-edit"] = True  # its window is open
    form = form_key(ticket)
    desk.tool(minji, "add_ticket_message", ticket_id=ticket.ticket_id, text="아직인가요?")
    at = at.run()
    # The same fields as before: a browser keeps what is typed in them.
    at.text_input(key=f"{form}-subject").set_value("고치던 제목")
    press(at, "저장")
    assert "아직인가요?" in shown(at)  # refused once, with what was said meanwhile
    tap(at, "desk-stale-again")
    assert read(desk, ticket).subject == "고치던 제목"


def test_what_a_refused_form_wanted_comes_back_to_be_mended(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = open_ticket(ticket)
    form = form_key(ticket)
    at.text_input(key=f"{form}-subject").set_value("제 제목")
    at.multiselect(key=f"{form}-tags").set_value(["VIP"])
    now = do(desk, "edit_ticket", ticket, OTHER, subject="동료의 제목", priority="high")
    press(at, "저장")
    at = tap(at, "desk-stale-note")
    form = form_key(now)
    assert at.text_input(key=f"{form}-subject").value == "제 제목"
    assert at.multiselect(key=f"{form}-tags").value == ["VIP"]
    assert at.selectbox(key=f"{form}-priority").value == "high"  # the colleague's stays
    press(at, "저장")
    saved = read(desk, ticket)
    assert (saved.subject, saved.priority, saved.tags) == ("제 제목", "high", ("VIP",))


def test_what_triage_finds_meanwhile_is_not_taken_back_by_the_form(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = open_ticket(ticket)
    desk.triage.suggest(ticket.ticket_id)  # no new version
    at = at.run()
    form = form_key(read(desk, ticket))
    assert at.text_input(key=f"{form}-summary").value == read(desk, ticket).summary != ""
    at.selectbox(key=f"{form}-priority").set_value("low")
    press(at, "저장")
    now = read(desk, ticket)
    assert [e.after for e in now.events if e.kind == "edited"][-1].keys() & {
        "summary", "sentiment", "language",
    } == set()  # fmt: skip
    assert (now.priority, now.version) == ("low", ticket.version + 1)


# ── the answer ───────────────────────────────────────────────────────────────────────────


def test_nothing_that_comes_moves_the_box_of_the_answer(
    open_ticket: Open, desk: Services, minji: Caller
) -> None:
    talk = Talk(desk, minji)
    talk.say("상담원 연결해 주세요")
    ticket = of_chat(desk, talk)
    at = open_ticket(ticket)
    assert "desk-draft" in keys(at)
    at_first = place(at, ticket)

    def after(what: str, at: AppTest) -> None:
        assert place(at.run(), ticket) == at_first, what

    desk.triage.suggest(ticket.ticket_id)
    after("findings", at)
    talk.say("아직인가요?")
    after("a message", at)
    desk.presence.seen(ticket.ticket_id, "admin_001", "한관리", "a", writing=True)
    after("a colleague", at)
    now = do(desk, "take_ticket", read(desk, ticket), OTHER)
    now = do(desk, "edit_ticket", now, OTHER, subject="동료의 제목", priority="high", tags=["VIP"])
    after("another's work", at)
    after("what is refused", tap(write(at, ticket, "확인하고 있어요"), "desk-send"))
    assert "desk-stale-again" in keys(at)
    after("what is done", tap(at, "desk-stale-again"))
    do(desk, "change_ticket", read(desk, ticket), OTHER, status="waiting_customer")
    after("another state", at)


# ── windows ──────────────────────────────────────────────────────────────────────────────


def test_a_window_stays_open_while_the_ticket_changes(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = tap(tap(open_ticket(ticket), "desk-canned"), "canned-manage")
    at.text_area(key="canned-new-0-text").set_value("쓰다 만 문구")
    do(desk, "edit_ticket", ticket, OTHER, priority="urgent")
    at = at.run()
    assert at.text_area(key="canned-new-0-text").value == "쓰다 만 문구"


def test_another_ticket_begins_without_a_window(
    open_ticket: Open, desk: Services, minji: Caller, ticket: Ticket
) -> None:
    other = desk.tool(minji, "create_ticket", issue_type="other", description="다른 문의")
    at = tap(open_ticket(ticket), "desk-canned")
    assert "canned-manage" in keys(at)
    for shown_next in (other, ticket):
        at.query_params["ticket"] = shown_next.ticket_id
        at = at.run()
        assert "canned-manage" not in keys(at)


# ── the solution ─────────────────────────────────────────────────────────────────────────


def solving(at: AppTest, ticket: Ticket, text: str) -> AppTest:
    at.session_state["desk-solve"] = True
    at = at.run()
    at.text_area(key=f"solution-{ticket.ticket_id}").set_value(text)
    return at.run()


def test_the_head_resolves_with_words_for_the_customer(
    open_ticket: Open, desk: Services, minji: Caller
) -> None:
    talk = Talk(desk, minji)
    talk.say("상담원 연결해 주세요")
    ticket = of_chat(desk, talk)
    at = solving(write(open_ticket(ticket), ticket, "새 상품을 보냈어요."), ticket, "")
    tap(at, "desk-solve-send")
    assert "내용을 적어 주세요" in shown(at)
    assert read(desk, ticket).status == "open"
    at = tap(solving(at, ticket, "새 상품을 보냈어요."), "desk-solve-send")
    assert (read(desk, ticket).status, read(desk, ticket).resolution) == (
        "resolved", "새 상품을 보냈어요.",
    )  # fmt: skip
    assert "desk-solve-send" not in keys(at)
    assert "쓰던 답변은 그대로" not in shown(at)  # the same words wait nowhere else
    said = [one.content for one in desk.messages(minji, talk.session_id or "")]
    assert "새 상품을 보냈어요." in said


def test_a_stale_solution_keeps_its_words(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = solving(open_ticket(ticket), ticket, "해결 내용")
    do(desk, "note_ticket", ticket, OTHER, text="잠깐만요")
    at = tap(at, "desk-solve-send")
    assert "잠깐만요" in shown(at)
    assert read(desk, ticket).status == "open"
    tap(at, "desk-stale-again")
    assert read(desk, ticket).resolution == "해결 내용"


def test_an_answer_with_an_open_place_is_refused_by_the_tools_too(
    open_ticket: Open, desk: Services, ticket: Ticket
) -> None:
    at = tap(solving(open_ticket(ticket), ticket, "{고객명} 님, 해결했어요."), "desk-solve-send")
    assert "아직 채우지 않은 변수가 있어요" in shown(at)
    assert read(desk, ticket).version == ticket.version
    at = tap(write(at, ticket, "{상품명:을/를} 보냈어요. {메모}"), "desk-wait")
    assert "{상품명:을/를}" in shown(at).replace("\\", "")
    assert read(desk, ticket).version == ticket.version
    assert written(at, ticket) == "{상품명:을/를} 보냈어요. {메모}"
    tap(write(at, ticket, "이어폰을 보냈어요. {메모}"), "desk-wait")  # no place of ours
    assert read(desk, ticket).events[-1].text == "이어폰을 보냈어요. {메모}"
