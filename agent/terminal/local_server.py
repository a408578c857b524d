"""A folder with a model behind an OpenAI-compatible server on this machine.

vLLM serves it where it is installed, ``transformers serve`` (requirements-llm.txt) elsewhere. The
server is a process of its own, told on the command line what it needs and nothing of the desk's.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Literal, get_args

from errors import BadInput, MissingExtra, Unavailable

__all__ = ["Engine", "LocalServer", "check_model", "check_port", "end_process", "free_port"]

ROOT = Path(__file__).resolve().parents[2]
Engine = Literal["vllm", "transformers"]
HOST = "127.0.0.1"
_LINES = 15
_LOOK_S = 0.2
_END_S = 10.0


class LocalServer:
    """The server's process; ``log`` is the file that gets all it writes.

    ``engine`` None: vLLM where there is one. ``options`` are the engine's own, added to its
    command. Making one starts nothing; as a context manager it closes. Raises BadInput for a
    folder without a model.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        data_dir: Path,
        engine: Engine | None = None,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = check_model(folder)
        self.port = port
        self.log = data_dir / "local-llm.log"
        self._cache = data_dir / "local-llm-cache"
        self._engines: tuple[Engine, ...] = (engine,) if engine else get_args(Engine)
        self._options = tuple(options)
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """What an OpenAI client is to be told."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def model(self) -> str:
        """The name under which the server knows its model."""
        return str(self.folder)

    def start(
        self, timeout_s: float = 600.0, waiting: Callable[[float], None] = lambda seconds: None
    ) -> None:
        """Start it and return once it is ready; ``waiting`` hears of each second.

        Raises MissingExtra without an engine, BadInput for a port in use, Unavailable with the
        server's last lines when it ends or is not ready in time; nothing is left running then.
        """
        check_port(HOST, self.port)
        command = self._command()
        self._cache.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as out:
            # A session of its own: Ctrl-C is for whoever started us, who then closes this.
            self._process = subprocess.Popen(
                command, env=self._clean(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        try:
            self._wait(time.monotonic(), timeout_s, waiting)
        except BaseException:
            self.close()
            raise

    @property
    def ended(self) -> bool:
        """Whether the process is no more."""
        return self._process is not None and self._process.poll() is not None

    def close(self) -> None:
        """End the process and those it began."""
        if self._process is not None:
            end_process(self._process, _END_S)

    def died(self) -> Unavailable:
        """What to tell of its unwanted end."""
        return Unavailable(
            f"언어 모델 서버가 끝나 버렸어요. 마지막 기록({self.log}):\n{_tail(self.log)}",
            code="local_llm_died",
        )

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _command(self) -> list[str]:
        found = filter(None, map(_program, self._engines))
        if (engine := next(found, None)) is None:
            raise MissingExtra(
                "모델을 띄울 엔진이 없어요. make run-local-llm이 설치해 주고, 직접 하려면 "
                "pip install -r requirements-llm.txt를 실행해 주세요."
            )
        where = ["--host", HOST, "--port", str(self.port), *self._options]
        return [engine, "serve", self.model, *where]

    def _clean(self) -> dict[str, str]:
        """The environment without the desk's names: its keys are none of the server's business."""
        kept = {name: value for name, value in os.environ.items() if name[:8] != "SANGDAM_"}
        # Nothing is fetched; without an existing cache the list of models answers 500.
        offline = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(self._cache.resolve())}
        return {**kept, **offline, **self._environment}

    def _wait(self, since: float, timeout_s: float, waiting: Callable[[float], None]) -> None:
        told = 0
        while not _healthy(self.port):
            if self.ended:
                raise self.died()
            passed = time.monotonic() - since
            if passed > timeout_s:
                raise Unavailable(
                    f"언어 모델 서버가 {timeout_s:.0f}초 안에 준비되지 않았어요. "
                    f"마지막 기록({self.log}):\n{_tail(self.log)}",
                    code="local_llm_slow",
                )
            if passed >= told + 1:
                told = int(passed)
                waiting(passed)
            time.sleep(_LOOK_S)


def check_model(folder: Path) -> Path:
    """``folder`` as an absolute path. Raises BadInput unless a model lies there."""
    if not (folder / "config.json").is_file():
        absent = f"{folder}에 config.json이 없어요."
        what = "모델 폴더를 적지 않았어요." if folder == Path() else absent
        raise BadInput(
            f"{what} 모델이 들어 있는 폴더를 적어 주세요: make run-local-llm MODEL=/path/to/folder"
        )
    return folder.resolve()


def check_port(host: str, port: int, remedy: str = "LLM_PORT=8002처럼") -> None:
    """Raises BadInput when something else listens on ``port``."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        used = error.errno == errno.EADDRINUSE
        why = "다른 프로그램이 쓰고 있어요" if used else error.strerror
        raise BadInput(
            f"{host}의 {port} 포트를 쓸 수 없어요({why}). 그 포트를 쓰는 프로그램을 "
            f"끝내거나 {remedy} 다른 포트를 적어 주세요."
        ) from error


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def end_process(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """End a process that leads its own group, and the group: asked first, then killed."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(patience_s)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(log: Path) -> str:
    """The last lines of a log, empty ones left out."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    return "\n".join([line for line in lines if line.strip()][-_LINES:])


def _program(name: str) -> str | None:
    """The extra's own first: beside us one may lie without what serving needs."""
    for folder in (ROOT / ".venv-llm" / "bin", Path(sys.executable).parent):
        if os.access(folder / name, os.X_OK):
            return str(folder / name)
    return shutil.which(name)


def _healthy(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)  # asks no proxy of the environment
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
