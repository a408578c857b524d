"""The real tokenizer and encoder, and one model trained for the whole session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from agent.understanding import (
    IntentClassifier,
    Tokenizer,
    TrainReport,
    Understander,
    ensure_model,
)
from agent.understanding.dates import SEOUL
from retrieval.embed import CongEncoder
from retrieval.tokenize import KoreanTokenizer

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Trained:
    """A trained model: where it is, what training said, and an Understander on it."""

    path: Path
    report: TrainReport
    understander: Understander
    classifier: IntentClassifier
    tokenizer: Tokenizer
    cong: Path


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return KoreanTokenizer()


@pytest.fixture(scope="session")
def cong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cong")


@pytest.fixture(scope="session")
def encoder(tokenizer: KoreanTokenizer, cong: Path) -> CongEncoder:
    return CongEncoder(tokenizer, cong)


@pytest.fixture(scope="session")
def trained(
    tokenizer: KoreanTokenizer,
    encoder: CongEncoder,
    cong: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Trained:
    path = tmp_path_factory.mktemp("intents") / "intents.npz"
    report = ensure_model(ROOT / "data" / "intents", path, tokenizer, encoder)
    assert report is not None
    classifier = IntentClassifier.load(path, tokenizer, encoder)
    return Trained(path, report, Understander(classifier, tokenizer), classifier, tokenizer, cong)


@pytest.fixture
def now() -> datetime:
    """A Friday: 20 November 2026, 15:00 in Seoul."""
    return datetime(2026, 11, 20, 15, 0, tzinfo=SEOUL)
