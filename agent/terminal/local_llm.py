"""``python -m agent local-llm``: a model folder's server, the console beside it, one question."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agent.llm.gateway import Gateway
from agent.llm.types import ChatMessage, Final, Route, Step, Tag, TextDelta
from agent.terminal.local_server import LocalServer, check_port, end_process
from agent.terminal.talk import tell
from agent.terminal.text import clean
from errors import LLMError, Unavailable

__all__ = ["Console", "run"]

ROOT = Path(__file__).resolve().parents[2]
PROVIDER = "vllm"
QUESTION = "한 문장으로 인사해 주세요."
_ANSWER_S = 120.0
_LOOK_S = 0.5
_CONSOLE_END_S = 30.0  # it finishes the turns it has begun


@dataclass(frozen=True, slots=True)
class Console:
    """How the console is to be started: where it listens, Streamlit's flags, its environment."""

    host: str
    port: int
    flags: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; it leads a process group of its own."""
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "Home.py"), *self.flags]
        return subprocess.Popen(
            command, cwd=ROOT, env=dict(self.environment), stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip


def run(server: LocalServer, console: Console, gateway: Gateway) -> int:
    """Both until Ctrl-C, SIGTERM or the end of either; 0 when it was stopped.

    Raises BadInput for a port in use, Unavailable when the server or the console ends by itself.
    """
    check_port(console.host, console.port, "SANGDAM_PORT=8502처럼")
    with _stoppable():
        try:
            with server:
                _both(server, console, gateway)
        except KeyboardInterrupt:
            tell("\n콘솔과 모델 서버를 끝냈어요.")
    return 0


def _both(server: LocalServer, console: Console, gateway: Gateway) -> None:
    tell(f"모델 서버를 시작해요. 기록은 {server.log}에 있어요.")
    try:
        server.start(waiting=_waiting)
        beside = console.start()
        try:
            _ask(server, gateway)
            tell(f"콘솔은 http://{console.host}:{console.port}, 모델은 {server.base_url}예요.")
            tell("둘 다 끝내려면 Ctrl-C를 눌러 주세요.")
            _watch(server, beside)
        finally:
            _deaf()
            end_process(beside, _CONSOLE_END_S)
    finally:
        _deaf()


def _waiting(seconds: float) -> None:
    if int(seconds) % 5 == 0:
        tell(f"모델을 올리고 있어요. {seconds:.0f}초 지났어요.")


def _ask(server: LocalServer, gateway: Gateway) -> None:
    """One question; what goes wrong is told, for the server may well be looked at then."""
    route = Route("local-llm", (Step(PROVIDER, server.model),))
    asked = [ChatMessage("user", QUESTION)]
    print(f"질문: {QUESTION}\n답변: ", end="", flush=True)
    try:
        for piece in gateway.complete(
            route, asked, tag=Tag("test"), deadline_s=_ANSWER_S, first_token_s=_ANSWER_S
        ):
            if isinstance(piece, TextDelta):
                print(clean(piece.text), end="", flush=True)
            elif isinstance(piece, Final):
                print(f"\n{_told(piece)}", flush=True)
    except LLMError as error:
        tell(f"\n{error.message} ({error.kind}: {error.detail})")
    except Unavailable as error:  # the shop's own tables leave nobody to ask
        tell(f"\n{error.message}")


def _told(final: Final) -> str:
    tokens = final.usage
    return (
        f"첫 단어 {final.first_token_ms:,.0f}ms, 전체 {final.total_ms:,.0f}ms, "
        f"입력 {tokens.input_tokens}토큰, 출력 {tokens.output_tokens}토큰"
    )


def _watch(server: LocalServer, beside: subprocess.Popen[bytes]) -> None:
    while True:
        if server.ended:
            raise server.died()
        if beside.poll() is not None:
            raise Unavailable("콘솔이 끝나 버렸어요. 위에 나온 기록을 확인해 주세요.")
        time.sleep(_LOOK_S)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM is Ctrl-C meanwhile: both children are ended by us alone."""
    before = {wish: signal.getsignal(wish) for wish in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for wish, handler in before.items():
            signal.signal(wish, handler)


def _deaf() -> None:
    """A second Ctrl-C must not leave a child behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
