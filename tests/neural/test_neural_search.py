"""A real sentence-transformers model, made here with random weights, behind the search."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip(
    "sentence_transformers", reason="needs requirements-neural.txt: make test-neural"
)

from retrieval import KoreanTokenizer, PolicyIndex, PolicySearch, load_folder
from retrieval.neural import NeuralEncoder
from settings import ROOT, load
from tests.conftest import make_services

pytestmark = pytest.mark.neural
TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two tiny layers over characters; deterministic, and it knows nothing."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("bert")
    letters = sorted(set("".join(p.read_text("utf-8") for p in ROOT.glob("data/policies/*.md"))))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{x}" for x in letters)]
    (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
    BertTokenizerFast(str(folder / "vocab.txt"), tokenize_chinese_chars=False).save_pretrained(
        folder
    )
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=512,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    body = Transformer(str(folder), max_seq_length=256)
    target = tmp_path_factory.mktemp("model")
    SentenceTransformer(modules=[body, Pooling(32)], device="cpu").save(str(target))
    return target


def test_vectors_are_unit_and_the_version_follows_the_files(model: Path) -> None:
    encoder = NeuralEncoder(model)
    vectors = encoder.encode(["환불은 언제 되나요", "배송"])
    assert vectors.shape == (2, encoder.dim) == (2, 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    before = encoder.version
    (model / "note.json").write_text("{}")
    assert NeuralEncoder(model).version != before
    (model / "note.json").unlink()


def test_the_whole_search_runs_on_it(model: Path, tmp_path: Path) -> None:
    index = PolicyIndex(tmp_path, KoreanTokenizer(), NeuralEncoder(model))
    index.build(load_folder(ROOT / "data" / "policies", load({}).rules()))
    for mode in ("hybrid", "vector", "keyword"):
        found = PolicySearch(index).search("반품 배송비는 누가 내요", mode=mode, today=TODAY)
        assert found.mode_used == mode
        assert found.hits
    assert "sentence-transformers" in index.status().encoder


def test_one_setting_switches_the_shop_to_it(model: Path, tmp_path: Path) -> None:
    shop = make_services(tmp_path, embedder_model_dir=str(model))
    assert shop.policy_encoder.name == "sentence-transformers"
    assert shop.encoder.name != shop.policy_encoder.name
