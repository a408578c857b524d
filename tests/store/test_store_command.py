from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from store_helpers import new_database, seed_into

from store.__main__ import main
from store.database import Database
from store.seed import SeedReport


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A data folder of its own, and a ``services`` that seeds with the stand-ins."""
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path))
    database = new_database(tmp_path / "sangdam.db")

    def seed_demo(
        settings: Any, *, today: date | None, number: int | None, progress: Any
    ) -> SeedReport | None:
        with database.read() as tx:
            if tx.value("select 1 from users"):
                return None
        progress("시연용 상점", 0, 1)
        return seed_into(database, today=today or date(2026, 11, 21), number=number or 1)

    services = ModuleType("services")
    vars(services)["seed_demo"] = seed_demo
    monkeypatch.setitem(sys.modules, "services", services)
    return database


def count(database: Database, table: str) -> int:
    with database.read() as tx:
        return int(tx.value(f"select count(*) from {table}"))


def test_seed_export_import(
    shop: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "out")
    assert main(["migrate"]) == 0
    assert main(["seed", "--date", "2026-03-02", "--number", "3"]) == 0
    assert "주문 400" in capsys.readouterr().out
    assert main(["seed"]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["export", folder]) == 0
    assert "orders" in capsys.readouterr().out
    assert main(["import", folder]) == 1
    assert "--replace" in capsys.readouterr().err
    assert main(["import", folder, "--replace"]) == 0
    assert count(shop, "orders") == 400


def test_force_makes_a_new_shop(shop: Database) -> None:
    assert main(["seed"]) == 0
    with shop.write() as tx:
        tx.insert("conversations", {"conversation_id": "mine", "created_at": "", "updated_at": ""})
    assert main(["seed", "--force", "--number", "2"]) == 0
    with shop.read() as tx:
        assert tx.value("select value from settings where key = 'seed_number'") == "2"
        assert tx.row("select * from conversations where conversation_id = 'mine'") is None


@pytest.mark.parametrize("arguments", [[], ["seed", "--date", "어제"], ["export"], ["dance"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_expected_errors_are_one_line(
    shop: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").write_text("")
    assert main(["import", str(tmp_path / "none")]) == 1
    assert main(["export", str(tmp_path / "file")]) == 1
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sangdam.db").write_bytes(b"not a database at all" * 100)
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(broken))
    assert main(["migrate"]) == 1
    monkeypatch.setenv("SANGDAM_PORT", "팔천")
    assert main(["migrate"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len(said.splitlines()) == 4
