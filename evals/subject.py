"""What is measured: one prepared demonstration shop, and fresh copies of it for dialogues.

The clock stands at a fixed noon, so that a data set may say "지난주" and mean something.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import settings as settings_module
from services import Services

__all__ = ["NOW", "SHARED", "Clock", "Subject", "open_subject"]

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "korean"  # data of others; suites skip without it
# Friday, 20 November 2026, noon in Seoul.
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
# Parts without state of a shop's own, shared by every copy.
_HEAVY = ("tokenizer", "encoder", "index", "policies", "catalogue", "understander")


@dataclass
class Clock:
    """A clock that a dialogue moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> None:
        """Move on by ``timedelta(**duration)``."""
        self.now += timedelta(**duration)


class Subject:
    """The agent under test. ``shop`` is prepared and only read; ``folder`` is for scratch.

    ``kept`` holds the dialogues that staff have kept (``services.kept_dialogues``), or is None.
    """

    def __init__(self, shop: Services, folder: Path, kept: Path | None = None) -> None:
        self.shop = shop
        self.folder = folder
        self.kept = kept

    @contextmanager
    def fresh_shop(self, **changes: object) -> Iterator[tuple[Services, Clock]]:
        """A copy of the seeded shop on a database of its own, with its clock."""
        with TemporaryDirectory(dir=self.folder) as name:
            folder, clock = Path(name), Clock()
            shutil.copyfile(self._clean_database(), folder / "sangdam.db")
            copy = Services(
                self.shop.settings.replace(data_dir=str(folder), **changes), clock=clock
            )
            for part in _HEAVY:
                copy.__dict__[part] = getattr(self.shop, part)
            copy._ready.set()
            yield copy, clock

    def _clean_database(self) -> Path:
        """The seeded database as one file without a journal, made once."""
        import sqlite3
        from contextlib import closing

        clean = self.folder / "clean.db"
        if not clean.exists():
            with (
                closing(sqlite3.connect(self.shop.database.path)) as source,
                closing(sqlite3.connect(clean)) as copy,
            ):
                source.backup(copy)
                copy.execute("pragma journal_mode = wal")
        return clean


@contextmanager
def open_subject(cache: Path | None = None, *, kept: Path | None = None) -> Iterator[Subject]:
    """A subject in a temporary folder, with default settings: an evaluation measures the
    product, not this machine's configuration. ``cache`` keeps models and index between runs.
    """
    with TemporaryDirectory(prefix="sangdam-evals-") as name:
        folder = Path(name)
        for part in ("models", "policy_index", "product_index"):
            if cache is not None:
                (cache / part).mkdir(parents=True, exist_ok=True)
                (folder / part).symlink_to((cache / part).resolve())
        plain = settings_module.load({}, env_file=folder / "none", toml_file=folder / "none")
        shop = Services(plain.replace(data_dir=str(folder)), clock=Clock())
        shop.prepare()
        yield Subject(shop, folder, kept)
