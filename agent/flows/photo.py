"""Photos of a claim: each is looked at, the customer is told, and what follows from it.

A photo never decides: one that cannot be judged is asked for once more, one that leaves doubt
goes to a person, and damage gives a claim its reason where the customer has told none.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from agent.cards import choice_card, photo_card
from agent.flows.pieces import line_choices
from agent.shop.claims import FAULT_OF
from agent.tools.photo_words import evidence_of, looks, retake_advice, seen_words
from agent.tools.photos import PhotoReport
from agent.turn import Turn
from errors import SangdamError
from store.models import Order, OrderLine

__all__ = ["look"]

log = logging.getLogger("sangdam.turn")
MOST_S = 8.0  # seconds for all of a turn's photos; what is left then a person looks at
_ANOTHER = re.compile(r"다른\s?사진|다시\s?(?:찍|올|보|촬영)|새로\s?찍|(?:보낼|올릴|찍을)게")
_SEND = ("다른 사진 보내기", "다른 사진을 보낼게요")
_GO_ON = ("이 사진으로 접수하기", "이 사진으로 접수할게요")
_FALLBACK = "조금 더 밝은 곳에서 문제가 있는 부분을 가까이 찍어 주세요."
_RANK = {"damage": 2, "review": 1, "retake": 0}


@dataclass(slots=True)
class _Seen:
    """The claim's photos: every report, those made in this turn, whether one could not be."""

    every: list[PhotoReport] = field(default_factory=list)
    new: list[PhotoReport] = field(default_factory=list)
    missed: bool = False

    @property
    def best(self) -> PhotoReport | None:
        """The report that says most."""
        return max(self.every, default=None, key=_weight)


def _weight(one: PhotoReport) -> tuple[int, float]:
    """How much a report says."""
    return _RANK[one.report.verdict], one.report.score or 0.0


def look(turn: Turn, order: Order, lines: Sequence[OrderLine], known: dict[str, Any]) -> bool:
    """Look at a claim's photos and tell what they show; whether the claim goes on.

    False once the reply asks for a better photo or another line. Fills ``known["reason"]``
    where the customer told none. Photos that cannot be judged now go along unjudged.
    """
    if not known["photos"] or not _by_shop(turn, known):
        return True
    seen = _look_at_all(turn, order, lines, known)
    title = lines[0].product_name if len(lines) == 1 else order.title
    turn.show(*(photo_card(one, title) for one in seen.new))
    if seen.missed:
        turn.say("photo_unjudged")
    best = seen.best
    if best is None:
        return True
    turn.fact([seen_words(best.report), best.report.reasons, best.report.quality.advice])
    if best.report.verdict == "retake":
        return _retake(turn, best, seen, known)
    if _asks_other_line(turn, order, lines, best, known):
        return False
    if seen.new:  # of what came now: the ones before were told then
        _tell(turn, max(seen.new, key=_weight))
    wanted = best.report.recommendation
    if known["reason"] is None and wanted is not None:
        known["reason"] = wanted.reason_code
    return True


def _by_shop(turn: Turn, known: dict[str, Any]) -> bool:
    """Whether the claim is about something wrong with the goods."""
    reason = known["reason"]
    return turn.intent == "defect" if reason is None else FAULT_OF[reason] == "seller"


def _tell(turn: Turn, best: PhotoReport) -> None:
    if words := looks(best.report):
        turn.say("photo_damage", looks=turn.fact(words))
    elif best.report.verdict == "retake":
        turn.say("photo_as_it_is")
    else:
        turn.say("photo_review")


def _look_at_all(
    turn: Turn, order: Order, lines: Sequence[OrderLine], known: dict[str, Any]
) -> _Seen:
    """Every photo's report: the one that is kept for this line, or a new one."""
    seen, until = _Seen(), perf_counter() + MOST_S
    about = {
        "order_id": order.order_id, "line_id": lines[0].line_id if len(lines) == 1 else None,
    }  # fmt: skip
    ids = known["photos"]
    kept: dict[str, PhotoReport] = turn.look("photo_reports_of", image_ids=ids)
    for image_id in ids:
        one = kept.get(image_id)
        if one is not None and _is_about(one, about):
            seen.every.append(one)
        elif image_id not in known["photos_missed"]:
            made = _looked_at(turn, image_id, about) if perf_counter() < until else None
            if made is None:
                seen.missed = True
                known["photos_missed"] = [*known["photos_missed"], image_id]
            else:
                seen.every.append(made)
                seen.new.append(made)
    return seen


def _is_about(one: PhotoReport, about: dict[str, str | None]) -> bool:
    return {"order_id": one.stored.order_id, "line_id": one.stored.line_id} == about


def _looked_at(turn: Turn, image_id: str, about: dict[str, str | None]) -> PhotoReport | None:
    """A photo's new report, kept; None where it cannot be judged now."""
    try:
        report = turn.look("look_at_photo", image_id=image_id, **about)
        kept: PhotoReport = turn.keep(
            "keep_photo_report", image_id=image_id, report=report, **about
        )
    except SangdamError as error:  # whatever is the matter, the claim goes on with the photo
        log.warning("photo %s could not be judged: %s", image_id, error.code)
        return None
    return kept


def _retake(turn: Turn, best: PhotoReport, seen: _Seen, known: dict[str, Any]) -> bool:
    """No photo can be judged: ask for another one once, then go on with what there is."""
    asked = turn.answered is not None and turn.answered.slot == "photo"
    if not known["photo_asked"]:
        advice = retake_advice(best.report, known["reason_text"] or turn.text) or _FALLBACK
        turn.say("photo_retake", advice=turn.fact(advice))
    elif asked and not turn.images and (_ANOTHER.search(turn.text) or turn.slots.yes_no):
        turn.say("photo_send")
    else:
        if asked or seen.new:
            turn.say("photo_as_it_is")
        return True
    turn.show(choice_card("사진", _SEND, _GO_ON))
    turn.ask("photo", **{**known, "photo_asked": True})
    return False


def _asks_other_line(
    turn: Turn,
    order: Order,
    lines: Sequence[OrderLine],
    best: PhotoReport,
    known: dict[str, Any],
) -> bool:
    """Whether the reply asks if another line of the order, which the photo shows, is meant."""
    found = evidence_of(best.report)
    if known["other_asked"] or len(lines) != 1 or not found or found[0].label != "wrong_item":
        return False
    shown = best.report.other
    other = next((one for one in order.lines if one.product_id == shown and one.free), None)
    if other is None:
        return False
    turn.say("photo_other_line", title=lines[0].product_name, other=other.product_name)
    turn.show(line_choices("상품", [other, lines[0]], "{name} 이야기예요"))
    turn.ask("line", **{**known, "line_ids": [], "other_asked": True})
    return True
