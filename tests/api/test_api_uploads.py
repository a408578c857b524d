"""Many photos at once, odd names, odd formats: none lost, each the same to whoever may see it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from tests.api.conftest import Api
from tests.api.helpers import photo

AT_ONCE = 20


def upload(api: Api, data: bytes, name: str = "사진.jpg", **form: str) -> Any:
    return api.client.post(
        "/api/images", files={"image": (name, data, "image/jpeg")}, data=form, headers=api.minji
    )


def noise(seed: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((1600, 1200), 40 + seed).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def test_twenty_uploads_at_once_are_all_kept(api: Api) -> None:
    headers = api.minji  # signed in before the threads do
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = [noise(n) for n in range(AT_ONCE)]
        answers = list(pool.map(lambda data: upload(api, data), sent))
        assert [one.status_code for one in answers] == [201] * AT_ONCE
        ids = [one.json()["image_id"] for one in answers]
        assert len(set(ids)) == AT_ONCE
        seen = list(pool.map(
            lambda key: api.client.get(f"/api/images/{key}", headers=headers), ids
        ))  # fmt: skip
    assert [one.status_code for one in seen] == [200] * AT_ONCE
    assert len({one.content for one in seen}) == AT_ONCE
    assert all(one.content == api.shop.photo_folder.joinpath(f"{hash_}.jpg").read_bytes()
               for one, hash_ in zip(seen, _hashes(api, ids), strict=True))  # fmt: skip
    assert not list(api.shop.photo_folder.glob(".*"))


def _hashes(api: Api, ids: list[str]) -> list[str]:
    with api.shop.database.read() as tx:
        return [
            str(tx.value("select sha256 from attachments where image_id = ?", (one,)))
            for one in ids
        ]


def test_the_same_picture_at_once_is_one_file(api: Api) -> None:
    assert api.minji
    data = photo()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: upload(api, data), range(8)))
    assert [one.status_code for one in answers] == [201] * 8
    assert len({one.json()["image_id"] for one in answers}) == 8
    assert len(list(api.shop.photo_folder.glob("*"))) == 1


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00b.jpg", "x.svg", "사진\r\n.jpg", "", "a" * 300]
)
def test_the_files_name_means_nothing(api: Api, name: str) -> None:
    answer = upload(api, photo(), name)
    assert answer.status_code in (201, 400, 422)
    if answer.status_code == 201:
        assert answer.json()["image_id"].startswith("img_")
    assert all(len(one.stem) == 64 for one in api.shop.photo_folder.glob("*"))


def test_a_phones_heic_is_read_and_served_as_jpeg(api: Api) -> None:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (320, 200), (200, 30, 30))).save(out)
    made = upload(api, out.getvalue(), "IMG_0001.HEIC").json()
    seen = api.client.get(f"/api/images/{made['image_id']}", headers=api.minji)
    assert seen.headers["content-type"] == "image/jpeg"
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["content-disposition"] == "inline"
    with Image.open(io.BytesIO(seen.content)) as picture:
        assert picture.size == (320, 200)


def test_the_limits_are_settings(api: Api) -> None:
    api.shop.settings = api.shop.settings.replace(
        max_image_megapixels=1, min_image_side_px=64, max_image_side_ratio=2
    )
    for size, told in {(1200, 900): "100만 화소", (63, 63): "작거나", (300, 100): "작거나"}.items():
        answer = upload(api, photo(size=size))
        assert answer.status_code == 400
        assert told in answer.json()["detail"]
    assert upload(api, photo(size=(900, 900))).status_code == 201


def test_six_photos_are_refused_and_the_chat_stays(api: Api) -> None:
    made = upload(api, photo()).json()
    body = {
        "message": "깨져서 왔어요", "session_id": made["session_id"],
        "image_ids": [made["image_id"]] * 6,
    }  # fmt: skip
    refused = api.client.post("/api/chat", json=body, headers=api.minji)
    assert refused.status_code == 400
    assert "5장까지" in refused.json()["detail"]
    body["image_ids"] = [made["image_id"]] * 5
    assert api.client.post("/api/chat", json=body, headers=api.minji).status_code == 200
