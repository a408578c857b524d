"""Whose a conversation is, what deleting takes with it, and where photos go."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from agent.conversations import guest_hash
from agent.types import Caller, ErrorEvent, Message
from errors import BadInput, NotFound
from services import Services
from tests.conftest import Clock
from tests.shelves import order_of
from tests.talk import Talk

STAFF = Caller("staff", "staff_001", "이상담")


def jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "secret camera"
    out = io.BytesIO()
    Image.new("RGB", (96, 64), (200, 30, 30)).save(out, "JPEG", exif=exif.tobytes())
    return out.getvalue()


def rows(shop: Services, table: str, session_id: str) -> int:
    with shop.database.read() as tx:
        sql = f"select count(*) from {table} where conversation_id = ?"
        return int(tx.value(sql, (session_id,)))


def said(shop: Services, caller: Caller) -> Message:
    return Talk(shop, caller).say("안녕하세요")


# ── whose it is ──────────────────────────────────────────────────────────────────────────

Ask = Callable[[Services, Caller, str], object]
OF_A_CONVERSATION: dict[str, Ask] = {
    "messages": lambda shop, caller, key: shop.messages(caller, key),
    "pending_action": lambda shop, caller, key: shop.pending_action(caller, key),
    "delete": lambda shop, caller, key: shop.delete_conversation(caller, key),
    "save_photo": lambda shop, caller, key: shop.save_photo(caller, jpeg(), session_id=key),
}
OF_A_MESSAGE: Ask = lambda shop, caller, key: shop.rate(caller, key, good=True)  # noqa: E731
OF_A_PHOTO: Ask = lambda shop, caller, key: shop.photo(caller, key)  # noqa: E731


def refusal(ask: Ask, shop: Services, caller: Caller, key: str) -> tuple[object, ...]:
    """All that is told by a refusal."""
    with pytest.raises(NotFound) as caught:
        ask(shop, caller, key)
    error = caught.value
    return type(error), error.message, error.code, error.http_status


@pytest.fixture
def strangers(jihun: Caller, guest: Caller) -> tuple[Caller, ...]:
    return jihun, guest, Caller(guest_key="another-browser"), Caller()


@pytest.mark.parametrize("name", OF_A_CONVERSATION)
def test_a_strangers_conversation_is_a_missing_one(
    shop: Services, minji: Caller, strangers: tuple[Caller, ...], name: str
) -> None:
    ask, mine = OF_A_CONVERSATION[name], said(shop, minji).session_id
    for stranger in strangers:
        other = refusal(ask, shop, stranger, mine)
        assert other == refusal(ask, shop, stranger, "s_missing")
        assert other == refusal(ask, shop, stranger, "")
    assert len(shop.messages(minji, mine)) == 2


def test_a_turn_in_a_strangers_conversation_is_one_in_a_missing_one(
    shop: Services, minji: Caller, strangers: tuple[Caller, ...]
) -> None:
    mine = said(shop, minji).session_id
    for stranger in strangers:
        told = []
        for key in (mine, "s_missing"):
            events = list(shop.run_turn(stranger, "안녕하세요", session_id=key))
            assert not any(isinstance(event, Message) for event in events)
            told += [(e.code, e.text) for e in events if isinstance(e, ErrorEvent)]
        assert len(told) == 2
        assert told[0] == told[1]
    assert len(shop.messages(minji, mine)) == 2


def test_a_strangers_message_is_a_missing_one(
    shop: Services, minji: Caller, strangers: tuple[Caller, ...]
) -> None:
    mine = said(shop, minji).message_id
    for stranger in strangers:
        other = refusal(OF_A_MESSAGE, shop, stranger, mine)
        assert other == refusal(OF_A_MESSAGE, shop, stranger, "m_missing")


def test_a_strangers_photo_is_refused_as_not_found(
    shop: Services, minji: Caller, strangers: tuple[Caller, ...]
) -> None:
    session_id, mine = shop.save_photo(minji, jpeg(), session_id=None)
    for stranger in strangers:
        other = refusal(OF_A_PHOTO, shop, stranger, mine)
        assert other == refusal(OF_A_PHOTO, shop, stranger, "img_missing")
    assert shop.photo(minji, mine).startswith(b"\xff\xd8")
    assert shop.photo(STAFF, mine) == shop.photo(minji, mine)
    assert shop.messages(minji, session_id) == []


def test_a_strangers_photo_in_a_turn_is_refused_and_nothing_is_stored(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    _, theirs = shop.save_photo(jihun, jpeg(), session_id=None)
    mine = said(shop, minji).session_id
    told = []
    for key in (theirs, "img_missing"):
        events = list(shop.run_turn(minji, "불량이에요", session_id=mine, image_ids=(key,)))
        told += [(e.code, e.text) for e in events if isinstance(e, ErrorEvent)]
    assert [code for code, _ in told] == ["not_found"] * 2
    assert told[0] == told[1]
    assert len(shop.messages(minji, mine)) == 2


def test_staff_may_read_anybodys(shop: Services, minji: Caller, guest: Caller) -> None:
    for caller in (minji, guest):
        assert len(shop.messages(STAFF, said(shop, caller).session_id)) == 2


def test_the_list_holds_ones_own_only(shop: Services, minji: Caller, jihun: Caller) -> None:
    mine, theirs = said(shop, minji).session_id, said(shop, jihun).session_id
    listed = [chat.conversation_id for chat in shop.conversations(minji, limit=99)]
    assert mine in listed
    assert theirs not in listed


# ── guests ───────────────────────────────────────────────────────────────────────────────


def test_a_guests_conversation_belongs_to_the_browser(shop: Services, guest: Caller) -> None:
    mine = said(shop, guest).session_id
    assert len(shop.messages(Caller(guest_key=guest.guest_key), mine)) == 2
    assert shop.conversations(guest) == []
    for other in (Caller(guest_key="a-browse"), Caller(guest_key=""), Caller()):
        with pytest.raises(NotFound):
            shop.messages(other, mine)


def test_a_guest_without_a_key_is_known_by_the_chats_own_id(shop: Services) -> None:
    nobody = Caller()
    begun = said(shop, nobody)
    assert len(shop.messages(nobody, begun.session_id)) == 2
    for other in (Caller(guest_key="a-browser"), Caller("customer", "user_001")):
        with pytest.raises(NotFound):
            shop.messages(other, begun.session_id)
    with pytest.raises(NotFound):  # the message's id says nothing about who knows the chat's
        shop.rate(nobody, begun.message_id, good=True)


def test_a_guest_without_a_key_reaches_no_other_chat(
    shop: Services, guest: Caller, minji: Caller
) -> None:
    for owner in (guest, minji):
        chat = said(shop, owner).session_id
        with pytest.raises(NotFound):
            shop.messages(Caller(), chat)


def test_the_key_itself_is_not_stored(shop: Services, guest: Caller) -> None:
    said(shop, guest)
    with shop.database.read() as tx:
        kept = tx.value(
            "select guest_hash from conversations where guest_hash is not null "
            "and conversation_id glob 's_*'"
        )
    assert kept == guest_hash(guest) != guest.guest_key
    assert guest_hash(Caller("customer", "user_001", guest_key="x")) is None


# ── deleting ─────────────────────────────────────────────────────────────────────────────

_OF_A_CHAT = ("conversations", "messages", "turns", "pending_actions", "attachments")


def test_deleting_takes_everything_but_the_tickets(shop: Services, minji: Caller) -> None:
    talk = Talk(shop, minji)
    order = shop.tool(minji, "list_orders", statuses=("paid",)).items[0]
    reply = talk.say(f"{order.order_id} 주문 취소할게요")
    assert talk.session_id
    shop.save_photo(minji, jpeg(), session_id=talk.session_id)
    shop.rate(minji, reply.message_id, good=False, reason="느려요")
    ticket_id = talk.say("상담원 연결해 주세요").ticket_id
    assert ticket_id
    assert all(rows(shop, table, talk.session_id) for table in (*_OF_A_CHAT, "tickets"))

    shop.delete_conversation(minji, talk.session_id)
    assert not any(rows(shop, table, talk.session_id) for table in (*_OF_A_CHAT, "tickets"))
    with shop.database.read() as tx:
        assert tx.value("select count(*) from feedback where reason = '느려요'") == 0
        assert tx.rows("pragma foreign_key_check") == []
    ticket = shop.tool(minji, "get_ticket", ticket_id=ticket_id)
    assert ticket.conversation_id is None
    assert ticket.description
    with pytest.raises(NotFound):
        shop.messages(minji, talk.session_id)
    with pytest.raises(NotFound):
        shop.delete_conversation(minji, talk.session_id)


def test_a_change_confirmed_after_deleting_is_not_done(shop: Services, minji: Caller) -> None:
    talk = Talk(shop, minji)
    order = shop.tool(minji, "list_orders", statuses=("paid",)).items[0]
    offer = talk.say(f"{order.order_id} 주문 취소할게요")
    assert offer.pending_action
    shop.delete_conversation(minji, offer.session_id)
    events = list(shop.run_turn(minji, "", confirm=offer.pending_action.action_id))
    assert [e.code for e in events if isinstance(e, ErrorEvent)] == ["not_found"]
    assert shop.tool(minji, "get_order", order_id=order.order_id).status == "paid"


def test_other_conversations_stay(shop: Services, minji: Caller) -> None:
    one, two = said(shop, minji).session_id, said(shop, minji).session_id
    shop.delete_conversation(minji, one)
    assert len(shop.messages(minji, two)) == 2


def test_a_claims_photo_outlives_the_chat_it_came_from(
    shop: Services, minji: Caller, strangers: tuple[Caller, ...]
) -> None:
    session_id, of_claim = shop.save_photo(minji, jpeg(), session_id=said(shop, minji).session_id)
    _, other = shop.save_photo(minji, jpeg(), session_id=session_id)
    order = order_of(shop, minji, "delivered")
    claim = shop.tool(
        minji, "create_claim", order_id=order.order_id, kind="return", reason_code="defect",
        lines=[(order.lines[0].line_id, 1, None)], photos=(of_claim,),
    )  # fmt: skip
    shop.delete_conversation(minji, session_id)
    assert not any(rows(shop, table, session_id) for table in _OF_A_CHAT)
    assert [path.name for path in files(shop)] == [file_of(shop, of_claim)]
    for caller in (minji, STAFF):
        assert shop.tool(caller, "get_claim", claim_id=claim.claim_id).photos == (of_claim,)
        assert shop.photo(caller, of_claim).startswith(b"\xff\xd8")
        assert refusal(OF_A_PHOTO, shop, caller, other) == refusal(
            OF_A_PHOTO, shop, caller, "img_missing"
        )
        with pytest.raises(NotFound):
            shop.messages(caller, session_id)
    for stranger in strangers:
        assert refusal(OF_A_PHOTO, shop, stranger, of_claim) == refusal(
            OF_A_PHOTO, shop, stranger, "img_missing"
        )
    with pytest.raises(NotFound):
        shop.delete_conversation(minji, session_id)


# ── opinions ─────────────────────────────────────────────────────────────────────────────


def test_the_newest_opinion_on_a_reply_is_kept(shop: Services, minji: Caller) -> None:
    reply = said(shop, minji)
    shop.rate(minji, reply.message_id, good=True)
    shop.rate(minji, reply.message_id, good=False, reason="가" * 600)
    user, desk = shop.messages(minji, reply.session_id)
    assert desk.payload["feedback"] == {"rating": 0, "reason": "가" * 500}
    assert "feedback" not in user.payload


def test_a_guest_may_rate_a_reply_of_their_own(shop: Services, guest: Caller) -> None:
    reply = said(shop, guest)
    shop.rate(guest, reply.message_id, good=True)
    assert shop.messages(guest, reply.session_id)[1].payload["feedback"]["rating"] == 1


def test_ones_own_words_cannot_be_rated(shop: Services, minji: Caller) -> None:
    words = shop.messages(minji, said(shop, minji).session_id)[0]
    with pytest.raises(NotFound):
        shop.rate(minji, words.message_id, good=True)


# ── photos ───────────────────────────────────────────────────────────────────────────────


def file_of(shop: Services, image_id: str) -> str:
    with shop.database.read() as tx:
        sha256 = tx.value("select sha256 from attachments where image_id = ?", (image_id,))
    return f"{sha256}.jpg"


def files(shop: Services) -> list[Path]:
    return sorted(shop.photo_folder.iterdir()) if shop.photo_folder.exists() else []


def test_a_photo_is_stored_clean_and_recorded(shop: Services, minji: Caller, clock: Clock) -> None:
    sent = jpeg()
    assert b"secret" in sent
    session_id, image_id = shop.save_photo(minji, sent, session_id=None)
    kept = shop.photo(minji, image_id)
    assert b"secret" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (96, 64))
    with shop.database.read() as tx:
        row = tx.row("select * from attachments where image_id = ?", (image_id,))
    assert row is not None
    assert (row["conversation_id"], row["user_id"]) == (session_id, "user_001")
    assert (row["width_px"], row["height_px"], row["size_bytes"]) == (96, 64, len(kept))
    assert row["sha256"] == hashlib.sha256(kept).hexdigest()
    assert (row["upload_width_px"], row["upload_height_px"]) == (96, 64)
    assert [path.name for path in files(shop)] == [f"{row['sha256']}.jpg"]


def test_a_guests_photo_is_the_guests(shop: Services, guest: Caller) -> None:
    session_id, image_id = shop.save_photo(guest, jpeg(), session_id=None)
    assert shop.photo(guest, image_id)
    assert shop.save_photo(guest, jpeg(), session_id=session_id)[0] == session_id
    with pytest.raises(NotFound):
        shop.photo(Caller(guest_key="another-browser"), image_id)


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", jpeg()[:200], b"\x00" * 10_000_001], ids=["empty", "svg", "cut", "big"]
)
def test_a_bad_photo_leaves_no_file_and_no_row(shop: Services, minji: Caller, data: bytes) -> None:
    with shop.database.read() as tx:
        chats = tx.value("select count(*) from conversations")
    with pytest.raises(BadInput):
        shop.save_photo(minji, data, session_id=None)
    with shop.database.read() as tx:
        assert tx.value("select count(*) from conversations") == chats
        assert tx.value("select count(*) from attachments where user_id = 'user_001'") == 0
    assert files(shop) == []


def test_a_photo_for_a_strangers_conversation_leaves_no_file(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    theirs = said(shop, jihun).session_id
    for key in (theirs, "s_missing"):
        with pytest.raises(NotFound):
            shop.save_photo(minji, jpeg(), session_id=key)
    assert files(shop) == []
    assert rows(shop, "attachments", theirs) == 0


@pytest.mark.parametrize("image_id", ["../sangdam.db", "..", "", "/etc/passwd", "img_x/../../a"])
def test_no_other_file_is_read_as_a_photo(shop: Services, minji: Caller, image_id: str) -> None:
    with pytest.raises(NotFound):
        shop.photo(minji, image_id)
