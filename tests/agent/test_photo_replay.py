"""A turn that looked at a photo, played again: it looks anew, and nothing changes."""

from __future__ import annotations

from pathlib import Path

from agent.types import Caller
from services import Services
from store.traces import Wanted
from tests.agent.test_replay import digest
from tests.conftest import Clock
from tests.photo_desk import Says, add_photo, report
from tests.shelves import STAFF
from tests.talk import Talk

SHOES = "20261116-0000363"  # Minji's, delivered


def test_the_photo_is_looked_at_again_and_nothing_is_kept(
    shop: Services, clock: Clock, minji: Caller, tmp_path: Path
) -> None:
    judges = Says(shop, report("damage"))
    talk = Talk(shop, minji)
    talk.session_id, image = add_photo(shop, minji)
    clock.pass_(seconds=20)
    talk.say(f"{SHOES} 운동화가 깨져서 왔어요", images=(image,))
    clock.pass_(seconds=20)
    offer = talk.say("반품할게요")
    before = digest(tmp_path)
    turns = shop.runs.find(STAFF, Wanted(conversation_id=talk.session_id or ""))[::-1]
    assert len(turns) == 2
    looked = shop.runs.replay(STAFF, turns[0].turn_id)
    assert not looked.replayed.error
    assert judges.asked == 2
    assert "깨진 것처럼 보여요(82%, 가운데)" in looked.replayed.reply["content"]
    offered = shop.runs.replay(STAFF, turns[1].turn_id)
    assert not offered.replayed.error
    assert judges.asked == 2, "the report of the turn before is there"
    assert offered.replayed.reply["pending_action"]
    assert digest(tmp_path) == before
    clock.pass_(seconds=20)
    talk.confirm(offer)
    before = digest(tmp_path)
    newest = shop.runs.find(STAFF, Wanted(conversation_id=talk.session_id or ""))[0]
    # The claim is there by now: what matters is that no second ticket comes of it.
    assert not shop.runs.replay(STAFF, newest.turn_id).replayed.error
    assert digest(tmp_path) == before
