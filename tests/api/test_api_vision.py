"""Photos judged over HTTP: measured, compared with the catalogue, kept, seen by whom they may."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from agent.types import Caller
from store.photos import CorrectedBox
from tests.api.conftest import Api, Headers
from tests.api.helpers import photo, walk
from tests.photo_scenes import DAMAGED_AT, catalogue_picture, customer_photo
from tests.shelves import STAFF, order_of

MINJI = Caller("customer", "user_001", "김민지")


def send(api: Api, path: str, headers: Headers, data: bytes, **form: Any) -> Any:
    return api.client.post(
        f"/api/vision/{path}", headers=headers, data=form,
        files={"image": ("사진.jpg", data, "image/jpeg")},
    )  # fmt: skip


@pytest.fixture
def ordered(api: Api) -> tuple[str, str, str]:
    """Minji's delivered order, its line and product, which has a catalogue picture."""
    order = order_of(api.shop, MINJI, "delivered")
    line = order.lines[0]
    api.shop.photos.set_product_photo(STAFF, line.product_id, catalogue_picture())
    return order.order_id, line.line_id, line.product_id


def test_a_photo_is_measured_and_not_kept(api: Api) -> None:
    answer = send(api, "analyze", api.minji, photo("PNG", (640, 400)))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["dimensions"] == {"width_px": 640, "height_px": 400}
    assert told["format"] == "png"
    [colour] = told["colours"]
    assert (colour["name_ko"], colour["share"]) == ("빨간색", 1.0)
    assert set(told["quality"]) == {
        "usable", "sharpness", "exposure", "resolution", "framing", "problems", "advice",
    }  # fmt: skip
    assert len(told["quality"]["problems"]) == len(told["quality"]["advice"])
    assert not list(api.shop.photo_folder.glob("*"))
    assert api.client.get("/api/vision/reports", headers=api.staff).json()["items"] == []


def test_a_photo_on_its_side_is_measured_upright(api: Api) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    told = send(api, "analyze", api.minji, photo("JPEG", (640, 400), exif=exif)).json()
    assert told["dimensions"] == {"width_px": 400, "height_px": 640}


def test_damage_is_found_where_it_is(api: Api, ordered: tuple[str, str, str]) -> None:
    order_id, line_id, _ = ordered
    answer = send(
        api, "defect", api.minji, customer_photo(side_px=1280), order_id=order_id, line_id=line_id
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["width_px"], told["height_px"]) == (1280, 1280)
    assert (told["order_id"], told["line_id"], told["product_id"]) == ordered
    assert told["verdict"] in ("damage", "review")
    middle = [(DAMAGED_AT[0] + DAMAGED_AT[2]) * 640, (DAMAGED_AT[1] + DAMAGED_AT[3]) * 640]
    seen = [one for one in told["defects"] if "reference" in one["judges"]]
    assert any(x1 <= middle[0] <= x2 and y1 <= middle[1] <= y2
               for x1, y1, x2, y2 in (one["box"] for one in seen))  # fmt: skip
    for one in told["defects"]:
        x1, y1, x2, y2 = one["box"]
        assert 0 <= x1 < x2 <= 1280
        assert 0 <= y1 < y2 <= 1280
        assert one["label_ko"]
    states = {one["judge"]: one["state"] for one in told["judges"]}
    assert states["reference"] == "seen"
    assert states["llm"] == "absent"
    claim = told["recommended_claim"]
    if told["verdict"] == "damage":
        assert (claim["fault"], claim["order_id"], claim["line_id"]) == (
            "seller",
            order_id,
            line_id,
        )
        assert claim["photos"] == [told["image_id"]]
    shown = api.client.get(f"/api/images/{told['image_id']}", headers=api.minji)
    assert shown.headers["content-type"] == "image/jpeg"


def test_what_was_found_is_kept_and_seen_by_its_owner_and_staff(
    api: Api, ordered: tuple[str, str, str]
) -> None:
    made = send(api, "defect", api.minji, customer_photo(), order_id=ordered[0]).json()
    path = f"/api/vision/reports/{made['report_id']}"
    for headers in (api.minji, api.staff):
        assert api.client.get(path, headers=headers).json() == made
    for headers, status in ((api.jihun, 404), (api.guest(), 401), ({}, 401)):
        assert api.client.get(path, headers=headers).status_code == status
    assert api.client.get("/api/vision/reports/pr_none", headers=api.staff).status_code == 404
    box = CorrectedBox("stain", (0.1, 0.1, 0.5, 0.5))
    api.shop.tool(
        STAFF, "correct_photo_report", report_id=made["report_id"], boxes=[box], note="얼룩"
    )
    corrected = api.client.get(path, headers=api.staff).json()["correction"]
    assert corrected["defects"] == [
        {"label": "stain", "label_ko": "얼룩", "box": [128.0, 128.0, 640.0, 640.0]}
    ]
    assert api.client.get(path, headers=api.minji).json()["correction"] is None
    # An empty chat is not made for it.
    assert made["image_id"] not in str(api.client.get("/api/sessions", headers=api.minji).json())


def test_staff_add_a_photo_to_a_customers_order(api: Api, ordered: tuple[str, str, str]) -> None:
    made = send(api, "defect", api.staff, customer_photo(), order_id=ordered[0])
    assert made.status_code == 200, made.text
    path = f"/api/images/{made.json()['image_id']}"
    assert api.client.get(path, headers=api.minji).status_code == 200
    assert api.client.get(path, headers=api.jihun).status_code == 404
    alone = send(api, "defect", api.staff, photo(size=(200, 200))).json()
    assert api.client.get(f"/api/images/{alone['image_id']}", headers=api.minji).status_code == 404


def test_somebody_elses_order_and_a_missing_one_answer_alike(
    api: Api, ordered: tuple[str, str, str]
) -> None:
    order_id, line_id, _ = ordered
    files = sorted(api.shop.photo_folder.glob("*"))
    theirs = send(api, "defect", api.jihun, photo(), order_id=order_id)
    missing = send(api, "defect", api.jihun, photo(), order_id="20200101-9999999")
    assert theirs.status_code == missing.status_code == 404
    assert theirs.json()["detail"] == missing.json()["detail"]
    for form, status in (
        ({"order_id": order_id, "line_id": "20200101-9999999-1"}, 404),
        ({"line_id": line_id}, 400), ({"product_id": "P0000"}, 404),
    ):  # fmt: skip
        assert send(api, "defect", api.minji, photo(), **form).status_code == status
    assert sorted(api.shop.photo_folder.glob("*")) == files


def test_without_anything_to_compare_with_a_person_looks(api: Api) -> None:
    told = send(api, "defect", api.minji, customer_photo(seed=3), product_id="P1002").json()
    assert told["verdict"] in ("review", "retake")
    assert told["recommended_claim"] is None
    assert told["reasons"]
    assert "이상 없" not in str(told)


@pytest.mark.parametrize("path", ["analyze", "defect"])
@pytest.mark.parametrize(
    "data",
    [b"", b"no photo", photo()[:200], b"%PDF-1.7", b"<svg onload=alert(1)>", photo(size=(8, 8))],
)
def test_what_cannot_be_judged_is_refused_in_korean(api: Api, path: str, data: bytes) -> None:
    answer = send(api, path, api.minji, data)
    assert answer.status_code == 400, answer.text
    assert "요" in answer.json()["detail"]
    assert not list(api.shop.photo_folder.glob("*"))


@pytest.mark.parametrize("path", ["analyze", "defect"])
def test_who_may_and_how_often(api: Api, path: str) -> None:
    for headers in ({}, api.guest()):
        assert send(api, path, headers, photo()).status_code == 401
    assert api.client.post(f"/api/vision/{path}", headers=api.minji).status_code == 422
    per_minute = api.shop.limits._turns.amount
    for _ in range(per_minute):
        api.shop.limits.upload(MINJI, "127.0.0.1")
    refused = send(api, path, api.minji, photo())
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1


def test_reports_are_listed_newest_first(api: Api, ordered: tuple[str, str, str]) -> None:
    made = []
    for number in range(3):
        api.shop.clock.pass_(minutes=1)  # type: ignore[attr-defined]
        form = {"order_id": ordered[0]} if number < 2 else {}
        made.append(send(api, "defect", api.minji, photo(size=(100 + number, 90)), **form).json())
    send(api, "defect", api.jihun, photo(size=(80, 80)))
    path = "/api/vision/reports"
    mine = walk(api, path, api.minji, limit=2)
    assert [one["report_id"] for one in mine] == [one["report_id"] for one in made[::-1]]
    of_order = walk(api, path, api.minji, order_id=ordered[0])
    assert {one["report_id"] for one in of_order} == {one["report_id"] for one in made[:2]}
    assert len(walk(api, path, api.staff)) == 4
    verdicts = {one["verdict"] for one in mine}
    assert all(walk(api, path, api.minji, verdict=one) for one in verdicts)
    assert api.client.get(path, headers=api.minji, params={"verdict": "fine"}).status_code == 422


def test_others_are_answered_while_photos_are_judged(
    api: Api, ordered: tuple[str, str, str]
) -> None:
    data = customer_photo()
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, api, "defect", api.minji, data, order_id=ordered[0])
                for _ in range(8)]  # fmt: skip
        slowest = 0.0
        while not all(one.done() for one in sent):
            began = time.monotonic()
            assert api.client.get("/healthz").status_code == 200
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.02)
    assert {one.result().status_code for one in sent} == {200}
    assert slowest < 1.0
    assert len({one.result().json()["report_id"] for one in sent}) == 8
    assert len(list(api.shop.photo_folder.glob("*.jpg"))) == 2  # one content, one file


def test_a_large_photo_is_judged_in_its_own_pixels(api: Api, ordered: tuple[str, str, str]) -> None:
    told = send(api, "defect", api.minji, customer_photo(side_px=3000), order_id=ordered[0]).json()
    assert (told["width_px"], told["height_px"]) == (3000, 3000)
    shown = api.client.get(f"/api/images/{told['image_id']}", headers=api.minji)
    assert max(Image.open(io.BytesIO(shown.content)).size) < 3000
    assert max(edge for one in told["defects"] for edge in one["box"]) > 1300
