"""Asks :mod:`vision.yolo_worker` about pictures: starts it, waits, restarts it after a crash.

ultralytics patches Pillow, installs packages and unpickles weights; none of that may happen in
the process that serves customers.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from errors import MissingExtra, Unavailable
from vision.card import Card, as_label, sha256_of
from vision.detector import Raw, opinion_of
from vision.types import Opinion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Worker", "python_of_extra"]

ROOT = Path(__file__).resolve().parents[1]
START_S, ANSWER_S = 120.0, 15.0
MAX_SIDE = 1280
_CRASHES, _WINDOW_S = 3, 300.0  # so many crashes in so long: it is not started again


def python_of_extra() -> Path:
    """The Python that has ultralytics: the vision extra's, else this one.

    Raises MissingExtra where there is none.
    """
    extra = ROOT / ".venv-vision" / "bin" / "python"
    if extra.exists():
        return extra
    if importlib.util.find_spec("ultralytics") is not None:
        return Path(sys.executable)
    raise MissingExtra(
        "PyTorch 가중치(.pt)를 쓰려면 vision 추가 구성이 필요해요. make setup-vision을 실행하거나 "
        "ONNX로 내보낸 파일을 넣어 주세요."
    )


class Worker:
    """Weights (.pt) in a process of their own; one picture at a time, from any thread."""

    def __init__(
        self,
        weights: Path,
        *,
        python: Path | None = None,
        start_s: float = START_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Start the process and load the weights; ``start_s`` and ``answer_s`` are time-outs.

        Raises MissingExtra without ultralytics, Unavailable where the weights are missing or
        cannot be loaded safely.
        """
        self._weights = weights.resolve()
        if not self._weights.is_file():
            raise Unavailable(f"가중치 파일을 읽을 수 없어요: {weights}")
        self._start_s, self._answer_s = start_s, answer_s
        self._python = python or python_of_extra()
        self._lock = threading.Lock()
        self._crashes: list[float] = []
        self._process: _Process | None = None
        self.sha256 = sha256_of(self._weights.read_bytes())
        with self._lock:
            names, side_px = self._start()
        labels = tuple(as_label(name) for name in names)
        title = f"직접 넣은 모델 ({weights.stem})"
        self.card = Card(weights.stem, title, labels, side_px, self.sha256)

    @property
    def model(self) -> str:
        """The file's name and the beginning of its SHA-256, as reports keep it."""
        return f"{self.card.name}@{self.sha256[:8]}"

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return self._process.pid if self._process else None

    def detect(self, rgb: NDArray[np.uint8]) -> Opinion:
        """What the weights see on an upright picture (uint8 RGB, height × width × 3).

        Raises Unavailable where the process died or did not answer in time; the next call
        starts it again, unless it has died too often.
        """
        began = time.perf_counter()
        found = self.raw(rgb)
        return opinion_of(found, self.card, self.model, (time.perf_counter() - began) * 1000)

    def raw(self, rgb: NDArray[np.uint8]) -> list[Raw]:
        """Every box above a hundredth: (class, raw confidence, box in fractions)."""
        small = _smaller(rgb)
        with self._lock:
            if self._process is None:
                self._start()
            answer = self._ask(small)
        if "boxes" not in answer:
            raise Unavailable("검출 모델이 이 사진을 보지 못했어요.")
        return [(int(kind), sure, (x1, y1, x2, y2))
                for kind, sure, x1, y1, x2, y2 in answer["boxes"]]  # fmt: skip

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _start(self) -> tuple[Sequence[str], int]:
        """Start the process; returns its classes' names and its side. The lock is held."""
        now = time.monotonic()
        self._crashes = [one for one in self._crashes if now - one < _WINDOW_S]
        if len(self._crashes) >= _CRASHES:
            raise Unavailable("검출 모델이 자꾸 멈춰서 잠시 쓰지 않아요. 가중치를 확인해 주세요.")
        self._process = _Process(self._python, self._weights)
        answer = self._process.answer(self._start_s)
        if not answer or not answer.get("ready"):
            self._end()
            self._crashes.append(now)
            kind = (answer or {}).get("kind", "no answer")
            raise Unavailable(
                f"가중치({self._weights.name})를 안전하게 열 수 없어요({kind}). ONNX로 내보낸 "
                "파일을 넣어 주세요."
            )
        return [str(name) for name in answer["names"]], int(answer["side"])

    def _ask(self, rgb: NDArray[np.uint8]) -> dict[str, Any]:
        assert self._process is not None
        answer = self._process.ask(rgb, self._answer_s)
        if answer is None:
            self._crashes.append(time.monotonic())
            self._end()
            raise Unavailable("검출 모델이 답하지 않아요. 잠시 뒤 다시 시도해 주세요.")
        return answer

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


class _Process:
    """One run of the worker and the thread that reads its answers."""

    def __init__(self, python: Path, weights: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sangdam-yolo-")
        self._child = subprocess.Popen(
            [str(python), "-m", "vision.yolo_worker", str(weights)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=ROOT, env=_environment(self._folder.name),
        )  # fmt: skip
        self.pid = self._child.pid
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        assert self._child.stdout is not None
        self._reader = threading.Thread(
            target=_read, args=(self._child.stdout, self._answers), daemon=True, name="yolo-answers"
        )
        self._reader.start()

    def ask(self, rgb: NDArray[np.uint8], wait_s: float) -> dict[str, Any] | None:
        """The answer for a picture; None where the process died or took too long."""
        high, wide = rgb.shape[:2]
        head = json.dumps({"height": high, "width": wide}).encode() + b"\n"
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(head + rgb.tobytes())
            self._child.stdin.flush()
        except OSError:
            return None
        return self.answer(wait_s)

    def answer(self, wait_s: float) -> dict[str, Any] | None:
        """The next line; None where the process ended or ``wait_s`` seconds passed."""
        try:
            return self._answers.get(timeout=wait_s)
        except queue.Empty:
            return None

    def end(self) -> None:
        """Kill the process and clear up after it."""
        self._child.kill()
        self._child.wait(10)
        self._reader.join(5)
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        self._folder.cleanup()


def _read(pipe: IO[bytes], answers: queue.Queue[dict[str, Any] | None]) -> None:
    try:
        for line in pipe:
            answers.put(json.loads(line))
    except ValueError:  # no JSON: not our worker's words, so it counts as dead
        pass
    answers.put(None)


def _environment(folder: str) -> dict[str, str]:
    """No proxies, no keys, no user's settings: what the worker needs and the guards."""
    from vision.training.guards import GUARDS

    return {
        **GUARDS,
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": folder,
        "TMPDIR": folder,
        "SANGDAM_WORKER_DIR": folder,
        "PIP_NO_INDEX": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
    }


def _smaller(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most MAX_SIDE pixels a side: no network looks at more, and the pipe carries less."""
    import cv2

    high, wide = rgb.shape[:2]
    scale = MAX_SIDE / max(high, wide)
    if scale >= 1:
        return rgb
    size = max(round(wide * scale), 1), max(round(high * scale), 1)
    small: Any = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return small  # type: ignore[no-any-return]
