"""Scripted dialogues played whole: what the desk says, shows, proposes and writes."""

from __future__ import annotations

from evals.dialogue import FOLDER, Dialogue, Difference, Play, load
from evals.stats import classes_of, confusion_of, share
from evals.subject import Subject
from evals.types import Case, Progress, SuiteResult

__all__ = ["TITLE", "run", "size"]

TITLE = "대화 흐름"
SHOWN = 200


def size() -> int:
    """Dialogues in the files."""
    return len(load())


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """Every dialogue, those of a known gap and those staff have kept included, each against a
    fresh shop."""
    kept = () if subject.kept is None else (subject.kept,)
    dialogues = load(FOLDER, *kept)
    played: list[tuple[Play, list[Difference]]] = []
    for number, dialogue in enumerate(dialogues, 1):
        played.append(_play(subject, dialogue))
        progress(number, len(dialogues))
    known = [wrong for play, wrong in played if not play.dialogue.gap]
    pairs = [pair for play, _ in played for pair in _intents(play)]
    turns = [one for play, wrong in played for one in _turns(play, wrong)]
    return SuiteResult(
        suite="dialogues",
        title=TITLE,
        metrics=(
            share("passed", "통과한 대화", sum(not wrong for wrong in known), len(known),
                  goal=1.0, margin=0.0),
            share("passed_all", "통과한 대화 (알려진 빈틈 포함)",
                  sum(not wrong for _, wrong in played), len(played), margin=0.0),
            share("turns", "통과한 차례 (알려진 빈틈 포함)", sum(turns), len(turns), margin=0.0),
        ),
        classes=classes_of(pairs),
        confusion=confusion_of(pairs),
        cases=tuple(_case(play, wrong) for play, wrong in played if wrong)[:SHOWN],
    )  # fmt: skip


def _play(subject: Subject, dialogue: Dialogue) -> tuple[Play, list[Difference]]:
    with subject.fresh_shop() as (shop, clock):
        play = Play(shop, clock, dialogue)
        try:
            return play, play.run()
        except Exception as error:  # an evaluation counts it and goes on
            turn = len(play.heard) + 1
            return play, [Difference(turn, "error", "a reply", f"{type(error).__name__}: {error}")]


def _turns(play: Play, wrong: list[Difference]) -> list[bool]:
    """Whether each turn passed; those never played did not."""
    failed = {one.turn for one in wrong}
    heard = len(play.heard)
    return [n <= heard and n not in failed for n in range(1, len(play.dialogue.turns) + 1)]


def _intents(play: Play) -> list[tuple[str, str]]:
    return [
        (turn["intent"], message.intent)
        for turn, message in zip(play.dialogue.turns, play.heard, strict=False)
        if "intent" in turn
    ]


def _case(play: Play, wrong: list[Difference]) -> Case:
    """A failed dialogue; known gaps last."""
    dialogue, first = play.dialogue, wrong[0]
    said = [line[2:] for line in play.seen if line.startswith("> ")]
    where = dialogue.file if "/" in dialogue.file else f"evals/dialogues/{dialogue.file}"
    gap = f"알려진 빈틈: {dialogue.gap}\n\n" if dialogue.gap else ""
    return Case(
        id=f"{where}#{dialogue.id}",
        text=said[min(first.turn, len(said)) - 1] if said else dialogue.id,
        expected=f"{first.what}: {_short(first.expected)}",
        got=_short(first.got),
        weight=0.0 if dialogue.gap else 1.0,
        note=gap + "\n".join([*map(str, wrong[1:6]), *play.seen]),
    )


def _short(value: object, length: int = 300) -> str:
    text = str(value)
    return text if len(text) <= length else text[:length] + "…"
