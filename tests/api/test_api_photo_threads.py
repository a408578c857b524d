"""Photos wait for their turn in threads of their own: everybody else is served meanwhile."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from api.waiting import MOST_PHOTOS_WAITING, _room
from tests.api.conftest import Api
from tests.api.helpers import photo
from vision.decoding import decode

AT_ONCE = 48  # more than the 40 threads that a server has for everything else
SEARCH = "/api/products/search?q=이어폰"
Send = Callable[[Api, int], Any]


def _image(api: Api, path: str) -> Any:
    files = {"image": ("a.jpg", photo(), "image/jpeg")}
    return api.client.post(path, files=files, headers=api.minji)


def _upload(api: Api, _number: int) -> Any:
    return _image(api, "/api/images")


def _analyze(api: Api, _number: int) -> Any:
    return _image(api, "/api/vision/analyze")


def _defect(api: Api, _number: int) -> Any:
    return _image(api, "/api/vision/defect")


def _message(api: Api, number: int) -> Any:
    """A chat program's message with a photo in it."""
    url = f"data:image/jpeg;base64,{base64.b64encode(photo()).decode()}"
    parts = [{"type": "text", "text": f"깨져서 왔어요 {number}"},
             {"type": "image_url", "image_url": {"url": url}}]  # fmt: skip
    body = {"model": "orchestrator", "messages": [{"role": "user", "content": parts}]}
    return api.client.post("/v1/chat/completions", json=body, headers=api.minji)


@contextmanager
def nobody_decodes(api: Api) -> Iterator[None]:
    """All the places in which pictures are decoded are taken."""
    with ExitStack() as taken:
        for _ in range(api.shop.settings.photo_workers):
            taken.enter_context(decode._gate.turn(99))
        yield


@pytest.mark.parametrize("send", [_upload, _analyze, _defect, _message])
def test_waiting_photos_hold_nobody_up(api: Api, send: Send) -> None:
    headers = api.minji
    api.client.timeout = 60.0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        with nobody_decodes(api):
            sent = [pool.submit(send, api, number) for number in range(AT_ONCE)]
            time.sleep(1.5)  # they have all come in
            assert not any(one.done() for one in sent)
            for path in (SEARCH, "/api/auth/me", "/ready"):
                answer = api.client.get(path, headers=headers, timeout=20)
                assert answer.status_code == 200
            assert not any(one.done() for one in sent)
        assert {one.result().status_code for one in sent} <= {200, 201}


def test_too_many_waiting_photos_are_told_to_come_back(api: Api) -> None:
    with ExitStack() as taken:
        for _ in range(MOST_PHOTOS_WAITING):
            assert _room.acquire(blocking=False)
            taken.callback(_room.release)
        refused = _upload(api, 0)
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert "잠시 뒤" in refused.json()["detail"]
    assert _upload(api, 0).status_code == 201
