"""``python -m agent chat "TEXT"``, ``train`` and ``classify``: the agent from a terminal.

A composition point: it may import ``services``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import services
from agent.types import Caller, Card, Delta, ErrorEvent, Event, Message
from errors import SangdamError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with a Korean sentence on stderr when not."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except SangdamError as error:
        print(error.message, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m agent", description=__doc__)
    commands = parser.add_subparsers(required=True)
    chat = commands.add_parser("chat", help="한 번 대화합니다")
    chat.add_argument("text", nargs="?", default="")
    chat.add_argument("--as", dest="user", metavar="USER_ID", help="고객 계정 (없으면 비회원)")
    chat.add_argument("--session", metavar="ID", help="이어 갈 대화")
    chat.add_argument("--confirm", metavar="ACTION_ID", help="확인할 변경")
    chat.add_argument("--json", action="store_true", help="POST /api/chat의 객체를 출력합니다")
    chat.set_defaults(run=_chat)
    train = commands.add_parser("train", help="의도 분류 모델을 학습합니다")
    train.set_defaults(run=_train)
    abuse = commands.add_parser("train-abuse", help="욕설 모델을 학습합니다 (docs/guardrails.md)")
    abuse.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="댓글 자료 폴더")
    abuse.set_defaults(run=_train_abuse)
    index = commands.add_parser("index-products", help="상품 검색 색인을 만듭니다")
    index.add_argument("--rebuild", action="store_true", help="모든 상품을 새로 읽습니다")
    index.set_defaults(run=_index_products)
    classify = commands.add_parser("classify", help="label<TAB>text 파일로 평가합니다")
    classify.add_argument("--tsv", type=Path, required=True, metavar="FILE")
    classify.set_defaults(run=_classify)
    return parser


def _chat(options: argparse.Namespace) -> int:
    desk = services.get()
    desk.prepare(None if options.json else _progress)
    # A guest of the terminal is this machine's user: their chats stay theirs.
    caller = desk.caller(options.user) if options.user else Caller(guest_key="terminal")
    events = desk.run_turn(
        caller,
        options.text,
        session_id=options.session,
        confirm=options.confirm,
        source="terminal",
    )
    failed = False
    for event in events:
        failed = failed or isinstance(event, ErrorEvent)
        _print(event, as_json=options.json)
    return int(failed)


def _print(event: Event, *, as_json: bool) -> None:
    match event:
        case ErrorEvent():
            if as_json:
                _dump({"error": {"code": event.code, "detail": event.text}})
            else:
                print(event.text, file=sys.stderr)
        case Message() if as_json:
            _dump(event.as_json())
        case Delta() if not as_json:
            print(event.text, end="", flush=True)
        case Message():
            print()
            _print_rest(event)


def _print_rest(message: Message) -> None:
    for card in message.cards:
        _print_card(card)
    for citation in message.citations:
        print(f"  근거: {citation.title} · {citation.section}")
    if message.pending_action is not None:
        for label, value in message.pending_action.rows:
            print(f"  {label}: {value}")
        print(f"  확인하려면: --session {message.session_id} --confirm "
              f"{message.pending_action.action_id}")  # fmt: skip


def _print_card(card: Card) -> None:
    if card.type != "choice":
        status = card.data.get("status_ko", "")
        print(f"  [{card.id}] {card.title} {status}".rstrip())
    for action in card.actions:
        print(f"    · {action.label}: {action.message}")


def _train(options: argparse.Namespace) -> int:
    report = services.get().train()
    print(f"의도 {len(report.classes)}개, 예문 {report.examples}개, {report.took_s:.1f}초")
    print(f"교차 검증: 정확도 {report.cv_accuracy:.3f}, macro-F1 {report.cv_macro_f1:.3f}")
    return 0


def _train_abuse(options: argparse.Namespace) -> int:
    from agent.guardrails.abuse import THRESHOLD
    from agent.guardrails.abuse_model import MODEL_PATH
    from agent.guardrails.abuse_training import train_abuse
    from settings import ROOT

    report = train_abuse(options.data, ROOT / "data", MODEL_PATH, threshold=THRESHOLD)
    print(f"문장 {report.rows:,}개 (욕설·악플 {report.abusive:,}개)")
    print(f"교차 검증 F1 {report.cv_f1:.3f}")
    print(f"{MODEL_PATH}: {report.size_bytes / 1024:.0f} KiB")
    return 0


def _index_products(options: argparse.Namespace) -> int:
    desk = services.get()
    desk.database.prepare()
    report = desk.catalogue.build(_bar, rebuild=options.rebuild)
    print(
        f"상품 {report.entries:,}개: 새로 {report.added:,}, 바뀜 {report.changed:,}, "
        f"빠짐 {report.removed:,}, 그대로 {report.unchanged:,} ({report.took_s:.1f}초)"
    )
    return 0


def _bar(done: int, of: int) -> None:
    """Progress on one line of stderr, every thousandth part."""
    if of and (done == of or done % max(1, of // 1000) == 0):
        print(f"\r상품 {done:,}/{of:,}", end="\n" if done == of else "", file=sys.stderr)


def _classify(options: argparse.Namespace) -> int:
    from agent.understanding import classify_file

    print(classify_file(options.tsv, services.get().understander))
    return 0


def _progress(what: str, done: int, of: int) -> None:
    print(f"[{done}/{of}] {what}", file=sys.stderr)


def _dump(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    sys.exit(main())
