"""Training the triage model on a few sentences, with and without what staff corrected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from agent.triage import training
from agent.triage.model import load_model
from agent.triage.training import Example, load_examples, read_corrections, train
from agent.triage.triager import Triager
from errors import BadInput
from services import Services

TICKETS = {
    "delivery": {("normal", "neutral"): "택배 언제 와요|배송 조회해 주세요|송장 번호 주세요",
                 ("high", "angry"): "배송이 왜 안 와요 예정일 지났잖아요|택배 약속 어겼잖아요"},
    "refund": {("normal", "neutral"): "환불 언제 돼요|환불 금액 알려 주세요|환불 계좌 바꿀래요",
               ("high", "angry"): "환불 약속한 날 지났잖아요|환불 왜 안 해줘요"},
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with two issue types."""
    for folder in ("triage", "intents"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    for name, groups in TICKETS.items():
        examples = [
            {"priority": priority, "sentiment": mood, "texts": texts.split("|")}
            for (priority, mood), texts in groups.items()
        ]
        text = yaml.safe_dump({"issue_type": name, "examples": examples}, allow_unicode=True)
        (tmp_path / "data" / "triage" / f"{name}.yaml").write_text(text, "utf-8")
    for intent, name in training._TYPE_OF.items():
        known = name if name in TICKETS else "refund"
        rows = [f"{known} {number}번 이야기" for number in range(3)]
        path = tmp_path / "data" / "intents" / f"{intent}.yaml"
        path.write_text(yaml.safe_dump({"intent": intent, "examples": rows}), "utf-8")
    return tmp_path / "data"


def test_what_is_learnt_is_answered_and_corrections_count(
    base: Services, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_TYPE_OF", {"delivery": "delivery", "refund_status": "refund"})
    path = tmp_path / "one.npz"
    report = train(data, path, base.tokenizer, base.encoder)
    assert (report.tickets, report.messages, report.corrections) == (10, 6, 0)
    assert report.size_bytes == path.stat().st_size
    assert set(report.cv_macro_f1) == {"issue_type", "priority", "sentiment"}
    triager = Triager(base.tokenizer, base.encoder, path)
    assert triager("택배 언제 와요?").issue_type.value == "delivery"
    assert triager("환불 언제 돼요?").issue_type.value == "refund"

    odd = "무지개다리 선물 이야기예요"
    before = triager(odd).issue_type
    other = "refund" if before.value == "delivery" else "delivery"
    file = tmp_path / "corrections.jsonl"
    rows = [{"field": "issue_type", "corrected": other, "text": odd}] * 8
    rows.append({"field": "order_id", "corrected": "20261103-0000042", "text": odd})
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", "utf-8")
    corrections = read_corrections(file)
    assert len(corrections) == 8  # an order's number teaches no classifier
    again = tmp_path / "two.npz"
    report = train(data, again, base.tokenizer, base.encoder, corrections=corrections)
    assert report.corrections == 8
    assert Triager(base.tokenizer, base.encoder, again)(odd).issue_type.value == other
    assert load_model(path).content_hash != load_model(again).content_hash


def test_a_label_nobody_knows_is_refused(base: Services, data: Path, tmp_path: Path) -> None:
    wrong = [Example("환불", {"priority": "now"})]
    with pytest.raises(BadInput, match="now"):
        train(data, tmp_path / "x.npz", base.tokenizer, base.encoder, corrections=wrong)
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize("line", ["no json", "[]", '{"field": "priority"}', "3"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"field": "priority", "corrected": "low", "text": "말"}\n' + line, "utf-8")
    with pytest.raises(BadInput, match="2번째"):
        read_corrections(file)


def test_broken_or_missing_examples_are_named(data: Path) -> None:
    (data / "triage" / "refund.yaml").write_text("issue_type: refund\nexamples: [{}]\n", "utf-8")
    with pytest.raises(BadInput, match=r"refund\.yaml"):
        load_examples(data)
    for path in (data / "triage").glob("*.yaml"):
        path.unlink()
    with pytest.raises(BadInput, match="예문이 없어요"):
        load_examples(data)
