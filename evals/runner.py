"""One run: the chosen suites measured one after another, kept and written down.

Nothing is kept before every suite is through: the report is written beside its place and
moved there, the store gets one transaction.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals import suites
from evals.subject import ROOT, Subject
from evals.types import SuiteResult
from store import eval_runs
from store.database import Database

__all__ = [
    "KEPT_RUNS", "Run", "Tell", "broken", "keep", "measure", "new_run", "prune_reports",
    "revision", "write_report",
]  # fmt: skip

log = logging.getLogger("evals")
KEPT_RUNS = 200
MEASURED = ("agent", "data", "evals", "retrieval", "services", "store")  # what decides a figure
BROKEN = "측정하지 못했습니다"
Tell = Callable[[str, int, int], None]  # (suite, done, of)


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run; times are aware UTC."""

    run_id: str
    started: datetime
    finished: datetime
    revision: str
    results: Mapping[str, SuiteResult]

    def as_json(self) -> dict[str, Any]:
        """Plain values: what ``report.json`` and ``baseline.json`` hold."""
        return {
            "run_id": self.run_id,
            "started_at": self.started.isoformat(timespec="seconds"),
            "finished_at": self.finished.isoformat(timespec="seconds"),
            "revision": self.revision,
            "results": {name: result.as_json() for name, result in self.results.items()},
        }


def measure(names: Iterable[str], subject: Subject, tell: Tell) -> dict[str, SuiteResult]:
    """Each suite's result in turn. A suite that breaks is logged and told as such."""
    return {name: _measure(name, subject, tell) for name in names}


def _measure(name: str, subject: Subject, tell: Tell) -> SuiteResult:
    started = time.perf_counter()
    title = name
    try:
        module = suites.load(name)
        title = module.TITLE
        tell(name, 0, 1)
        result: SuiteResult = module.run(subject, lambda done, of: tell(name, done, of))
    except ModuleNotFoundError as error:
        if error.name != f"evals.suites.{name}":
            raise
        return SuiteResult(name, title, skipped="아직 없는 묶음입니다.")
    except Exception as error:  # the other suites' figures are worth having
        log.exception("suite %s broke", name)
        result = SuiteResult(name, title, skipped=f"{BROKEN}: {type(error).__name__}: {error}")
    return replace(result, took_s=round(time.perf_counter() - started, 2))


def broken(results: Mapping[str, SuiteResult]) -> list[str]:
    """The suites that ended in an error."""
    return [name for name, result in results.items() if result.skipped.startswith(BROKEN)]


def new_run(started: datetime, results: Mapping[str, SuiteResult]) -> Run:
    """A run that began at ``started`` and ends now."""
    run_id = f"{started.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    return Run(run_id, started, datetime.now(UTC), revision(), results)


def revision() -> str:
    """The code and data measured: git's commit, with "+" and a hash when files differ from it.

    Without git the hash alone.
    """
    commit, changed = _git("rev-parse", "--short", "HEAD"), _git("status", "--porcelain")
    if commit and not changed:
        return commit
    return f"{commit}+{_content_hash()}" if commit else _content_hash()


def keep(run: Run, database: Database) -> None:
    """Store the run, forget the oldest past :data:`KEPT_RUNS`."""
    with database.write() as tx:
        eval_runs.add(
            tx,
            run.run_id,
            started=run.started,
            finished=run.finished,
            revision=run.revision,
            results={name: result.as_json() for name, result in run.results.items()},
        )
        eval_runs.prune(tx, keep=KEPT_RUNS)


def write_report(folder: Path, report: Mapping[str, Any], html: str) -> None:
    """``report.json`` and ``report.html`` in ``folder``, each there whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, ensure_ascii=False, indent=1)
    for name, content in (("report.json", text), ("report.html", html)):
        part = folder / f".{name}.part"
        part.write_text(content, "utf-8")
        part.replace(folder / name)


def prune_reports(folder: Path, database: Database) -> None:
    """Delete the reports under ``folder`` of runs that the store has forgotten."""
    with database.read() as tx:
        kept = {run.run_id for run in eval_runs.runs(tx, limit=KEPT_RUNS)}
    for path in folder.glob("[0-9]*-[0-9]*-*"):
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _git(*arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def _content_hash() -> str:
    found = hashlib.sha256()
    for part in MEASURED:
        for path in sorted((ROOT / part).rglob("*")):
            if path.is_file() and path.suffix != ".pyc" and path.name != "baseline.json":
                found.update(str(path.relative_to(ROOT)).encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:8]
