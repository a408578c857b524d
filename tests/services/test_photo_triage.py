"""The ticket of a claim with photos, as triage sees it: what they show is in its summary."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.types import Caller
from services import Services
from tests.photo_desk import Says, add_photo, report
from tests.talk import Talk
from vision.types import Verdict

SHOES = "20261116-0000363"  # Minji's, delivered


def ticket_of(shop: Services, caller: Caller) -> str:
    talk = Talk(shop, caller)
    talk.session_id, image = add_photo(shop, caller)
    talk.say(f"{SHOES} 운동화 밑창이 깨져서 왔어요", images=(image,))
    talk.say("이 사진으로 접수할게요")
    talk.confirm(talk.say("반품할게요"))
    return str(shop.tool(caller, "list_tickets", limit=1).items[0].ticket_id)


@pytest.mark.parametrize(
    ("verdict", "note"),
    [("damage", "사진: 깨짐 82% (가운데)"), ("review", "사진 확인 필요"),
     ("retake", "사진 확인 필요")],
)  # fmt: skip
def test_the_summary_says_what_the_photos_show(
    shop: Services, minji: Caller, verdict: Verdict, note: str
) -> None:
    Says(shop, report(verdict))
    found = shop.triage.suggest(ticket_of(shop, minji))
    summary = found.value("summary")
    assert summary.endswith(note)
    assert "깨져서" in summary, "the customer's own words, not the desk's"
    assert found.value("order_id") == SHOES
    assert ("깨진 것처럼 보여요" in found.reply) is (verdict == "damage")
    assert "사진이 있으면" not in found.reply


def test_a_photo_of_a_chat_without_a_report_must_be_looked_at(
    shop: Services, minji: Caller, tmp_path: Path
) -> None:
    talk = Talk(shop, minji)
    talk.session_id, image = add_photo(shop, minji)
    talk.say("상담원 연결해 주세요", images=(image,))
    ticket = shop.tool(minji, "list_tickets", limit=1).items[0]
    assert shop.triage.suggest(ticket.ticket_id).value("summary").endswith("사진 확인 필요")
