"""Requests nobody means well with: never 5xx, never a hang, always our answer."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.api.conftest import Api
from tests.api.raw import ours, request, send

JSON = ("Content-Type", "application/json")
TARGETS = {
    "/api/chat": {"message": "안녕하세요"},
    "/api/sessions": {"metadata": {"channel": "web"}},
    "/api/auth/refresh": {"refresh_token": "x"},
    "/api/tickets": {"issue_type": "delivery", "description": "배송이 멈췄어요."},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "안녕하세요"}]},
}
DEEP = b"[" * 100_000
# Never a body at all.
BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "half": b'{"message": "',
    "null": b"null",
    "a list": b"[]",
    "a number": b"1e400",
    "NaN": b"NaN",
    "brackets": DEEP,
    "closed brackets": DEEP + b"]" * 100_000,
    "braces": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "not UTF-8": b'{"message": "\xff\xfe"}',
    "EUC-KR": '{"message": "안녕"}'.encode("euc-kr"),
    "NUL": b"\x00" * 100,
    "zip": b"PK\x03\x04" + b"\x00" * 50,
}
# Put in the place of the first text of a body.
VALUES: dict[str, bytes] = {
    "a lone surrogate": rb'"\ud800"',
    "a NUL": rb'"\u0000"',
    "only NULs": b'"' + rb"\u0000" * 100 + b'"',
    "1e400": b"1e400",
    "-1e400": b"-1e400",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "2**70": b"1180591620717411303424",
    "5,000 digits": b"9" * 5000,
    "true": b"true",
    "null": b"null",
    "a list": b'["a"]',
    "nested": b'{"a":' * 200 + b"1" + b"}" * 200,
    "10 MB": b'"' + "가".encode() * 3_400_000 + b'"',
    "SQL": b'"\'; drop table orders; --"',
    "a format": b'"%s%n{0.__class__}{{7*7}}${jndi:ldap://x}"',
    "right to left": '"\u202e\u200b\ufeff\U000e0001"'.encode(),
}


@pytest.fixture(autouse=True)
def nothing_failed(caplog: pytest.LogCaptureFixture, api: Api) -> Iterator[None]:
    """No request may end in an error of ours, and the server answers the next one."""
    with caplog.at_level(logging.ERROR):
        yield
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert api.client.get("/healthz").status_code == 200


def fine_or_ours(got: httpx2.Response) -> None:
    if got.status_code >= 400:
        ours(got, 400, 401, 404, 413, 415, 422)
    else:
        assert got.status_code in (200, 201)
        assert got.headers["x-request-id"]


def headers_for(api: Api, target: str) -> dict[str, str]:
    return {} if target.startswith(("/v1", "/api/auth")) else api.minji


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("body", BROKEN.values(), ids=list(BROKEN))
def test_what_is_no_body(api: Api, target: str, body: bytes) -> None:
    headers = headers_for(api, target) | dict([JSON])
    got = api.client.post(target, content=body, headers=headers)
    if target == "/api/sessions" and body in (b"", b"null"):
        assert got.status_code == 201  # the body is optional there
    else:
        ours(got, 400, 422)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
def test_what_is_no_value(api: Api, target: str, value: bytes) -> None:
    body = json.dumps(TARGETS[target]).encode()
    first = next(one for one in _texts(TARGETS[target]))
    body = body.replace(json.dumps(first).encode(), value, 1)
    started = time.monotonic()
    fine_or_ours(
        api.client.post(target, content=body, headers=headers_for(api, target) | dict([JSON]))
    )
    assert time.monotonic() - started < 10


def _texts(value: Any) -> list[str]:
    """The texts in a body, the deepest last one first."""
    if isinstance(value, str):
        return [value]
    inner = list(value.values()) if isinstance(value, dict) else value
    return [text for one in reversed(inner) for text in _texts(one)]


# What backtracking patterns and quadratic loops choke on.
TEXTS = {
    "digits": "1" * 3999, "numbers": "010-" * 999, "dates": "2026-11-" * 499,
    "ids": "900101-1" * 499, "orders": "20261116-" * 444, "cards": "4111 " * 799,
    "spaces": "a" + " " * 3997 + "b", "lines": "a" + "\n" * 3997 + "b", "ats": "a@" * 1999,
    "dots": "." * 3999, "brackets": "[](" * 1333, "tags": "<a " * 1333, "quotes": '"' * 3999,
    "joiners": "\u200d" * 3998 + "a", "jamo": "\u1112\u1161\u11ab" * 1333, "amounts": "만원" * 1999,
    "wishes": "환불 " * 1333, "addresses": "http://" * 571,
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_texts_that_take_long(api: Api, text: str) -> None:
    started = time.monotonic()
    asked = [{"role": "user", "content": text}]
    answers = [
        api.client.post("/api/chat", json={"message": text}),
        api.client.post("/v1/chat/completions", json={"messages": asked}),
        api.client.get("/api/policies/search", params={"q": text[:500]}),
        api.client.get("/api/products/search", params={"q": text[:200]}),
    ]
    assert {one.status_code for one in answers} <= {200, 422}  # blank alone is no question
    assert time.monotonic() - started < 10


def test_of_two_equal_names_the_last_counts(api: Api) -> None:
    body = b'{"refresh_token": "a", "refresh_token": 1}'
    ours(api.client.post("/api/auth/refresh", content=body, headers=dict([JSON])), 422)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/xml", "application/x-www-form-urlencoded",
     "multipart/form-data", "application/json; charset=utf-7",
     "application/json;" + "a" * 4000, "json", "*/*", "é"],
)  # fmt: skip
def test_wrong_content_types(api: Api, kind: str) -> None:
    body = json.dumps(TARGETS["/api/chat"]).encode()
    got = send(api.url, request("POST", "/api/chat", body, [("Content-Type", kind)]))
    assert got is not None
    assert got.status in (200, 400, 415, 422)
    if got.status != 200:
        ours(got, got.status)


@pytest.mark.parametrize(
    "token",
    [b"Bearer", b"Bearer  ", b"Basic bWluamk6eA==", b"bearer \xff\xfe", b"Bearer a b c",
     b"Bearer " + b"a" * 6000, b"Bearer " + b"." * 2000, "Bearer 토큰".encode(), b"Bearer \x7f",
     b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbl8wMDEiLCJ0eXAiOiJhY2Nlc3MifQ."],
)  # fmt: skip
def test_tokens_that_are_none(api: Api, token: bytes) -> None:
    told = ours(send(api.url, request("GET", "/api/auth/me", b"", [("Authorization", token)])), 401)
    assert told["code"] == "token_invalid"
    ours(
        send(api.url, request("GET", "/api/policies/search?q=a", b"", [("Authorization", token)])),
        401,
    )


def test_a_token_signed_by_nobody_or_changed_is_refused(api: Api) -> None:
    head, claims, mark = api.minji["Authorization"].removeprefix("Bearer ").split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    said["sub"] = "admin_001"
    other = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    for forged in (f"{head}.{other}.{mark}", f"{none}.{claims}.", f"{none}.{other}.{mark}"):
        got = api.client.get("/api/auth/me", headers={"Authorization": f"Bearer {forged}"})
        assert ours(got, 401)["code"] == "token_invalid"


@pytest.mark.parametrize(
    ("given", "kept"),
    [(b"abc-1.2:3_x", True), (b"a b", False), (b"a" * 65, False), (b"", False),
     (b"<script>", False), (b"\xc3\xa9", False), (b"a%0d%0aSet-Cookie: x=1", False),
     ("번호".encode(), False)],
)  # fmt: skip
def test_request_ids_from_outside(api: Api, given: bytes, kept: bool) -> None:
    got = send(api.url, request("GET", "/api/nothing", b"", [("X-Request-ID", given)]))
    told = ours(got, 404)
    assert (told["request_id"].encode() == given) is kept
    assert "set-cookie" not in got.headers  # type: ignore[union-attr]


@pytest.mark.parametrize("sign", ["\r", "\n", "\x00"])
def test_broken_header_lines_are_not_read(api: Api, sign: str) -> None:
    got = send(api.url, request("GET", "/healthz", b"", [("X-Request-ID", f"a{sign}b: c")]))
    assert got is None or got.status in (200, 400)
    assert got is None or "b" not in got.headers


@pytest.mark.parametrize("name", ["order", "image", "session", "claim", "ticket", "user"])
@pytest.mark.parametrize(
    "there",
    ["%2e%2e%2f%2e%2e%2fsangdam.db", "..%2f..%2f..%2fetc%2fpasswd", "%00", "a%00.jpg", "%ff%fe",
     "%ed%a0%80", "%0d%0aSet-Cookie:%20a=1", "a" * 5000, "%20", "..", ".", "%5c..%5c", "%25%30%30",
     "*", "'%20or%201=1--", "%F0%9F%92%A9", "-1", "1e400"],
)  # fmt: skip
def test_ids_that_are_none(api: Api, name: str, there: str) -> None:
    path = {"user": f"/api/users/{there}/orders"}.get(name, f"/api/{name}s/{there}")
    token = ("Authorization", api.staff["Authorization"])
    got = send(api.url, request("GET", path, b"", [token]))
    ours(got, 404, 405, 422)


@pytest.mark.parametrize("target", ["/api/docs-assets/..%2f..%2f..%2fsettings.py",
                                    "/api/docs-assets/%2e%2e/%2e%2e/settings.py",
                                    "/api/docs-assets//etc/passwd"])  # fmt: skip
def test_no_file_beside_the_documentation(api: Api, target: str) -> None:
    ours(send(api.url, request("GET", target)), 404)


@pytest.mark.parametrize("size", [2_000, 8_000, 60_000, 200_000])
def test_long_addresses(api: Api, size: int) -> None:
    for target in (
        "/api/" + "a" * size,
        "/api/products/search?q=" + "a" * size,
        "/api/products/search?q=a&" + "&".join(f"a{n}=1" for n in range(size // 6)),
    ):
        got = send(api.url, request("GET", target))
        # Beyond 64 KB the server below us hangs up or answers 4xx itself.
        assert got is None or 200 <= got.status < 500
        if size < 10_000:
            assert got is not None
            assert got.headers["x-request-id"]


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "PROPFIND", "BREW", "get"])
@pytest.mark.parametrize("path", ["/api/chat", "/api/orders/1", "/api/tickets/1", "/v1/models"])
def test_other_methods(api: Api, method: str, path: str) -> None:
    got = send(api.url, request(method, path))
    assert got is not None
    assert got.status == 405
    assert got.headers["x-request-id"]
    assert set(got.headers["allow"].split(", ")) == {
        "/api/chat": {"POST"}, "/api/tickets/1": {"GET", "PATCH"},
    }.get(path, {"GET"})  # fmt: skip
    ours(got, 405)
