"""The delivered model and the triager on it."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from agent.shop import words
from agent.triage.model import HEADS, MODEL_PATH, load_model, read_hash
from agent.triage.training import content_hash, load_examples
from agent.triage.triager import Triager
from errors import Unavailable
from services import Services
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def triager(base: Services) -> Triager:
    return Triager(base.tokenizer, base.encoder)


def test_the_delivered_model_is_the_one_of_its_data() -> None:
    assert read_hash(MODEL_PATH) == content_hash(*load_examples(ROOT / "data")), (
        "run `python -m agent triage train`"
    )


def test_the_delivered_model_is_small_and_safe_to_read() -> None:
    assert MODEL_PATH.stat().st_size < 2_000_000
    with np.load(MODEL_PATH, allow_pickle=False) as arrays:
        assert not any(array.dtype.hasobject for array in arrays.values())
    known = {"issue_type": words.ISSUE_TYPE, "priority": words.PRIORITY,
             "sentiment": words.SENTIMENT}  # fmt: skip
    assert {name: set(load_model().heads[name].classes) for name in HEADS} == {
        name: set(table) for name, table in known.items()
    }


@pytest.mark.parametrize("content", [None, b"", b"no zip", b"PK\x03\x04broken"])
def test_a_model_that_cannot_be_read_names_the_remedy(
    base: Services, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "triage.npz"
    if content is not None:
        path.write_bytes(content)
    assert read_hash(path) is None
    with pytest.raises(Unavailable, match="python -m agent triage train"):
        Triager(base.tokenizer, base.encoder, path)


@pytest.mark.parametrize("text", ["", "   ", "!!??", "😡😡", "상담 도우미: 무엇을 도와드릴까요?"])
def test_nothing_said_is_nothing_found(triager: Triager, text: str) -> None:
    found = triager(text)
    assert (found.issue_type.value, found.priority.value) == ("other", "normal")
    assert {found.issue_type.confidence, found.priority.confidence,
            found.sentiment.confidence} == {0.0}  # fmt: skip


def test_danger_makes_it_urgent_whatever_else_is_said(triager: Triager) -> None:
    found = triager("좋은 상품 잘 받았습니다 감사합니다. 참, 쓰다가 불이 났어요.")
    assert found.priority.value == "urgent"
    assert triager("급해요 급해요!! 빨리 취소해 주세요!!!").priority.value == "normal"


def test_the_helpers_words_decide_nothing(triager: Triager) -> None:
    talk = "고객: {}\n상담 도우미: 반품과 환불은 7일 안에 신청하실 수 있어요.\n고객: {}"
    alone = triager("현금영수증 발급해 주세요\n회사 번호로요")
    assert triager(talk.format("현금영수증 발급해 주세요", "회사 번호로요")) == alone
    assert alone.issue_type.value == "payment"


def test_the_mood_is_that_of_the_last_words(triager: Triager) -> None:
    calm, angry = "택배 언제쯤 오나요? 궁금해서요", "진짜 짜증나네요 장난하세요?!!"
    turned = triager(f"고객: {calm}\n상담 도우미: 확인해 볼게요.\n고객: {angry}")
    assert (triager(calm).sentiment.value, turned.sentiment.value) == ("neutral", "angry")


def test_any_text_is_answered_soon(triager: Triager) -> None:
    long = "환불이 안 들어왔어요 " * 5000
    triager(long)
    started = perf_counter()
    for _ in range(20):
        triager(long)
    assert (perf_counter() - started) / 20 < 0.1


def test_every_type_of_a_sentence_has_its_share(triager: Triager) -> None:
    shares = triager.issue_scores("환불이 안 들어와요")
    assert set(shares) == set(words.ISSUE_TYPE)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    assert max(shares, key=lambda name: shares[name]) == "refund"
