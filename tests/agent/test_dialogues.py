"""Every scripted dialogue, through the one turn function."""

from __future__ import annotations

from collections import Counter

import pytest

from agent.flows import FLOWS
from services import Services
from tests.conftest import Clock
from tests.dialogue import Dialogue, Play, load

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
    Play(shop, clock, dialogue).run()


def test_there_are_enough_of_every_intent() -> None:
    seen = Counter(turn.get("intent") for dialogue in DIALOGUES for turn in dialogue.turns)
    assert len(DIALOGUES) >= 40
    assert not [intent for intent in FLOWS if not seen[intent]]
