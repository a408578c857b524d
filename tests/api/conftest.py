"""The API over real HTTP on loopback: one server a session, each test its own shop behind it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
import pytest
import uvicorn

from api.app import create_app
from services import Services
from store import accounts, tokens

DEMO = "sangdam-demo-2026"
Headers = dict[str, str]


@dataclass
class Api:
    """The server of this test: ``url``, a plain ``client``, and the shop it serves."""

    url: str
    client: httpx2.Client
    shop: Services
    _tokens: dict[str, str] = field(default_factory=dict)

    def sign_in(self, email: str) -> Headers:
        """The header of an account; its token is made without the slow password hash."""
        if email not in self._tokens:
            with self.shop.database.write() as tx:
                user = accounts.by_email(tx, email)
                assert user is not None, f"{email} has no account"
                family = tokens.open_family(tx, user, days=1, at=self.shop.clock())
            self._tokens[email] = self.shop.accounts._pair(family).access_token
        return {"Authorization": f"Bearer {self._tokens[email]}"}

    def guest(self) -> Headers:
        """The header of a new guest."""
        return {"Authorization": f"Bearer {self.shop.accounts.guest_token()[0]}"}

    def forget_tokens(self) -> None:
        """Sign in anew from now on: somebody may have signed out."""
        self._tokens.clear()

    @property
    def minji(self) -> Headers:
        return self.sign_in("minji@example.com")

    @property
    def jihun(self) -> Headers:
        return self.sign_in("jihun@example.com")

    @property
    def staff(self) -> Headers:
        return self.sign_in("staff@example.com")

    @property
    def admin(self) -> Headers:
        return self.sign_in("admin@example.com")

    def key(self, *scopes: str) -> Headers:
        """The header of a new API key."""
        boss = self.shop.accounts.caller("admin_001")
        _, secret = self.shop.keys.create(boss, f"key-{time.monotonic_ns()}", scopes)
        return {"Authorization": f"Bearer {secret}"}


@contextmanager
def serving(shops: list[Services]) -> Iterator[str]:
    """The address of a server, while it runs, whose shop is the last of the list."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(lambda: shops[-1])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", lifespan="off",
        proxy_headers=False,  # whom to believe is the setting's to say, not uvicorn's
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="http", daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def http_server() -> Iterator[tuple[str, list[Services]]]:
    """A server whose shop is the last of the list."""
    shops: list[Services] = []
    with serving(shops) as url:
        yield url, shops


@pytest.fixture
def api(http_server: tuple[str, list[Services]], shop: Services) -> Iterator[Api]:
    url, shops = http_server
    shops.append(shop)
    with httpx2.Client(base_url=url, trust_env=False, timeout=30) as client:
        yield Api(url, client, shop)
    shop.turns.drain(10)
    shops.remove(shop)
