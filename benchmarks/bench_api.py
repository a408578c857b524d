"""200 chat requests in flight against the real console process, beside a plain chat backend.

``api_own_p95_ms`` is what the program itself takes for a turn while 200 are in flight (its
``latency_ms``), ``api_wait_p95_ms`` what a client waits, the queue before the workers and the
client's own share of the two cores included.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import httpx2

import settings as settings_module
from benchmarks.bench_turn import SAID as DAY
from benchmarks.questions import QUESTIONS
from services import Services

__all__ = ["run"]

ROOT = Path(__file__).resolve().parents[1]
IN_FLIGHT, REQUESTS = 200, 1500
# A day at the desk and what is asked about the rules, half by a customer, half by guests.
SAID = (*DAY, *QUESTIONS)
START_S = 120.0
_LIMITS = {"TURNS_PER_MINUTE": 10**6, "GUEST_TURNS_PER_MINUTE": 10**6, "REQUESTS_PER_MINUTE": 0,
           "LOG_LEVEL": "error"}  # fmt: skip
_CUSTOMER = {"email": "minji@example.com", "password": "sangdam-demo-2026"}
Headers = dict[str, str]


def run() -> dict[str, float]:
    """Milliseconds and requests a second, ours and the plain backend's, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        ours = _ours(Path(folder) / "shop")
        plain = _plain(Path(folder))
    return {**ours, "api_plain_per_s": plain, "api_ratio": ours["api_per_s"] / plain}


def _ours(folder: Path) -> dict[str, float]:
    quiet = settings_module.load({}, env_file=folder / "none", toml_file=folder / "none")
    Services(quiet.replace(data_dir=str(folder))).prepare()  # else the start would be measured
    port = _free_port()
    environment = {f"SANGDAM_{name}": str(value) for name, value in _LIMITS.items()}
    environment["SANGDAM_DATA_DIR"] = str(folder)
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "Home.py"),
               "--server.address=127.0.0.1", f"--server.port={port}"]  # fmt: skip
    with _server(command, f"http://127.0.0.1:{port}/ready", environment) as url:
        bodies = [{"message": SAID[number % len(SAID)]} for number in range(REQUESTS)]
        who = httpx2.post(f"{url}/api/auth/login", json=_CUSTOMER, trust_env=False, timeout=30)
        customer = {"Authorization": f"Bearer {who.json()['access_token']}"}
        callers: tuple[Headers, ...] = ({}, customer)
        asyncio.run(_load(f"{url}/api/chat", bodies[:100], callers))  # warms up
        took, seconds, answers = asyncio.run(_load(f"{url}/api/chat", bodies, callers))
    own = [answer["latency_ms"] for answer in answers]
    return {
        "api_lost": float(REQUESTS - len(answers)),
        "api_own_p50_ms": _part(own, 50),
        "api_own_p95_ms": _part(own, 95),
        "api_wait_p95_ms": _part(took, 95),
        "api_per_s": len(answers) / seconds,
    }


def _plain(folder: Path) -> float:
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.plain_chat", str(folder / "plain.db"), str(port)]
    with _server(command, f"http://127.0.0.1:{port}/openapi.json", {}) as url:
        bodies = [
            {"session_id": str(number), "message": SAID[number % len(SAID)]}
            for number in range(REQUESTS)
        ]
        asyncio.run(_load(f"{url}/chat", bodies[:100]))
        _, seconds, answers = asyncio.run(_load(f"{url}/chat", bodies))
    return len(answers) / seconds


async def _load(
    url: str, bodies: list[dict[str, str]], callers: tuple[Headers, ...] = ({},)
) -> tuple[list[float], float, list[dict[str, float]]]:
    """Send all with 200 in flight; milliseconds of each, seconds of all, the answers."""
    took: list[float] = []
    answers: list[dict[str, float]] = []
    waiting = iter(enumerate(bodies))
    limits = httpx2.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    async with httpx2.AsyncClient(limits=limits, timeout=120, trust_env=False) as client:

        async def send() -> None:
            for number, body in waiting:
                headers = callers[number % len(callers)]
                started = perf_counter()
                answer = await client.post(url, json=body, headers=headers)
                took.append((perf_counter() - started) * 1000)
                if answer.status_code == 200:
                    answers.append(answer.json())

        started = perf_counter()
        await asyncio.gather(*(send() for _ in range(IN_FLIGHT)))
        return took, perf_counter() - started, answers


@contextmanager
def _server(command: list[str], probe: str, environment: dict[str, str]) -> Iterator[str]:
    """A server process, from its first good answer to the end of the block."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + START_S
        while True:
            try:
                if httpx2.get(probe, trust_env=False, timeout=5).status_code == 200:
                    break
            except httpx2.HTTPError:
                pass
            if time.monotonic() > end or process.poll() is not None:
                raise RuntimeError(f"did not start: {' '.join(command)}")
            time.sleep(0.1)
        yield probe.rsplit("/", 1)[0]
    finally:
        process.terminate()
        process.wait(60)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _part(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:28} {value:10.2f}")
