"""The product's own marks: stored evaluations, how they stand, and measuring anew.

An evaluation runs as a process of its own (``python -m evals run``), one at a time, and
ends with the server: its standard input is a pipe that this process holds open.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal

from errors import Conflict, Unavailable
from services.quality_figures import Figure, Results, figures_of
from settings import ROOT, Settings
from store import eval_runs
from store.database import Database

__all__ = ["BASELINE", "Point", "Quality", "Standing", "Work"]

BASELINE = "baseline"  # the run id of evals/baseline.json
_FILE = ROOT / "evals" / "baseline.json"
_TITLE = re.compile(r'^TITLE = "(.+)"$', re.MULTILINE)
_NICE = 10
_TOLD_LINES = 6
State = Literal["idle", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Point:
    """A suite in one run: its figures with those of the run before (the first is its own)."""

    run_id: str
    at: str  # UTC ISO-8601
    revision: str
    took_s: float
    figures: tuple[Figure, ...]

    @property
    def own(self) -> Figure:
        """The figure the suite is known by."""
        return self.figures[0]


@dataclass(frozen=True, slots=True)
class Standing:
    """A suite over time, oldest first. ``skipped``: why the newest run measured nothing."""

    suite: str
    title: str
    points: tuple[Point, ...]
    skipped: str = ""

    @property
    def latest(self) -> Point | None:
        """Where it stands now; None before it was ever measured."""
        return self.points[-1] if self.points else None


@dataclass(frozen=True, slots=True)
class Work:
    """An evaluation under way or just ended. ``suite`` is at ``done`` of ``of`` examples."""

    state: State = "idle"
    suites: tuple[str, ...] = ()
    suite: str = ""
    done: int = 0
    of: int = 1
    error: str = ""

    @property
    def share(self) -> float:
        """How far the whole is, 0 to 1; every suite counts the same."""
        if self.suite not in self.suites:
            return 0.0
        inside = min(self.done / max(self.of, 1), 1.0)
        return (self.suites.index(self.suite) + inside) / len(self.suites)


class Quality:
    """Runs, results and the one evaluation that may be under way. Thread safe."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._folder = settings.data_path.resolve() / "evals"
        self._data_dir = settings.data_path.resolve()
        self._database = database
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._work = Work()
        self._slim: dict[str, dict[str, dict[str, Any]]] = {}

    # ── what was measured ────────────────────────────────────────────────────────────────

    def results(self, run_id: str) -> Results:
        """A run's results whole, by suite; empty for an unknown one."""
        if run_id == BASELINE:
            found: dict[str, dict[str, Any]] = _baseline().get("results", {})
            return found
        with self._database.read() as tx:
            return eval_runs.results(tx, run_id)

    def standings(self, *, limit: int = 50) -> list[Standing]:
        """Every suite over the latest ``limit`` runs, the delivered baseline first of all."""
        points: dict[str, list[Point]] = {}
        titles: dict[str, str] = {}
        skipped: dict[str, str] = {}
        before: dict[str, dict[str, Any]] = {}
        for run_id, at, revision in self._runs(limit):
            for suite, result in self._figures(run_id).items():
                titles[suite] = result["title"]
                skipped[suite] = result["skipped"]
                if result["skipped"] or not result["metrics"]:
                    continue
                figures = figures_of(suite, result, before.get(suite))
                points.setdefault(suite, []).append(
                    Point(run_id, at, revision, result["took_s"], figures)
                )
                before[suite] = result
        return [
            Standing(suite, titles[suite], tuple(points.get(suite, ())), skipped[suite])
            for suite in titles
        ]

    @property
    def suites(self) -> dict[str, str]:
        """The suites that this copy of the program brings along: name → Korean title.

        Read from their sources: the package ``evals`` stands above this one.
        """
        found = {}
        for path in sorted((ROOT / "evals" / "suites").glob("[a-z]*.py")):
            title = _TITLE.search(path.read_text("utf-8"))
            found[path.stem] = title[1] if title else path.stem
        return found

    def report(self, run_id: str) -> Path | None:
        """The run's ``report.html``, when it lies where reports lie by default."""
        path = self._folder / run_id / "report.html"
        return path if run_id != BASELINE and path.is_file() else None

    def _runs(self, limit: int) -> list[tuple[str, str, str]]:
        """(run id, when, revision), oldest first; the baseline is the first of all."""
        base = _baseline()
        first = [(BASELINE, base["finished_at"], base["revision"])] if base else []
        with self._database.read() as tx:
            stored = eval_runs.runs(tx, limit=limit)
        return first + [(one.run_id, one.finished_at, one.revision) for one in reversed(stored)]

    def _figures(self, run_id: str) -> dict[str, dict[str, Any]]:
        """A run's titles, metrics and skips, remembered: a stored run never changes."""
        if run_id not in self._slim:
            slim = {
                suite: {name: result[name] for name in ("title", "metrics", "skipped", "took_s")}
                for suite, result in self.results(run_id).items()
            }
            if run_id == BASELINE:
                return slim
            self._slim[run_id] = slim
        return self._slim[run_id]

    # ── measuring anew ───────────────────────────────────────────────────────────────────

    def start(self, suites: Sequence[str]) -> None:
        """Begin to measure ``suites`` in the background.

        Raises Conflict while an evaluation is under way, Unavailable when it cannot start.
        """
        with self._lock:
            if self._look().state == "running":
                raise Conflict("이미 측정하고 있어요. 끝나면 다시 시작해 주세요.")
            self._folder.mkdir(parents=True, exist_ok=True)
            self._progress_file.write_text("", "utf-8")
            self._process = self._spawn(tuple(suites))
            self._work = Work("running", tuple(suites))

    def progress(self) -> Work:
        """Where the evaluation is; the last one's end until another one starts."""
        with self._lock:
            self._work = self._look()
            return self._work

    def cancel(self) -> None:
        """Stop the evaluation under way; it keeps nothing."""
        with self._lock:
            if self._look().state != "running" or self._process is None:
                return
            _end(self._process)
            self._process = None
            self._work = replace(self._work, state="cancelled")

    @property
    def log(self) -> Path:
        """Where the last evaluation wrote what it had to say."""
        return self._folder / "last.log"

    @property
    def _progress_file(self) -> Path:
        return self._folder / "progress.jsonl"

    def _spawn(self, suites: tuple[str, ...]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "evals", "run", "--tied"]
        command += ["--progress", str(self._progress_file), "--suite", *suites]
        environment = {**os.environ, "SANGDAM_DATA_DIR": str(self._data_dir)}
        try:
            with self.log.open("wb") as out:
                process = subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=out,
                    stderr=out, process_group=0,
                )  # fmt: skip
        except OSError as error:
            raise Unavailable(f"측정을 시작하지 못했어요: {error.strerror}") from error
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        return process

    def _look(self) -> Work:
        """The state now; lines of progress are read anew (a few hundred)."""
        work = self._work
        if work.state != "running" or self._process is None:
            return work
        ended = self._process.poll()
        told = _last_line(self._progress_file)
        if told:
            work = replace(work, suite=told["suite"], done=told["done"], of=told["of"])
        if ended is None:
            return work
        _close(self._process.stdin)
        self._process = None
        if ended in (0, 1):  # 1: worse than before, which is a result
            return replace(work, state="done")
        return replace(work, state="failed", error=_tail(self.log))


def _baseline() -> dict[str, Any]:
    """``evals/baseline.json``; empty where it is not delivered or cannot be read."""
    try:
        found: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
        return found
    except (OSError, ValueError):
        return {}


def _last_line(path: Path) -> Mapping[str, Any] | None:
    try:
        lines = path.read_text("utf-8").splitlines()
        return json.loads(lines[-1]) if lines else None
    except (OSError, ValueError):  # a line half written: the next look sees it whole
        return None


def _tail(path: Path) -> str:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join([line for line in lines if line.strip()][-_TOLD_LINES:])


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(5)
    except ProcessLookupError:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)
    _close(process.stdin)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(BrokenPipeError):
            pipe.close()
