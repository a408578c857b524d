"""Canned replies: shipped ones, changes with versions, filling for a ticket."""

from __future__ import annotations

import pytest

from agent.shop.canned import VARIABLES, places, unknown
from agent.shop.words import ISSUE_TYPE
from agent.tools.canned import MOST_CHARS, MOST_TITLE_CHARS, shipped_replies
from agent.types import Caller
from errors import AlreadyExists, BadInput, Forbidden, NotFound, StateChanged
from services import Services
from services.canned import fill, holes
from store.models import Ticket
from tests.desk import do
from tests.shelves import STAFF, order_of


def listed(shop: Services, text: str = "") -> dict[str, str]:
    return {one.title: one.text for one in shop.tool(STAFF, "list_canned_replies", text=text)}


def titled(shop: Services, title: str) -> object:
    return next(o for o in shop.tool(STAFF, "list_canned_replies") if o.title == title)


def test_every_shipped_reply_could_be_saved_as_it_is() -> None:
    found = shipped_replies()
    assert len(found) >= 10
    assert len({one.title for one in found.values()}) == len(found)
    for one in found.values():
        assert 0 < len(one.title) <= MOST_TITLE_CHARS
        assert 0 < len(one.text) <= MOST_CHARS
        assert not unknown(one.text), one.reply_id
        assert one.issue_type in ("", *ISSUE_TYPE)
        assert one.text.count("{") == len(list(places(one.text)))


@pytest.mark.parametrize("caller", [Caller("customer", "user_001", "김민지"), Caller()])
def test_only_staff_see_and_change_them(shop: Services, caller: Caller) -> None:
    for name, given in (
        ("list_canned_replies", {}),
        ("save_canned_reply", {"title": "제목", "text": "내용"}),
        ("delete_canned_reply", {"reply_id": "shipped-hello", "version": 0}),
        ("restore_canned_replies", {}),
    ):
        with pytest.raises(Forbidden):
            shop.tool(caller, name, **given)


def test_a_search_needs_every_word_in_title_or_text(shop: Services) -> None:
    assert list(listed(shop, "반품 수거")) == ["반품 승인과 수거 안내"]
    assert listed(shop, "없는말이다") == {}


def test_one_is_added_changed_and_removed(shop: Services) -> None:
    made = shop.tool(STAFF, "save_canned_reply", title="주말 안내", text="주말에는 쉬어요.")
    assert (made.version, made.shipped, made.updated_by) == (1, False, "staff_001")
    changed = shop.tool(
        STAFF, "save_canned_reply", reply_id=made.reply_id, version=1, title="주말 안내",
        text="{고객명} 고객님, 주말에는 쉬어요.", issue_type="other",
    )  # fmt: skip
    assert (changed.version, changed.issue_type) == (2, "other")
    assert listed(shop, "주말에는")["주말 안내"].startswith("{고객명}")
    with pytest.raises(StateChanged):
        shop.tool(STAFF, "delete_canned_reply", reply_id=made.reply_id, version=1)
    shop.tool(STAFF, "delete_canned_reply", reply_id=made.reply_id, version=2)
    assert "주말 안내" not in listed(shop)
    with pytest.raises(NotFound):
        shop.tool(STAFF, "delete_canned_reply", reply_id=made.reply_id, version=3)
    actions = [
        row.entry.action for row in shop.tool(STAFF, "list_audit", object_id=made.reply_id).items
    ]
    assert actions == ["delete", "edit", "create"]


def test_a_shipped_one_is_changed_and_brought_back(shop: Services) -> None:
    shipped = shipped_replies()["shipped-hello"]
    changed = shop.tool(
        STAFF, "save_canned_reply", reply_id="shipped-hello", version=0, title=shipped.title,
        text="바꾼 인사",
    )  # fmt: skip
    assert (changed.version, listed(shop)[shipped.title]) == (1, "바꾼 인사")
    with pytest.raises(StateChanged):  # somebody else still has the shipped one before them
        shop.tool(
            STAFF, "save_canned_reply", reply_id="shipped-hello", version=0, title="x", text="y"
        )
    closing = shipped_replies()["shipped-closing"]
    shop.tool(STAFF, "delete_canned_reply", reply_id="shipped-closing", version=0)
    assert closing.title not in listed(shop)
    mine = shop.tool(STAFF, "save_canned_reply", title="내 문구", text="그대로")
    assert shop.tool(STAFF, "restore_canned_replies") == 2
    now = listed(shop)
    assert (now[shipped.title], now[closing.title]) == (shipped.text, closing.text)
    assert now["내 문구"] == mine.text
    assert shop.tool(STAFF, "restore_canned_replies") == 0
    again = titled(shop, shipped.title)
    assert (again.version, again.shipped) == (2, True)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"title": " ", "text": "내용"}, BadInput),
        ({"title": "제" * (MOST_TITLE_CHARS + 1), "text": "내용"}, BadInput),
        ({"title": "제목", "text": "  "}, BadInput),
        ({"title": "제목", "text": "글" * (MOST_CHARS + 1)}, BadInput),
        ({"title": "제목", "text": "{고객이름} 님"}, BadInput),
        ({"title": "제목", "text": "내용", "issue_type": "spam"}, BadInput),
        ({"title": "마무리 인사", "text": "내용"}, AlreadyExists),
        ({"title": "제목", "text": "내용", "reply_id": "c_none"}, NotFound),
    ],
)
def test_what_cannot_be_saved_says_why(
    shop: Services, given: dict[str, str], error: type[Exception]
) -> None:
    before = listed(shop)
    with pytest.raises(error):
        shop.tool(STAFF, "save_canned_reply", **given)
    assert listed(shop) == before


def test_personal_numbers_are_masked_in_a_reply(shop: Services) -> None:
    made = shop.tool(
        STAFF, "save_canned_reply", title="계좌 안내", text="카드 4111-1111-1111-1111로 환불"
    )
    assert "4111" not in made.text


# ── filling ──────────────────────────────────────────────────────────────────────────────


def test_a_ticket_with_an_order_fills_its_places(
    shop: Services, minji: Caller, ticket: Ticket
) -> None:
    order = order_of(shop, minji, "shipped")
    about = do(shop, "edit_ticket", ticket, order_id=order.order_id)
    made = fill(
        shop, STAFF, "{고객명} 고객님, {주문번호}의 {상품명:을/를} {택배사}({운송장번호})로 "
        "보냈어요. {상담원} 드림", about,
    )  # fmt: skip
    assert made.missing == ()
    particle = "을" if (ord(order.title[-1]) - 0xAC00) % 28 else "를"
    assert f"의 {order.title}" in made.text
    if "가" <= order.title[-1] <= "힣":
        assert f"{order.title}{particle} " in made.text
    assert order.shipment is not None
    assert order.shipment.tracking_no in made.text
    assert made.text.startswith("김민지 고객님")
    assert made.text.endswith("이상담 드림")


def test_what_is_not_known_stays_open_and_is_named(shop: Services, ticket: Ticket) -> None:
    made = fill(shop, STAFF, "{고객명}: {환불금액}, {상품명:은/는}, {환불금액}", ticket)
    assert made.text == "김민지: {환불금액}, {상품명:은/는}, {환불금액}"
    assert made.missing == ("환불금액", "상품명")
    assert holes(made.text) == ("{환불금액}", "{상품명:은/는}")
    assert holes("{1, 2}와 {메모}는 변수가 아니에요") == ()


def test_a_claim_fills_money_and_day(shop: Services, minji: Caller) -> None:
    queue = shop.tool(STAFF, "claim_queue", statuses=("collected",), limit=50).items
    claim = next(row.claim for row in queue if row.claim.refund_krw)
    ticket = shop.tool(
        STAFF, "create_ticket", issue_type="refund", description="환불은요?",
        claim_id=claim.claim_id,
    )  # fmt: skip
    made = fill(shop, STAFF, "{접수번호} {환불금액} {환불예정일} {상품명}", ticket)
    assert made.missing == ()
    assert f"{claim.claim_id} {claim.refund_krw:,}원" in made.text


def test_every_variable_can_be_filled_by_some_ticket(shop: Services) -> None:
    """No name is offered that nothing ever fills."""
    filled: set[str] = set()
    for status in ("collected", "completed", "requested"):
        for row in shop.tool(STAFF, "claim_queue", statuses=(status,), limit=50).items:
            ticket = shop.tool(
                STAFF, "create_ticket", issue_type="refund", description="확인",
                claim_id=row.claim.claim_id, order_id=row.claim.order_id,
            )  # fmt: skip
            made = fill(shop, STAFF, " ".join(f"{{{name}}}" for name in VARIABLES), ticket)
            filled |= set(VARIABLES) - set(made.missing)
            if filled == set(VARIABLES):
                return
    assert filled == set(VARIABLES)
