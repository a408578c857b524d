"""What a request says of itself: its id, where it came from."""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

__all__ = ["REQUEST_ID", "address", "request_id"]

REQUEST_ID = "X-Request-ID"
_SANE = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_KEY = "sangdam.request_id"


def request_id(request: HTTPConnection) -> str:
    """The id of this request, the same in its headers, its errors and the log.

    The caller's own when it is a plain short word, a new one otherwise.
    """
    found = request.scope.get(_KEY)
    if found is None:
        given = request.headers.get(REQUEST_ID, "")
        found = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        request.scope[_KEY] = found
    return str(found)


def address(request: HTTPConnection, trusted: str = "") -> str:
    """The address a request comes from, "" when unknown.

    ``X-Forwarded-For`` counts only as far as ``trusted`` proxies (networks, separated by
    commas) have written it: read from its end, the first address that is none of them.
    """
    found = request.client.host if request.client else ""
    networks = _networks(trusted)
    if not networks or not _inside(found, networks):
        return found
    said = ",".join(request.headers.getlist("X-Forwarded-For"))  # a proxy may add a line of its own
    for hop in reversed(said.split(",")):
        if not _is_address(hop.strip()):
            break
        found = hop.strip()
        if not _inside(found, networks):
            break
    return found


@lru_cache(maxsize=8)
def _networks(trusted: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(one.strip(), strict=False) for one in trusted.split(",") if one.strip())


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _inside(text: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)
