"""``python -m agent chat "TEXT"``, ``train``, ``classify`` …: the agent from a terminal.

A composition point: it may import ``services``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shlex
import sqlite3
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import services
from agent.terminal.memory import GUEST, HERE, Memory
from agent.terminal.screens import open_screen
from agent.terminal.talk import STOPPED, Ask, Talk, loop, tell
from agent.terminal.text import clean
from agent.types import Caller, ErrorEvent, Event
from errors import BadInput, NotSignedIn, SangdamError, Unavailable

if TYPE_CHECKING:
    from agent.terminal.http import Http

__all__ = ["main"]

INTERRUPTED = 130
_BROKEN = (OSError, sqlite3.DatabaseError)  # of the data folder: missing rights, full, damaged


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with a Korean sentence on stderr when not, 130
    when it was interrupted."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every encoding has every letter
    try:
        return int(options.run(options))
    except BrokenPipeError:  # whoever read the output has gone (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (SangdamError, *_BROKEN) as error:
        tell(_ours(error).message)
        return 1
    except KeyboardInterrupt:
        tell(f"\n{STOPPED}")
        return INTERRUPTED


def _ours(error: Exception) -> SangdamError:
    if isinstance(error, SangdamError):
        return error
    return Unavailable(
        f"파일이나 데이터베이스를 쓸 수 없어요({error}). 설정 data_dir의 폴더와 권한, 남은 공간을 "
        "확인해 주세요.",
        code="data_dir",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m agent", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _add_chat(commands.add_parser("chat", help="대화합니다. 말이 없으면 계속 묻고 답합니다"))
    for name, run, text in (
        ("login", _login, "다른 서버에 로그인합니다"),
        ("logout", _logout, "그 로그인을 끝냅니다"),
    ):
        account = commands.add_parser(name, help=text)
        account.add_argument("--url", required=True, help="서버 주소 (http://127.0.0.1:8501)")
        account.add_argument("--email", metavar="E", help="계정의 이메일")
        account.set_defaults(run=run)
    train = commands.add_parser("train", help="의도 분류 모델을 학습합니다")
    train.set_defaults(run=_train)
    abuse = commands.add_parser("train-abuse", help="욕설 모델을 학습합니다 (docs/guardrails.md)")
    abuse.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="댓글 자료 폴더")
    abuse.set_defaults(run=_train_abuse)
    _add_triage(commands.add_parser("triage", help="문의 분류: 학습하고, 고친 내용을 내보냅니다"))
    index = commands.add_parser("index-products", help="상품 검색 색인을 만듭니다")
    index.add_argument("--rebuild", action="store_true", help="모든 상품을 새로 읽습니다")
    index.set_defaults(run=_index_products)
    _add_local_llm(commands.add_parser("local-llm", help="모델 폴더를 서버로 띄웁니다"))
    classify = commands.add_parser("classify", help="label<TAB>text 파일로 평가합니다")
    classify.add_argument("--tsv", type=Path, required=True, metavar="FILE")
    classify.set_defaults(run=_classify)
    return parser


def _add_chat(chat: argparse.ArgumentParser) -> None:
    chat.add_argument("text", nargs="?", help="할 말")
    which = chat.add_mutually_exclusive_group()
    which.add_argument("--new", action="store_true", help="새 대화를 시작합니다")
    which.add_argument("--session", metavar="ID", help="이어 갈 대화 (없으면 지난번 대화)")
    chat.add_argument("--url", help="서버 주소 (없으면 이 프로세스가 답합니다)")
    chat.add_argument(
        "--as", dest="user", metavar="USER_ID",
        help="고객 계정 (없으면 비회원). --url과 함께면 로그인한 이메일 (없으면 마지막 로그인)",
    )  # fmt: skip
    chat.add_argument("--confirm", metavar="ACTION_ID", help="확인할 변경")
    chat.add_argument("--json", action="store_true", help="POST /api/chat의 객체를 출력합니다")
    chat.set_defaults(run=_chat)


def _add_triage(triage: argparse.ArgumentParser) -> None:
    commands = triage.add_subparsers(required=True)
    train = commands.add_parser("train", help="data/triage의 예문으로 분류 모델을 학습합니다")
    train.add_argument("--with", dest="corrections", type=Path, metavar="FILE",
                       help="export가 쓴 파일도 배워 이 상점의 모델을 만듭니다")  # fmt: skip
    train.set_defaults(run=_train_triage)
    export = commands.add_parser("export", help="상담원이 고친 내용을 학습 자료로 씁니다 (JSONL)")
    export.add_argument("file", type=Path, metavar="FILE")
    export.set_defaults(run=_export_triage)


def _add_local_llm(local: argparse.ArgumentParser) -> None:
    local.add_argument("model", type=Path, metavar="FOLDER", help="모델이 들어 있는 폴더")
    local.add_argument("--port", type=int, default=8001, help="모델 서버의 포트 (8001)")
    local.add_argument("--engine", choices=("vllm", "transformers"), help="없으면 있는 것을 골라요")
    local.add_argument("--server-args", default="", metavar="…", help="모델 서버에 그대로 줄 옵션")
    local.set_defaults(run=_local_llm)


def _chat(options: argparse.Namespace) -> int:
    numbered = options.text is None and options.confirm is None
    screen = open_screen(as_json=options.json, numbered=numbered)
    try:
        with _source(options) as (ask, place, who):
            talk = Talk(
                ask, screen, _memory(), place, who, session_id=options.session, new=options.new
            )
            if numbered:
                return int(not loop(talk))
            return int(not talk.say(options.text or "", options.confirm))
    except BrokenPipeError:
        raise
    except (SangdamError, *_BROKEN) as error:  # shown as a turn's own: with --json as an object
        ours = _ours(error)
        screen.show(ErrorEvent(ours.code, ours.message, ours.http_status))
        return 1


@contextmanager
def _source(options: argparse.Namespace) -> Iterator[tuple[Ask, str, str]]:
    """Where turns are answered, the name of that place, and who asks."""
    if not options.url:
        yield _here(options), HERE, options.user or GUEST
        return
    from agent.terminal.remote import Remote

    with _server(options.url) as http:
        who = (options.user or _memory().place(http.url).current or GUEST).strip().lower()
        yield Remote(http, _memory(), who).ask, http.url, who


def _here(options: argparse.Namespace) -> Ask:
    """The desk of this process."""
    desk = services.get()
    desk.prepare(None if options.json else _progress)
    # A guest of the terminal is this machine's user: their chats stay theirs.
    guest = options.user in (None, GUEST)
    caller = Caller(guest_key="terminal") if guest else desk.accounts.caller(options.user)

    def ask(text: str, session_id: str | None, confirm: str | None) -> Generator[Event, None, None]:
        turn = desk.turns.start(
            caller, text, session_id=session_id, confirm=confirm, source="terminal"
        )
        try:
            yield from (event for event in turn.events() if event is not None)
        finally:
            turn.stop()  # changes nothing once it is over

    return ask


@contextmanager
def _server(url: str) -> Iterator[Http]:
    from agent.terminal.http import Http, checked_url

    with closing(Http(checked_url(url))) as http:
        yield http


def _memory() -> Memory:
    return Memory(services.get().settings.data_path / "terminal.json")


def _login(options: argparse.Namespace) -> int:
    from agent.terminal.remote import log_in

    with _server(options.url) as http:
        if not http.private:
            tell("암호화되지 않은 주소예요. 비밀번호를 도중에 누가 볼 수 있으니 https를 써 주세요.")
        email = (options.email or _asked("이메일: ")).strip().lower()
        log_in(http, _memory(), email, _password())
        print(f"{clean(email)} 계정으로 로그인했어요.")
    return 0


def _logout(options: argparse.Namespace) -> int:
    from agent.terminal.remote import log_out

    with _server(options.url) as http:
        email = options.email or _memory().place(http.url).current
        if email is None:
            raise NotSignedIn("로그인한 계정이 없어요.")
        if not log_out(http, _memory(), email.strip().lower()):
            tell("서버에는 알리지 못했어요. 이 컴퓨터에 남은 로그인만 지웠어요.")
        print(f"{clean(email)} 계정에서 로그아웃했어요.")
    return 0


def _asked(prompt: str) -> str:
    """A line that is typed. Raises BadInput when there is none."""
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise BadInput("입력이 없어요. --email로 이메일을, 표준 입력으로 비밀번호를 주세요.")
    return line


def _password() -> str:
    """The password: not shown while it is typed, else one line of standard input."""
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass("비밀번호: ")
    return _asked("").rstrip("\r\n")


def _local_llm(options: argparse.Namespace) -> int:
    from agent.llm.config import load_config
    from agent.llm.gateway import Gateway
    from agent.terminal.local_llm import Console, run
    from agent.terminal.local_server import LocalServer
    from settings import load, streamlit_flags

    data = load().data_path
    data.mkdir(parents=True, exist_ok=True)
    server = LocalServer(
        options.model, port=options.port, data_dir=data, engine=options.engine,
        options=shlex.split(options.server_args),
    )  # fmt: skip
    environment = {
        **os.environ,
        "SANGDAM_LLM_VLLM_BASE_URL": server.base_url,
        "SANGDAM_LLM_VLLM_MODEL": server.model,
    }
    settings = load(environment)
    console = Console(settings.host, settings.port, streamlit_flags(settings), environment)
    with closing(Gateway(load_config(settings))) as gateway:
        return run(server, console, gateway)


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


def _train_triage(options: argparse.Namespace) -> int:
    from agent.triage.model import MODEL_PATH
    from agent.triage.training import read_corrections, train
    from settings import ROOT

    desk = services.get()
    corrections = read_corrections(options.corrections) if options.corrections else []
    path = desk.triage_model if options.corrections else MODEL_PATH
    report = train(ROOT / "data", path, desk.tokenizer, desk.encoder, corrections=corrections)
    print(
        f"문의 {report.tickets:,}건, 채팅 문장 {report.messages:,}개, 고친 내용 "
        f"{report.corrections:,}건, {report.took_s:.1f}초"
    )
    scores = ", ".join(f"{name} {score:.3f}" for name, score in report.cv_macro_f1.items())
    print(f"교차 검증 macro-F1: {scores}")
    print(f"{path}: {report.size_bytes / 1024:.0f} KiB")
    return 0


def _export_triage(options: argparse.Namespace) -> int:
    rows = services.get().triage.training_data()
    with options.file.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    print(f"고친 내용 {len(rows):,}건을 {options.file}에 썼어요.")
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


if __name__ == "__main__":
    sys.exit(main())
