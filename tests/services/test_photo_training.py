"""Staff's corrections become pictures to learn from, without a word about the customer."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from agent.types import Caller
from services import Services
from services.photo_training import export
from store import photos
from store.models import to_text
from store.photos import CorrectedBox, StoredReport
from tests.conftest import NOW
from vision.training.shop import split_of

BOX = CorrectedBox("dent", (0.1, 0.2, 0.3, 0.4))


def photo(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (80, 60), (number * 20, 40, 90)).save(out, "JPEG")
    return out.getvalue()


def corrected_photo(
    shop: Services, caller: Caller, number: int, *, order_id: str | None, boxes: object = (BOX,)
) -> str:
    """A stored photo with a report that staff have corrected; returns the image's id."""
    _, image_id = shop.save_photo(caller, photo(number), session_id=None)
    report = StoredReport(
        f"pr_{number}", image_id, caller.user_id, None, order_id, None, "", "", "", "review", 0.5,
        {}, "staff_001", "page", to_text(NOW),
    )  # fmt: skip
    with shop.database.write() as tx:
        photos.add_report(tx, report)
        photos.put_correction(
            tx, report.report_id, boxes=boxes, note="고객 010-1234-5678", actor_id="staff_001",
            at=NOW, version=0,
        )  # type: ignore[arg-type]  # fmt: skip
    return image_id


@pytest.fixture
def buyer() -> Caller:
    return Caller(user_id="user_001", role="customer")


def test_every_corrected_photo_is_exported_once(
    shop: Services, buyer: Caller, tmp_path: Path
) -> None:
    order = orders(shop)[0]
    for number in range(6):
        corrected_photo(shop, buyer, number, order_id=order)
    corrected_photo(shop, buyer, 12, order_id=None, boxes=())
    made = export(shop, tmp_path / "out")
    assert sum(made.pictures.values()) == 7
    assert made.pictures[split_of(order)] >= 6  # one order, one split
    entries = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["entries"]
    assert sorted(tuple(one["labels"]) for one in entries) == [(), *[("dent",)] * 6]
    assert str(made).startswith(f"{tmp_path / 'out'}에 사진 7장을 썼습니다")


def test_nothing_of_the_customer_leaves(shop: Services, buyer: Caller, tmp_path: Path) -> None:
    order = orders(shop)[0]
    image_id = corrected_photo(shop, buyer, 1, order_id=order)
    export(shop, tmp_path / "out")
    names = [str(path.relative_to(tmp_path)) for path in (tmp_path / "out").rglob("*")]
    words = "\n".join(
        [*names, *(path.read_text("utf-8", "replace") for path in (tmp_path / "out").rglob("*.*")
                   if path.is_file() and path.suffix != ".jpg")]
    )  # fmt: skip
    for told in (order, image_id, "user_001", "staff_001", "pr_1", "010-1234"):
        assert told not in words


def test_photos_of_a_claim_stay_with_its_order(
    shop: Services, buyer: Caller, tmp_path: Path
) -> None:
    """One is on the claim, one only in the chat about the same order: one split."""
    order = orders(shop)[0]
    claimed = corrected_photo(shop, buyer, 1, order_id=order)
    corrected_photo(shop, buyer, 2, order_id=order)
    with shop.database.write() as tx:
        claim = tx.value("select claim_id from claims order by claim_id limit 1")
        tx.execute("update claims set photos = json_array(?) where claim_id = ?", (claimed, claim))
    made = export(shop, tmp_path / "out")
    assert made.pictures[split_of(str(claim))] == 2


def test_a_photo_whose_file_is_gone_is_passed_over(
    shop: Services, buyer: Caller, tmp_path: Path
) -> None:
    corrected_photo(shop, buyer, 1, order_id=None)
    corrected_photo(shop, buyer, 2, order_id=None)
    next(iter(shop.photo_folder.glob("*.jpg"))).unlink()
    assert sum(export(shop, tmp_path / "out").pictures.values()) == 1


def orders(shop: Services) -> list[str]:
    with shop.database.read() as tx:
        rows = tx.rows("select order_id from orders where user_id = 'user_001' order by order_id")
    return [str(row["order_id"]) for row in rows]
