"""Requests byte by byte, for what a client library refuses to send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

__all__ = ["Answer", "ours", "request", "send"]

PATIENCE_S = 20.0


@dataclass
class Answer:
    """What came back; ``headers`` in lower case, the last of a name."""

    status: int
    headers: dict[str, str]
    body: bytes


def request(
    method: str,
    target: str,
    body: bytes = b"",
    headers: Iterable[tuple[str, str | bytes]] = (),
    *,
    length: bool = True,
) -> bytes:
    """A request as bytes; nothing is checked or escaped."""
    lines = [f"{method} {target} HTTP/1.1".encode(), b"Host: shop.example", b"Connection: close"]
    for name, value in headers:
        lines.append(
            name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        )
    if body and length:
        lines.append(f"Content-Length: {len(body)}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def send(url: str, *pieces: bytes, close: bool = False) -> Answer | None:
    """Send the pieces and read to the end of the answer; None where there was none.

    ``close`` hangs up without reading. A server that keeps silent raises TimeoutError.
    """
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), PATIENCE_S) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # answered and hung up already: read what it said
        return None if close else _parsed(_read(line))


def _read(line: socket.socket) -> bytes:
    said = b""
    try:
        while piece := line.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return said


def _parsed(said: bytes) -> Answer | None:
    if not said:
        return None
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(body.split(b"\r\n")[1::2])
    return Answer(int(first.split()[1]), headers, body)


def ours(got: Answer | httpx2.Response | None, *statuses: int) -> dict[str, Any]:
    """The problem of a refusal: one of ``statuses``, in our shape, with its number."""
    assert got is not None, "no answer"
    status, body = (
        (got.status, got.body) if isinstance(got, Answer) else (got.status_code, got.content)
    )
    assert status in statuses, (status, body[:300])
    assert got.headers["x-request-id"]
    told: dict[str, Any] = json.loads(body)
    if "error" in told:
        assert set(told["error"]) == {"message", "type", "code", "param"}
        return dict(told["error"])
    assert got.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "request_id"} <= set(told)
    assert told["status"] == status
    assert told["request_id"] == got.headers["x-request-id"]
    return told
