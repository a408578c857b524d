"""``python -m retrieval index | search "질의" | bench --passages F --questions F``."""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import services
import settings
from errors import SangdamError
from retrieval import PolicyIndex, PolicySearch, load_folder
from retrieval.index import Progress
from retrieval.types import Hit, Mode, SearchResult

SEOUL = ZoneInfo("Asia/Seoul")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (1: a message on standard error says why)."""
    options = _parser().parse_args(arguments)
    commands = {"index": _index, "search": _search, "bench": _bench}
    try:
        return commands[options.command](options)
    except SangdamError as error:
        print(error.message, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m retrieval", description="정책 검색")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("index", help="data/policies를 색인합니다")
    search = commands.add_parser("search", help="정책을 찾아 단계별 순위와 점수를 보여 줍니다")
    search.add_argument("query")
    search.add_argument("--mode", choices=get_args(Mode), default="hybrid")
    search.add_argument("--top-k", type=int, default=5)
    search.add_argument("--staff", action="store_true", help="내부 문서도 찾습니다")
    bench = commands.add_parser("bench", help="검색 품질과 속도를 잽니다")
    bench.add_argument("--passages", type=Path, required=True, help='{"id","text"} JSONL')
    bench.add_argument("--questions", type=Path, required=True, help='{"text","relevant"} JSONL')
    return parser


def _policy_index(values: settings.Settings) -> PolicyIndex:
    return services.build(values).index


def _build(index: PolicyIndex, values: settings.Settings) -> None:
    documents = load_folder(settings.ROOT / "data" / "policies", values.rules())
    report = index.build(documents, _progress("색인"))
    print(
        f"조항 {report.chunks}개 · 추가 {report.added} · 변경 {report.changed} · "
        f"삭제 {report.removed} · 그대로 {report.unchanged} · {report.took_s:.1f}초",
        file=sys.stderr,
    )


def _index(options: argparse.Namespace) -> int:
    values = settings.load()
    _build(_policy_index(values), values)
    return 0


def _search(options: argparse.Namespace) -> int:
    values = settings.load()
    index = _policy_index(values)
    if not index.status().ready:
        _build(index, values)
    today = datetime.now(SEOUL).date()
    result = PolicySearch(index).search(
        options.query, mode=options.mode, top_k=options.top_k, staff=options.staff, today=today
    )
    _show(result)
    return 0


def _bench(options: argparse.Namespace) -> int:
    from retrieval import bench

    desk = services.build()
    rows = bench.run(
        options.passages, options.questions, desk.tokenizer, desk.policy_encoder, _progress("색인")
    )
    print(f"{'mode':<9}{'R@1':>7}{'R@5':>7}{'MRR@10':>8}{'ms':>8}")
    for row in rows:
        figures = f"{row.recall_1:>7.3f}{row.recall_5:>7.3f}{row.mrr_10:>8.3f}{row.ms:>8.2f}"
        print(f"{row.mode:<9}{figures}")
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
    """A tqdm bar on standard error, only where a person sees it."""
    from tqdm import tqdm

    bar = tqdm(desc=label, unit="문서", disable=None, leave=False)

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


if __name__ == "__main__":
    sys.exit(main())
