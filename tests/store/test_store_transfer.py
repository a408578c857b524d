from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_helpers import NOW, add_order, add_user, new_database, seed_into

from errors import BadInput, Conflict
from store.database import Database
from store.migrations import m001_first_schema
from store.models import to_text
from store.transfer import empty, export, import_

TRICKY = [
    None, "", r"\N", r"\\N", "\\", r"\n", "한글, \"따옴표\" '작은'", "줄\n바꿈", "줄\r바꿈", "\r\n",
    "👩‍👩‍👧 이모지", " 빈칸 ", "=1+1", "\ufeff", "a\x00b", ",", "NULL", "x" * 200_000,
]  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def put(database: Database, texts: list[str | None]) -> None:
    with database.write(durable=False) as tx:
        empty(tx)
        for number, text in enumerate(texts):
            tx.insert("audit_events", {
                "at": to_text(NOW), "action": "a", "object_type": "o", "object_id": str(number),
                "before": text, "after": text,
            })  # fmt: skip


def test_a_round_trip_of_the_shop_loses_nothing(seeded: Database, tmp_path: Path) -> None:
    counts = export(seeded, tmp_path / "out")
    copy = new_database(tmp_path / "copy.db")
    assert import_(copy, tmp_path / "out") == counts
    assert counts["orders"] == 400
    export(copy, tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "out")
    with copy.read() as tx:
        row = tx.row(
            "select typeof(total_krw) a, typeof(memo) b, typeof(locked_until) c "
            "from orders join users using (user_id)"
        )
    assert row == {"a": "integer", "b": "text", "c": "null"}


def test_tricky_texts(database: Database, tmp_path: Path) -> None:
    put(database, TRICKY)
    export(database, tmp_path / "out")
    copy = new_database(tmp_path / "copy.db")
    import_(copy, tmp_path / "out")
    with copy.read() as tx:
        assert [
            r["before"] for r in tx.rows("select * from audit_events order by event_seq")
        ] == TRICKY
    export(copy, tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "out")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.none() | st.text(st.characters(codec="utf-8")), max_size=20))
def test_any_text(database: Database, tmp_path: Path, texts: list[str | None]) -> None:
    put(database, texts)
    export(database, tmp_path / "out")
    import_(database, tmp_path / "out", replace=True)
    with database.read() as tx:
        found = [r["after"] for r in tx.rows("select * from audit_events order by event_seq")]
    assert found == texts


def test_floats_keep_every_digit(database: Database, tmp_path: Path) -> None:
    values = [0.1 + 0.2, 1e-300, 12345678.9, 2.0, float("inf"), None]
    with database.write(durable=False) as tx:
        tx.insert("conversations", {"conversation_id": "c", "created_at": "", "updated_at": ""})
        for number, value in enumerate(values):
            tx.insert("turns", {"turn_id": str(number), "conversation_id": "c", "status": "done",
                                "latency_ms": value, "created_at": ""})  # fmt: skip
    export(database, tmp_path / "out")
    import_(database, tmp_path / "out", replace=True)
    with database.read() as tx:
        rows = tx.rows("select latency_ms from turns order by turn_id")
        assert tx.value("select typeof(latency_ms) from turns where turn_id = '3'") == "real"
    assert [row["latency_ms"] for row in rows] == values


def test_a_full_database_is_refused_and_replaced_only_when_asked(
    seeded: Database, tmp_path: Path
) -> None:
    export(seeded, tmp_path / "out")
    full = new_database(tmp_path / "full.db")
    seed_into(full, number=99)
    with pytest.raises(Conflict, match="--replace") as caught:
        import_(full, tmp_path / "out")
    assert caught.value.code == "not_empty"
    import_(full, tmp_path / "out", replace=True)
    export(full, tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "out")
    with full.write() as tx, pytest.raises(Exception, match="append-only"):
        tx.execute("delete from audit_events")


@pytest.fixture
def exported(database: Database, tmp_path: Path) -> Path:
    """A folder with one user, one session and one audit event of two lines."""
    with database.write(durable=False) as tx:
        tx.insert("users", {"user_id": "u", "email": "a@b.c", "name": "가\n나", "role": "customer",
                            "password_hash": "x", "failed_logins": 0,
                            "created_at": "t"})  # fmt: skip
        tx.insert("sessions", {"session_hash": "h", "user_id": "u", "created_at": "t",
                               "expires_at": "t"})  # fmt: skip
    export(database, tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("users", "email", "mail", r"users\.csv 1번째 줄: 빠진 열이 있어요: email"),
        ("users", "user_id,", "user_id,extra,", r"1번째 줄: 모르는 열이 있어요: extra"),
        ("users", "user_id,", "user_id,user_id,", "1번째 줄: 같은 열이 두 번"),
        ("users", "u,a@b.c", "u", "2번째 줄: 열이 13개여야 하는데 12개"),
        ("users", ",0,", ",영,", "2번째 줄: failed_logins 열에 숫자가 아닌 '영'"),
        ("users", "a@b.c", r"\x", "2번째 줄: email 열의"),
        ("users", "a@b.c", r"\N", "2번째 줄: 이 행을 넣을 수 없어요.*NOT NULL"),
        ("users", ",0,", f",{2**70},", "2번째 줄: 이 행을 넣을 수 없어요"),
        ("users", '"가\n나"', '"가\n나"끝', "2번째 줄: CSV로 읽을 수 없어요"),
        ("sessions", "h,u,", "h,nobody,", r"sessions\.csv: session_hash 'h' 행이 가리키는 users"),
    ],
)
def test_what_does_not_fit_is_named_by_file_and_line(
    exported: Path, tmp_path: Path, name: str, old: str, new: str, said: str
) -> None:
    path = exported / f"{name}.csv"
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())
    copy = new_database(tmp_path / "copy.db")
    with pytest.raises(BadInput, match=said):
        import_(copy, exported)
    with copy.read() as tx:
        assert tx.value("select count(*) from users") == 0


def test_the_line_counts_lines_inside_texts(exported: Path, tmp_path: Path) -> None:
    path = exported / "users.csv"
    header, row = path.read_bytes().split(b"\r\n", 1)
    path.write_bytes(header + b"\r\n" + row + row)  # the same key again; each row has two lines
    with pytest.raises(BadInput, match=r"4번째 줄.*UNIQUE"):
        import_(new_database(tmp_path / "copy.db"), exported)


def test_a_byte_order_mark_is_forgiven(exported: Path, tmp_path: Path) -> None:
    path = exported / "users.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert import_(new_database(tmp_path / "copy.db"), exported)["users"] == 1


def test_bytes_that_are_no_utf8(exported: Path, tmp_path: Path) -> None:
    path = exported / "users.csv"
    path.write_bytes(path.read_bytes().replace("가".encode(), b"\xb0\xa1"))
    with pytest.raises(BadInput, match="CSV로 읽을 수 없어요"):
        import_(new_database(tmp_path / "copy.db"), exported)


def test_files_missing_and_too_many(exported: Path, tmp_path: Path) -> None:
    copy = new_database(tmp_path / "copy.db")
    (exported / "coupons.csv").write_text("a\r\n")
    with pytest.raises(BadInput, match=r"모르는 표의 파일이 있어요: coupons\.csv"):
        import_(copy, exported)
    (exported / "users.csv").unlink()
    with pytest.raises(BadInput, match=r"빠진 파일이 있어요: users\.csv"):
        import_(copy, exported)
    with pytest.raises(BadInput, match="폴더가 없어요"):
        import_(copy, tmp_path / "none")


def test_a_folder_with_none_of_the_files(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="하나도 없어요"):
        import_(new_database(tmp_path / "copy.db"), tmp_path)


def test_an_export_of_the_first_version_comes_in(seeded: Database, tmp_path: Path) -> None:
    """Its folder has neither the newer tables nor the newer columns."""
    old = Database(tmp_path / "old.db")
    with old.write() as tx:
        m001_first_schema.apply(tx)
        known = {
            row["name"]: [c["name"] for c in tx.rows(f"pragma table_info({row['name']})")]
            for row in tx.rows("select name from sqlite_master where type = 'table'")
            if not row["name"].startswith("sqlite")
        }
    with seeded.read() as tx, old.write() as copy:
        copy.execute("pragma defer_foreign_keys = on")
        for table, columns in known.items():
            names = ", ".join(columns)
            for row in tx.rows(f"select {names} from {table}"):
                copy.insert(table, row)
    counts = export(old, tmp_path / "out")
    assert not (tmp_path / "out" / "payment_methods.csv").exists()
    new = new_database(tmp_path / "new.db")
    read = import_(new, tmp_path / "out")
    assert {name: read[name] for name in counts} == counts
    assert read["payment_methods"] == read["reviews"] == 0
    with new.read() as tx:
        assert tx.value("select count(*) from orders where option_changes = 0") == 400


def test_a_broken_reference_in_a_table_without_rowids(database: Database, tmp_path: Path) -> None:
    with database.write() as tx:
        add_user(tx, "u", "u@example.com")
        add_order(tx, "20261101-0000001", "u", "텀블러")
        tx.insert("product_ratings", {
            "product_id": "P1", **{f"stars_{n}": 1 for n in range(1, 6)}, "aspects": "{}",
        })  # fmt: skip
    export(database, tmp_path / "out")
    path = tmp_path / "out" / "product_ratings.csv"
    path.write_bytes(path.read_bytes().replace(b"P1", b"P2"))
    with pytest.raises(BadInput, match=r"product_ratings\.csv: product_id 'P2' 행.*products"):
        import_(new_database(tmp_path / "copy.db"), tmp_path / "out")


def test_a_failed_replace_keeps_what_was_there(exported: Path, database: Database) -> None:
    (exported / "sessions.csv").write_bytes(b"session_hash\r\n")
    with pytest.raises(BadInput):
        import_(database, exported, replace=True)
    with database.read() as tx:
        assert tx.value("select count(*) from users") == 1
        assert tx.value("select count(*) from sqlite_master where name like 'audit_no_%'") == 2


def test_files_are_private_and_whole(
    exported: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(exported)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in exported.iterdir())

    def full_disk(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        export(database, exported)
    assert files(exported) == before  # nothing half written, no temporary file left
