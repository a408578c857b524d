"""Photos as files: one for each content, there as long as anything names it."""

from __future__ import annotations

import io
import os
import threading
import time
from datetime import timedelta

import pytest
from PIL import Image

from agent import conversations as chats
from agent.types import MOST_PHOTOS, Caller, ErrorEvent, Message
from errors import BadInput, Forbidden, NotFound
from services import Services
from store import photo_files, photos
from store.photos import ProductPhoto
from tests.conftest import Clock
from tests.shelves import order_of

STAFF = Caller("staff", "staff_001", "이상담")


def picture(shade: int = 200) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (96, 64), (shade, 30, 30)).save(out, "PNG")
    return out.getvalue()


def names(shop: Services) -> list[str]:
    return sorted(path.name for path in shop.photo_folder.iterdir())


def hash_of(shop: Services, image_id: str) -> str:
    with shop.database.read() as tx:
        return str(tx.value("select sha256 from attachments where image_id = ?", (image_id,)))


def forget(shop: Services, *, days: int = 90, later: int = 0) -> int:
    return chats.forget_photos(
        shop.database, folder=shop.photo_folder, days=days,
        now=shop.clock() + timedelta(days=later),
    )  # fmt: skip


def test_one_picture_twice_is_one_file_until_the_last_record_goes(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    mine, first = shop.save_photo(minji, picture(), session_id=None)
    theirs, second = shop.save_photo(jihun, picture(), session_id=None)
    shop.save_photo(minji, picture(90), session_id=mine)
    assert first != second
    assert hash_of(shop, first) == hash_of(shop, second)
    assert len(names(shop)) == 2
    shop.delete_conversation(minji, mine)
    assert names(shop) == [f"{hash_of(shop, second)}.jpg"]
    assert shop.photo(jihun, second)
    with pytest.raises(NotFound):
        shop.photo(minji, second)
    shop.delete_conversation(jihun, theirs)
    assert names(shop) == []


def test_a_photo_that_is_sent_in_a_chat_stays_and_goes_with_it(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    """Stored for a report first (POST /api/vision/defect), then sent in a message."""
    _, image_id = shop.save_photo(minji, picture(), session_id=None, owner_id=minji.user_id)
    _, unsent = shop.save_photo(minji, picture(90), session_id=None, owner_id=minji.user_id)
    refused = list(shop.run_turn(jihun, "깨져서 왔어요", image_ids=(image_id,)))
    assert any(isinstance(one, ErrorEvent) for one in refused)
    events = shop.run_turn(minji, "깨져서 왔어요", image_ids=(image_id,))
    [told] = [one for one in events if isinstance(one, Message)]
    assert forget(shop, later=91) == 1
    assert shop.photo(minji, image_id)
    with pytest.raises(NotFound):
        shop.photo(minji, unsent)
    shop.delete_conversation(minji, told.session_id)
    assert names(shop) == []
    with pytest.raises(NotFound):
        shop.photo(minji, image_id)


def test_the_catalogue_keeps_a_file_as_well(shop: Services, minji: Caller) -> None:
    session_id, image_id = shop.save_photo(minji, picture(), session_id=None)
    sha256 = hash_of(shop, image_id)
    with shop.database.write() as tx:
        product = str(tx.value("select min(product_id) from products"))
        photos.put_product_photo(
            tx, ProductPhoto(product, "", sha256, 96, 64, "shop", None, "2026-11-20T00:00:00Z")
        )
    shop.delete_conversation(minji, session_id)
    assert names(shop) == [f"{sha256}.jpg"]
    with shop.database.write() as tx:
        assert photos.delete_product_photo(tx, product, "") == sha256
    assert forget(shop) == 1
    assert names(shop) == []


def test_staff_store_a_photo_for_a_customer(shop: Services, minji: Caller, jihun: Caller) -> None:
    session_id, image_id = shop.save_photo(
        STAFF, picture(), session_id=None, owner_id=minji.user_id
    )
    assert session_id == ""
    assert shop.photo(minji, image_id) == shop.photo(STAFF, image_id)
    for stranger in (jihun, Caller(), Caller(guest_key="x")):
        with pytest.raises(NotFound):
            shop.photo(stranger, image_id)
    with pytest.raises(Forbidden):
        shop.save_photo(jihun, picture(), session_id=None, owner_id=minji.user_id)
    with pytest.raises(NotFound):
        shop.save_photo(STAFF, picture(), session_id=None, owner_id="user_missing")
    assert len(names(shop)) == 1


def test_what_nobody_names_is_swept_and_nothing_else(
    shop: Services, minji: Caller, clock: Clock
) -> None:
    _, image_id = shop.save_photo(minji, picture(), session_id=None)
    folder = shop.photo_folder
    with shop.database.write() as tx:  # a photo of before content named the file
        tx.execute("update attachments set sha256 = null where image_id = ?", (image_id,))
    (next(folder.iterdir())).rename(folder / f"{image_id}.jpg")
    (folder / f"{'0' * 64}.jpg").write_bytes(b"x")
    fresh, stale = photo_files.stage(folder, b"y"), photo_files.stage(folder, b"z")
    os.utime(stale, (time.time() - 2 * photo_files.STALE_S,) * 2)
    assert forget(shop) == 2
    assert names(shop) == sorted([f"{image_id}.jpg", fresh.name])
    assert shop.photo(minji, image_id)


def test_whoever_is_cut_off_leaves_no_record_of_a_missing_file(
    shop: Services, minji: Caller
) -> None:
    shop.save_photo(minji, picture(), session_id=None)
    part = photo_files.stage(shop.photo_folder, b"never named")

    def killed() -> None:
        with shop.database.write() as tx:
            photo_files.place(tx, shop.photo_folder, part, "f" * 64)
            raise RuntimeError("killed before the commit")

    with pytest.raises(RuntimeError):
        killed()
    assert f"{'f' * 64}.jpg" in names(shop)
    assert forget(shop) == 1
    assert len(names(shop)) == 1


def test_a_chat_that_is_gone_meanwhile_leaves_no_file(
    shop: Services, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, _ = shop.save_photo(minji, picture(), session_id=None)
    stage = photo_files.stage

    def and_deleted(*given: object) -> object:
        part = stage(*given)  # type: ignore[arg-type]
        shop.delete_conversation(minji, session_id)
        return part

    monkeypatch.setattr(photo_files, "stage", and_deleted)
    with pytest.raises(NotFound):
        shop.save_photo(minji, picture(90), session_id=session_id)
    assert names(shop) == []


def test_a_photo_nothing_holds_is_forgotten_after_its_days(shop: Services, minji: Caller) -> None:
    owner = minji.user_id
    _, loose = shop.save_photo(STAFF, picture(), session_id=None, owner_id=owner)
    _, held = shop.save_photo(STAFF, picture(90), session_id=None, owner_id=owner)
    _, of_chat = shop.save_photo(minji, picture(60), session_id=None)
    order = order_of(shop, minji, "delivered")
    shop.tool(
        minji, "create_claim", order_id=order.order_id, kind="return", reason_code="defect",
        lines=[(order.lines[0].line_id, 1, None)], photos=(held,),
    )  # fmt: skip
    assert forget(shop, later=89) == forget(shop, days=0, later=9999) == 0
    assert forget(shop, later=91) == 1
    with pytest.raises(NotFound):
        shop.photo(minji, loose)
    assert shop.photo(minji, held)
    assert shop.photo(minji, of_chat)


def test_housekeeping_forgets_them_too(shop: Services, minji: Caller, clock: Clock) -> None:
    shop.save_photo(STAFF, picture(), session_id=None, owner_id=minji.user_id)
    clock.now += timedelta(days=100)
    shop.housekeeping()
    assert names(shop) == []


def test_the_same_picture_stored_and_deleted_at_once_is_never_missing(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    kept, wrong = list[tuple[Caller, str]](), list[Exception]()

    def work(caller: Caller) -> None:
        try:
            for turn in range(12):
                session_id, image_id = shop.save_photo(caller, picture(), session_id=None)
                assert shop.photo(caller, image_id)
                if turn % 3:
                    shop.delete_conversation(caller, session_id)
                else:
                    kept.append((caller, image_id))
        except Exception as error:  # told below, in the test's own thread
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in (minji, jihun, minji, jihun)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(kept) == 16
    assert all(shop.photo(caller, image_id) for caller, image_id in kept)
    assert len(names(shop)) == 1


def test_six_photos_in_a_message_are_too_many_and_nothing_is_lost(
    shop: Services, minji: Caller
) -> None:
    session_id, image_id = shop.save_photo(minji, picture(), session_id=None)
    six = (image_id,) * (MOST_PHOTOS + 1)
    events = list(shop.run_turn(minji, "깨져서 왔어요", session_id=session_id, image_ids=six))
    told = next(one for one in events if isinstance(one, ErrorEvent))
    assert (told.code, told.http_status) == (BadInput.code, 400)
    assert f"{MOST_PHOTOS}장까지" in told.text
    assert shop.messages(minji, session_id) == []
    five = (image_id,) * MOST_PHOTOS
    events = list(shop.run_turn(minji, "깨져서 왔어요", session_id=session_id, image_ids=five))
    assert not any(isinstance(one, ErrorEvent) for one in events)
