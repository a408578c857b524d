"""Starting the console as a process: seconds to the first answer, memory after it.

"Warm" means installed, seeded and indexed before; the answer is a whole turn in the process
that serves the pages, asked for over the terminal command and over HTTP's probe.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

__all__ = ["run"]

ROOT = Path(__file__).resolve().parents[1]
# The same program with one turn taken right after it is ready, its time and memory printed.
_PROBE = """
import time
started = time.perf_counter()
import streamlit
from services import Services, build
from agent.types import Caller
shop = build()
shop.prepare()
list(shop.run_turn(Caller("customer", "user_001"), "지난주에 산 거 취소하고 싶어요"))
took = time.perf_counter() - started
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(took, int(status["VmRSS"].split()[0]) / 1024)
"""


def run() -> dict[str, float]:
    """First and warm start to the first answer (s), memory after it (MiB), server up (s)."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "SANGDAM_DATA_DIR": folder, "PYTHONPATH": str(ROOT)}
        first, _ = _answer(env)
        warm, memory = _answer(env)
        up, served = _serve(env)
    return {
        "first_start_to_answer_s": first,
        "warm_start_to_answer_s": warm,
        "memory_after_answer_mib": memory,
        "server_ready_s": up,
        "server_memory_mib": served,
    }


def _answer(env: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE],
        env=env,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    took, memory = done.stdout.split()[-2:]
    return float(took), float(memory)


def _serve(env: dict[str, str]) -> tuple[float, float]:
    """Seconds until the served process says it is ready, and its memory then (MiB)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "streamlit"), "run", "Home.py",
         "--server.address=127.0.0.1", f"--server.port={port}"],
        env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "준비 4/4" in line:
                break
        took = time.perf_counter() - started
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = next(row for row in status.splitlines() if row.startswith("VmRSS"))
        return took, int(resident.split()[1]) / 1024
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:28} {value:10.2f}")
