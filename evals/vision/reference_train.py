"""Train the region network: ``python -m evals.vision.reference_train FOLDER`` (vision extra).

``FOLDER`` holds what :mod:`evals.vision.reference_regions` made. Writes
``data/models/regions.onnx`` and its card. What the pictures were drawn like must not be learnt,
so colours, light, size and sharpness vary in training, and the traits and the wide view are
sometimes withheld.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.reference.naming import CLASSES
from vision.reference.network import NETWORK_FILE
from vision.reference.patches import CHANNELS, NEAR_PX, WIDE_PX
from vision.reference.regions import TRAITS

__all__ = ["export", "load", "main", "network", "train"]

Table = Mapping[str, NDArray[Any]]
NUMBERS = len(TRAITS) + 1
BATCH, RATE, PULL = 64, 3e-3, 2e-2
HARMLESS_SHARE = 1.5  # harmless regions an epoch for each that is damage


def load(folder: Path) -> dict[str, NDArray[Any]]:
    """All groups of a folder, joined. Raises FileNotFoundError where there is none."""
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise FileNotFoundError(f"{folder} has no groups; run evals.vision.reference_regions")
    tables = [np.load(path) for path in files]
    return {name: np.concatenate([one[name] for one in tables]) for name in tables[0].files}


def network(traits: NDArray[Any]) -> Any:
    """The untrained network; ``traits`` (N×21) give the scale of its numbers.

    Two towers, close up and over the whole product, and the numbers; 85,793 weights.
    """
    import torch
    from torch import nn

    def step(taken: int, given: int, stride: int) -> Any:
        return nn.Sequential(nn.Conv2d(taken, given, 3, stride, 1, bias=False),
                             nn.BatchNorm2d(given), nn.ReLU())  # fmt: skip

    class Regions(nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.near = nn.Sequential(step(CHANNELS, 24, 2), step(24, 40, 2), step(40, 56, 2),
                                      step(56, 56, 1))  # fmt: skip
            self.wide = nn.Sequential(step(CHANNELS, 16, 2), step(16, 24, 2), step(24, 32, 2))
            self.register_buffer("mean", torch.tensor(traits.mean(0)))
            self.register_buffer("spread", torch.tensor(np.maximum(traits.std(0), 1e-3)))
            self.numbers = nn.Sequential(nn.Linear(NUMBERS, 32), nn.ReLU())
            self.head = nn.Sequential(
                nn.Dropout(0.3), nn.Linear(56 * 2 + 32 * 2 + 32, 64), nn.ReLU(), nn.Dropout(0.2),
                nn.Linear(64, len(CLASSES)),
            )  # fmt: skip

        def forward(self, near: Any, wide: Any, numbers: Any) -> Any:
            a, b = self.near(near), self.wide(wide)
            c = self.numbers(((numbers - self.mean) / self.spread).clamp(-4, 4))
            parts = [a.amax((2, 3)), a.mean((2, 3)), b.amax((2, 3)), b.mean((2, 3)), c]
            return self.head(torch.cat(parts, 1))

    return Regions()


def _varied(near: Any, wide: Any, numbers: Any, net: Any, rng: Any) -> tuple[Any, Any, Any]:
    """A batch turned, mirrored, recoloured, zoomed, softened, with parts withheld."""
    import torch

    count = len(near)

    def each(low: float, high: float, dims: int = 3) -> Any:
        drawn = torch.rand(count, generator=rng) * (high - low) + low
        return drawn.view(count, *[1] * (dims - 1))

    turns = int(torch.randint(4, (1,), generator=rng))
    near, wide = (torch.rot90(one, turns, (2, 3)) for one in (near, wide))
    if torch.rand(1, generator=rng) < 0.5:
        near, wide = near.flip(3), wide.flip(3)
    hue = each(-math.pi, math.pi) * (each(0, 1) < 0.5)
    vivid, gain, lift = each(-0.5, 0.5).exp(), each(-0.25, 0.25).exp(), each(-0.25, 0.25)
    turned = torch.where(each(0, 1) < 0.15, -1.0, 1.0)
    noise = each(0, 0.06)
    for one, share in ((near, 1.0), (wide, 0.3)):
        for first in (0, 3):
            grey, a, b = (one[:, first + i].clone() for i in range(3))
            grain = torch.randn(grey.shape, generator=rng) * noise * share
            one[:, first] = turned * (grey * gain + lift) + grain
            one[:, first + 1] = vivid * (hue.cos() * a - hue.sin() * b)
            one[:, first + 2] = vivid * (hue.sin() * a + hue.cos() * b)
    near = _zoomed(near, each, rng)
    near[:, 6] *= each(-0.35, 0.35).exp()
    numbers = numbers + torch.randn(numbers.shape, generator=rng) * 0.15 * net.spread
    numbers = torch.where(each(0, 1, 2) < 0.15, net.mean.expand_as(numbers), numbers)
    return near, torch.where(each(0, 1, 4) < 0.1, torch.zeros_like(wide), wide), numbers


def _zoomed(near: Any, each: Any, rng: Any) -> Any:
    """Larger or smaller by a fifth, moved a little; every fourth batch softened."""
    import torch
    from torch.nn import functional

    place = torch.zeros(len(near), 2, 3)
    zoom = each(-0.2, 0.2, 1).exp()
    place[:, 0, 0], place[:, 1, 1] = zoom, zoom * each(-0.1, 0.1, 1).exp()
    place[:, 0, 2], place[:, 1, 2] = each(-0.08, 0.08, 1), each(-0.08, 0.08, 1)
    grid = functional.affine_grid(place, near.shape, align_corners=False)
    near = functional.grid_sample(near, grid, align_corners=False, padding_mode="border")
    if torch.rand(1, generator=rng) < 0.25:
        line = torch.tensor([0.25, 0.5, 0.25])
        kernel = (line[:, None] * line).expand(6, 1, 3, 3)
        soft = functional.conv2d(near[:, :6], kernel, padding=1, groups=6)
        near = torch.cat([soft, near[:, 6:]], 1)
    return near


def train(table: Table, *, epochs: int, seconds: float, seed: int = 0) -> tuple[Any, int]:
    """The network trained on ``table``, and for how many epochs: ``epochs``, or fewer where
    ``seconds`` are over; the learning rate follows whichever is nearer its end."""
    import torch
    from torch.nn import functional

    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed + 1)
    near, wide, numbers = (torch.tensor(table[name]) for name in ("near", "wide", "traits"))
    wanted = torch.tensor(table["classes"])
    net, epoch = network(table["traits"].astype(np.float32)), 0
    rule = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=PULL)
    harmed, harmless = (wanted > 0).nonzero()[:, 0], (wanted == 0).nonzero()[:, 0]
    began = time.monotonic()
    for epoch in range(epochs):
        some = harmless[torch.randperm(len(harmless), generator=rng)]
        chosen = torch.cat([harmed, some[: int(HARMLESS_SHARE * len(harmed))]])
        chosen = chosen[torch.randperm(len(chosen), generator=rng)]
        total, steps = 0.0, len(chosen) // BATCH
        for turn in range(steps):
            gone = max((epoch + turn / steps) / epochs, (time.monotonic() - began) / seconds)
            for one in rule.param_groups:
                one["lr"] = RATE * _pace(gone)
            rows = chosen[turn * BATCH : (turn + 1) * BATCH]
            looks = _varied(near[rows].float(), wide[rows].float(), numbers[rows], net, rng)
            loss = functional.cross_entropy(net(*looks), wanted[rows], label_smoothing=0.03)
            rule.zero_grad()
            loss.backward()
            rule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1}: loss {total / max(steps, 1):.3f}, "
              f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
        if time.monotonic() - began >= seconds:
            break
    return net.eval(), epoch + 1


def _pace(gone: float) -> float:
    """The learning rate as a share of the highest: up for a tenth of the run, then a cosine."""
    if gone < 0.1:
        return 0.1 + 9 * gone
    return 0.5 * (1 + math.cos(math.pi * min((gone - 0.1) / 0.9, 1.0))) + 1e-3


def export(net: Any, path: Path, about: Mapping[str, Any], harmless: float = 1.0) -> None:
    """Write the network as ONNX to ``path`` and its card beside it.

    ``harmless`` is how many times as frequent harmless regions are in the world as they were in
    training: added to their log-odds, so that the chances are chances.
    """
    import torch

    shift = torch.zeros(len(CLASSES))
    shift[0] = math.log(harmless)

    class Chances(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = net
            self.register_buffer("shift", shift)

        def forward(self, near: Any, wide: Any, traits: Any) -> Any:
            return torch.softmax(self.net(near, wide, traits) + self.shift, 1)

    example = (torch.zeros(2, CHANNELS, NEAR_PX, NEAR_PX),
               torch.zeros(2, CHANNELS, WIDE_PX, WIDE_PX), torch.zeros(2, NUMBERS))  # fmt: skip
    names = ["near", "wide", "traits"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch remarks on this, its older, exporter
        torch.onnx.export(
            Chances().eval(), example, str(path), input_names=names, output_names=["chances"],
            dynamic_axes={name: {0: "regions"} for name in (*names, "chances")}, dynamo=False,
            opset_version=17,
        )  # fmt: skip
    card = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "classes": list(CLASSES),
        "traits": list(TRAITS), **about,
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--to", type=Path, default=NETWORK_FILE)
    asked = parser.parse_args(argv)
    table = load(asked.folder)
    counts = np.bincount(table["classes"], minlength=len(CLASSES))
    net, done = train(table, epochs=asked.epochs, seconds=60 * asked.minutes)
    about = {"made_from": "vision.generate, seeds from 100000", "epochs": done,
             "groups": len(list(asked.folder.glob("*.npz"))),
             "regions": dict(zip(CLASSES, counts.tolist(), strict=True))}  # fmt: skip
    harmed = int(counts[1:].sum())
    export(net, asked.to, about, max(1.0, float(counts[0] / (HARMLESS_SHARE * harmed))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
