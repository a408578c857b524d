"""Every scripted dialogue, through the one turn function.

A dialogue with a ``gap`` must fail, so that nobody forgets it once it works.
"""

from __future__ import annotations

from collections import Counter

import pytest

from agent.flows import FLOWS
from evals.dialogue import Dialogue, Play, load
from services import Services
from tests.conftest import Clock

DIALOGUES = load()


PLAYED = [
    pytest.param(
        dialogue,
        id=dialogue.id,
        marks=[pytest.mark.xfail(reason=dialogue.gap, strict=True)] if dialogue.gap else [],
    )
    for dialogue in DIALOGUES
]


@pytest.mark.parametrize("dialogue", PLAYED)
def test_dialogue(dialogue: Dialogue, shop: Services, clock: Clock) -> None:
    play = Play(shop, clock, dialogue)
    wrong = play.run()
    assert not wrong, "\n".join([f"{dialogue.file} {dialogue.id}", *map(str, wrong), *play.seen])


def test_there_are_enough_of_every_intent() -> None:
    seen = Counter(turn.get("intent") for dialogue in DIALOGUES for turn in dialogue.turns)
    assert len(DIALOGUES) >= 40
    assert not [intent for intent in FLOWS if not seen[intent]]
