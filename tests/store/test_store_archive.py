"""Archives of backups, read as if by an enemy, and the two commands."""

from __future__ import annotations

import argparse
import gzip
import io
import tarfile
from pathlib import Path

import pytest

from errors import BadInput
from services import Services
from store import archive
from store.__main__ import main
from store.backup import backup, restore
from store.database import Database

# ── hostile archives ─────────────────────────────────────────────────────────


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 4) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info.tobuf(tarfile.GNU_FORMAT) + (b"evil" + bytes(508)) * (size == 4)


HOSTILE = {
    "traversal": member("../evil"),
    "absolute": member("/tmp/evil"),
    "inside out": member("photos/../../evil.jpg"),
    "hidden": member("photos/.img.jpg"),
    "nested": member("photos/a/b.jpg"),
    "folder": member("photos", tarfile.DIRTYPE, size=0),
    "symlink": member("photos/a.jpg", tarfile.SYMTYPE, "/etc/passwd", 0),
    "link as folder": member("photos", tarfile.SYMTYPE, "/tmp", 0) + member("photos/a.jpg"),
    "hard link": member("policies.jsonl", tarfile.LNKTYPE, "/etc/passwd", 0),
    "device": member("policies.jsonl", tarfile.CHRTYPE, size=0),
    "fifo": member("sangdam.db", tarfile.FIFOTYPE, size=0),
    "unknown name": member("config.toml"),
    "a null": member("sangdam.db\0.txt") + member("sangdam.db"),
    "twice": member("policies.jsonl") * 2,
    "huge photo": member("photos/a.jpg", size=2**30),
    "huger than the disk": member("policies.jsonl", size=2**60),
    "huge secret": member("secret.key", size=2**20),
    "long header": member("x", b"x", size=2**33),
    "long name": member("x", b"L", size=2**33),
    "log beside": member("sangdam.db-wal"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_archives_are_refused_and_leave_nothing(tmp_path: Path, kind: str) -> None:
    database = Database(tmp_path / "new" / "sangdam.db")
    bad = tmp_path / "bad.tar.gz"
    bad.write_bytes(gzip.compress(HOSTILE[kind] + bytes(1024)))
    with pytest.raises(BadInput):
        restore(database, bad)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["bad.tar.gz", "new"]
    assert not Path("/tmp/evil").exists()


def test_a_bomb_is_not_written_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "bad.tar.gz"
    with gzip.open(bad, "wb", compresslevel=1) as stream:
        stream.write(member("policies.jsonl", size=200 * 2**20))
        for _ in range(200):
            stream.write(bytes(2**20))
    monkeypatch.setattr(archive.shutil, "disk_usage", lambda _: argparse.Namespace(free=2**20))
    with pytest.raises(BadInput, match="자리가 모자랍니다"):
        restore(Database(tmp_path / "new" / "sangdam.db"), bad)


# ── the commands ─────────────────────────────────────────────────────────────


def test_the_commands(
    shop: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path))
    target = str(tmp_path / "b.tar.gz")
    assert main(["backup", target]) == 0
    told = capsys.readouterr().out
    assert "users" in told
    assert "MB" in told
    assert main(["backup", target]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["restore", target]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["restore", target, "--force"]) == 0
    assert "sangdam.db.before-" in capsys.readouterr().out
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path / "none"))
    assert main(["backup", str(tmp_path / "c.db")]) == 1
    assert "data_dir" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()  # a backup makes no database
    with pytest.raises(SystemExit):
        main(["backup", "--help"])
    assert "누구의 로그인이든" in capsys.readouterr().out.replace("\n", "").replace("  ", "")


def test_an_archive_can_be_read_by_any_tar(shop: Services, tmp_path: Path) -> None:
    shop.photo_folder.mkdir()
    for name in ("img_1.jpg", "img_a-_.jpg", ".img_2.part", "note.txt"):
        (shop.photo_folder / name).write_bytes(b"x")
    backup(shop.database, tmp_path / "b.tar.gz")
    plain = gzip.decompress((tmp_path / "b.tar.gz").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        assert sorted(tar.getnames()) == [
            "photos/img_1.jpg", "photos/img_a-_.jpg", "sangdam.db",
        ]  # fmt: skip
