"""Where the weights of ``retrieval.confidence`` come from: ``python -m evals.confidence``.

Fitted on the development questions, and on the questions noted in the policies, each asked of
an index that does not hold it. Without these the fit would learn to distrust short questions:
the development questions that a clause answers happen to be longer than those about something
else. Everything printed is cross-validated but the constants, which are fitted on all of it.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import settings as settings_module
from evals.rankings import DATA
from evals.subject import NOW, ROOT
from retrieval import CongEncoder, Document, KoreanTokenizer, PolicyIndex, PolicySearch
from retrieval.confidence import Evidence
from retrieval.documents import load_folder
from retrieval.index import visible_to

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Asked", "Fit", "ask", "cross_validated", "development", "fit", "main", "noted"]

# What a question counts: noted ones are many and alike, and off-topic ones matter most.
COUNTS = {"dev": 1.0, "shop": 1.0, "noted": 0.15, "off_topic": 1.3, "no_clause": 1.0}
ANSWERED = ("dev", "shop", "noted")
RIDGE = 5.0
PARTS, FOLDS, ROUNDS = 4, 10, 10
KEPT = (0.97, 0.96, 0.95, 0.94, 0.93, 0.90)
_NOTED = re.compile(r"(<!-- 이렇게 물어요\n)(.*?)(-->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's evidence; ``kind`` is a key of :data:`COUNTS`."""

    kind: str
    text: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Fit:
    """A logistic function of raw evidence: ``weights`` (6,)."""

    base: float
    weights: Floats

    def scores(self, rows: Floats) -> Floats:
        """Log odds, shape (n,)."""
        return self.base + rows @ self.weights


def development() -> list[tuple[str, str]]:
    """(kind, question) of every development set."""
    found = []
    for name in ("dev", "shop", "off_topic_dev", "no_clause_dev"):
        for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            without = "off_topic" if name == "off_topic_dev" else "no_clause"
            found.append((name if row.get("relevant") else without, row["question"]))
    return found


def ask(search: PolicySearch, questions: Sequence[tuple[str, str]]) -> Iterator[Asked]:
    """The evidence for each (kind, question) that finds anything."""
    seen = visible_to(staff=False, today=NOW.date(), include_superseded=False)
    for kind, text in questions:
        evidence = search.finder.find(text, filters=seen).evidence
        if evidence is not None:
            yield Asked(kind, text, evidence)


def noted(documents: Sequence[Document], part: int) -> tuple[list[Document], list[str]]:
    """The documents without every fourth noted question, and those questions."""
    held: list[str] = []
    count = 0

    def cut(match: re.Match[str]) -> str:
        nonlocal count
        kept: list[str] = []
        for line in match[2].splitlines():
            count += 1
            (held if count % PARTS == part else kept).append(line)
        return match[1] + "\n".join(kept) + "\n" + match[3]

    without = []
    for one in documents:
        body = _NOTED.sub(cut, one.body)
        without.append(replace(one, body=body, content_hash=f"{one.content_hash}-{part}"))
    return without, [line for line in held if line.strip()]


def fit(rows: Floats, answered: Floats, counts: Floats) -> Fit:
    """Ridge logistic regression by Newton's method, on standardised evidence."""
    import numpy as np

    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    inputs = np.column_stack([np.ones(len(rows)), (rows - mean) / spread])
    penalty = RIDGE * np.eye(inputs.shape[1])
    penalty[0, 0] = 1e-6
    point = np.zeros(inputs.shape[1])
    for _ in range(20):
        likely = 1 / (1 + np.exp(-inputs @ point))
        slope = inputs.T @ (counts * (likely - answered)) + penalty @ point
        bend = inputs.T @ (inputs * (counts * likely * (1 - likely))[:, None]) + penalty
        point -= np.linalg.solve(bend, slope)
    weights = point[1:] / spread
    return Fit(float(point[0] - mean @ weights), weights)


def cross_validated(rows: Floats, answered: Floats, counts: Floats) -> Floats:
    """Log odds of each row from fits that did not see it, the mean of ten divisions."""
    import numpy as np

    scores, random = np.zeros(len(rows)), np.random.default_rng(0)
    for _ in range(ROUNDS):
        fold = random.permutation(len(rows)) % FOLDS
        for one in range(FOLDS):
            seen = fold != one
            model = fit(rows[seen], answered[seen], counts[seen])
            scores[~seen] += model.scores(rows[~seen]) / ROUNDS
    return scores


def _gathered(folder: Path) -> Iterator[Asked]:
    none = folder / "none"
    rules = settings_module.load({}, env_file=none, toml_file=none).rules()
    documents = load_folder(ROOT / "data" / "policies", rules)
    public = [one for one in documents if one.audience == "public" and not one.effective_to]
    tokenizer = KoreanTokenizer()
    encoder = CongEncoder(tokenizer, folder / "models")

    def search(part: str, these: Sequence[Document]) -> PolicySearch:
        index = PolicyIndex(folder / part, tokenizer, encoder)
        index.build(these)
        return PolicySearch(index)

    yield from ask(search("whole", documents), development())
    others = [one for one in documents if one not in public]
    for part in range(PARTS):
        without, held = noted(public, part)
        yield from ask(search(str(part), [*without, *others]), [("noted", text) for text in held])


def main() -> None:
    """Print the curve and the constants."""
    import numpy as np

    with tempfile.TemporaryDirectory() as name:
        asked = list(_gathered(Path(name)))
    rows = np.array([astuple(one.evidence) for one in asked])
    answered = np.array([float(one.kind in ANSWERED) for one in asked])
    counts = np.array([COUNTS[one.kind] for one in asked])
    scores = cross_validated(rows, answered, counts)
    by_kind = {kind: scores[[one.kind == kind for one in asked]] for kind in COUNTS}
    print("presented  " + "".join(f"{kind:>11}" for kind in by_kind) + "   from")
    for kept in KEPT:
        least = float(np.quantile(by_kind["dev"], 1 - kept))
        shares = "".join(f"{(one >= least).mean():>11.3f}" for one in by_kind.values())
        print(f"{kept:<11.2f}{shares}   {1 / (1 + np.exp(-least)):.2f}")
    for least in (0.10, 0.15, 0.20, 0.25):
        below = [(1 / (1 + np.exp(-one)) < least).mean() for one in by_kind.values()]
        print(f"below {least:.2f} " + "".join(f"{one:>11.3f}" for one in below))
    print("questions  " + "".join(f"{len(one):>11}" for one in by_kind.values()))
    model = fit(rows, answered, counts)
    for part, weight, spread in zip(fields(Evidence), model.weights, rows.std(axis=0), strict=True):
        print(f"{part.name:<13}{weight:>8.3f}   × spread {weight * spread:>6.2f}")
    print(f"{'base':<13}{model.base:>8.3f}")


if __name__ == "__main__":
    main()
