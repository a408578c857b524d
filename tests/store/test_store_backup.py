"""Backup while others write, and the way back: whole or not at all, and never over a live shop."""

from __future__ import annotations

import gzip
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from agent.types import Caller
from errors import AlreadyExists, BadInput, Conflict, NotFound
from services import Services
from settings import ROOT
from store.backup import backup, hold, restore
from store.database import Database
from tests.conftest import Clock, make_services
from tests.shelves import every_row
from tests.talk import Talk


def another(shop: Services, folder: Path, clock: Clock) -> Services:
    """A shop on its own folder, with the heavy parts of this one."""
    mine = make_services(folder, clock)
    for part in ("tokenizer", "encoder", "index", "policies", "catalogue", "understander"):
        mine.__dict__[part] = getattr(shop, part)
    mine._ready.set()
    return mine


@contextmanager
def writers(shop: Services, count: int = 4) -> Iterator[list[int]]:
    """Threads that write transactions of two rows that belong together, until the block ends."""
    stop, done = threading.Event(), [0] * count

    def write(number: int) -> None:
        while not stop.is_set():
            key = f"{number}-{done[number]}"
            with shop.database.write(durable=False) as tx:
                for half in "ab":
                    tx.insert("settings", {"key": f"{half}-{key}", "value": "가" * 2000})
            done[number] += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        while not all(done):
            threads[0].join(0.01)
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def add_photos(shop: Services, count: int = 3) -> dict[str, bytes]:
    folder = shop.photo_folder
    folder.mkdir(exist_ok=True)
    kept = {f"img_{number}abc-_.jpg": bytes([number]) * 1000 for number in range(count)}
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    (folder / ".img_9.part").write_bytes(b"half")
    return kept


# ── backup ───────────────────────────────────────────────────────────────────


def test_a_backup_while_four_threads_write_is_one_moment(shop: Services, tmp_path: Path) -> None:
    target, seen = tmp_path / "out" / "copy.db", list[tuple[int, int]]()
    with writers(shop) as done:
        before = sum(done)
        report = backup(shop.database, target, progress=lambda *step: seen.append(step))
        after = sum(done)
    assert after > before  # they went on writing
    assert [step[0] for step in seen] == sorted(step[0] for step in seen)  # never begun anew
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("pragma integrity_check").fetchone() == ("ok",)
        kept = {row[0] for row in copy.execute("select key from settings where key like '%-%'")}
    assert {f"b{key[1:]}" for key in kept if key[0] == "a"} == {k for k in kept if k[0] == "b"}
    assert 2 * before <= len(kept) <= 2 * after
    assert report.rows["settings"] >= len(kept)
    assert report.size_bytes == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["copy.db"]


def test_a_backup_while_customers_are_answered(
    shop: Services, clock: Clock, tmp_path: Path, minji: Caller
) -> None:
    stop, told, errors = threading.Event(), list[str](), list[Exception]()

    def talk(number: int) -> None:
        try:
            mine = Talk(shop, Caller(guest_key=f"g{number}") if number else minji)
            while not stop.is_set():
                told.append(mine.say("반품은 며칠 안에 해야 하나요?").message_id)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while len(told) < 4 and not errors:
        threads[0].join(0.01)
    sure = list(told)
    backup(shop.database, tmp_path / "b.tar.gz")
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors
    copy = another(shop, tmp_path / "new", clock)
    restore(copy.database, tmp_path / "b.tar.gz")
    with copy.database.read() as tx:
        kept = {row["message_id"] for row in tx.rows("select message_id from messages")}
        assert set(sure) <= kept
        assert tx.rows("pragma foreign_key_check") == []


def test_a_file_is_never_overwritten_unasked(shop: Services, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("mine")
    with pytest.raises(AlreadyExists, match="--force"):
        backup(shop.database, target)
    assert target.read_text() == "mine"
    backup(shop.database, target, force=True)
    assert target.read_bytes().startswith(b"SQLite format 3")
    os.mkfifo(tmp_path / "pipe")  # as little a file as /dev/null
    for name in ("pipe", "."):
        with pytest.raises(BadInput, match="보통 파일이 아닙니다"):
            backup(shop.database, tmp_path / name, force=True)


def test_a_half_written_file_never_appears(
    shop: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, steps = tmp_path / "out" / "copy.tar.gz", list[list[str]]()

    def interrupt(done: int, of: int) -> None:
        steps.append([path.name for path in target.parent.glob("[!.]*")])
        if done == of:
            raise KeyboardInterrupt

    monkeypatch.setattr("store.backup.PAGES", 20)
    with pytest.raises(KeyboardInterrupt):
        backup(shop.database, target, progress=interrupt)
    assert len(steps) > 2
    assert not any(steps)
    assert list(target.parent.iterdir()) == []


@pytest.mark.process
def test_a_killed_backup_leaves_no_file_of_that_name(shop: Services, tmp_path: Path) -> None:
    target = tmp_path / "out" / "copy.db"
    code = (
        "import sys; from pathlib import Path; from store import backup as b;"
        "from store.database import Database; b.PAGES = 5; b.PAUSE_S = 0.2;"
        "b.backup(Database(Path(sys.argv[1])), Path(sys.argv[2]),"
        " progress=lambda *step: print(*step, flush=True))"
    )
    command = [sys.executable, "-c", code, str(shop.database.path), str(target)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    assert list(target.parent.glob("[!.]*")) == []
    backup(shop.database, target)
    assert target.is_file()


def test_a_damaged_database_gives_no_backup(tmp_path: Path) -> None:
    database = Database(tmp_path / "sangdam.db")
    with pytest.raises(NotFound, match="data_dir"):
        backup(database, tmp_path / "copy.db")
    database.prepare()
    with database.write() as tx:
        for number in range(3000):
            tx.insert("settings", {"key": f"k{number}", "value": "x" * 100})
    with closing(sqlite3.connect(database.path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    with database.path.open("r+b") as file:
        file.seek(database.path.stat().st_size - 3 * 4096)
        file.write(b"\xff" * 8192)
    with pytest.raises((BadInput, sqlite3.DatabaseError)):
        backup(database, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_the_secret_stays_at_home_unless_asked_for(shop: Services, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("k" * 64)
    for name, secret in (("a.tar.gz", False), ("b.tgz", True)):
        backup(shop.database, tmp_path / name, with_secret=secret)
        with tarfile.open(tmp_path / name) as tar:
            assert ("secret.key" in tar.getnames()) is secret
            assert all(member.isreg() and member.mode == 0o600 for member in tar)
    with pytest.raises(BadInput, match=r"\.tar\.gz"):
        backup(shop.database, tmp_path / "c.db", with_secret=True)


# ── restore ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["b.db", "b.tar.gz"])
def test_a_restored_shop_is_the_same_and_answers(
    shop: Services, clock: Clock, tmp_path: Path, minji: Caller, name: str
) -> None:
    photos = add_photos(shop)
    (tmp_path / "policies.jsonl").write_text('{"doc_id": "x"}\n', "utf-8")
    said = Talk(shop, minji).say("최근 주문 어디까지 왔어요?")
    report = backup(shop.database, tmp_path / name)
    before = every_row(shop)
    copy = another(shop, tmp_path / "new", clock)
    assert restore(copy.database, tmp_path / name).rows == report.rows
    copy.database.prepare()
    assert every_row(copy) == before
    whole = name.endswith(".gz")
    assert report.photos == (3 if whole else 0)
    found = {p.name: p.read_bytes() for p in copy.photo_folder.glob("*")} if whole else photos
    assert found == photos
    assert (tmp_path / "new" / "policies.jsonl").exists() is whole
    for path in (tmp_path / "new").rglob("*"):
        if path.is_file() and not path.name.endswith(("-wal", "-shm")):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    talk = Talk(copy, minji, session_id=said.session_id)
    assert [m.message_id for m in copy.messages(minji, said.session_id)][-1] == said.message_id
    answer = talk.say("반품은 며칠 안에 해야 하나요?")
    assert answer.citations
    assert len(copy.messages(minji, said.session_id)) == 4


def test_what_was_there_is_kept_beside(shop: Services, clock: Clock, tmp_path: Path) -> None:
    add_photos(shop)
    backup(shop.database, tmp_path / "b.tar.gz")
    there = make_services(tmp_path / "there", clock, demo=False)
    there.database.prepare()
    with there.database.write() as tx:
        tx.insert("settings", {"key": "mine", "value": "old"})
    add_photos(there, 1)
    with pytest.raises(Conflict, match="--force") as caught:
        restore(there.database, tmp_path / "b.tar.gz")
    assert caught.value.code == "not_empty"
    assert set(every_row(there)) == set(every_row(shop))
    kept = restore(there.database, tmp_path / "b.tar.gz", force=True).kept
    assert [path.name.split(".before-")[0] for path in kept] == ["photos", "sangdam.db"]
    with closing(sqlite3.connect(kept[1])) as old:
        assert old.execute("select value from settings where key = 'mine'").fetchone() == ("old",)
    there.database.prepare()
    assert every_row(there) == every_row(shop)
    again = restore(there.database, tmp_path / "b.tar.gz", force=True).kept
    assert len({*kept, *again}) == 4


def test_an_older_schema_comes_back_and_is_brought_up_to_date(tmp_path: Path) -> None:
    from store import migrations

    with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as connection:
        from store.database import Tx

        tx = Tx(connection, writable=True)
        tx.execute("create table migrations (name text primary key, applied_at text)")
        for name, apply in migrations.MIGRATIONS[:8]:
            apply(tx)
            tx.insert("migrations", {"name": name, "applied_at": "2026-01-01"})
    database = Database(tmp_path / "new" / "sangdam.db")
    assert restore(database, tmp_path / "old.db").rows["migrations"] == 8
    database.prepare()
    with database.read() as unit:
        assert unit.value("select count(*) from migrations") == len(migrations.MIGRATIONS)


def test_a_newer_schema_is_refused(shop: Services, tmp_path: Path) -> None:
    with shop.database.write() as tx:
        tx.insert("migrations", {"name": "m999_tomorrow", "applied_at": ""})
    with pytest.raises(Conflict, match="m999_tomorrow") as caught:
        backup(shop.database, tmp_path / "b.db")
    assert caught.value.code == "newer_schema"
    with closing(sqlite3.connect(shop.database.path)) as live:
        live.execute(f"vacuum into '{tmp_path / 'b.db'}'")
    with pytest.raises(Conflict, match="m999_tomorrow"):
        restore(Database(tmp_path / "new" / "sangdam.db"), tmp_path / "b.db")
    assert list((tmp_path / "new").iterdir()) == []


def test_what_is_no_backup_is_refused(shop: Services, tmp_path: Path) -> None:
    database = Database(tmp_path / "new" / "sangdam.db")
    backup(shop.database, tmp_path / "good.db")
    data = (tmp_path / "good.db").read_bytes()
    bad = bytearray(data)
    bad[len(bad) // 2 : len(bad) // 2 + 9000] = b"\xff" * 9000
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("create table something (x)")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "torn").write_bytes(data[: len(data) // 2])
    (tmp_path / "damaged").write_bytes(bad)
    backup(shop.database, tmp_path / "good.tgz")
    (tmp_path / "torn.tgz").write_bytes((tmp_path / "good.tgz").read_bytes()[:-5000])
    (tmp_path / "gzip").write_bytes(gzip.compress(b"hello" * 1000))
    for name in ("text", "other.db", "torn", "damaged", "torn.tgz", "gzip"):
        with pytest.raises(BadInput):
            restore(database, tmp_path / name)
        assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(NotFound):
        restore(database, tmp_path / "missing.db")


HOLDER = (
    "import sys, time; from pathlib import Path; from store.backup import hold;"
    "from store.database import Database; kept = hold(Database(Path(sys.argv[1])));"
    "print('held', flush=True); time.sleep(600)"
)


@pytest.mark.process
def test_a_database_in_use_is_not_replaced(shop: Services, tmp_path: Path) -> None:
    backup(shop.database, tmp_path / "b.db")
    command = [sys.executable, "-c", HOLDER, str(shop.database.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with shop.database.write() as tx:  # it hinders nobody's work
            tx.insert("settings", {"key": "meanwhile", "value": "1"})
        backup(shop.database, tmp_path / "b.db", force=True)
        with pytest.raises(Conflict) as caught:
            restore(shop.database, tmp_path / "b.db", force=True)
        assert caught.value.code == "in_use"
        assert not list(tmp_path.glob("*.before-*"))
        holder.send_signal(signal.SIGKILL)
    restore(shop.database, tmp_path / "b.db", force=True)  # the dead hold nothing
    with shop.database.read() as tx:
        assert tx.value("select value from settings where key = 'meanwhile'") == "1"


def test_a_transaction_under_way_counts_as_use(shop: Services, tmp_path: Path) -> None:
    backup(shop.database, tmp_path / "b.db")
    for unit in (shop.database.read, shop.database.write):
        with unit() as tx:
            assert tx.value("select count(*) from users")
            with pytest.raises(Conflict, match="멈춘 뒤"):
                restore(shop.database, tmp_path / "b.db", force=True)


def test_a_damaged_database_can_be_replaced(shop: Services, tmp_path: Path) -> None:
    backup(shop.database, tmp_path / "b.db")
    shop.database.path.write_bytes(b"not a database at all" * 1000)
    report = restore(shop.database, tmp_path / "b.db", force=True)
    assert report.unsure
    assert report.kept[0].read_bytes().startswith(b"not a database")
    with shop.database.read() as tx:
        assert tx.value("select count(*) from users") == report.rows["users"]


def test_holding_a_database_keeps_its_log_open(shop: Services) -> None:
    log = Path(f"{shop.database.path}-wal")
    with closing(hold(shop.database)):
        with shop.database.write() as tx:
            tx.insert("settings", {"key": "kept", "value": "1"})
        assert log.stat().st_size > 0
    assert not log.exists()
