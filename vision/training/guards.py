"""What must hold before ultralytics is imported: nothing installed, nothing fetched, no code run.

ultralytics installs packages when a file is garbage, asks the network on import, sends events,
and unpickles weights. Its own switches turn each of these off, and they are read once, at its
import; so this module refuses to be late.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errors import MissingExtra, Unavailable

__all__ = ["GUARDS", "faster_training", "guard", "stand_in_for_torchvision"]

# No pip install, no network, only known classes in a .pt (never its code); no plot's fonts.
GUARDS: Mapping[str, str] = {
    "YOLO_AUTOINSTALL": "0",
    "YOLO_OFFLINE": "1",
    "ULTRALYTICS_SAFE_LOAD": "1",
    "WANDB_MODE": "disabled",
    "MPLBACKEND": "agg",
}


def guard(config_dir: Path | None = None) -> None:
    """Set the guards of this process; ultralytics keeps its settings in ``config_dir``.

    Raises MissingExtra without the vision extra, Unavailable where ultralytics was imported
    before.
    """
    if importlib.util.find_spec("ultralytics") is None or importlib.util.find_spec("torch") is None:
        raise MissingExtra(
            "학습에는 vision 추가 구성이 필요해요. make setup-vision 뒤에 "
            ".venv-vision/bin/python으로 실행해 주세요."
        )
    if "ultralytics" in sys.modules and os.environ.get("ULTRALYTICS_SAFE_LOAD") != "1":
        raise Unavailable("ultralytics를 먼저 불러온 프로세스예요. 새로 실행해 주세요.")
    os.environ.update(GUARDS)
    folder = config_dir or Path(tempfile.gettempdir()) / f"sangdam-ultralytics-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["YOLO_CONFIG_DIR"] = str(folder)


def stand_in_for_torchvision() -> bool:
    """Give ultralytics a ``torchvision.ops.nms`` where the real torchvision cannot be imported.

    PyPI's torchvision is linked to CUDA: beside the CPU's torch its import raises. Training and
    validation need one function of it, which ultralytics has in plain torch as well. Returns
    whether the stand-in was needed.
    """
    try:
        import torchvision  # noqa: F401
    except (ImportError, OSError, RuntimeError):
        for name in [one for one in sys.modules if one.split(".")[0] == "torchvision"]:
            del sys.modules[name]
    else:
        return False
    from ultralytics.utils.nms import TorchNMS

    package, ops = types.ModuleType("torchvision"), types.ModuleType("torchvision.ops")
    ops.nms = TorchNMS.nms  # type: ignore[attr-defined]
    package.ops = ops  # type: ignore[attr-defined]
    sys.modules.update({"torchvision": package, "torchvision.ops": ops})
    return True


def faster_training() -> bool:
    """Let ultralytics train in bfloat16 on a processor that computes it (twice as fast here).

    Its own switch takes CUDA only. Weights and losses stay float32, only the network's layers
    are cast. Returns whether this processor has it.
    """
    import torch
    from ultralytics.engine import trainer
    from ultralytics.utils.loss import E2ELoss

    if torch.cuda.is_available() or not torch.cpu._is_avx512_bf16_supported():
        return False
    if getattr(E2ELoss, "in_float32", False):
        return True  # a second run in this process
    exact = E2ELoss.__call__

    def autocast(_enabled: object, device: str = "cpu") -> Any:
        return torch.autocast(device, torch.bfloat16)

    def loss(self: Any, preds: Any, batch: Any) -> Any:
        with torch.autocast("cpu", enabled=False):
            return exact(self, _float32(preds), batch)

    trainer.autocast = autocast
    E2ELoss.__call__ = loss
    E2ELoss.in_float32 = True
    return True


def _float32(value: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value.float()
    if isinstance(value, dict):
        return {key: _float32(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_float32(one) for one in value)
    return value
