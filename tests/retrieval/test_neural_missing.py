"""Without the extra, or without a model, the program says what to do."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from errors import BadSetting, MissingExtra
from retrieval.neural import NeuralEncoder


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=str(tmp_path)):
        NeuralEncoder(tmp_path).encode(["환불"])


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is not None,
    reason="the neural extra is installed here",
)
def test_the_missing_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(MissingExtra, match=r"requirements-neural\.txt"):
        NeuralEncoder(tmp_path).encode(["환불"])
