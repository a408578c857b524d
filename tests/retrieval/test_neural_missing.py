"""Without the extra, or without a model, the program says what to do."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from errors import BadSetting, MissingExtra
from retrieval import PolicyIndex
from retrieval.neural import NeuralEncoder


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=str(tmp_path)):
        NeuralEncoder(tmp_path).encode(["환불"])


def test_the_version_follows_the_weights(tmp_path: Path) -> None:
    weights = bytearray(5_000_000)
    (tmp_path / "model.safetensors").write_bytes(weights)
    before = NeuralEncoder(tmp_path).version
    assert NeuralEncoder(tmp_path).version == before
    weights[2_000_000:2_500_000] = b"1" * 500_000
    (tmp_path / "model.safetensors").write_bytes(weights)
    assert NeuralEncoder(tmp_path).version != before


def test_a_status_needs_no_model(tmp_path: Path, tokenizer, encoder) -> None:
    PolicyIndex(tmp_path, tokenizer, encoder).build([])
    assert PolicyIndex(tmp_path, tokenizer, NeuralEncoder(tmp_path / "no model")).status().stale


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is not None,
    reason="the neural extra is installed here",
)
def test_the_missing_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(MissingExtra, match=r"requirements-neural\.txt"):
        NeuralEncoder(tmp_path).encode(["환불"])
