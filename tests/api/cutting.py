"""A TCP proxy that cuts connections where a test says so."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

__all__ = ["Cut", "after", "cutting"]

# The answer so far → how many bytes of it may pass; None lets it all pass.
Cut = Callable[[bytes], int | None]


def after(mark: bytes, times: int = 1) -> Cut:
    """Cut behind the end of the event in which ``mark`` comes for the ``times``-th time."""

    def cut(answer: bytes) -> int | None:
        at = -1
        for _ in range(times):
            at = answer.find(mark, at + 1)
            if at < 0:
                return None
        end = answer.find(b"\n\n", at)
        return None if end < 0 else end + 2

    return cut


@contextmanager
def cutting(url: str, path: str, cuts: Sequence[Cut]) -> Iterator[tuple[str, list[bytes]]]:
    """The proxy's address and the requests it saw for ``path``.

    The first request for it is cut by the first of ``cuts``, and so on; the others are not.
    """
    asked: list[bytes] = []
    left = list(cuts)
    target = urlsplit(url)

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection((target.hostname, target.port)) as server:
            request = _request(client)
            server.sendall(request)
            cut = None
            if request.startswith(f"POST {path} ".encode()):
                asked.append(request)
                cut = left.pop(0) if left else None
            _pass(server, client, cut)

    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                client = listener.accept()[0]
                threading.Thread(target=_quietly, args=(serve, client), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _quietly(work: Callable[[socket.socket], None], client: socket.socket) -> None:
    with suppress(OSError):
        work(client)


def _request(client: socket.socket) -> bytes:
    """One request with its body; asks for no second one on the same connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += client.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    length = next(
        (int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")),
        0,
    )
    while len(body) < length:
        body += client.recv(65536)
    return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body


def _pass(server: socket.socket, client: socket.socket, cut: Cut | None) -> None:
    answer, sent = b"", 0
    while data := server.recv(65536):
        answer += data
        end = cut(answer) if cut is not None else None
        client.sendall(answer[sent:end])
        sent = len(answer) if end is None else end
        if end is not None:
            return
