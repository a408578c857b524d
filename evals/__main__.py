"""``python -m evals run``, ``list`` and ``check``: measure the product, prove the data apart.

A composition point: it may import ``services``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import services
from errors import BadInput, SangdamError
from evals import compare, report, runner, suites
from evals.console import Lines, bars, columns, summary
from evals.subject import open_subject
from services.kept_dialogues import FOLDER as KEPT

__all__ = ["main"]

OK, WORSE, BAD_ARGUMENTS, FAILED, INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status (docs/evals.md says what each means)."""
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print("멈췄습니다. 아무것도 저장하지 않았습니다.", file=sys.stderr)
        return INTERRUPTED
    except BadInput as error:
        print(error.message, file=sys.stderr)
        return BAD_ARGUMENTS
    except SangdamError as error:
        print(error.message, file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals", description="품질 측정")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="재고, 저장하고, 앞선 측정과 견줍니다")
    run.add_argument("--suite", nargs="+", metavar="NAME", help="잴 묶음 (없으면 모두)")
    run.add_argument("--report", type=Path, metavar="DIR", help="보고서를 쓸 폴더")
    run.add_argument("--against", default="last", metavar="last|baseline|FILE",
                     help="견줄 측정: 직전(last), 배포본 기준(baseline), report.json")  # fmt: skip
    run.add_argument("--save-baseline", action="store_true", help="배포본 기준으로 삼습니다")
    run.add_argument("--json", action="store_true", help="보고서의 JSON을 출력합니다")
    run.add_argument("--progress", metavar="FILE", help="진행을 JSON 줄로 씁니다 (-: 표준 출력)")
    run.add_argument("--tied", action="store_true",
                     help="표준 입력이 닫히면 멈춥니다")  # fmt: skip
    run.set_defaults(run=_run)
    list_ = commands.add_parser("list", help="묶음과 그 크기를 보여 줍니다")
    list_.set_defaults(run=_list)
    check = commands.add_parser("check", help="학습·개발·시험 문장이 겹치지 않는지 확인합니다")
    check.set_defaults(run=_check)
    return parser


def _run(options: argparse.Namespace) -> int:
    names = _names(options.suite)
    _mind_signals(tied=options.tied)
    desk = services.get()
    desk.database.prepare()
    # What cannot be is refused before the long work.
    if options.report is not None:
        _make_folder(options.report)
    before = compare.earlier(options.against, desk.database)
    base = compare.earlier("baseline", desk.database)
    folder = desk.settings.data_path / "evals"
    tell = Lines(options.progress, sys.stdout) if options.progress else bars(sys.stderr)
    started = datetime.now(UTC)
    tell("", 0, 1)
    kept = desk.settings.data_path / KEPT
    with open_subject(folder / "cache", kept=kept) as subject:
        tell("", 1, 1)
        results = runner.measure(names, subject, tell)
    run = runner.new_run(started, results)
    failures = compare.failures(results, before.results, base.results)
    document = {**run.as_json(), "compared_with": before.label, "failures": failures}
    html = report.html(run, before, failures)
    runner.write_report(options.report or folder / run.run_id, document, html)
    runner.keep(run, desk.database)
    runner.prune_reports(folder, desk.database)
    if options.save_baseline:
        compare.save_baseline(document, compare.BASELINE)
    _tell(options, document, run, before, options.report or folder / run.run_id)
    broken = runner.broken(results)
    for line in (*failures, *(f"{name}: {results[name].skipped}" for name in broken)):
        print(f"나빠짐: {line}" if line in failures else line, file=sys.stderr)
    return WORSE if failures or broken else OK


def _tell(
    options: argparse.Namespace,
    document: dict[str, Any],
    run: runner.Run,
    before: compare.Earlier,
    folder: Path,
) -> None:
    if options.json:
        print(json.dumps(document, ensure_ascii=False, indent=1))
        return
    print(summary(run.results, before.results))
    figures = list(compare.figures(run.results, before.results))
    goals = [one for one in figures if one.goal is not None]
    print(f"\n목표 {len(goals)}개 중 {sum(one.reached for one in goals)}개 도달 · "
          f"{before.label}과 견줌 · 보고서 {folder / 'report.html'}")  # fmt: skip


def _make_folder(folder: Path) -> None:
    """Raises BadInput where no report can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{folder}: 보고서를 쓸 폴더를 만들 수 없습니다 ({error.strerror}). "
            "다른 폴더를 --report로 주세요."
        ) from error


def _names(wanted: list[str] | None) -> list[str]:
    """The suites to run, in their own order. Raises BadInput for an unknown one."""
    unknown = [name for name in wanted or () if name not in suites.NAMES]
    if unknown:
        raise BadInput(
            f"{', '.join(unknown)}: 그런 묶음이 없습니다. 있는 것: {', '.join(suites.NAMES)}"
        )
    return [name for name in suites.NAMES if not wanted or name in wanted]


def _mind_signals(*, tied: bool) -> None:
    """Being told to end is an interruption like Ctrl-C, so that temporary files go."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)
    if tied:
        threading.Thread(target=_end_with_input, daemon=True).start()


def _end_with_input() -> None:
    """End when standard input does: the program that started this one is gone.

    Read past ``sys.stdin``: its lock, held by a thread, aborts the end of the interpreter.
    """
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _list(options: argparse.Namespace) -> int:
    base = compare.read_report(compare.BASELINE) if compare.BASELINE.exists() else {}
    rows = [("묶음", "제목", "크기", "배포본 기준")]
    for name in suites.NAMES:
        metrics = base.get(name, {}).get("metrics", [])
        try:
            module = suites.load(name)
            size = module.size() if hasattr(module, "size") else metrics[0]["n"] if metrics else 0
            title, count = module.TITLE, f"{size:,}" if size else "–"
        except ModuleNotFoundError as error:
            if error.name != f"evals.suites.{name}":
                raise
            title, count = "(아직 없음)", "–"
        rows.append((name, title, count, f"{metrics[0]['value']:.3f}" if metrics else "–"))
    print("\n".join(columns(rows, right=(2, 3))))
    return OK


def _check(options: argparse.Namespace) -> int:
    from evals.apart import overlaps, sentences

    found = sentences()
    pairs = overlaps(found)
    for pair in pairs:
        print(pair)
    counts = ", ".join(f"{part} {n:,}" for part, n in sorted(found.counts().items()))
    if pairs:
        print(f"겹치는 문장 {len(pairs)}쌍이 있습니다. 한쪽을 지우거나 바꿔 주세요. ({counts})",
              file=sys.stderr)  # fmt: skip
        return WORSE
    print(f"학습·개발·시험 문장이 겹치지 않습니다. ({counts})")
    return OK


if __name__ == "__main__":
    sys.exit(main())
