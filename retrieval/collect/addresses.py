"""Which addresses may be asked: http(s), usual ports, and no machine of one's own network.

A host is resolved first, every address it has is checked, and the connection goes to a checked
one: a name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any

from errors import BadInput, Unavailable

__all__ = ["Target", "is_public", "parse_url", "resolve"]

PORTS = {80, 443, 8080, 8443}
URL_MAX_CHARS = 2000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INTERNET = ipaddress.ip_network("2000::/3")  # all of IPv6 that is given out (RFC 4291)
_HERE = "공개된 주소로 바꾸거나, 사내 문서라면 --allow-private {host}를 붙여 주세요."


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be asked. ``host`` is what to call it, ``address`` where it is."""

    url: Any
    host: str
    address: str

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a robots.txt speaks for."""
        return f"{self.url.scheme}://{self.url.netloc.decode('ascii')}"

    @property
    def direct_url(self) -> Any:
        """``url`` with the checked address in place of the name."""
        return self.url.copy_with(host=self.address)


def parse_url(text: str) -> Any:
    """``text`` as an ``httpx2.URL``. Raises BadInput unless it is a plain http(s) address."""
    import httpx2

    try:
        url = httpx2.URL(text.strip())
    except (httpx2.InvalidURL, ValueError) as error:
        raise BadInput("주소를 읽을 수 없습니다. 주소를 다시 확인해 주세요.") from error
    if url.scheme not in ("http", "https") or not url.host or len(str(url)) > URL_MAX_CHARS:
        raise BadInput("http://나 https://로 시작하는 주소만 읽습니다. 주소를 확인해 주세요.")
    if url.userinfo:
        raise BadInput("주소에 아이디나 비밀번호를 넣을 수 없습니다. 빼고 적어 주세요.")
    return url.copy_with(fragment=None)


async def resolve(url: Any, allow_private: Collection[str] = ()) -> Target:
    """The machine behind ``url``, checked; hosts of ``allow_private`` may be anywhere.

    Raises BadInput for a port or an address that may not be asked and Unavailable when the
    name is not known.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    trusted = url.host in {host.lower() for host in allow_private}
    remedy = _HERE.format(host=url.host)
    if port not in PORTS and not trusted:
        raise BadInput(f"{port}번 포트의 주소는 읽지 않습니다. {remedy}")
    try:
        addresses = await _look_up(url.raw_host.decode("ascii").strip("[]"), port)
    except (OSError, UnicodeError) as error:
        raise Unavailable(
            f"{url.host} 주소를 찾지 못했습니다. 주소와 인터넷 연결을 확인해 주세요."
        ) from error
    # One private address among public ones is how rebinding looks: all or none.
    if not trusted and not all(is_public(address) for address in addresses):
        raise BadInput(f"{url.host}은(는) 내부망 주소라서 읽지 않습니다. {remedy}")
    # A machine without IPv6 may still be told IPv6 addresses.
    return Target(url, url.host, min(addresses, key=lambda address: ":" in address))


async def _look_up(host: str, port: int) -> list[str]:
    """The addresses of ``host``, asked in a thread that nobody waits for.

    asyncio waits for its own threads at the end: a name server that hangs would hold up even
    who has given up.
    """
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.set_result([str(entry[4][0]).partition("%")[0] for entry in found])
        except Exception as error:  # it belongs to who asked
            answer.set_exception(error)

    answer.set_running_or_notify_cancel()
    Thread(target=ask, daemon=True).start()
    return await asyncio.wrap_future(answer)


def is_public(address: str) -> bool:
    """Whether ``address`` is a machine of the open internet.

    Private, loopback, link-local (cloud metadata), multicast and reserved ones are not, nor
    an IPv6 address that carries such an IPv4 address (mapped, NAT64, 6to4, Teredo).
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip not in _INTERNET:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
