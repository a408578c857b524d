"""``python -m agent triage``: corrections out, a model of the shop's own in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import services
from agent.__main__ import main
from agent.triage import training
from agent.triage.training import TrainReport
from agent.types import Caller
from services import Services
from tests.desk import do, read


@pytest.fixture
def mine(shop: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The shop the command works on."""
    monkeypatch.setattr(services, "get", lambda: shop)
    return shop


def test_corrections_are_written_as_training_data(
    mine: Services, minji: Caller, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "corrections.jsonl"
    assert main(["triage", "export", str(file)]) == 0
    assert file.read_text("utf-8") == ""
    ticket = mine.tool(minji, "create_ticket", issue_type="refund", description="환불 언제 돼요")
    do(mine, "edit_ticket", read(mine, ticket), issue_type="payment")
    assert main(["triage", "export", str(file)]) == 0
    (row,) = map(json.loads, file.read_text("utf-8").splitlines())
    assert (row["field"], row["corrected"], row["text"]) == (
        "issue_type", "payment", "환불 언제 돼요",
    )  # fmt: skip
    assert "1건" in capsys.readouterr().out
    assert training.read_corrections(file)[0].labels == {"issue_type": "payment"}


@pytest.mark.parametrize("own", [False, True])
def test_only_with_corrections_the_model_is_the_shops_own(
    mine: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    written: list[Path] = []

    def train(data: Path, path: Path, *parts: object, corrections: object) -> TrainReport:
        written.append(path)
        return TrainReport(1, 2, 3, {"priority": 0.5}, 1024, 0.1)

    monkeypatch.setattr(training, "train", train)
    file = tmp_path / "corrections.jsonl"
    file.write_text("", "utf-8")
    assert main(["triage", "train", *(["--with", str(file)] if own else [])]) == 0
    assert written[0].parent == (mine.triage_model.parent if own else written[0].parent)
    assert (written[0] == mine.triage_model) == own


def test_a_file_that_is_none_is_told_in_korean(
    mine: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text("nothing", "utf-8")
    assert main(["triage", "train", "--with", str(file)]) == 1
    assert "1번째 줄" in capsys.readouterr().err
    assert main(["triage", "train", "--with", str(tmp_path / "none")]) == 1


def test_the_shops_own_model_is_the_one_that_is_used(
    shop: Services, base: Services, tmp_path: Path
) -> None:
    from agent.triage.model import MODEL_PATH, load_model

    assert shop.triager._model is load_model(MODEL_PATH)
    path = shop.triage_model
    assert tmp_path in path.parents
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(MODEL_PATH.read_bytes())
    del shop.__dict__["triager"]
    assert shop.triager._model is load_model(path)
