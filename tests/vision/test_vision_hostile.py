"""Every hostile file through one process: a clear refusal or a right clean picture, in little
memory, with nothing started, fetched or written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from settings import ROOT
from tests.vision.hostile.files import cases
from tests.vision.hostile.pieces import Case

LEAST_FILES = 300
MOST_MB = 300
MOST_S = 30  # one file, on a busy machine (idle: at most 3)
ALL_S = 900  # idle: 40 s; other tests may run beside it
_KOREAN = re.compile(r"[가-힣].*(올려|줄여) 주세요\.$")

Told = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Case]]:
    """The files, numbered, and what is wanted of each."""
    made, place = {}, tmp_path_factory.mktemp("hostile")
    for number, case in enumerate(cases()):
        name = f"{number:03d}-{case.name}"
        (place / name).write_bytes(case.data)
        made[name] = Case(case.name, b"", case.wanted, case.size, case.middle)
    assert len({case.name for case in made.values()}) == len(made) >= LEAST_FILES
    return place, made


@pytest.fixture(scope="module", params=["clean", "judge"])
def run(
    request: pytest.FixtureRequest, folder: tuple[Path, dict[str, Case]]
) -> tuple[dict[str, Told], Told]:
    """What the process told of each file, and of itself."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.vision.hostile.run", str(folder[0]), request.param],
        cwd=ROOT, capture_output=True, timeout=ALL_S, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    lines = [json.loads(line) for line in ended.stdout.decode().splitlines()]
    assert ended.returncode == 0, (lines[-1:], ended.stderr.decode()[-2000:])
    return {line["name"]: line for line in lines[:-1]}, lines[-1]


def test_each_file_is_refused_in_korean_or_cleaned(
    run: tuple[dict[str, Told], Told], folder: tuple[Path, dict[str, Case]]
) -> None:
    told, wrong = run[0], list[object]()
    assert set(told) == set(folder[1])
    for name, case in folder[1].items():
        line = told[name]
        if line["outcome"] == "error" or case.wanted not in ("either", line["outcome"]):
            wrong.append((name, case.wanted, line))
        elif line["outcome"] == "refused" and not _KOREAN.search(line["text"]):
            wrong.append((name, line["text"]))
        elif line["outcome"] == "clean" and not _is_right(line, case):
            wrong.append((name, case, line))
    assert not wrong, "\n".join(map(str, wrong))


def _is_right(line: Told, case: Case) -> bool:
    """No metadata, whole, of the right size, and the right colour in the middle."""
    right = line["bare"] and line["right"] and not line["leaks"] and max(line["stored"]) <= 2016
    if case.size is not None:
        right = right and tuple(line["upload"]) == case.size
        share = line["stored"][0] / line["stored"][1] / (case.size[0] / case.size[1])
        right = right and 0.97 < share < 1.03
    if case.middle is not None:
        right = right and all(
            abs(a - b) <= 8 for a, b in zip(line["middle"], case.middle, strict=True)
        )
    return bool(right)


def test_the_process_stays_small_and_quick(run: tuple[dict[str, Told], Told]) -> None:
    assert run[1]["peak_mb"] < MOST_MB
    slow = {name: line["took_s"] for name, line in run[0].items() if line["took_s"] > MOST_S}
    assert not slow


def test_nothing_is_started_fetched_written_or_loaded(run: tuple[dict[str, Told], Told]) -> None:
    assert run[1]["touched"] == []
