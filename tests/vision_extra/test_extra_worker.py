"""A user's .pt in a process of its own: it answers, it is contained, it comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from errors import Unavailable
from vision.detector import Detector, open_judge
from vision.labels import DETECTED
from vision.measure import iou
from vision.training.evaluate import samples
from vision.yolo_client import ROOT, Worker

HERE = Path(sys.executable)


@pytest.fixture(scope="module")
def worker(eager: Path) -> Iterator[Worker]:
    made = Worker(eager / "defects.pt", python=HERE)
    yield made
    made.close()


def running(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def ends(pid: int, within_s: float = 10.0) -> bool:
    until = time.monotonic() + within_s
    while running(pid) and time.monotonic() < until:
        time.sleep(0.1)
    return not running(pid)


def test_the_worker_sees_what_the_exported_network_sees(
    worker: Worker, eager: Path, drawn: Path
) -> None:
    assert worker.card.labels == DETECTED
    assert worker.card.side_px == 128
    detector = Detector.load(eager / "defects.onnx")
    for one in samples(drawn, "test")[:3]:
        rgb = np.array(Image.open(one.path).convert("RGB"))
        there, here = worker.raw(rgb)[:3], detector.raw(rgb)
        assert len(there) == 3
        for kind, sure, box in there:
            near = [other for other in here if other[0] == kind and iou(other[2], box) > 0.9]
            assert near, (kind, sure, box)
            assert min(abs(other[1] - sure) for other in near) < 0.01
        assert worker.detect(rgb).judge == "detector"


def test_threads_share_one_worker(worker: Worker) -> None:
    pictures = [np.full((90, 120, 3), level, np.uint8) for level in range(0, 240, 30)]
    alone = [worker.raw(one) for one in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(worker.raw, pictures)) == alone


def test_it_comes_back_after_a_crash(trained: Path) -> None:
    worker = Worker(trained / "defects.pt", python=HERE)
    grey = np.full((64, 64, 3), 90, np.uint8)
    before = worker.raw(grey)
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with pytest.raises(Unavailable):
        worker.raw(grey)
    assert worker.raw(grey) == before
    second = worker.pid
    assert second not in (None, first)
    worker.close()
    assert second is not None
    assert ends(second)


def test_one_that_does_not_answer_is_ended(trained: Path) -> None:
    worker = Worker(trained / "defects.pt", python=HERE, answer_s=1.0)
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(Unavailable, match="답하지 않아요"):
        worker.raw(np.zeros((64, 64, 3), np.uint8))
    assert ends(pid)
    worker.close()


def test_it_ends_with_its_parent(trained: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from vision.yolo_client import Worker\n"
        "w = Worker(Path(sys.argv[1]), python=Path(sys.executable))\n"
        "print(w.pid, flush=True); time.sleep(300)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(trained / "defects.pt")], cwd=ROOT,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert running(pid)
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    assert ends(pid)


def test_a_pt_that_would_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    import torch

    proof = tmp_path / "executed"
    evil = tmp_path / "evil.pt"
    torch.save({"model": _Evil(str(proof)), "ema": None, "train_args": {}}, evil)
    with pytest.raises(Unavailable, match="안전하게 열 수 없어요"):
        open_judge(evil) if HERE == ROOT / ".venv-vision/bin/python" else Worker(evil, python=HERE)
    assert not proof.exists()
    # The file is what it claims to be: read without the guard it would have run.
    torch.load(evil, weights_only=False)
    assert proof.exists()


class _Evil:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("data", [b"", b"garbage", b"PK\x03\x04 no archive", b"<svg/>" * 99])
def test_garbage_is_refused_and_installs_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(data)
    before, threads = installed(), threading.active_count()
    with pytest.raises(Unavailable):
        Worker(path, python=HERE)
    assert installed() == before
    assert threading.active_count() == threads


def installed() -> set[str]:
    import numpy

    site = Path(numpy.__file__).parents[1]
    return {path.name for path in site.glob("*.dist-info")}


def test_after_loading_the_process_can_reach_nothing(tmp_path: Path) -> None:
    """The audit hook of the worker, alone: connections and programs are refused."""
    code = (
        "import sys, socket, subprocess, os; from vision.yolo_worker import _refuse\n"
        "sys.addaudithook(_refuse)\n"
        "plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "for attempt in (lambda: socket.create_connection(('127.0.0.1', 9), 1),\n"
        "                lambda: plain.sendto(b'x', ('127.0.0.1', 9)),\n"
        "                lambda: socket.gethostbyname('localhost'), os.fork,\n"
        "                lambda: subprocess.run(['true']), lambda: os.system('true')):\n"
        "    try:\n        attempt()\n"
        "    except PermissionError:\n        print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused"] * 6


def test_pillow_stays_its_own_in_this_process(worker: Worker) -> None:
    code = (
        "import sys; from pathlib import Path; from PIL import Image\n"
        "from vision.yolo_client import Worker\n"
        "before = Image.open\n"
        "w = Worker(Path(sys.argv[1]), python=Path(sys.executable)); w.close()\n"
        "assert Image.open is before and 'ultralytics' not in sys.modules"
    )
    weights = str(worker._weights)
    subprocess.run([sys.executable, "-c", code, weights], cwd=ROOT, check=True)
