"""A model's own server: what is refused before anything is started."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.terminal.local_server import LocalServer, check_port, free_port
from errors import BadInput, Unavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a model"
    made.mkdir()
    (made / "config.json").write_text("{}")
    return made


@pytest.mark.parametrize("named", ["", "no/such/folder"])
def test_a_folder_without_a_model_is_named(named: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=named or "적지 않았어요") as caught:
        LocalServer(Path(named), port=1, data_dir=tmp_path)
    assert "make run-local-llm MODEL=" in caught.value.message


def test_the_command_says_so_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path))
    assert main(["local-llm", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "config.json" in told.err
    assert told.out == ""


def test_a_port_in_use_is_named_with_the_remedy(folder: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = LocalServer(folder, port=port, data_dir=tmp_path)
        with pytest.raises(BadInput, match=f"{port} 포트") as caught:
            server.start()
    assert "LLM_PORT=" in caught.value.message
    assert not server.log.exists(), "nothing was started"


@pytest.fixture
def dying_vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vLLM on the path that tells how it was called, and ends."""
    script = tmp_path / "bin" / "vllm"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nfor word in "$@"; do echo "got $word"; done\nenv\nexit 3\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
    monkeypatch.setenv("SANGDAM_LLM_OPENAI_API_KEY", "sk-not-for-it")


@pytest.mark.usefixtures("dying_vllm")
def test_vllm_comes_first_and_its_end_is_told_with_its_last_lines(
    folder: Path, tmp_path: Path
) -> None:
    port, options = free_port(), ("--dtype", "half")
    server = LocalServer(folder, port=port, data_dir=tmp_path, options=options)
    with pytest.raises(Unavailable) as caught:
        server.start(30)
    assert caught.value.code == "local_llm_died"
    log = server.log.read_text("utf-8").splitlines()
    assert caught.value.message.splitlines()[1:] == log[-15:]
    given = [line.removeprefix("got ") for line in log if line.startswith("got ")]
    where = ["--host", "127.0.0.1", "--port", str(port)]
    assert given == ["serve", str(folder), *where, *options]
    assert "HF_HUB_OFFLINE=1" in log
    assert "SANGDAM_" not in "".join(log), "keys are none of its business"


def test_a_free_port_is_free() -> None:
    check_port("127.0.0.1", free_port())


def test_it_is_addressed_by_its_folder(folder: Path, tmp_path: Path) -> None:
    with LocalServer(folder, port=8001, data_dir=tmp_path) as server:
        assert server.base_url == "http://127.0.0.1:8001/v1"
        assert server.model == str(folder)
        assert not server.ended
