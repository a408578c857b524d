"""Photos over HTTP: cleaned and stored, seen by their owner and staff."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from tests.api.conftest import Api
from tests.api.helpers import photo


def upload(api: Api, data: bytes, headers: dict[str, str], **form: str) -> Any:
    return api.client.post(
        "/api/images", files={"image": ("내 사진.jpg", data, "image/jpeg")}, data=form,
        headers=headers,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_stored_as_jpeg_and_shown_to_its_owner_and_staff(api: Api, kind: str) -> None:
    answer = upload(api, photo(kind, (320, 200)), api.minji)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert set(made) == {"image_id", "session_id"}
    path = f"/api/images/{made['image_id']}"
    for headers in (api.minji, api.staff):
        seen = api.client.get(path, headers=headers)
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
        assert "private" in seen.headers["cache-control"]
        found = Image.open(io.BytesIO(seen.content))
        assert (found.format, found.size) == ("JPEG", (320, 200))
    for headers, status in ((api.jihun, 404), (api.guest(), 404), ({}, 401)):
        assert api.client.get(path, headers=headers).status_code == status


def test_where_it_was_taken_is_not_kept(api: Api) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    answer = upload(api, photo(exif=exif), api.minji)
    seen = api.client.get(f"/api/images/{answer.json()['image_id']}", headers=api.minji)
    assert b"SecretCamera" not in seen.content
    assert not Image.open(io.BytesIO(seen.content)).getexif()


def test_it_joins_a_chat_and_the_chat_takes_it(api: Api) -> None:
    guest = api.guest()
    first = upload(api, photo(), guest).json()
    second = upload(api, photo(), guest, session_id=first["session_id"]).json()
    assert second["session_id"] == first["session_id"]
    body = {
        "message": "상품이 깨져서 왔어요", "session_id": first["session_id"],
        "image_ids": [first["image_id"], second["image_id"]],
    }  # fmt: skip
    assert api.client.post("/api/chat", json=body, headers=guest).status_code == 200


def test_somebody_elses_chat_takes_none(api: Api) -> None:
    chat = upload(api, photo(), api.jihun).json()["session_id"]
    for headers in (api.minji, api.guest(), api.staff):
        assert upload(api, photo(), headers, session_id=chat).status_code == 404
    assert upload(api, photo(), {}).status_code == 401
    assert upload(api, photo(), api.minji, session_id="s_missing").status_code == 404
    assert len(list(api.shop.photo_folder.glob("*"))) == 1


@pytest.mark.parametrize(
    "data", [b"", b"no photo", photo()[:200], b"%PDF-1.7", b"<svg onload=alert(1)>", b"\0" * 9999]
)
def test_what_is_no_photo_is_refused(api: Api, data: bytes) -> None:
    answer = upload(api, data, api.minji)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert not list(api.shop.photo_folder.glob("*"))


def test_a_photo_of_nine_megabytes_is_taken(api: Api) -> None:
    noise = Image.effect_noise((3000, 3000), 100)
    out = io.BytesIO()
    noise.save(out, "PNG", compress_level=0)
    assert 8.5 < len(out.getvalue()) / 1024**2 < 10
    assert upload(api, out.getvalue(), api.minji).status_code == 201


def test_a_photo_over_ten_megabytes_is_refused(api: Api) -> None:
    data = photo() + b"\0" * (10 * 1024 * 1024)
    answer = upload(api, data, api.minji)
    assert 400 <= answer.status_code < 500
    assert "MB" in answer.json()["detail"]


def test_a_form_without_a_photo(api: Api) -> None:
    for parts in ({"data": {"image": "x"}}, {"data": {}}, {"json": {"image": "x"}}):
        answer = api.client.post("/api/images", headers=api.minji, **parts)  # type: ignore[arg-type]
        assert answer.status_code == 422
    broken = api.client.post(
        "/api/images", content=b"--x\r\nnonsense",
        headers=api.minji | {"Content-Type": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert 400 <= broken.status_code < 500
