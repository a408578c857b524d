"""What the terminal remembers between calls: the last conversation and the sign-ins.

One JSON file in the data folder that only its owner can read. A *place* is the address of a
server, or :data:`HERE` for the shop of the data folder; *who* is a user id or an e-mail, or
:data:`GUEST`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from agent.understanding.locking import file_lock
from errors import Unavailable

__all__ = ["GUEST", "HERE", "Login", "Memory", "Person", "Place"]

GUEST = "guest"
HERE = "here"


@dataclass(slots=True)
class Login:
    """Tokens of a server. ``expires_at`` is the access token's end in Unix seconds."""

    access_token: str = field(repr=False)
    expires_at: float
    refresh_token: str = field(default="", repr=False)


@dataclass(slots=True)
class Person:
    """Somebody at a place."""

    session_id: str | None = None
    login: Login | None = None


@dataclass(slots=True)
class Place:
    """A shop. ``current`` is the e-mail that signed in last."""

    current: str | None = None
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, who: str) -> Person:
        """Somebody's record, made when there is none."""
        return self.people.setdefault(who, Person())


class Memory:
    """The file. Safe to use from several processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def place(self, name: str) -> Place:
        """What is known of a place. Raises Unavailable when the file cannot be read."""
        return self._load().get(name) or Place()

    @contextmanager
    def changing(self, name: str) -> Iterator[Place]:
        """A place to change: written when the block ends well, unless nothing changed.

        Other processes wait meanwhile. Raises Unavailable when the file cannot be written.
        """
        try:
            with file_lock(self.path.with_suffix(".lock")):
                places = self._load()
                before = _dump(places)
                yield places.setdefault(name, Place())
                after = _dump(places)
                if after != before:
                    self._write(after)
        except OSError as error:
            raise Unavailable(
                f"{self.path} 파일에 쓸 수 없어요. 폴더의 권한과 남은 공간을 확인해 주세요."
            ) from error

    def remember(self, name: str, who: str, session_id: str | None) -> None:
        """Keep (or with None forget) somebody's last conversation. Raises Unavailable."""
        with self.changing(name) as place:
            place.person(who).session_id = session_id

    def _load(self) -> dict[str, Place]:
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(dict[str, Place]).validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Unavailable(
                f"{self.path} 파일을 읽을 수 없어요. 권한을 확인해 주세요."
            ) from error
        except ValidationError as error:
            raise Unavailable(
                f"{self.path} 파일이 망가졌어요. 지우고 다시 시작해 주세요."
            ) from error

    def _write(self, content: bytes) -> None:
        """Aside, flushed, then in its place: another process sees the old file or the new."""
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with open(handle, "wb") as file:  # mkstemp's files are their owner's only (0600)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _dump(places: dict[str, Place]) -> bytes:
    from agent.terminal.text import json_text

    return json_text({name: asdict(place) for name, place in places.items()}).encode()
