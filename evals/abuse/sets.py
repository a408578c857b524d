"""What the abuse guard is measured on: public comments, and harmless messages of support.

Nothing here is trained on: sentences that occur in the training material are dropped.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from agent.guardrails.abuse_training import harmless, read_comments

__all__ = ["Comment", "balanced", "comments", "harmless_messages"]

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "korean"
ONLINE, MADE, ENCYCLOPEDIA = "온라인 댓글", "규칙 기반 생성", "위키피디아"
SEED = 20261121
# Dialogues of people who swear or attack on purpose; everything else in them is harmless.
_MAY_BE_HOSTILE = ("complaint", "out_of_scope")  # intents with abuse and attacks among them
_HOSTILE = {"complaint_handoff.yaml", "wrong_turns.yaml", "privacy.yaml"}


@dataclass(frozen=True, slots=True)
class Comment:
    """A row of HateScore; ``source`` is one of its three."""

    text: str
    abusive: bool
    labels: tuple[str, ...]
    source: str


def comments() -> list[Comment]:
    """HateScore (Apache-2.0) without what the model was trained on; empty when not there."""
    path = SHARED / "HateScore.csv"
    if not path.exists():
        return []
    known = {text for text, _ in read_comments(SHARED)} | {t for t, _ in harmless(ROOT / "data")}
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Comment(
                row["comment"],
                row["macrolabel"] != "Clean",
                tuple(row["microlabel"].split(", ")),
                row["source"],
            )
            for row in csv.DictReader(file)
            if row["comment"].strip() not in known
        ]


def balanced(rows: list[Comment]) -> list[Comment]:
    """Every abusive row, and as many clean ones, a third from each source."""
    draw = random.Random(SEED)
    bad = [row for row in rows if row.abusive]
    clean = [
        draw.sample([r for r in rows if not r.abusive and r.source == source], len(bad) // 3)
        for source in (ONLINE, MADE, ENCYCLOPEDIA)
    ]
    return bad + [row for group in clean for row in group]


def _dialogue_turns() -> Iterator[str]:
    for path in sorted((ROOT / "evals" / "dialogues").glob("*.yaml")):
        if path.name in _HOSTILE:
            continue
        for dialogue in yaml.safe_load(path.read_text("utf-8")):
            for turn in dialogue["turns"]:
                if "{" not in turn.get("say", "{") and "abuse" not in turn.get("flags", ()):
                    yield turn["say"]


def _intents() -> Iterator[str]:
    for name in ("dev.tsv", "test.tsv"):
        path = ROOT / "evals" / "intents" / name
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                label, _, text = line.partition("\t")
                if text and label not in _MAY_BE_HOSTILE:
                    yield text


def _questions() -> Iterator[str]:
    for path in sorted((ROOT / "evals" / "retrieval").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            text = row.get("text") or row.get("question")
            if isinstance(text, str):
                yield text


def _support_turns() -> Iterator[str]:
    """What customers say in HG-TODS (MIT), support dialogues about telephones.

    Every second dialogue: the others may be looked at when the guard is changed.
    """
    path = SHARED / "hgtods_manual2dial_validation.json"
    if not path.exists():
        return
    for dialogues in json.loads(path.read_text("utf-8"))["dial_data"].values():
        for dialogue in dialogues[1::2]:
            yield from (t["utterance"] for t in dialogue["turns"] if t["role"] == "user")


def harmless_messages() -> list[str]:
    """Distinct harmless messages that no training used, own ones first."""
    known = {text for text, _ in harmless(ROOT / "data")}
    found = (*_intents(), *_questions(), *_dialogue_turns(), *_support_turns())
    return [text for text in dict.fromkeys(found) if text not in known]
