"""How often somebody may ask: whose share a request is, and what is forgotten again."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import settings as settings_module
from agent.types import Caller
from errors import TooMany
from services import limits
from services.limits import RateLimits


@pytest.fixture
def two(tmp_path: Path) -> RateLimits:
    """Two of everything a minute."""
    plain = settings_module.load({}, env_file=tmp_path / "none", toml_file=tmp_path / "none")
    names = ("turns", "guest_turns", "sign_in_tries", "requests")
    return RateLimits(plain.replace(**{f"{name}_per_minute": 2 for name in names}))


def refused(two: RateLimits, *addresses: str) -> list[bool]:
    found = []
    for address in addresses:
        try:
            two.request(address)
        except TooMany:
            found.append(True)
        else:
            found.append(False)
    return found


def test_a_network_of_ones_own_is_one_address(two: RateLimits) -> None:
    mine = [f"2001:db8:1:2::{n:x}" for n in range(1, 5)]
    assert refused(two, *mine) == [False, False, True, True]
    assert refused(two, "2001:db8:1:3::1", "192.0.2.1", "192.0.2.1") == [False] * 3
    # An IPv4 customer of a server that listens on IPv6 has one address.
    assert refused(two, *(f"::ffff:198.51.100.{n}" for n in range(1, 5))) == [False] * 4
    for n in range(2):
        two.sign_in_allowed(f"2001:db8:9::{n}")
        two.sign_in_failed(f"2001:db8:9::{n}")
    with pytest.raises(TooMany):
        two.sign_in_allowed("2001:db8:9::77")


def test_new_guests_of_an_address_share_its_part(two: RateLimits) -> None:
    for n in range(2):
        two.turn(Caller(guest_key=f"guest-{n}"), "2001:db8:1::5")
    with pytest.raises(TooMany):
        two.turn(Caller(guest_key="guest-3"), "2001:db8:1::6")
    two.turn(Caller("customer", "user_1", "민지"), "2001:db8:1::6")


def test_who_asked_long_ago_is_forgotten(two: RateLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest's name is kept for a minute, not for as long as the server runs."""
    monkeypatch.setattr(limits, "SWEEP_S", 0.0)
    for n in range(200):
        two._storage.events[f"turn/old-{n}"] = []  # what the storage leaves of each
    assert refused(two, "192.0.2.1", "192.0.2.1", "192.0.2.1") == [False, False, True]
    assert len(two._storage.events) == 1


def test_counting_and_forgetting_at_the_same_time(
    two: RateLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SWEEP_S", 0.0)
    together = threading.Barrier(8)

    def ask(worker: int) -> int:
        together.wait(5)
        end, let_in = time.monotonic() + 0.5, 0
        while time.monotonic() < end:
            let_in += refused(two, f"192.0.2.{worker % 4}").count(False)
        return let_in

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 8  # two for each of the four addresses
