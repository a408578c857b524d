"""Any sentence-transformers model in the place of the built-in encoder.

Optional: needs ``requirements-neural.txt`` and a model folder on this machine (nothing is
ever downloaded). Everything else of the search stays as it is.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import BadSetting, MissingExtra

if TYPE_CHECKING:
    from retrieval.embed import Floats

__all__ = ["NeuralEncoder"]

SAMPLE, SAMPLES = 16_384, 64  # bytes, and how many a file: small files are read whole


class NeuralEncoder:
    """An :class:`retrieval.Encoder` over a model folder. Loads at first use; thread safe."""

    name = "sentence-transformers"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    @cached_property
    def version(self) -> str:
        """Changes with the model's files: a hash of their names, sizes and samples of each.

        Samples, because another training of the same model has the same names and sizes, and
        reading two gigabytes of weights would take seconds.
        """
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                size = path.stat().st_size
                digest.update(f"{path.relative_to(self.folder)}:{size}".encode())
                with path.open("rb") as file:
                    for at in range(0, size, max(SAMPLE, size // SAMPLES)):
                        file.seek(at)
                        digest.update(file.read(SAMPLE))
        return digest.hexdigest()[:16]

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> Floats:
        """An array (len(texts), dim) of unit rows. Raises MissingExtra, BadSetting."""
        import numpy as np

        with self._lock:
            vectors = self._model.encode(
                list(texts), normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        if not (self.folder / "modules.json").is_file():
            raise BadSetting(
                f"embedder_model_dir에 sentence-transformers 모델이 없습니다: {self.folder}. "
                "모델 폴더의 경로를 적거나 설정을 비워 주세요."
            )
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtra(
                "신경망 임베딩을 쓰려면 'pip install -r requirements-neural.txt'로 설치해 주세요. "
                "설치하지 않으려면 embedder_model_dir 설정을 비워 주세요."
            ) from error
        return SentenceTransformer(str(self.folder), device="cpu", local_files_only=True)
