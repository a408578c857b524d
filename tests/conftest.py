"""One shop for all tests: heavy parts built once, a fresh copy of the database for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest

import settings as settings_module
from agent.types import Caller
from services import Services

ROOT = Path(__file__).resolve().parents[1]
# Trained models and the index, kept between runs; each is checked against its sources' hash.
CACHE = ROOT / "var" / "test-cache"
# Friday, 20 November 2026, noon in Seoul.
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

# A busy machine generates slowly, which says nothing about what is tested.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")
# `make test-engine`: every sequence a new one.
hypothesis.settings.register_profile("engine", max_examples=2000, deadline=None, database=None)


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def make_services(data_dir: Path, clock: Clock | None = None, **changes: object) -> Services:
    """Services on a folder of their own, with nothing read from this machine's environment."""
    plain = settings_module.load({}, env_file=data_dir / "none", toml_file=data_dir / "none")
    return Services(plain.replace(data_dir=str(data_dir), **changes), clock=clock or Clock())


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """A prepared shop whose index and models are shared; its database is this run's own."""
    folder = tmp_path_factory.mktemp("base")
    for part in ("models", "policy_index", "product_index"):
        (CACHE / part).mkdir(parents=True, exist_ok=True)
        (folder / part).symlink_to(CACHE / part)
    shop = make_services(folder)
    shop.prepare()
    return shop


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(base: Services, clock: Clock, tmp_path: Path) -> Iterator[Services]:
    """The seeded shop on a database of its own; what is heavy comes from ``base``."""
    copy_database(base, tmp_path / "sangdam.db")
    mine = make_services(tmp_path, clock)
    for part in ("tokenizer", "encoder", "index", "policies", "catalogue", "understander"):
        mine.__dict__[part] = getattr(base, part)
    mine._ready.set()
    yield mine
    if "llm" in mine.__dict__:
        mine.llm.gateway.close()


def copy_database(base: Services, target: Path) -> None:
    """A consistent copy of the seeded database (made once, then copied as a file)."""
    clean = base.settings.data_path / "clean.db"
    if not clean.exists() or clean.stat().st_mtime < base.database.path.stat().st_mtime:
        import sqlite3
        from contextlib import closing

        with (
            closing(sqlite3.connect(base.database.path)) as source,
            closing(sqlite3.connect(clean)) as copy,
        ):
            source.backup(copy)
            copy.execute("pragma journal_mode = wal")
    shutil.copyfile(clean, target)


@pytest.fixture
def minji() -> Caller:
    return Caller("customer", "user_001", "김민지")


@pytest.fixture
def jihun() -> Caller:
    return Caller("customer", "user_002", "박지훈")


@pytest.fixture
def guest() -> Caller:
    return Caller(guest_key="a-browser")
