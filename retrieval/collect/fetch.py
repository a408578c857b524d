"""Fetch one page as a polite and wary reader: robots.txt, limits, every redirect checked anew.

asyncio is here for its time limit alone: it ends names that do not resolve and servers that
drip headers, which a limit per read does not. Only one request is under way at a time.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from errors import BadInput, SangdamError, Unavailable
from retrieval.collect.addresses import Target, parse_url, resolve

__all__ = ["USER_AGENT", "Fetched", "Fetcher", "Limits"]

USER_AGENT = "SangdamPolicyCollector/0.1"
REDIRECTS_MAX = 5
ROBOTS_MAX_BYTES = 512 * 1024  # RFC 9309, 2.5: at least 500 KiB
CRAWL_DELAY_MAX_S = 30.0
ACCEPT = "text/html, application/pdf, text/markdown, text/plain;q=0.8, */*;q=0.5"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """``max_mb`` of a document unpacked, ``timeout_s`` for all of it, ``delay_s`` a host.

    ``allow_private`` names hosts that may lie in one's own network. Others may not, a host
    that one of them redirects to included.
    """

    max_mb: float = 20
    timeout_s: float = 30
    delay_s: float = 1
    allow_private: frozenset[str] = frozenset()

    @property
    def max_bytes(self) -> int:
        return int(self.max_mb * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came. ``url`` is where the redirects led, ``content_type`` as declared."""

    url: str
    content_type: str
    name: str
    data: bytes


class Fetcher:
    """Fetches pages one after another; remembers robots.txt and the last visit, a host each."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._robots: dict[str, Any] = {}
        self._last: dict[str, float] = {}
        self._clock: asyncio.Timeout

    def fetch(self, address: str) -> Fetched:
        """The page at ``address``. Raises BadInput and Unavailable, with the remedy."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self._in_time(address))
        with ThreadPoolExecutor(max_workers=1) as pool:  # a loop of the caller's own is running
            return pool.submit(lambda: asyncio.run(self._in_time(address))).result()

    async def _in_time(self, address: str) -> Fetched:
        import httpx2

        try:
            async with asyncio.timeout(self._limits.timeout_s) as self._clock, _client() as client:
                return await self._follow(client, parse_url(address))
        except TimeoutError as error:
            raise Unavailable(
                f"{self._limits.timeout_s:g}초 안에 다 받지 못했습니다. 잠시 뒤 다시 하거나 "
                "--timeout을 늘려 주세요."
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            raise Unavailable(
                f"서버에 연결하지 못했습니다({type(error).__name__}). 주소를 브라우저에서 "
                "확인하고 다시 시도해 주세요."
            ) from error

    async def _follow(self, client: Any, url: Any) -> Fetched:
        for _ in range(REDIRECTS_MAX + 1):
            target = await self._target(url)
            await self._ask_robots(client, target)
            async with self._get(client, target) as response:
                if response.status_code not in _REDIRECTS:
                    return await self._read(target, response)
                url = _next(url, response)
        raise BadInput(f"주소가 {REDIRECTS_MAX}번 넘게 옮겨 갑니다. 마지막 주소를 적어 주세요.")

    async def _target(self, url: Any) -> Target:
        return await resolve(url, self._limits.allow_private)

    async def _read(self, target: Target, response: Any) -> Fetched:
        if response.status_code != 200:
            raise Unavailable(
                f"서버가 {response.status_code}로 답했습니다. 주소를 브라우저에서 확인해 주세요."
            )
        return Fetched(
            url=str(target.url),
            content_type=response.headers.get("content-type", ""),
            name=unquote(target.url.path).rstrip("/").rpartition("/")[2],
            data=await _body(response, self._limits.max_bytes),
        )

    @asynccontextmanager
    async def _get(self, client: Any, target: Target) -> AsyncIterator[Any]:
        wait = self._last.get(target.host, 0) + self._delay(target) - time.monotonic()
        if wait > 0:
            self._clock.reschedule((self._clock.when() or 0) + wait)  # manners cost no time
            await asyncio.sleep(wait)
        try:
            # The name still goes into Host and into the check of the certificate.
            async with client.stream(
                "GET",
                target.direct_url,
                headers={"host": target.url.netloc.decode("ascii")},
                extensions={"sni_hostname": target.url.raw_host.decode("ascii")},
            ) as response:
                yield response
        finally:
            self._last[target.host] = time.monotonic()

    def _delay(self, target: Target) -> float:
        robots = self._robots.get(target.origin)
        asked = robots.crawl_delay(USER_AGENT) if robots else None
        return max(self._limits.delay_s, min(asked or 0.0, CRAWL_DELAY_MAX_S))

    # -- robots.txt (RFC 9309) ---------------------------------------------------------------

    async def _ask_robots(self, client: Any, target: Target) -> None:
        from protego import Protego

        if target.origin not in self._robots:
            try:
                text = await self._robots_text(client, target)
            except SangdamError:
                text = None
            if text is None:  # not remembered: the next page of the host asks again
                raise Unavailable(
                    "robots.txt를 확인할 수 없어 읽지 않았습니다. 잠시 뒤 다시 시도하거나 문서를 "
                    "파일로 받아 넣어 주세요."
                )
            self._robots[target.origin] = Protego.parse(text)
        if not self._robots[target.origin].can_fetch(str(target.url), USER_AGENT):
            raise BadInput(
                "이 사이트의 robots.txt가 읽기를 허락하지 않습니다. 문서를 파일로 받아 파일 "
                "이름으로 넣어 주세요."
            )

    async def _robots_text(self, client: Any, target: Target) -> str | None:
        """The rules; empty where there are none (4xx); None where nobody can tell (5xx)."""
        url = target.url.copy_with(path="/robots.txt", query=None)
        for _ in range(REDIRECTS_MAX + 1):
            at = await self._target(url)
            async with self._get(client, at) as response:
                status = response.status_code
                if status in _REDIRECTS:
                    url = _next(url, response)
                    continue
                if 200 <= status < 300:
                    return (await _body(response, ROBOTS_MAX_BYTES)).decode("utf-8-sig", "replace")
                return "" if 400 <= status < 500 and status != 429 else None
        return None


def _client() -> Any:
    import httpx2

    return httpx2.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # the limit of the whole document holds
        headers={"user-agent": USER_AGENT, "accept": ACCEPT, "accept-encoding": "gzip"},
        # A kept connection would go to the address of another time.
        limits=httpx2.Limits(max_keepalive_connections=0),
    )


def _next(url: Any, response: Any) -> Any:
    import httpx2

    where = response.headers.get("location", "")
    if not where:
        raise Unavailable("서버가 옮겨 간 주소를 말하지 않습니다. 새 주소를 적어 주세요.")
    try:
        return parse_url(str(url.join(where)))
    except (ValueError, httpx2.InvalidURL) as error:
        raise BadInput("옮겨 간 주소를 읽을 수 없습니다. 새 주소를 적어 주세요.") from error


async def _body(response: Any, max_bytes: int) -> bytes:
    """The body, unpacked here so that a small answer cannot become a large one."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise Unavailable(f"서버가 모르는 방식({encoding})으로 압축했습니다. 파일로 넣어 주세요.")
    unpack = None if encoding in ("", "identity") else zlib.decompressobj(zlib.MAX_WBITS | 32)
    body = bytearray()
    async for piece in response.aiter_raw():
        try:
            body += unpack.decompress(piece, max_bytes + 1 - len(body)) if unpack else piece
        except zlib.error as error:
            raise Unavailable("압축이 깨져 있습니다. 잠시 뒤 다시 시도해 주세요.") from error
        if len(body) > max_bytes:
            raise BadInput(
                f"문서가 {max_bytes / 1024 / 1024:g}MB보다 큽니다. 나누거나 --max-mb를 늘려 주세요."
            )
        if unpack is not None and unpack.eof:
            break  # what follows is no part of the page and may have no end
    if unpack is not None and not unpack.eof:
        raise Unavailable("압축이 중간에 끊겼습니다. 잠시 뒤 다시 시도해 주세요.")
    return bytes(body)
