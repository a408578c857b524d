"""The tiny shop, loaded once; every test works on a copy of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from services import Services
from tests.tau2.load import load
from tests.tau2.replay import copy_of, services
from tests.tau2.tiny import TINY


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = services(tmp_path_factory.mktemp("tau2"))
    base.database.prepare()
    load(TINY, base.database)
    return base.database.path


@pytest.fixture
def shop(tiny_file: Path, tmp_path: Path) -> Services:
    return copy_of(tiny_file, tmp_path / "shop")
