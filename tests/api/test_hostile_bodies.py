"""Bodies nobody means well with, too much at once, and browsers and proxies that lie."""

from __future__ import annotations

import io
import logging
import re
import socket
import struct
import time
import zlib
from collections.abc import Iterator

import httpx2
import pytest

from services import Services
from tests.api.access import photo
from tests.api.conftest import Api, serving
from tests.api.raw import Answer, ours, request, send

MB = 1024 * 1024
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "multipart/form-data; boundary=x")
CHUNKED = ("Transfer-Encoding", "chunked")
SHOP = "https://shop.example"


@pytest.fixture(autouse=True)
def nothing_failed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No request may end in an error of ours."""
    with caplog.at_level(logging.ERROR):
        yield
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


@pytest.fixture
def strict(shop: Services) -> Iterator[Api]:
    """A server of its own, whose bodies are small and due soon, for one web origin."""
    shop.settings = shop.settings.replace(
        body_timeout_s=1, max_body_mb=1, cors_origins=SHOP, requests_per_minute=5
    )
    with (
        serving([shop]) as url,
        httpx2.Client(base_url=url, trust_env=False, timeout=20) as client,
    ):
        yield Api(url, client, shop)
        shop.turns.drain(10)


def post(target: str, *headers: tuple[str, str], body: bytes = b"") -> bytes:
    return request("POST", target, body, headers, length=False)


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


# ── size and time ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("target", ["/api/chat", "/api/images", "/v1/chat/completions"])
def test_a_body_over_the_limit(strict: Api, target: str) -> None:
    kind = FORM if "images" in target else JSON
    whole = send(strict.url, request("POST", target, b"a" * (MB + 1), [kind]))
    assert ours(whole, 413)["code"] == "body_too_large"
    # Nothing is read of what says itself that it is too large.
    said = send(strict.url, post(target, kind, ("Content-Length", str(10**12))))
    assert ours(said, 413)["code"] == "body_too_large"


def test_a_body_over_the_limit_that_does_not_say_so(strict: Api) -> None:
    pieces = [chunk(b" " * 65536)] * 32
    got = send(strict.url, post("/api/chat", JSON, CHUNKED), *pieces, b"0\r\n\r\n")
    assert ours(got, 413)["code"] == "body_too_large"


@pytest.mark.parametrize("target", ["/api/chat", "/api/images", "/api/auth/login"])
def test_a_body_that_does_not_come(strict: Api, target: str) -> None:
    kind = FORM if "images" in target else JSON
    token = ("Authorization", strict.minji["Authorization"])
    started = time.monotonic()
    begun = b"--x\r\nContent-" if "images" in target else b'{"a'
    got = send(strict.url, post(target, kind, token, ("Content-Length", "100"), body=begun))
    assert ours(got, 408)["code"] == "body_timeout"
    assert 0.9 < time.monotonic() - started < 8


def test_a_body_that_trickles(strict: Api) -> None:
    started = time.monotonic()
    place = httpx2.URL(strict.url)
    with socket.create_connection((place.host, place.port or 0), 20) as line:
        line.sendall(post("/api/chat", JSON, CHUNKED))
        said = b""
        line.settimeout(0.2)
        while not said and time.monotonic() - started < 15:
            try:
                line.sendall(chunk(b" "))  # each piece is in time, all together are not
                said = line.recv(65536)
            except TimeoutError:
                continue
    assert said.startswith(b"HTTP/1.1 408"), said
    assert 0.9 < time.monotonic() - started < 8


@pytest.mark.parametrize(
    "headers",
    [[("Content-Length", "-1")], [("Content-Length", "abc")], [("Content-Length", "9" * 500)],
     [("Content-Length", "5"), ("Content-Length", "6")], [("Content-Length", "5"), CHUNKED],
     [("Transfer-Encoding", "gzip")], [CHUNKED, CHUNKED]],
)  # fmt: skip
def test_lengths_that_lie(api: Api, headers: list[tuple[str, str]]) -> None:
    got = send(api.url, post("/api/chat", JSON, *headers, body=b"5\r\nhello\r\n0\r\n\r\n"))
    assert got is None or 400 <= got.status < 500 or got.status == 501
    assert api.client.get("/healthz").status_code == 200


def test_clients_that_hang_up(api: Api) -> None:
    for sent in (
        b"",
        b"POST /api/chat HTT",
        post("/api/chat", JSON, ("Content-Length", "100")),
        post("/api/chat/stream", JSON, ("Content-Length", "100"), body=b'{"message"'),
    ):
        send(api.url, sent, close=True)
    assert api.client.get("/healthz").status_code == 200


def test_many_headers(api: Api) -> None:
    many = [(f"X-{n}", "a" * 20) for n in range(300)]
    for headers in (many, [("X-Long", "a" * 12_000)], [("Cookie", "a=b; " * 2_000)]):
        got = send(api.url, request("GET", "/healthz", b"", headers))
        assert got is not None
        assert got.status in (200, 400, 431)


# ── multipart ────────────────────────────────────────────────────────────────────────────────


def part(name: str, data: bytes, more: str = '; filename="a.jpg"') -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + data + b"\r\n"


END = b"--x--\r\n"
PARTS: dict[str, bytes] = {
    "nothing": b"",
    "only the end": END,
    "no image": part("other", b"a") + END,
    "an image that is text": part("image", b"hello", "") + END,
    "no end": part("image", photo()),
    "cut in the middle": part("image", photo())[:200],
    "cut in a header": b"--x\r\nContent-Disposition: form-da",
    "another boundary": part("image", photo()).replace(b"--x", b"--y") + END,
    "400 parts": b"".join(part(f"p{n}", b"a", "") for n in range(400)) + END,
    "400 files": b"".join(part(f"p{n}", b"a") for n in range(400)) + END,
    "5,000 parts": b"".join(part(f"p{n}", b"a", "") for n in range(5000)) + END,
    "a field of 2 MB": part("session_id", b"a" * 2 * MB, "") + END,
    "no name": b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n" + END,
    "no disposition": b"--x\r\n\r\na\r\n" + END,
    "a long header": b"--x\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\na\r\n" + END,
    "an empty file": part("image", b"") + END,
    "not a picture": part("image", b"\xff\xd8\xff\xe0" + b"\x00" * 500) + END,
    "SVG": part("image", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>") + END,
    "half a picture": part("image", photo()[: len(photo()) // 2]) + END,
    "a foreign chat": part("image", photo()) + part("session_id", b"s_missing", "") + END,
    "a chat with NUL": part("image", photo()) + part("session_id", b"a\x00b", "") + END,
    "a chat in no UTF-8": part("image", photo()) + part("session_id", b"\xff\xfe", "") + END,
    "zeros": b"\x00" * 1000,
}


# Starlette leaves the file of a part that has no end to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("body", PARTS.values(), ids=list(PARTS))
def test_forms_that_are_none(api: Api, body: bytes) -> None:
    headers = api.minji | dict([FORM])
    got = api.client.post("/api/images", content=body, headers=headers)
    ours(got, 400, 404, 422)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=",
                                  "multipart/form-data; boundary=" + "a" * 500,
                                  'multipart/form-data; boundary="\\r\\n"', "multipart/mixed",
                                  "application/x-www-form-urlencoded"])  # fmt: skip
def test_boundaries_that_are_none(api: Api, kind: str) -> None:
    headers = api.minji | {"Content-Type": kind}
    body = part("image", photo()) + END
    ours(api.client.post("/api/images", content=body, headers=headers), 400, 422)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a" * 50_000, "\x00.jpg", "가.jpg", "con"])
def test_the_name_of_a_file_means_nothing(api: Api, name: str) -> None:
    body = part("image", photo(), f'; filename="{name}"') + END
    headers = api.minji | dict([FORM])
    got = api.client.post("/api/images", content=body, headers=headers)
    assert got.status_code in (201, 400)
    kept = [one.name for one in api.shop.photo_folder.glob("**/*")]
    assert all(re.fullmatch(r"[0-9a-f]{64}\.jpg", one) for one in kept)


def test_a_picture_that_would_fill_the_memory(api: Api) -> None:
    """80,000 × 80,000 pixels in a few bytes."""
    files = {"image": ("a.png", _png(80_000, 80_000), "image/png")}
    started = time.monotonic()
    ours(api.client.post("/api/images", files=files, headers=api.minji), 400, 413)
    assert time.monotonic() - started < 5


def _png(width: int, height: int) -> bytes:
    out = io.BytesIO(b"")
    out.write(b"\x89PNG\r\n\x1a\n")
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\x00" * MB)), (b"IEND", b"")):
        out.write(struct.pack(">I", len(data)) + kind + data)
        out.write(struct.pack(">I", zlib.crc32(kind + data)))
    return out.getvalue()


# ── origins and proxies ──────────────────────────────────────────────────────────────────────


def preflight(api: Api, origin: str, method: str = "POST", wanted: str = "authorization") -> Answer:
    headers = [("Origin", origin), ("Access-Control-Request-Method", method),
               ("Access-Control-Request-Headers", wanted)]  # fmt: skip
    got = send(api.url, request("OPTIONS", "/api/chat", b"", headers))
    assert got is not None
    assert got.headers["x-request-id"]
    return got


def test_the_allowed_origin_may(strict: Api) -> None:
    got = preflight(strict, SHOP, wanted="authorization,content-type,idempotency-key")
    assert got.status == 200
    assert got.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in got.headers
    seen = strict.client.get("/api/products/search?q=a", headers={"Origin": SHOP})
    assert seen.headers["access-control-allow-origin"] == SHOP
    assert "x-request-id" in seen.headers["access-control-expose-headers"].lower()
    refused = strict.client.get("/api/auth/me", headers={"Origin": SHOP})
    ours(refused, 401)
    assert refused.headers["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize("origin", [
    "https://evil.example", SHOP + ".evil.example", "null", "*", SHOP.replace("https", "http"),
    SHOP + ":444", "", "é",
])  # fmt: skip
def test_other_origins_may_not(strict: Api, origin: str) -> None:
    assert "access-control-allow-origin" not in preflight(strict, origin).headers
    seen = send(strict.url, request("GET", "/api/products/search?q=a", b"", [("Origin", origin)]))
    assert seen is not None
    assert "access-control-allow-origin" not in seen.headers


def test_without_the_setting_no_origin_may(api: Api) -> None:
    got = preflight(api, SHOP)
    assert got.status == 405
    assert "access-control-allow-origin" not in got.headers


def asked(api: Api, forwarded: str) -> int:
    headers = {"X-Forwarded-For": forwarded, "X-Real-IP": forwarded, "Forwarded": forwarded}
    got = api.client.get("/api/auth/me", headers=headers)
    told = ours(got, 401, 429)
    if got.status_code == 429:
        assert told["code"] == "rate_limited"
        assert 1 <= int(got.headers["Retry-After"]) <= 60
    return got.status_code


def test_nobody_names_an_address_of_their_own(strict: Api) -> None:
    assert [asked(strict, f"10.0.0.{n}") for n in range(7)] == [401] * 5 + [429] * 2


def test_behind_a_trusted_proxy_the_last_address_counts(strict: Api) -> None:
    strict.shop.settings = strict.shop.settings.replace(trusted_proxies="127.0.0.0/8")
    # The client writes what it likes in front; the proxy adds what it saw.
    assert [asked(strict, f"10.0.0.{n}, 203.0.113.7") for n in range(7)] == [401] * 5 + [429] * 2
    assert asked(strict, "203.0.113.8") == 401
    two = [("X-Forwarded-For", "10.0.0.9"), ("X-Forwarded-For", "203.0.113.7")]
    ours(send(strict.url, request("GET", "/api/auth/me", b"", two)), 429)
    for junk in ("", ",,,", "unknown", "203.0.113.9:80, x", "::1%eth0", "a" * 5000, "127.0.0.1"):
        assert asked(strict, junk) in (401, 429)
