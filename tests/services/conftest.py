"""``people``: accounts on a small database of their own, with hashes that cost little."""

from __future__ import annotations

from pathlib import Path

import pytest
from accounts_helpers import PASSWORD, PEOPLE, Make

import settings as settings_module
from services import Accounts
from services.limits import RateLimits
from store import accounts
from store.database import Database
from tests.conftest import NOW, Clock


@pytest.fixture
def make_accounts(tmp_path: Path, clock: Clock) -> Make:
    """Accounts under other settings, on the same database and the same secret."""
    database = Database(tmp_path / "sangdam.db")
    database.prepare()
    hashed = accounts.hash_password(PASSWORD, cost=4)
    with database.write(durable=False) as tx:
        for user_id, email, name, role, is_demo in PEOPLE:
            accounts.create(
                tx, email=email, name=name, role=role, password_hash=hashed, at=NOW,
                user_id=user_id, is_demo=is_demo,
            )  # fmt: skip

    def _make(**changes: object) -> Accounts:
        plain = settings_module.load({}, env_file=tmp_path / "none", toml_file=tmp_path / "none")
        settings = plain.replace(data_dir=str(tmp_path), **changes)
        return Accounts(settings, database, clock, RateLimits(settings))

    return _make


@pytest.fixture
def people(make_accounts: Make) -> Accounts:
    return make_accounts()
