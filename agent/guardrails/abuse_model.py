"""Abuse by logistic regression over hashed n-grams: what a word list cannot spell out.

``data/models/abuse.npz`` holds weights alone, one byte each, of n-grams of jamo and of
characters hashed into a table; no text can be read back from them. They were trained
(``python -m agent train-abuse``, :mod:`agent.guardrails.abuse_training`) on two public sets of
comments, both under the MIT licence: Curse-detection-data (2runo) and
korean-malicious-comments-dataset (ZIZUN), with the shop's own harmless sentences
(``data/intents``, ``data/policies``) against them. Without the file the word list works alone.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from agent.guardrails.normalise import squeeze

__all__ = ["MODEL_PATH", "SIZE", "load_weights", "places", "score"]

log = logging.getLogger(__name__)
MODEL_PATH = Path(__file__).resolve().parents[2] / "data" / "models" / "abuse.npz"
BITS = 18  # of each of the two tables
SIZE = 2 << BITS
# Lengths of n-grams: jamo see spelling ("ㅆㅣㅂ"), characters see words.
_JAMO = (2, 6)
_CHARS = (1, 4)
_LONGEST = 1000  # characters; abuse in a longer message shows before that or the words tell
_MARK = re.compile(r"\[[가-힣]{2,6}(?: 가림| \d{1,3})\]|\*\*")
_REPEATED = re.compile(r"(.)\1{2,}")
# Words that carry an abusive one inside: taken out, as no weight could tell them apart.
_INNOCENT = re.compile(
    r"시발\s?(?:점|역|택시)|새끼\s?(?:손|발|고양|강아지|줄|돼지|양|토끼|거북|새|곰|용)|졸라\s?[매맸맨묶]"
    r"|(?:고양이|강아지|토끼|동물|돼지|거북이?|새|소|말)\s?새끼(?!야|들아)|(?<![가-힣])[한두세네]\s?끼"
    r"|(?:멸치|생선|북어|명태|새우|콩나물|못|나사)\s?대가리"
)
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9)  # odd constants of splitmix64


def _plain(text: str) -> str:
    """The text as the word list sees it, without marks, with runs cut to two."""
    folded = _INNOCENT.sub(" ", squeeze(_MARK.sub(" ", text[:_LONGEST])).text)
    return " ".join(_REPEATED.sub(r"\1\1", folded).split())


def _hashes(text: str, shortest: int, longest: int) -> list[Any]:
    """Hashes of the n-grams that lie within one word, its edges included."""
    import numpy as np

    codes = np.frombuffer(f" {text} ".encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    blank = codes == ord(" ")
    rolled = np.zeros(len(codes), dtype=np.uint64)
    broken = np.zeros(len(codes), dtype=bool)  # a blank stands inside
    found = []
    for n in range(1, min(longest, len(codes)) + 1):
        count = len(codes) - n + 1
        rolled = rolled[:count] * np.uint64(_MIX[0]) + codes[n - 1 :]
        broken = broken[:count]
        if n > 2:
            broken = broken | blank[n - 2 : n - 2 + count]
        if n >= shortest:
            key = rolled[~broken] ^ np.uint64(n << 50)
            key = (key ^ (key >> np.uint64(29))) * np.uint64(_MIX[1])
            found.append(key >> np.uint64(64 - BITS))
    return found


def places(text: str) -> Any:
    """The distinct places of a text's n-grams in the table, as int64 below ``SIZE``."""
    import numpy as np

    plain = _plain(text)
    jamo = _hashes(unicodedata.normalize("NFD", plain), *_JAMO)
    chars = [key + np.uint64(1 << BITS) for key in _hashes(plain, *_CHARS)]
    return np.unique(np.concatenate([*jamo, *chars])).astype(np.int64)


@lru_cache(maxsize=4)
def load_weights(path: Path = MODEL_PATH) -> tuple[Any, float, float] | None:
    """(int8 weights (SIZE,), their scale, intercept), or None with a warning without the file."""
    import numpy as np

    try:
        with np.load(path) as stored:
            weights = stored["weights"]
            scale, intercept = float(stored["scale"]), float(stored["intercept"])
    except (OSError, KeyError, ValueError) as error:
        log.warning("no abuse model (%s): the word list works alone", type(error).__name__)
        return None
    if weights.shape != (SIZE,):
        log.warning("the abuse model is of another version: run python -m agent train-abuse")
        return None
    return weights, scale, intercept


def score(text: str, path: Path = MODEL_PATH) -> float:
    """The probability (0 to 1) that the text is abusive; 0 without a model."""
    import numpy as np

    model = load_weights(path)
    if model is None:
        return 0.0
    weights, scale, intercept = model
    at = places(text)
    total = scale * float(weights[at].sum(dtype=np.int64)) / np.sqrt(len(at)) + intercept
    return float(1 / (1 + np.exp(-total)))
