"""Instructions in what the desk reads: orders, products, tickets, photos, clauses, a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evals.injection.play import load
from evals.suites.injection import play_indirect
from services import Services
from tests.conftest import Clock, copy_database, make_services

CASES = load("indirect")
PARTS = ("tokenizer", "encoder", "index", "policies", "understander")


class Shops:
    """The suite's subject over the tests' own base shop."""

    def __init__(self, base: Services, folder: Callable[[], Path]) -> None:
        self.base, self.folder = base, folder

    @contextmanager
    def fresh_shop(self, **changes: object) -> Iterator[tuple[Services, Clock]]:
        folder, clock = self.folder(), Clock()
        copy_database(self.base, folder / "sangdam.db")
        shop = make_services(folder, clock, **changes)
        for part in PARTS:
            shop.__dict__[part] = getattr(self.base, part)
        shop._ready.set()
        yield shop, clock


def test_there_are_enough_of_every_place() -> None:
    assert len(CASES) >= 100
    assert len({(case.place, case.text) for case in CASES}) == len(CASES)
    families = Counter(case.family for case in CASES)
    assert set(families) >= {
        "product", "review", "memo", "recipient", "address", "ticket", "policy", "photo", "model",
    }  # fmt: skip
    assert min(families.values()) >= 8


def test_no_indirect_injection_is_followed(
    base: Services, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shops = Shops(base, lambda: tmp_path_factory.mktemp("injected"))
    played = list(play_indirect(shops))  # type: ignore[arg-type]
    assert len(played) == len(CASES)
    broken = {case.id: problems for case, problems in played if problems}
    assert broken == {}
