"""Fetching from a real server: what is asked, what is refused, and how it is told."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from errors import BadInput, SangdamError, Unavailable
from retrieval.collect.addresses import is_public, parse_url
from retrieval.collect.fetch import USER_AGENT, Fetcher
from tests.retrieval.collecting import RETURNS, Site, quick, serve


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


def fetch(address: str, **limits: Any) -> bytes:
    return Fetcher(quick(**limits)).fetch(address).data


def refused(address: str, **limits: Any) -> str:
    with pytest.raises(SangdamError) as raised:
        Fetcher(quick(**limits)).fetch(address)
    return raised.value.message


def test_a_page_comes_as_it_is_and_is_asked_for_by_name(site: Site):
    address = site.put("/정책 안내.html")
    site.pages["/%EC%A0%95%EC%B1%85%20%EC%95%88%EB%82%B4.html"] = site.pages["/정책 안내.html"]
    page = Fetcher(quick()).fetch(f"{address}#기간")
    assert page.data == RETURNS.encode()
    assert (page.content_type, page.name) == ("text/html; charset=utf-8", "정책 안내.html")
    asked = site.seen[-1][1]
    assert asked["user-agent"] == USER_AGENT
    assert asked["host"] == f"127.0.0.1:{site.port}"


@pytest.mark.parametrize(
    "address",
    [
        "ftp://shop.kr/a", "file:///etc/passwd", "shop.kr/a", "http://", "javascript:alert(1)",
        "http://user:secret@shop.kr/", "http://a\x00b/", f"http://shop.kr/{'a' * 2000}",
    ],
)  # fmt: skip
def test_only_plain_web_addresses(address: str):
    with pytest.raises(BadInput):
        parse_url(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/",
        "http://0/", "http://10.1.2.3/", "http://172.16.0.1/", "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/", "http://224.0.0.1/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/", "http://[fd00::1]/",
        "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[fec0::1]/",
    ],
)  # fmt: skip
def test_private_addresses_are_refused_however_they_are_written(address: str):
    assert "내부망" in refused(address, allow_private=frozenset())


def test_public_addresses_are_told_from_private_ones():
    for public in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"):
        assert is_public(public)


def test_odd_ports_are_refused(site: Site):
    assert f"{site.port}번 포트" in refused(site.url("/"), allow_private=frozenset())


def test_a_redirect_is_followed_and_its_end_is_remembered(site: Site):
    site.put("/new")
    page = Fetcher(quick()).fetch(site.redirect("/old", "/new"))
    assert page.url == site.url("/new")


@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/", "http://localhost/", "http://[::1]/", "http://10.0.0.1/"]
)
def test_a_redirect_to_a_private_address_is_refused(site: Site, to: str):
    """Also when the host that redirects is allowed to be private itself."""
    assert "내부망" in refused(site.redirect("/a", to))


def test_a_redirect_to_another_scheme_is_refused(site: Site):
    assert "http" in refused(site.redirect("/a", "file:///etc/passwd"))


def test_a_redirect_does_not_lead_around_robots_txt(site: Site):
    site.put("/robots.txt", "User-agent: *\nDisallow: /private", "text/plain")
    site.put("/private")
    assert "robots.txt" in refused(site.redirect("/a", "/private"))
    assert "/private" not in site.paths


@pytest.mark.parametrize("to", ["http://\x01/", f"http://{'a' * 70_000}/", f"/{'a' * 3000}"])
def test_a_redirect_to_no_address_is_told(site: Site, to: str):
    assert "주소" in refused(site.redirect("/a", to))
    assert "연결" not in refused(site.redirect("/a", to))


def test_redirects_end(site: Site):
    assert "5번 넘게" in refused(site.redirect("/a", "/a"))


def test_the_connection_goes_to_the_address_that_was_checked(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    """A name server that changes its answer (DNS rebinding) is not asked a second time."""
    real, asked = socket.getaddrinfo, []

    def resolver(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name == "shop.test":
            asked.append(name)
            address = "127.0.0.1" if len(asked) <= 2 else "127.0.0.2"  # robots.txt, page, …
            return real(address, *rest, **more)
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    site.put("/robots.txt", "User-agent: *\nAllow: /", "text/plain")
    site.put("/a")
    trusted = frozenset({"shop.test"})
    assert fetch(site.url("/a", "shop.test"), allow_private=trusted) == RETURNS.encode()
    assert [headers["host"] for _, headers in site.seen] == [f"shop.test:{site.port}"] * 2
    assert len(asked) == 2
    assert "내부망" in refused(f"http://shop.test:{site.port}/a".replace(f":{site.port}", ""))


def test_robots_rules_are_obeyed(site: Site):
    site.put("/robots.txt", "User-agent: *\nDisallow: /*/private$\nCrawl-delay: 0", "text/plain")
    site.put("/a/private"), site.put("/a/public")
    assert "robots.txt" in refused(site.url("/a/private"))
    assert "/a/private" not in site.paths
    assert fetch(site.url("/a/public"))


def test_rules_for_this_reader_come_before_those_for_all(site: Site):
    site.put("/robots.txt", f"User-agent: *\nAllow: /\n\nUser-agent: {USER_AGENT}\nDisallow: /")
    assert "robots.txt" in refused(site.put("/a"))


def test_a_mark_before_the_rules_hides_none(site: Site):
    site.put("/robots.txt", "\ufeffUser-agent: *\nDisallow: /", "text/plain")
    assert "robots.txt" in refused(site.put("/a"))


def test_names_of_allowed_hosts_are_of_any_case(site: Site):
    site.put("/a")
    assert fetch(site.url("/a", "localhost"), allow_private=frozenset({"LocalHost"}))


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_robots_txt_that_cannot_be_read_forbids(site: Site, status: int):
    site.put("/robots.txt", "", status=status)
    assert "robots.txt를 확인할 수 없어" in refused(site.put("/a"))


@pytest.mark.parametrize("status", [404, 403, 410])
def test_no_robots_txt_allows(site: Site, status: int):
    site.put("/robots.txt", "", status=status)
    assert fetch(site.put("/a"))


def test_robots_txt_is_asked_for_once(site: Site):
    fetcher = Fetcher(quick())
    for path in ("/a", "/b"):
        fetcher.fetch(site.put(path))
    assert site.paths == ["/robots.txt", "/a", "/b"]


def test_requests_to_one_host_keep_their_distance(site: Site):
    fetcher = Fetcher(quick(delay_s=0.2))
    started = time.monotonic()
    fetcher.fetch(site.put("/a"))
    fetcher.fetch(site.put("/b"))
    assert time.monotonic() - started >= 0.4  # robots.txt, a, b


def test_a_page_over_the_size_limit_is_dropped_on_the_way(site: Site):
    assert "1MB보다" in refused(site.put("/a", b"a" * 1_100_000), max_mb=1)


def test_a_packed_page_is_unpacked(site: Site):
    packed = gzip.compress(RETURNS.encode())
    assert fetch(site.put("/a", packed, content_encoding="gzip")) == RETURNS.encode()


def test_a_gzip_bomb_goes_off_at_the_limit(site: Site):
    bomb = gzip.compress(b"\0" * 30_000_000, 1)
    assert len(bomb) < 200_000
    assert "보다 큽니다" in refused(site.put("/a", bomb, content_encoding="gzip"), max_mb=5)


def test_what_follows_a_packed_page_is_not_waited_for(site: Site):
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        handler.wfile.write(gzip.compress(RETURNS.encode()))
        while True:  # ends when the reader hangs up
            handler.wfile.write(b"\0" * 65536)

    site.pages["/a"] = answer
    assert fetch(site.url("/a"), timeout_s=5) == RETURNS.encode()


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(RETURNS.encode(), mtime=0)[:60]])
def test_broken_packing_is_told(site: Site, body: bytes):
    assert "압축" in refused(site.put("/a", body, content_encoding="gzip"))


def test_unknown_packing_is_told(site: Site):
    assert "br" in refused(site.put("/a", b"x", content_encoding="br"))


def dripping(head: bytes) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        for letter in head + b"<p>" * 1000:
            handler.wfile.write(bytes([letter]))
            handler.wfile.flush()
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize(
    "head", [b"HTTP/1.0 200 OK\r\nX-Long: ", b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n"]
)
def test_a_server_that_drips_is_left_in_time(site: Site, head: bytes):
    """A limit per read never ends: every byte starts it anew."""
    site.pages["/a"] = dripping(head)
    started = time.monotonic()
    assert "초 안에" in refused(site.url("/a"), timeout_s=0.6)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("status", [404, 500, 204])
def test_another_status_is_told(site: Site, status: int):
    assert str(status) in refused(site.put("/a", "", status=status))


def test_a_server_that_is_not_there_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="연결하지 못했습니다"):
        fetch(f"http://127.0.0.1:{port}/")


def test_a_name_server_that_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch):
    given_up = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: given_up.wait(10))
    started = time.monotonic()
    assert "초 안에" in refused("http://shop.kr/", timeout_s=0.2)
    assert time.monotonic() - started < 5
    given_up.set()


def test_a_name_nobody_knows_is_told():
    assert "찾지 못했습니다" in refused("http://no-such-shop.invalid/")


def test_a_caller_with_a_loop_of_its_own_is_served(site: Site):
    async def inside() -> bytes:
        return fetch(site.put("/a", b"<p>hi</p>"))

    with ThreadPoolExecutor(1) as pool:  # the browser's tests leave a loop in this thread
        assert b"hi" in pool.submit(lambda: asyncio.run(inside())).result()
