"""The tiny model behind ``transformers serve``, once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.terminal.local_server import LocalServer, free_port
from tests.conftest import CACHE
from tests.llm.tiny_model import tiny_model

START_S = 120.0


@pytest.fixture(scope="session")
def model() -> Path:
    """The model's folder; made in half a minute when it is not in the cache."""
    pytest.importorskip("accelerate", reason="needs requirements-llm.txt: make test-llm")
    return tiny_model(CACHE)


@pytest.fixture(scope="session")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A real OpenAI-compatible server that has the model loaded."""
    local = LocalServer(
        model,
        port=free_port(),
        data_dir=tmp_path_factory.mktemp("local-llm"),
        engine="transformers",
        options=("--device", "cpu"),
        environment={"OMP_NUM_THREADS": "1"},
    )
    with local:
        local.start(START_S)
        yield local
