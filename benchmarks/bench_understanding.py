"""Understanding a message: training the model, loading it, and reading one message.

The targets: built in under 60 s, loaded in under 1 s, under 5 ms a message (intent and slots).
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from agent.understanding import IntentClassifier, Understander, train
from agent.understanding.measure import read_labelled
from benchmarks.timing import figures
from retrieval import CongEncoder, KoreanTokenizer
from settings import ROOT

__all__ = ["run"]

MESSAGES = ROOT / "evals" / "intents" / "dev.tsv"


def run() -> dict[str, float]:
    """Seconds to train and to load, milliseconds a message; its words were never seen before."""
    tokenizer = KoreanTokenizer()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        encoder, model = CongEncoder(tokenizer, folder), folder / "intents.npz"
        encoder.encode(["준비"])  # the encoder's own basis is not part of the model
        report = train(ROOT / "data" / "intents", model, tokenizer, encoder)
        started = perf_counter()
        understander = Understander(IntentClassifier.load(model, tokenizer, encoder), tokenizer)
        load_s = perf_counter() - started
    now = datetime.now(UTC)
    texts = [text for _, text in read_labelled(MESSAGES)]
    understander.understand("안녕하세요", now)
    found = figures("understand", texts, lambda text: understander.understand(text, now))
    return {"intent_train_s": report.took_s, "intent_load_s": load_s, **found}


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:28} {value:10.2f}")
