"""``python endless_server.py``: answers every request with one line that never ends.

A process of its own: it sends as fast as it is read. Its port is printed first.
"""

from __future__ import annotations

import socket
import threading

HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {"id":"'
PART = b"x" * 65536


def serve(client: socket.socket) -> None:
    try:
        client.recv(65536)
        client.sendall(HEAD)
        while True:
            client.sendall(PART)
    except OSError:  # the client has hung up
        client.close()


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        print(door.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
