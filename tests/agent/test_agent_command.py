"""``python -m agent chat`` as a process of its own, on a copy of the seeded shop."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import services
from agent.__main__ import main
from agent.types import Caller
from services import Services
from tests.conftest import ROOT, copy_database, make_services

# http.md, POST /api/chat.
KEYS = {
    "session_id", "message_id", "role", "content", "answer", "created_at", "intent",
    "confidence", "citations", "cards", "pending_action", "tools_used", "handoff", "ticket_id",
    "guardrails", "provider", "model", "token_usage", "latency_ms",
}  # fmt: skip
MINJI = Caller("customer", "user_001", "김민지")


@pytest.fixture
def folder(base: Services, tmp_path: Path) -> Path:
    """A data folder with a shop that is ready."""
    for part in ("models", "policy_index"):
        shutil.copytree(base.settings.data_path / part, tmp_path / part)
    copy_database(base, tmp_path / "sangdam.db")
    return tmp_path


def chat(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("SANGDAM_")}
    return subprocess.run(
        [sys.executable, "-m", "agent", "chat", *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=60,
        env={**plain, "SANGDAM_DATA_DIR": str(folder), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


@pytest.mark.process
def test_a_change_is_offered_and_confirmed_from_the_terminal(folder: Path) -> None:
    shop = make_services(folder)
    order = shop.tool(MINJI, "list_orders", statuses=("paid",)).items[0]
    asked = chat(folder, f"{order.order_id} 주문 취소할게요", "--as", "user_001", "--json")
    assert (asked.returncode, asked.stderr) == (0, "")
    offer = json.loads(asked.stdout)
    assert set(offer) == KEYS
    assert offer["role"] == "assistant"
    assert offer["answer"] == offer["content"]
    assert offer["pending_action"]["kind"] == "cancel_order"
    assert set(offer["token_usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}
    assert shop.tool(MINJI, "get_order", order_id=order.order_id).status == "paid"

    done = chat(
        folder, "--as", "user_001", "--session", offer["session_id"],
        "--confirm", offer["pending_action"]["action_id"],
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "취소했어요" in done.stdout
    after = shop.tool(MINJI, "get_order", order_id=order.order_id)
    assert (after.status, after.refunded_krw) == ("cancelled", order.total_krw)
    roles = [m.role for m in shop.messages(MINJI, offer["session_id"])]
    assert roles == ["user", "assistant"] * 2
    with shop.database.read() as tx:
        source = "select source from audit_events order by event_seq desc limit 1"
        assert tx.value(source) == "terminal"


@pytest.mark.process
def test_an_unknown_account_is_told_in_korean(folder: Path) -> None:
    unknown = chat(folder, "안녕하세요", "--as", "user_999", "--json")
    assert (unknown.returncode, unknown.stderr) == (1, "")
    assert json.loads(unknown.stdout)["error"]["detail"] == "user_999 계정이 없어요."
    plain = chat(folder, "안녕하세요", "--as", "user_999")
    assert (plain.returncode, plain.stdout) == (1, "")
    assert plain.stderr.endswith("user_999 계정이 없어요.\n")


@pytest.mark.process
def test_a_data_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "sangdam.db").write_bytes(b"no database" * 500)
    for name in ("file", "bad"):
        told = chat(tmp_path / name, "안녕하세요", "--json")
        assert (told.returncode, told.stderr) == (1, "")
        error = json.loads(told.stdout)["error"]
        assert error["code"] == "data_dir"
        assert "data_dir" in error["detail"]


@pytest.mark.process
def test_a_reader_that_goes_and_letters_that_are_missing_are_no_traceback(folder: Path) -> None:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("SANGDAM_")}
    environment = {**plain, "SANGDAM_DATA_DIR": str(folder), "PYTHONIOENCODING": "ascii"}
    command = f"{sys.executable} -m agent chat 안녕하세요"
    for tail, out in (("", "?????. ??,"), (" | true", "")):
        done = subprocess.run(
            command + tail, shell=True, capture_output=True, cwd=ROOT, timeout=60, env=environment
        )
        assert done.stdout.decode().startswith(out)
        assert b"Traceback" not in done.stderr
        assert b"BrokenPipe" not in done.stderr


@pytest.fixture
def here(shop: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The command in this process, on the test's shop."""
    monkeypatch.setattr(services, "_instance", shop)
    return shop


def test_a_policy_answer_shows_its_sources(
    here: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    question = "반품은 며칠 안에 해야 하나요?"
    assert main(["chat", question, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == KEYS
    assert answer["citations"]
    for citation in answer["citations"]:
        assert set(citation) == {"chunk_id", "title", "section", "quote"}
    assert main(["chat", question]) == 0
    assert f"근거: {answer['citations'][0]['title']}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--session", "s_missing"], ["--confirm", "act_missing"]])
def test_what_is_missing_is_told_in_korean(
    here: Services, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["chat", "안녕하세요", "--as", "user_001", *arguments, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_found"
    assert main(["chat", "안녕하세요", "--as", "user_001", *arguments]) == 1
    said = capsys.readouterr()
    assert "찾을 수 없어요" in said.err
    assert said.out == ""
