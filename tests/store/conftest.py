from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_helpers import add_order, add_user, new_database, seed_into

from store.database import Database, Tx


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return new_database(tmp_path / "shop.db")


@pytest.fixture
def tx(database: Database) -> Iterator[Tx]:
    """Two customers; minji has two orders, jihun one. Undone after the test."""
    with database.write(durable=False) as unit:
        add_user(unit, "minji", "minji@example.com")
        add_user(unit, "jihun", "jihun@example.com")
        add_order(unit, "20261101-0000001", "minji", "50% 할인_텀블러")
        add_order(unit, "20261102-0000002", "minji", "50개 머그컵", status="delivered")
        add_order(unit, "20261103-0000003", "jihun", "텀블러")
        yield unit


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """The demonstration shop, made once; tests only read it."""
    database = new_database(tmp_path_factory.mktemp("seeded") / "shop.db")
    seed_into(database)
    return database
