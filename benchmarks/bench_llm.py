"""What the gateway adds to a model's own time, and fifty turns at once over a slow one.

``llm_gateway_ratio`` is a streamed call through the gateway over the same call by the bare SDK,
CPU time of this process, the same server. ``llm_fifty_ratio`` is fifty turns at once over one
turn alone, with a first word after two seconds: 1 would be no cost for the company, 50 a queue.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

import settings as settings_module
from agent.llm import ChatMessage, Gateway, Tag, TextDelta, load_config
from agent.types import Caller
from benchmarks.plain_model import WORDS
from services import Services
from settings import Settings

__all__ = ["run"]

CALLS, TURNS, SLOW_S = 200, 50, 2.0
ASKED = "반품은 며칠 안에 되나요?"


def run() -> dict[str, float]:
    """CPU milliseconds a call, bare and through the gateway; seconds of turns; their ratios."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        plain = settings_module.load({}, env_file=Path(folder) / "none", toml_file=Path("none"))
        plain = plain.replace(data_dir=folder)
        with _model(0.0) as url:
            bare, ours = _bare(url), _ours(_with(plain, url))
            figures |= {"llm_bare_cpu_ms": bare, "llm_gateway_cpu_ms": ours}
            figures["llm_gateway_ratio"] = ours / bare
        with _model(SLOW_S) as url:
            alone, fifty = _turns(_with(plain, url))
            figures |= {"llm_one_turn_s": alone, "llm_fifty_turns_s": fifty}
            figures["llm_fifty_ratio"] = fifty / alone
    return figures


def _with(plain: Settings, url: str) -> Settings:
    row = {"base_url": url, "model": "plain", "concurrency": 64}
    limits = {"first_token_s": 30, "total_s": 60}
    return plain.replace(llm={"providers": {"vllm": row}, "limits": limits})


def _bare(url: str) -> float:
    from openai import OpenAI

    http = httpx2.Client(trust_env=False)
    with http, OpenAI(base_url=url, api_key="none", max_retries=0, http_client=http) as client:

        def call() -> int:
            stream = client.chat.completions.create(
                model="plain", messages=[{"role": "user", "content": ASKED}], stream=True,
                stream_options={"include_usage": True},
            )  # fmt: skip
            return sum(1 for chunk in stream if chunk.choices and chunk.choices[0].delta.content)

        return _cpu_ms(call)


def _ours(settings: Settings) -> float:
    gateway = Gateway(load_config(settings))
    gateway.warm()
    route, asked = gateway.route(domain="policy"), [ChatMessage("user", ASKED)]

    def call() -> int:
        pieces = gateway.complete(route, asked, tag=Tag("test"))
        return sum(1 for piece in pieces if isinstance(piece, TextDelta))

    try:
        return _cpu_ms(call)
    finally:
        gateway.close()


def _cpu_ms(call: Any) -> float:
    """The median of three rounds: CPU milliseconds of this process a call."""
    assert call() == len(WORDS)
    rounds: list[float] = []
    for _ in range(3):
        before = time.process_time()
        for _ in range(CALLS):
            call()
        rounds.append((time.process_time() - before) * 1000 / CALLS)
    return statistics.median(rounds)


def _turns(settings: Settings) -> tuple[float, float]:
    """Seconds of one turn alone, and until the last of fifty that began together is over."""
    shop = Services(settings.replace(turns_per_minute=6000, guest_turns_per_minute=6000))
    shop.prepare()
    took = []
    for count in (1, 1, TURNS):  # the first one warms up
        started = time.perf_counter()
        turns = [shop.turns.start(Caller(guest_key=f"g{n}"), ASKED) for n in range(count)]
        assert all(turn.wait(120) for turn in turns)
        took.append(time.perf_counter() - started)
        assert all(turn.message and turn.message.provider == "vllm" for turn in turns)
    shop.turns.drain(10)
    shop.llm.gateway.close()
    return took[1], took[2]


@contextmanager
def _model(first_word_s: float) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.plain_model", str(port), str(first_word_s)]
    process = subprocess.Popen(command)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx2.get(f"{url}/docs", trust_env=False)
                break
            except httpx2.HTTPError:
                time.sleep(0.05)
        yield f"{url}/v1"
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:28} {value:10.2f}")
