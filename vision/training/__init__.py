"""Training the detector: guards, the training run, ONNX export, figures, promotion.

Only :mod:`vision.training.guards`, :mod:`~vision.training.train` and
:mod:`~vision.training.convert` need the vision extra (torch, ultralytics: ``make
.venv-vision/.installed``); the rest runs in the default install.
"""

from __future__ import annotations

__all__: list[str] = []
