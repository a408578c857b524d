"""What was found on photos, staff's corrections of it, the catalogue's pictures: the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import conversations, photos
from store.database import Database, Tx
from store.models import to_text
from store.photos import CorrectedBox, ProductPhoto, StoredReport

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
BOX = CorrectedBox("dent", (0.1, 0.2, 0.3, 0.4))
REPORT = StoredReport(
    "pr_1", "img_1", "user_001", None, "20261103-0000042", "L1", "P1", "", "", "damage", 0.9,
    {"verdict": "damage"}, "user_001", "chat", to_text(AT),
)  # fmt: skip


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """A writing transaction in an empty shop that holds two photos."""
    database = Database(tmp_path / "photos.db")
    database.prepare()
    with database.write() as unit:
        unit.insert(
            "users",
            {
                "user_id": "user_001", "email": "a@example.com", "name": "가", "role": "customer",
                "password_hash": "x", "created_at": to_text(AT),
            },
        )  # fmt: skip
        for name in ("img_1", "img_2"):
            unit.insert(
                "attachments",
                {
                    "image_id": name, "user_id": "user_001", "media_type": "image/jpeg",
                    "size_bytes": 1, "width_px": 8, "height_px": 8, "sha256": f"hash of {name}",
                    "created_at": to_text(AT),
                },
            )  # fmt: skip
        yield unit


def add(tx: Tx, number: int, **changes: object) -> StoredReport:
    made = replace(
        REPORT, report_id=f"pr_{number}", created_at=to_text(AT + timedelta(minutes=number)),
        **changes,  # type: ignore[arg-type]
    )  # fmt: skip
    photos.add_report(tx, made)
    return made


def correct(tx: Tx, report_id: str = "pr_1", *, version: int = 0, boxes: object = (BOX,)) -> bool:
    return photos.put_correction(
        tx,
        report_id,
        boxes=boxes,
        note="",
        actor_id="staff_001",
        at=AT,
        version=version,  # type: ignore[arg-type]
    )


def test_a_report_comes_back_as_it_was_written(tx: Tx) -> None:
    photos.add_report(tx, REPORT)
    assert photos.get_report(tx, "pr_1") == REPORT
    assert photos.get_report(tx, "pr_1", user_id="user_001") == REPORT


def test_somebody_elses_report_is_like_a_missing_one(tx: Tx) -> None:
    photos.add_report(tx, REPORT)
    assert photos.get_report(tx, "pr_1", user_id="user_002") is None
    assert photos.get_report(tx, "pr_9", user_id="user_001") is None


def test_a_photo_has_its_newest_report(tx: Tx) -> None:
    add(tx, 2, verdict="retake")
    newest = add(tx, 5)
    add(tx, 3, verdict="review")
    assert photos.latest_of_images(tx, ["img_1", "img_2", "gone"]) == {"img_1": newest}


def test_pages_of_reports_hold_each_once_newest_first(tx: Tx) -> None:
    made = [add(tx, number).report_id for number in range(1, 8)]
    seen, before = [], None
    while True:
        page = photos.find_reports(tx, before=before, limit=3)
        seen += [one.report_id for one in page.items]
        if page.next_cursor is None:
            break
        at, _, report_id = page.next_cursor.partition("~")
        before = (at, report_id)
    assert seen == made[::-1]


def test_reports_are_found_by_owner_order_verdict_and_whether_corrected(tx: Tx) -> None:
    add(tx, 1)
    add(tx, 2, verdict="review", order_id="other")
    add(tx, 3, user_id="user_002")
    correct(tx)

    def found(**wanted: object) -> set[str]:
        page = photos.find_reports(tx, **wanted)  # type: ignore[arg-type]
        return {one.report_id for one in page.items}

    assert found() == {"pr_1", "pr_2", "pr_3"}
    assert found(user_id="user_002") == {"pr_3"}
    assert found(order_id="other") == {"pr_2"}
    assert found(verdict="damage") == {"pr_1", "pr_3"}
    assert found(corrected_only=True) == {"pr_1"}
    assert found(corrected_only=False) == {"pr_2", "pr_3"}
    assert photos.verdicts(tx) == {"damage": 2, "review": 1}
    assert photos.verdicts(tx, since=to_text(AT + timedelta(minutes=2))) == {
        "damage": 1, "review": 1,
    }  # fmt: skip


def test_a_correction_needs_the_version_it_was_based_on(tx: Tx) -> None:
    photos.add_report(tx, REPORT)
    assert not correct(tx, version=1), "there is none yet"
    assert correct(tx)
    assert not correct(tx, boxes=()), "somebody has saved one since"
    assert correct(tx, version=1, boxes=())
    found = photos.get_report(tx, "pr_1")
    assert found is not None
    assert found.correction is not None
    assert (found.correction.boxes, found.correction.version) == ((), 2)
    assert found.report == REPORT.report, "what was found stays as it was found"


def test_the_corrected_come_with_their_picture_and_claim(tx: Tx) -> None:
    photos.add_report(tx, REPORT)
    add(tx, 2, image_id="img_2")
    add(tx, 3)
    for name in ("pr_2", "pr_1"):
        correct(tx, name)
    tx.execute("pragma defer_foreign_keys = on")
    for claim_id in ("C2", "C1"):
        tx.insert(
            "claims",
            {
                "claim_id": claim_id, "order_id": "o", "user_id": "user_001", "kind": "return",
                "reason_code": "damaged", "fault": "seller", "status": "requested",
                "photos": '["img_1"]', "quote": "{}", "created_at": to_text(AT),
                "updated_at": to_text(AT), "version": 1,
            },
        )  # fmt: skip
    found = [(one.report_id, hash_, claim) for one, hash_, claim in photos.corrected(tx)]
    assert found == [("pr_1", "hash of img_1", "C1"), ("pr_2", "hash of img_2", None)]
    tx.execute("delete from claims")


def test_reports_go_with_their_photo(tx: Tx) -> None:
    photos.add_report(tx, REPORT)
    kept = add(tx, 2, image_id="img_2")
    correct(tx)
    photos.forget_reports(tx, ["img_1"])
    assert photos.find_reports(tx).items == (kept,)
    assert photos.corrected(tx) == []


def test_a_catalogue_picture_is_replaced_and_removed(tx: Tx) -> None:
    whole = ProductPhoto("P1", "", "h1", 4, 3, "demo", None, to_text(AT))
    red = replace(whole, sku="P1-RD", sha256="h2")
    assert photos.put_product_photo(tx, red) is None
    assert photos.put_product_photo(tx, whole) is None
    photos.put_product_photo(tx, replace(whole, product_id="P2", sha256="h3"))
    assert photos.product_photos(tx, ["P1"]) == [whole, red]
    assert len(photos.product_photos(tx)) == 3
    assert photos.put_product_photo(tx, replace(whole, sha256="h4")) == "h1"
    assert not photos.in_use(tx, "h1")
    assert photos.in_use(tx, "h4")
    assert photos.delete_product_photo(tx, "P1", "") == "h4"
    assert photos.delete_product_photo(tx, "P1", "") is None
    assert photos.in_use(tx, "hash of img_1"), "a customer's photo counts as well"


def test_housekeeping_spares_what_staff_have_corrected(tx: Tx) -> None:
    add(tx, 1)
    add(tx, 2, image_id="img_2")
    assert correct(tx)
    gone = conversations.forget_photos(tx, before=AT + timedelta(days=1))
    assert gone == ["hash of img_2"]
    assert [one.report_id for one in photos.find_reports(tx).items] == ["pr_1"]
