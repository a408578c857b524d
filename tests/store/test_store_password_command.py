"""``python -m store account`` and ``password``: how people without one of them get in."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from store_helpers import add_user, new_database

from store import accounts
from store.__main__ import main
from store.database import Database
from store.imports.order_writer import unusable_hash

ROOT = Path(__file__).resolve().parents[2]
NEW = "완전히 새로운 비밀번호"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A folder of its own with one imported customer, who has no password."""
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path))
    database = new_database(tmp_path / "sangdam.db")
    with database.write() as tx:
        add_user(tx, "minji", "minji@example.com")
        tx.update("users", {"user_id": "minji"}, {"password_hash": unusable_hash()})
    return database


def stored(shop: Database) -> str:
    with shop.read() as tx:
        return str(tx.value("select password_hash from users"))


def test_a_line_of_input_becomes_the_password_and_ends_the_sessions(
    shop: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.write() as tx:
        session = accounts.open_session(tx, "minji", days=1, at=datetime.now(UTC))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\r\nmore\n"))
    assert main(["password", " MINJI@example.com"]) == 0
    said = capsys.readouterr()
    assert "로그인 1개" in said.out
    assert NEW not in said.out + said.err
    assert accounts.check_password(NEW, stored(shop))
    with shop.read() as tx:
        assert accounts.user_of_session(tx, session, at=datetime.now(UTC)) is None


@pytest.mark.parametrize(
    ("email", "typed", "said"),
    [
        ("nobody@example.com", NEW, "계정이 없습니다"),
        ("minji@example.com", "", "10자 이상"),
        ("minji@example.com", "짧아요", "10자 이상"),
    ],
)
def test_what_is_refused_changes_nothing(
    email: str, typed: str, said: str, shop: Database, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    before = stored(shop)
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert main(["password", email]) == 1
    assert said in capsys.readouterr().err
    assert stored(shop) == before


@pytest.mark.slow
@pytest.mark.parametrize(("second", "status"), [(NEW, 0), ("something else", 1)])
def test_at_a_terminal_it_is_typed_twice_and_not_shown(
    second: str, status: int, shop: Database
) -> None:
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "store", "password", "minji@example.com"], cwd=ROOT,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, close_fds=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # its terminal
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    for prompt, text in (("새 비밀번호: ", NEW), ("한 번 더: ", second)):
        while prompt.encode() not in shown:
            shown += os.read(mine, 1024)
        os.write(mine, f"{text}\n".encode())
    assert process.wait(20) == status
    while True:
        try:
            shown += os.read(mine, 1024)
        except OSError:
            break
    os.close(mine)
    assert NEW.encode() not in shown
    assert accounts.check_password(NEW, stored(shop)) == (status == 0)


def test_the_first_administrator_of_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path / "new"))
    make = ["account", "Boss@Example.com", "--name", "김관리", "--role", "admin"]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\n"))
    assert main(make) == 0
    with Database(tmp_path / "new" / "sangdam.db").read() as tx:
        boss = accounts.by_email(tx, "boss@example.com")
        trail = tx.row("select * from audit_events where object_type = 'account'")
        kept = str(tx.value("select password_hash from users"))
    assert boss is not None
    assert (boss.role, boss.name) == ("admin", "김관리")
    assert accounts.check_password(NEW, kept)
    assert trail is not None
    assert trail["object_id"] == boss.user_id
    assert NEW not in str(trail) + capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\n"))
    assert main(make) == 1
    assert "이미 있습니다" in capsys.readouterr().err


def test_an_account_with_a_weak_password_is_not_made(
    shop: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["account", "boss@example.com", "--name", "김관리"]) == 1
    assert "10자 이상" in capsys.readouterr().err
    with shop.read() as tx:
        assert accounts.by_email(tx, "boss@example.com") is None
