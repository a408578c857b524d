"""The whole program as a process of its own, and a language model that takes its time."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from services import Services
from tests.conftest import CACHE, ROOT, copy_database
from tests.llmserver import LLMServer, Reply
from tests.llmserver.reply import Body

START_S = 180.0  # the machine may be busy
PARTS = ("models", "policy_index", "product_index")


@dataclass(frozen=True)
class Console:
    """A running console: its address, its data folder, its process."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """Everything it has written."""
        return (self.folder / "server.log").read_text("utf-8")


def seeded(base: Services, folder: Path) -> Path:
    """A data folder that needs no preparing."""
    folder.mkdir(parents=True)
    copy_database(base, folder / "sangdam.db")
    for part in PARTS:
        shutil.copytree(CACHE / part, folder / part)
    return folder


@contextmanager
def console(folder: Path, **environment: str) -> Iterator[Console]:
    """``streamlit run Home.py`` on a free port; gives it once customers can be served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "Home.py")]
    command += ["--server.address=127.0.0.1", f"--server.port={port}"]
    clean = {name: value for name, value in os.environ.items() if name[:8] != "SANGDAM_"}
    clean |= {"SANGDAM_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **environment}
    with (folder / "server.log").open("ab") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=clean, stdout=out, stderr=out)
    running = Console(f"http://127.0.0.1:{port}", folder, process)
    try:
        _wait(running)
        yield running
    finally:
        process.kill()
        process.wait(10)


def _wait(running: Console) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and running.process.poll() is None:
        try:
            answer = httpx2.get(f"{running.url}/ready", trust_env=False, timeout=5)
            if answer.status_code == 200 and answer.headers["content-type"] == "application/json":
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{running.log[-4000:]}")


class SlowModel(LLMServer):
    """A model on loopback that waits ``seconds`` before it repeats the draft it was given.

    ``calls`` is released for each call that somebody waits for; triage, which asks for JSON
    about tickets whenever it likes, is none of them.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.calls = threading.Semaphore(0)
        super().__init__(self._repeat)

    def _repeat(self, body: Body) -> Reply:
        if "response_format" not in body:
            self.calls.release()
        return Reply(draft_of(body) or "네.", delay_s=self.seconds)

    @property
    def settings(self) -> dict[str, str]:
        """What the console must be told to use it."""
        return {
            "SANGDAM_LLM_VLLM_BASE_URL": self.base_url("openai"), "SANGDAM_LLM_VLLM_MODEL": "slow",
        }  # fmt: skip


def draft_of(body: Body) -> str:
    """The desk's own words in a request to word them."""
    said = str(body["messages"][-1]["content"])
    return said.partition("<draft>")[2].partition("</draft>")[0].strip()
