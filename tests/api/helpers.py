"""Walking lists and making photos, for the tests of the routes."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from tests.api.conftest import Api


def photo(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


def walk(api: Api, path: str, headers: dict[str, str], **query: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = api.client.get(path, params={**query, **more}, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert set(page) == {"items", "next_cursor"}
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
