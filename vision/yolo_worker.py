"""A user's own ultralytics weights (.pt) in a process of their own; started by yolo_client.

``python -m vision.yolo_worker WEIGHTS.pt``: pixels come in on standard input (a JSON line,
then that many raw bytes), boxes go out as JSON lines. The process gets pixels, never files of
customers; loads only known classes from the weights; and after loading may neither reach the
network nor start a program.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["main"]

# Nothing of these is needed to look at pixels; an audit hook cannot be taken off again.
_FORBIDDEN = (
    "socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.getnameinfo",
    "socket.send", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
    "os.spawn", "os.fork", "pty.spawn",
)  # fmt: skip
MAX_BYTES = 4096 * 4096 * 3


def main() -> int:
    """Serve until standard input ends or the parent is gone; returns the exit code."""
    weights = Path(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints goes to standard error, not between the answers
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        model = _load(weights)
    except Exception as error:  # the parent tells its user; the kind of error is enough
        _say(answers, {"error": "load", "kind": type(error).__name__, "detail": str(error)[:300]})
        return 1
    side = max(64, min(int(model.overrides.get("imgsz", 640)), 1280))  # as it was trained
    names = [model.names[key] for key in sorted(model.names)]
    _say(answers, {"ready": True, "names": names, "side": side})
    _serve(model, side, sys.stdin.buffer, answers)
    return 0


def _load(weights: Path) -> Any:
    from vision.training.guards import guard, stand_in_for_torchvision

    guard(Path(os.environ["SANGDAM_WORKER_DIR"]))
    import numpy as np
    import torch

    stand_in_for_torchvision()
    from ultralytics import YOLO

    sys.addaudithook(_refuse)
    torch.set_num_threads(1)
    model = YOLO(str(weights), task="detect")
    # The first picture fuses layers and fills caches; a customer's should not wait for it.
    model.predict(np.zeros((64, 64, 3), np.uint8), nms=False, verbose=False, device="cpu")
    torch.set_num_threads(1)
    return model


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not allowed in the detector's process")


def _serve(model: Any, side: int, requests: BinaryIO, answers: BinaryIO) -> None:
    while line := requests.readline():
        asked = json.loads(line)
        high, wide = int(asked["height"]), int(asked["width"])
        if not 0 < high * wide * 3 <= MAX_BYTES:
            raise ValueError(f"a picture of {wide} x {high}")
        pixels = requests.read(high * wide * 3)
        try:
            _say(answers, {"boxes": _boxes(model, pixels, high, wide, side)})
        except Exception as error:  # one picture's trouble must not end the process
            _say(answers, {"error": "predict", "kind": type(error).__name__})


def _boxes(model: Any, pixels: bytes, high: int, wide: int, side: int) -> list[list[float]]:
    """Rows of class, confidence, x1, y1, x2, y2 as fractions."""
    import numpy as np

    rgb = np.frombuffer(pixels, np.uint8).reshape(high, wide, 3)
    found = model.predict(
        np.ascontiguousarray(rgb[:, :, ::-1]), imgsz=side, conf=0.01, nms=False, verbose=False,
        device="cpu",
    )[0].boxes  # fmt: skip
    rows = zip(found.cls.tolist(), found.conf.tolist(), found.xyxyn.tolist(), strict=True)
    return [[kind, sure, *box] for kind, sure, box in rows]


def _say(answers: BinaryIO, row: dict[str, Any]) -> None:
    answers.write(json.dumps(row).encode() + b"\n")


def _end_with(parent: int) -> None:
    """A parent that was killed cannot close the pipe in time for a long prediction."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
