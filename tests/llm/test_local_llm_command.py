"""``make run-local-llm``: the server, the console beside it, the question, the end of both."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from agent.terminal.local_server import LocalServer, free_port
from errors import Unavailable
from services import Services
from tests.api.console import seeded
from tests.conftest import ROOT
from tests.llm.tiny_model import HELLO

pytestmark = [pytest.mark.llm, pytest.mark.process]
READY = "Ctrl-C"
START_S, END_S = 180, 60


def run(folder: Path, model: Path, console: int, server: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "agent", "local-llm", str(model), "--port", str(server)]
    command += ["--engine", "transformers", "--server-args", "--device cpu"]
    clean = {name: value for name, value in os.environ.items() if name[:8] != "SANGDAM_"}
    clean |= {"SANGDAM_DATA_DIR": str(folder), "SANGDAM_PORT": str(console)}
    clean |= {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with (folder / "run.log").open("wb") as out:
        return subprocess.Popen(command, cwd=ROOT, env=clean, stdout=out, stderr=out)


def waited(process: subprocess.Popen[bytes], log: Path, word: str) -> str:
    """The log once ``word`` stands in it."""
    end = time.monotonic() + START_S
    while word not in (said := log.read_text("utf-8")):
        assert process.poll() is None, said[-4000:]
        assert time.monotonic() < end, said[-4000:]
        time.sleep(0.2)
    return said


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False, timeout=5).status_code == 200
    except httpx2.HTTPError:
        return False


def test_both_run_one_question_is_answered_and_both_end(
    model: Path, base: Services, tmp_path: Path
) -> None:
    folder, console, server = seeded(base, tmp_path / "data"), free_port(), free_port()
    process = run(folder, model, console, server)
    try:
        said = waited(process, folder / "run.log", READY)
        assert f"답변: {HELLO}" in said
        assert "첫 단어" in said
        assert "출력 8토큰" in said
        end = time.monotonic() + START_S
        while not (ready := answers(f"http://127.0.0.1:{console}/ready")):
            if time.monotonic() > end or process.poll() is not None:
                break
            time.sleep(0.2)
        assert ready
        assert answers(f"http://127.0.0.1:{server}/health")
        state = httpx2.get(f"http://127.0.0.1:{console}/health", trust_env=False).json()
        assert state["components"]["llm"]["vllm"]["status"] == "ok"
    finally:
        process.send_signal(signal.SIGINT)
        ended = process.wait(END_S)
    assert ended == 0
    assert not answers(f"http://127.0.0.1:{console}/ready")
    assert not answers(f"http://127.0.0.1:{server}/health")


def test_a_server_that_dies_shows_its_last_lines(tmp_path: Path) -> None:
    pytest.importorskip("accelerate", reason="needs requirements-llm.txt: make test-llm")
    (tmp_path / "config.json").write_text('{"model_type": "no-such-shape"}')
    server = LocalServer(tmp_path, port=free_port(), data_dir=tmp_path, engine="transformers")
    with pytest.raises(Unavailable, match="ValueError: ") as caught:
        server.start(START_S)
    assert caught.value.code == "local_llm_died"
    assert server.ended
