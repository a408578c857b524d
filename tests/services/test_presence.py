"""Who has a ticket open: signs, forgetting, many threads."""

from __future__ import annotations

import threading

import pytest

from services import presence
from services.presence import Presence, Viewer

T = "T20261120-0001"


class Seconds:
    """A clock of seconds that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def there(seconds: Seconds) -> Presence:
    return Presence(seconds)


def test_others_are_named_and_oneself_is_not(there: Presence) -> None:
    there.seen(T, "staff_002", "이관리", "a")
    there.seen(T, "staff_001", "이상담", "b")
    assert there.viewers(T, besides="staff_001") == ("이관리",)
    assert there.viewers(T) == ("이관리", "이상담")
    assert there.viewers("T20261120-0002") == ()


def test_who_gives_no_sign_is_forgotten(there: Presence, seconds: Seconds) -> None:
    there.seen(T, "staff_001", "이상담", "a")
    seconds.now += presence.FORGOTTEN_AFTER_S - 0.1
    there.seen(T, "staff_002", "이관리", "b")
    assert there.viewers(T) == ("이관리", "이상담")
    seconds.now += 0.2
    assert there.viewers(T) == ("이관리",)
    seconds.now += presence.FORGOTTEN_AFTER_S
    assert there.viewers(T) == ()


def test_two_tabs_of_one_person_are_one_who_writes_if_one_does(there: Presence) -> None:
    there.seen(T, "staff_001", "이상담", "a", writing=True)
    there.seen(T, "staff_001", "이상담", "b")
    assert there.present(T) == (Viewer("staff_001", "이상담", True),)
    there.left(T, "staff_001", "a")
    assert there.present(T) == (Viewer("staff_001", "이상담", False),)
    there.left(T, "staff_001", "b")
    assert there.present(T) == ()


def test_leaving_twice_or_from_nowhere_is_no_error(there: Presence) -> None:
    there.left(T, "nobody", "z")
    assert there.present(T) == ()


def test_it_stays_bounded(there: Presence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MOST_SIGNS", 10)
    for number in range(30):
        there.seen(T, f"staff_{number:03}", f"{number:03}", "a")
    assert there.viewers(T) == tuple(f"{number:03}" for number in range(20, 30))


def test_many_threads_at_once(there: Presence) -> None:
    names = [f"{number:02}" for number in range(16)]
    begin = threading.Barrier(len(names))
    wrong: list[BaseException] = []

    def work(name: str) -> None:
        try:
            begin.wait(10)
            for _ in range(200):
                there.seen(T, name, name, "a", writing=True)
                there.present(T, besides=name)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert not wrong
    assert there.viewers(T) == tuple(names)
