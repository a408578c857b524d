"""``python -m retrieval collect … | index | search "질의" | bench --passages F --questions F``."""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import services
import settings
from errors import SangdamError
from retrieval.collect import Limits, Outcome, collect
from retrieval.collect.gather import read_list
from retrieval.index import Progress
from retrieval.shelf import FILE, read_shelf
from retrieval.types import Audience, Hit, Mode, SearchResult

SEOUL = ZoneInfo("Asia/Seoul")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (1: a message on standard error says why)."""
    options = _parser().parse_args(arguments)
    commands = {"collect": _collect, "index": _index, "search": _search, "bench": _bench}
    try:
        return commands[options.command](options)
    except SangdamError as error:
        print(error.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # what was collected until here is kept
        print("그만두었습니다.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m retrieval", description="정책 검색")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_collect(commands)
    index = commands.add_parser("index", help="data/policies와 모은 정책을 색인합니다")
    index.add_argument("--rebuild", action="store_true", help="바뀌지 않은 문서도 다시 합니다")
    search = commands.add_parser("search", help="정책을 찾아 단계별 순위와 점수를 보여 줍니다")
    search.add_argument("query")
    search.add_argument("--mode", choices=get_args(Mode), default="hybrid")
    search.add_argument("--top-k", type=int, default=5)
    search.add_argument("--staff", action="store_true", help="내부 문서도 찾습니다")
    search.add_argument(
        "--superseded", action="store_true", help="지난 정책도 찾습니다(--staff와 함께)"
    )
    search.add_argument("--json", action="store_true", help="결과를 JSON으로 씁니다")
    bench = commands.add_parser("bench", help="검색 품질과 속도를 잽니다")
    bench.add_argument("--passages", type=Path, required=True, help='{"id","text"} JSONL')
    bench.add_argument("--questions", type=Path, required=True, help='{"text","relevant"} JSONL')
    bench.add_argument(
        "--baselines", action="store_true", help="띄어쓰기 BM25와 LanceDB 기본 검색도 잽니다"
    )
    return parser


def _add_collect(commands: Any) -> None:
    plain = Limits()
    parser = commands.add_parser("collect", help="주소와 파일에서 정책을 모읍니다")
    parser.add_argument(
        "sources", nargs="*", metavar="주소·파일·폴더", help="HTML, Markdown, PDF, DOCX"
    )
    parser.add_argument("--urls", type=Path, action="append", default=[], help="주소 목록 파일")
    parser.add_argument("--title", help="문서 제목(하나를 모을 때)")
    parser.add_argument("--category", help="분류(기본: 기타 안내)")
    parser.add_argument("--audience", choices=get_args(Audience), help="staff는 내부 문서")
    parser.add_argument(
        "--from", dest="effective_from", type=_day, metavar="2026-01-31", help="시행 첫날"
    )
    parser.add_argument(
        "--to", dest="effective_to", type=_day, metavar="2026-12-31", help="시행 마지막 날"
    )
    parser.add_argument("--max-mb", type=_amount, default=plain.max_mb, help="문서 하나, MB")
    parser.add_argument("--timeout", type=_amount, default=plain.timeout_s, help="문서 하나, 초")
    parser.add_argument("--delay", type=_amount, default=plain.delay_s, help="요청 사이, 초")
    parser.add_argument(
        "--allow-private",
        action="append",
        default=[],
        metavar="HOST",
        help="읽어도 되는 내부망 주소",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("날짜를 2026-01-31처럼 적어 주세요.") from None


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1
    if not 0 <= amount <= 86_400:
        raise argparse.ArgumentTypeError("0 이상의 수를 적어 주세요.")
    return amount


def _collect(options: argparse.Namespace) -> int:
    sources = [*options.sources, *(one for path in options.urls for one in read_list(path))]
    if not sources:
        print("모을 주소나 파일을 적어 주세요. 목록은 --urls 파일로 줍니다.", file=sys.stderr)
        return 1
    names = ("title", "category", "audience", "effective_from", "effective_to")
    given = {name: value for name in names if (value := getattr(options, name))}
    private = frozenset(options.allow_private)
    limits = Limits(options.max_mb, options.timeout, options.delay, private)
    target = settings.load().data_path / FILE
    outcomes = collect(sources, target, given=given, limits=limits, progress=_progress("수집"))
    return _report(outcomes)


STATES = {"new": "새로", "changed": "바뀜", "unchanged": "그대로", "failed": "실패"}


def _report(outcomes: Sequence[Outcome]) -> int:
    for one in outcomes:
        print(f"{STATES[one.state]:<4}{one.source}")
        if one.document is None:
            print(f"{'':>6}{one.reason}")
            continue
        start, end = one.document.effective_from or "", one.document.effective_to or ""
        days = f" · 시행 {start}~{end}" if start or end else ""
        internal = " · 내부" if one.document.audience == "staff" else ""
        print(f"{'':>6}{one.document.title} · 버전 {one.document.version}{days}{internal}")
    states = [one.state for one in outcomes]
    print(" · ".join(f"{word} {states.count(state)}" for state, word in STATES.items()))  # type: ignore[arg-type]
    if "new" in states or "changed" in states:
        print("이제 python -m retrieval index를 실행하면 검색에 나옵니다.")
    return 1 if "failed" in states else 0


def _build(desk: services.Services, *, rebuild: bool = False) -> None:
    report = desk.build_index(_progress("색인"), rebuild=rebuild)
    print(
        f"조항 {report.chunks}개 · 추가 {report.added} · 변경 {report.changed} · "
        f"삭제 {report.removed} · 그대로 {report.unchanged} · {report.took_s:.1f}초",
        file=sys.stderr,
    )


def _index(options: argparse.Namespace) -> int:
    desk = services.build()
    _build(desk, rebuild=options.rebuild)
    return 1 if read_shelf(desk.settings.data_path / FILE).unreadable else 0


def _search(options: argparse.Namespace) -> int:
    desk = services.build()
    if not desk.index.status().ready:
        _build(desk)
    result = desk.policies.search(
        options.query,
        mode=options.mode,
        top_k=options.top_k,
        staff=options.staff,
        today=datetime.now(SEOUL).date(),
        include_superseded=options.superseded,
    )
    if options.json:
        print(json.dumps(asdict(result), ensure_ascii=False, default=str, indent=1))
    else:
        _show(result)
    return 0


def _bench(options: argparse.Namespace) -> int:
    from retrieval import bench

    desk = services.build()
    report = bench.run(
        options.passages,
        options.questions,
        desk.tokenizer,
        desk.policy_encoder,
        _progress("색인"),
        baselines=options.baselines,
    )
    print(f"{'mode':<11}{'R@1':>7}{'R@5':>7}{'MRR@10':>8}{'ms':>8}")
    for row in report.rows:
        figures = f"{row.recall_1:>7.3f}{row.recall_5:>7.3f}{row.mrr_10:>8.3f}{row.ms:>8.2f}"
        print(f"{row.mode:<11}{figures}")
    if report.unanswerable:
        print(f"관련 조항이 파일에 없는 질문 {report.unanswerable}개는 못 찾은 것으로 셉니다.")
    return 0


def _show(result: SearchResult) -> None:
    sure = "확실" if result.confident else "확실하지 않음"
    notice = f" ({result.notice})" if result.notice else ""
    print(f"{result.mode_used}{notice} · {sure} · {result.took_ms:.1f} ms")
    if not result.hits:
        print("찾은 조항이 없습니다.")
        return
    print(f"{'':>3} {'점수':>5}  {'키워드':>10}  {'의미':>10}  {'결합':>10}  조항")
    for place, hit in enumerate(result.hits, start=1):
        print(f"{place:>3} {hit.score:>7.3f}  {_cells(hit)}  {hit.chunk.chunk_id}")
        print(f"{'':>12}{_clip(f'{hit.chunk.section}: {hit.chunk.text}', 96)}")


def _cells(hit: Hit) -> str:
    pairs = (
        (hit.ranks.keyword, hit.scores.keyword),
        (hit.ranks.vector, hit.scores.vector),
        (hit.ranks.fused, hit.scores.fused),
    )
    return "  ".join(
        f"{'-':>13}" if rank is None else f"{rank:>4}위 {score:>7.3f}" for rank, score in pairs
    )


def _clip(text: str, columns: int) -> str:
    """``text`` on one line of at most ``columns`` terminal columns (Hangul takes two)."""
    kept = ""
    for letter in " ".join(text.split()):
        columns -= 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if columns < 1:
            return f"{kept}…"
        kept += letter
    return kept


def _progress(label: str) -> Progress:
    """A tqdm bar on standard error; in a log, a line for each tenth of a long run."""
    from tqdm import tqdm

    bar = tqdm(desc=label, unit="문서", disable=None, leave=False)

    def show(done: int, total: int) -> None:
        if bar.disable and total >= 100 and done % (total // 10) == 0:
            print(f"{label} {done}/{total}", file=sys.stderr, flush=True)
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


if __name__ == "__main__":
    sys.exit(main())
