"""What holds a server that should go: a model's thread, a second Ctrl+C, a lost connection."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from services import Services
from tests.api.console import Console, SlowModel, console, seeded

pytestmark = pytest.mark.process

PATIENT = {"SANGDAM_LLM_TOTAL_S": "50", "SANGDAM_LLM_FIRST_TOKEN_S": "50"}
SLOW = {"SANGDAM_SHUTDOWN_GRACE_S": "1", **PATIENT}


class Asking(threading.Thread):
    """One POST to ``path``; ``answer`` once it is joined."""

    def __init__(self, running: Console, path: str, body: dict[str, object]) -> None:
        super().__init__(daemon=True)
        self.url, self.body = running.url + path, body
        self.answer: httpx2.Response | None = None
        self.start()

    def run(self) -> None:
        with suppress(httpx2.HTTPError):  # cut off
            self.answer = httpx2.post(self.url, json=self.body, trust_env=False, timeout=60)


def test_a_models_thread_does_not_hold_the_server(base: Services, tmp_path: Path) -> None:
    with (
        SlowModel(40.0) as model,
        console(seeded(base, tmp_path / "data"), **model.settings, **SLOW) as running,
    ):
        with closing(HTTPConnection(urlsplit(running.url).netloc, timeout=10)) as silent:
            for pause_s in (6.0, 0.0):  # a client may keep it for longer than uvicorn's 5 s
                silent.request("GET", "/healthz")
                assert silent.getresponse().read() == b'{"status":"ok"}'
                time.sleep(pause_s)
        said = {"messages": [{"role": "user", "content": "안녕하세요"}]}
        asking = Asking(running, "/v1/chat/completions", {"model": "passthrough", **said})
        assert model.calls.acquire(timeout=30), running.log
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0, running.log[-4000:]
        asking.join(10)
    assert asking.answer is not None
    assert asking.answer.status_code == 503
    assert asking.answer.json()["error"]["code"] == "stopping"
    assert "Traceback" not in running.log


def test_ctrl_c_waits_and_a_second_one_does_not(base: Services, tmp_path: Path) -> None:
    with (
        SlowModel(40.0) as model,
        console(seeded(base, tmp_path / "data"), **model.settings) as running,
    ):
        Asking(running, "/api/chat", {"message": "반품은 며칠 안에 해야 하나요?"})
        assert model.calls.acquire(timeout=30), running.log
        running.process.send_signal(signal.SIGINT)
        time.sleep(1)
        assert running.process.poll() is None
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(5) == 128 + signal.SIGINT
