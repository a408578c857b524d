"""The archive of a backup: a gzip'd tar that holds known names only, read as if by an enemy.

No name out of an archive ever becomes a path: a member is either one of the few names known
here or the whole archive is refused. Sizes are bounded before anything is written.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sys
import tarfile
import zlib
from pathlib import Path
from typing import IO, Any

from errors import BadInput

__all__ = ["DATABASE", "PHOTOS", "POLICIES", "SECRET", "SUFFIXES", "pack", "unpack"]

DATABASE = "sangdam.db"
PHOTOS = "photos"
POLICIES = "policies.jsonl"
SECRET = "secret.key"
SUFFIXES = (".tar.gz", ".tgz")
MAX_PHOTO_BYTES = 64 * 2**20
MAX_SECRET_BYTES = 2**16
MAX_MEMBERS = 5_000_000
MAX_READ_BYTES = 2**20  # asked for at once: a header that claims more is hostile
_PHOTO = re.compile(rf"{PHOTOS}/[\w-]{{1,100}}\.jpg", re.ASCII)


def pack(target: Path, database: Path, folder: Path, *, with_secret: bool) -> tuple[Path, int]:
    """Write database, photos and policies of ``folder`` to ``target``; (target, photos).

    The database was copied first, so every photo it names that still exists is here too.
    """
    photos = 0
    with (
        open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        tarfile.open(
            fileobj=file,
            mode="w:gz",
            format=tarfile.GNU_FORMAT,
            compresslevel=6,  # 9: 1 % less
        ) as tar,
    ):
        _add(tar, database, DATABASE)
        for name in (POLICIES, *((SECRET,) if with_secret else ())):
            _add(tar, folder / name, name)
        if (folder / PHOTOS).is_dir():
            for photo in sorted((folder / PHOTOS).iterdir()):
                name = f"{PHOTOS}/{photo.name}"
                photos += _PHOTO.fullmatch(name) is not None and _add(tar, photo, name)
    return target, photos


def _add(tar: tarfile.TarFile, path: Path, name: str) -> bool:
    """Put one file in; False when there is none (a chat was just deleted with its photos)."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        member = tarfile.TarInfo(name)
        found = os.fstat(file.fileno())
        member.size, member.mtime, member.mode = found.st_size, int(found.st_mtime), 0o600
        tar.addfile(member, file)
    return True


def unpack(source: Path, folder: Path) -> int:
    """Write the archive's pieces to ``folder``, an empty one; returns the photos.

    Raises BadInput for anything but a whole archive made by :func:`pack`.
    """
    room = shutil.disk_usage(folder).free
    seen: set[str] = set()
    try:
        with gzip.open(source, "rb") as plain, _opened(plain, room) as tar:
            for member in tar:
                _check(member, seen, room)
                seen.add(member.name)
                room -= member.size
                file = tar.extractfile(member)
                assert file is not None  # _check let regular files pass only
                _write(file, folder / member.name)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{source}을(를) 풀 수 없습니다({error}).", code="damaged") from error
    if DATABASE not in seen:
        raise BadInput(f"{source}에 {DATABASE}이(가) 없습니다. backup으로 만든 파일이 아닙니다.")
    return sum(name.startswith(f"{PHOTOS}/") for name in seen)


def _opened(plain: Any, most: int) -> tarfile.TarFile:
    stream: Any = _Bounded(plain, most)  # what tarfile needs of a file, and no more
    return tarfile.open(fileobj=stream, mode="r:")


def _check(member: tarfile.TarInfo, seen: set[str], room: int) -> None:
    name = member.name
    photo = _PHOTO.fullmatch(name) is not None
    most = MAX_PHOTO_BYTES if photo else MAX_SECRET_BYTES if name == SECRET else sys.maxsize
    if not photo and name not in (DATABASE, POLICIES, SECRET):
        why = "모르는 이름입니다"
    elif not member.isreg() or member.issparse():
        why = "보통 파일이 아닙니다"
    elif name in seen or len(seen) >= MAX_MEMBERS:
        why = "두 번 들어 있거나 파일이 너무 많습니다"
    elif not 0 <= member.size <= most:
        why = f"너무 큽니다({member.size:,}바이트)"
    elif member.size > room:
        raise BadInput("디스크에 풀 자리가 모자랍니다. 자리를 만든 뒤 다시 실행해 주세요.")
    else:
        return
    raise BadInput(
        f"백업 파일 안의 {ascii(name)[:120]}을(를) 받을 수 없습니다: {why}. "
        "backup으로 만든 파일만 쓸 수 있습니다.",
        code="bad_archive",
    )


def _write(file: IO[bytes], path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as target:
        shutil.copyfileobj(file, target, 2**18)


class _Bounded:
    """A stream for tarfile that gives no more than ``most`` bytes, and few at a time.

    tarfile takes a whole extended header into memory, however long it says it is.
    """

    def __init__(self, file: Any, most: int) -> None:
        self._file, self._most = file, most + 2**20

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_READ_BYTES:
            raise tarfile.ReadError("a header that is too long")
        data: bytes = self._file.read(size)
        self._bound(self._file.tell())
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        if whence == 0:
            self._bound(place)
        return int(self._file.seek(place, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def _bound(self, place: int) -> None:
        if place > self._most:
            raise tarfile.ReadError("more than the disk has room for")
