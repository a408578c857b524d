"""Training on a handful of examples with stand-ins: hashing, locking, files, the minimiser."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from agent.understanding import IntentClassifier, ensure_model, train, training
from agent.understanding.classifier import Model, read_model_hash
from agent.understanding.features import Document
from agent.understanding.locking import file_lock
from agent.understanding.logistic import fit, minimise
from agent.understanding.ports import FloatArray
from errors import BadInput

EXAMPLES = {
    "cancel": [
        "주문 취소할래요",
        "취소해 주세요",
        "취소 부탁드려요",
        "이거 취소요",
        "취소하고 싶어요",
    ],
    "refund_status": [
        "환불 언제 돼요",
        "환불 들어왔나요",
        "환불금 언제",
        "돈 언제 들어와요",
        "환불은요",
    ],
    "smalltalk": [
        "안녕하세요",
        "고마워요",
        "안녕",
        "감사합니다",
        "반가워요",
    ],
}


@dataclass(frozen=True)
class Word:
    """A whole word as one morpheme."""

    form: str
    tag: str
    start: int
    end: int


class Words:
    """A tokenizer that only splits at spaces."""

    def morphemes(self, text: str, /) -> list[Word]:
        return [Word(word, "NNG", 0, len(word)) for word in text.split()]


@dataclass(frozen=True)
class Lengths:
    """An encoder that knows nothing but how long a text is."""

    version: str = "lengths-1"

    def encode(self, texts: list[str], /) -> FloatArray:
        return np.array([[len(text) / 100, 1.0] for text in texts], dtype=np.float32)


Write = Callable[[dict[str, list[str]]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "intents"
    path.mkdir()
    write(path, EXAMPLES)
    return path


def write(folder: Path, examples: dict[str, list[str]]) -> None:
    for intent, texts in examples.items():
        lines = [f"intent: {intent}", "description: x", "examples:", *(f"  - {t}" for t in texts)]
        (folder / f"{intent}.yaml").write_text("\n".join(lines), "utf-8")


def test_trains_and_predicts(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "models" / "m.npz"
    report = train(folder, path, Words(), Lengths())
    assert report.classes == ("cancel", "refund_status", "smalltalk")
    assert report.examples == 15
    assert 0 <= report.cv_macro_f1 <= 1
    classifier = IntentClassifier.load(path, Words(), Lengths())
    for intent, texts in EXAMPLES.items():
        assert {classifier.predict(text)[0].intent for text in texts} == {intent}


def test_same_examples_make_the_same_model(folder: Path, tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        train(folder, tmp_path / name, Words(), Lengths())
    first, second = (Model.load(tmp_path / name) for name in ("a.npz", "b.npz"))
    assert first.content_hash == second.content_hash
    assert np.array_equal(first.weights.sparse, second.weights.sparse)


def test_ensure_trains_only_when_something_changed(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    assert ensure_model(folder, path, Words(), Lengths()) is not None
    assert ensure_model(folder, path, Words(), Lengths()) is None
    write(folder, {"smalltalk": [*EXAMPLES["smalltalk"], "굿모닝"]})
    assert ensure_model(folder, path, Words(), Lengths()) is not None
    assert ensure_model(folder, path, Words(), Lengths("lengths-2")) is not None
    path.write_bytes(b"broken")
    assert ensure_model(folder, path, Words(), Lengths("lengths-2")) is not None
    assert sorted(p.name for p in tmp_path.glob("*.npz")) == ["m.npz"]


def test_starting_together_trains_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, trained = tmp_path / "m.npz", []
    really_train = training.train

    def counted(*args: object) -> object:
        trained.append(1)
        return really_train(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "train", counted)
    starts = [
        threading.Thread(target=ensure_model, args=(folder, path, Words(), Lengths()))
        for _ in range(4)
    ]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()
    assert trained == [1]
    assert read_model_hash(path)


def test_lock_is_exclusive(tmp_path: Path) -> None:
    path, order = tmp_path / "deep" / "lock", []

    def second() -> None:
        with file_lock(path):
            order.append("second")

    with file_lock(path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


@pytest.mark.parametrize(
    "content",
    ["intent: x", "- a\n- b", "intent: [x]\nexamples: [a]", "{", "intent: x\nexamples: a"],
)
def test_a_bad_file_is_named(content: str, folder: Path, tmp_path: Path) -> None:
    (folder / "odd.yaml").write_text(content, "utf-8")
    with pytest.raises(BadInput, match=r"odd\.yaml"):
        train(folder, tmp_path / "m.npz", Words(), Lengths())


def test_one_intent_is_not_enough(tmp_path: Path) -> None:
    write(tmp_path, {"cancel": ["취소"]})
    with pytest.raises(BadInput, match="두 가지"):
        train(tmp_path, tmp_path / "m.npz", Words(), Lengths())


def test_repeats_count_once(folder: Path, tmp_path: Path) -> None:
    write(folder, {"smalltalk": ["안녕", "안녕", "고마워요", "123", "hi", "yo"]})
    examples = training.load_examples(folder)
    assert examples.texts.count("안녕") == 1
    assert "123" in examples.texts


def test_a_failed_save_leaves_the_old_model(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.npz"
    train(folder, path, Words(), Lengths())
    before = path.read_bytes()

    def broken(*args: object, **arrays: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", broken)
    with pytest.raises(OSError, match="disk full"):
        replace(Model.load(path), temperature=2.0).save(path)
    assert path.read_bytes() == before


def test_examples_of_the_same_words_share_a_fold(folder: Path) -> None:
    documents = [
        Document([], grams, [])
        for grams in (["취소/NNG", "ㄹ래요/EF"], ["취소/NNG", "ㄹ게요/EF"], ["환불/NNG"], ["?/SF"])
    ]
    for _ in range(3):
        folds = training._folds(documents)
        assert folds[0] == folds[1]
    spread = training._folds([Document([], [f"낱말{n}/NNG"], []) for n in range(40)])
    assert {int((spread == fold).sum()) for fold in range(training.FOLDS)} == {10}


def test_confidence_is_told_with_caution(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(folder, tmp_path / "careful.npz", Words(), Lengths())
    monkeypatch.setattr(training, "CAUTION", 1.0)
    train(folder, tmp_path / "plain.npz", Words(), Lengths())
    careful, plain = (
        IntentClassifier.load(tmp_path / f"{name}.npz", Words(), Lengths()).predict("취소 언제요")
        for name in ("careful", "plain")
    )
    assert [guess.intent for guess in careful] == [guess.intent for guess in plain]
    assert careful[0].confidence < plain[0].confidence


def test_minimise_finds_the_bottom_of_a_bowl() -> None:
    bottom = np.arange(12, dtype=np.float32).reshape(3, 4)
    scale = np.linspace(1, 30, 12, dtype=np.float32).reshape(3, 4)

    def bowl(point: FloatArray) -> tuple[float, FloatArray]:
        away = point - bottom
        return float((scale * away**2).sum()), 2 * scale * away

    assert np.allclose(minimise(bowl, np.zeros_like(bottom)), bottom, atol=0.05)


def test_fit_agrees_with_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    sparse = pytest.importorskip("scipy.sparse")
    random = np.random.default_rng(0)
    counts = random.random((120, 30), dtype=np.float32)
    vectors = random.random((120, 4), dtype=np.float32)
    labels = (counts[:, 0] * 3).astype(np.int64).clip(0, 2)
    ours = fit(sparse.csr_matrix(counts), vectors, labels, 3, 1.0)
    theirs = linear_model.LogisticRegression(C=1.0).fit(np.hstack([counts, vectors]), labels)
    together = np.vstack([ours.sparse, ours.dense])
    assert np.allclose(together, theirs.coef_.T, atol=0.05)
