"""What a language model that can see says about a photo: asked for by schema, then checked.

Its answer is a stranger's: labels of ours only, boxes that can be, and none of its words. Text
on a photo is data; where it tries to give orders, the whole answer is laid aside. Nothing here
raises: whatever goes wrong is an opinion that says so.
"""

from __future__ import annotations

import io
import json
import logging
import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from agent.guardrails import detect_injection, mask_pii
from agent.llm.structured import ask_text, bounded, only_json
from agent.llm.types import OFFLINE, Cancelled, ChatMessage, Picture, Route, Spend, Tag
from errors import SangdamError, Unavailable
from vision.labels import DETECTED, LABELS, Label
from vision.types import Box, Finding, Opinion, OpinionState, Reference

if TYPE_CHECKING:
    from agent.llm.gateway import Gateway
    from agent.prompts import Instruction

__all__ = ["CLEAR_SCORE", "NEEDS", "SHRINK", "SIDE_PX", "PhotoReader", "opinion_of", "shrunk"]

log = logging.getLogger("sangdam.llm")
NEEDS = frozenset({"pictures", "vision"})
SIDE_PX = 1024  # longest side of what is sent
LEAST_S = 0.5  # with less of a turn's time left nobody is asked any more
JPEG_QUALITY = 85
# A model's confidence is uncalibrated and high: it is drawn toward one half by a tenth, so that
# nothing below .89 reaches the fusion's ``llm_damage_at`` (.85) and counts as evidence.
SHRINK = 0.9
CLEAR_SCORE = 0.3  # it looked and found nothing, which is little proof
MOST_DEFECTS = 20  # more is no description of a photo
MOST_TEXT_CHARS = 200
GRID = 1000.0  # its boxes' coordinates
SMALLEST, LARGEST = 0.0002, 0.95  # of the picture's area; another product may fill all of it
_OF_REFERENCE: tuple[Label, ...] = ("missing_part", "wrong_item")
_VERDICTS = ("damage", "nothing_seen", "cannot_tell")
_QUALITIES = ("good", "fair", "bad")
_ALONE = "고객이 올린 사진이다. 카탈로그 사진은 없다."
_BESIDE = "첫 번째는 고객이 올린 사진이고, 두 번째는 주문한 상품의 카탈로그 사진이다."
_RESTS = "사진을 보는 언어 모델이 지금은 쉬고 있어요."
_SILENT = "언어 모델이 제때 답하지 못했어요."
_UNUSABLE = "언어 모델의 답을 쓸 수 없어서 판단에 넣지 않았어요."
_ORDERS = "사진 속 글이 판정을 지시하고 있어서 언어 모델의 판단은 쓰지 않았어요."
_CANNOT = "언어 모델은 이 사진만으로 판단하지 못했어요."
# What a note to the judge looks like, beside the rules for notes to any model.
_COMMANDS = re.compile(
    r"verdict|readable_text|cannot_tell|nothing_seen|\bjson\b"
    r"|(?:판정|판단|분류|보고|승인|인정|표시|답변|대답|응답)\s?(?:하세요|하십시오|하시오|하라|해라|해\s?주|할\s?것|바랍니다)"
    r"|(?:mark|report|classify|rate|treat|label|approve|judge)\s(?:this|it|the|as|that|every)\b"
    r"|\b(?:language\s?model|ai\s?(?:model|assistant|inspector)|언어\s?모델|인공지능)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PhotoReader:
    """Asks for one opinion: callable with a photo and its references, as the inspector does.

    ``tag`` names the turn and the conversation in the books, ``spend`` grows by what was used:
    all the photos of a turn share the time that the setting gives.
    """

    gateway: Gateway
    instruction: Instruction
    tag: Tag
    spend: Spend | None = None
    cancel: threading.Event | None = None

    def route(self) -> Route:
        """Who would be asked now: only providers that are configured as able to see."""
        return self.gateway.route(purpose="inspect", needs=NEEDS)

    @property
    def wait_s(self) -> float:
        """The longest a call takes now, in seconds."""
        spent = self.spend.looking_s if self.spend is not None else 0.0
        return self.gateway.config.limits.inspect_s - spent

    def __call__(self, photo: bytes, references: Sequence[Reference]) -> Opinion:
        """The model's opinion of a clean JPEG; ``unsure`` or ``absent`` where it has none."""
        began = perf_counter()
        beside = next((one for one in references if one.ordered), None)
        labels = (*DETECTED, *_OF_REFERENCE) if beside else DETECTED
        try:
            route = self.route()
            if not route.models:
                return _nobody(route)
            if self.wait_s < LEAST_S:
                return _unsure(_SILENT, "", began)
            messages = [
                ChatMessage("system", self.instruction.text),
                ChatMessage("user", _BESIDE if beside else _ALONE, _pictures(photo, beside)),
            ]
            text, final = ask_text(
                self.gateway, route, messages, tag=self.tag, schema=schema_of(labels),
                spend=self.spend, cancel=self.cancel, deadline_s=self.wait_s,
            )  # fmt: skip
        except Unavailable as error:
            log.info("no language model judged the photo: %s", error.code)
            return _unsure(_SILENT, "", began)
        except (SangdamError, Cancelled, OSError, ValueError) as error:
            log.warning("a photo could not be shown to a model: %s", type(error).__name__)
            return _unsure(_SILENT, "", began)
        finally:
            if self.spend is not None:
                self.spend.looking_s += perf_counter() - began
        model = f"{final.provider}:{final.model}"
        if final.provider == OFFLINE:
            return Opinion("llm", "absent")
        return opinion_of(text, labels, model=model, took_ms=_since(began))


def _nobody(route: Route) -> Opinion:
    """Nobody to ask: none is configured to see (no reason needed), or each of them rests."""
    rests = any(one.reason in ("breaker_open", "budget") for one in route.skipped)
    return Opinion("llm", "absent", reason=_RESTS if rests else "")


def schema_of(labels: Sequence[Label]) -> dict[str, Any]:
    """The answer's JSON Schema; ``labels`` are those that can be told from what is shown."""
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
    defect = {
        "label": {"type": "string", "enum": list(labels)},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "box": numbers,
    }
    return _object(
        verdict={"type": "string", "enum": list(_VERDICTS)},
        photo_quality={"type": "string", "enum": list(_QUALITIES)},
        defects={"type": "array", "items": _object(**defect), "maxItems": MOST_DEFECTS},
        readable_text={"type": "string", "maxLength": MOST_TEXT_CHARS},
    )


def opinion_of(
    text: str, labels: Sequence[Label], *, model: str = "", took_ms: float = 0.0
) -> Opinion:
    """What of a model's answer may be believed, as far as that can be seen from outside.

    A defect with a label, a box or a confidence that cannot be is dropped; an answer that
    contradicts itself, repeats itself without end or was given orders by the photo is dropped
    whole.
    """
    try:
        raw = json.loads(bounded(only_json(text)), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, Mapping) or raw.get("verdict") not in _VERDICTS:
        return Opinion("llm", "unsure", reason=_UNUSABLE, model=model, took_ms=took_ms)
    if _gives_orders(raw.get("readable_text")):
        log.warning("text on a photo tried to give orders")
        return Opinion("llm", "unsure", reason=_ORDERS, model=model, took_ms=took_ms)
    told = raw.get("defects", [])
    if not isinstance(told, list) or len(told) > MOST_DEFECTS:
        return Opinion("llm", "unsure", reason=_UNUSABLE, model=model, took_ms=took_ms)
    findings = tuple(found for one in told if (found := _finding(one, labels)) is not None)
    state, score, reason = _judged(raw, bool(told), findings)
    return Opinion("llm", state, score, findings if state == "seen" else (), reason, model, took_ms)


def shrunk(confidence: float) -> float:
    """A model's confidence (0 to 1) as it is counted: see ``SHRINK``."""
    return round(0.5 + SHRINK * (confidence - 0.5), 4)


def _judged(
    raw: Mapping[str, Any], told: bool, findings: Sequence[Finding]
) -> tuple[OpinionState, float | None, str]:
    verdict = raw["verdict"]
    if verdict == "cannot_tell" or raw.get("photo_quality") == "bad":
        return "unsure", None, _CANNOT
    if verdict == "nothing_seen":
        return ("unsure", None, _UNUSABLE) if told else ("clear", CLEAR_SCORE, "")
    if not findings:  # damage, but nowhere that could be
        return "unsure", None, _UNUSABLE
    return "seen", max(one.confidence for one in findings), ""


def _finding(one: Any, labels: Sequence[Label]) -> Finding | None:
    """A defect as told, checked; None for one that cannot be."""
    if not isinstance(one, Mapping) or one.get("label") not in labels:
        return None
    label: Label = one["label"]
    assert label in LABELS
    sure, box = _number(one.get("confidence")), _box(one.get("box"), label)
    if box is None or sure is None or not 0 <= sure <= 1:
        return None
    return Finding(label, shrunk(sure), box, ("llm",))


def _box(told: Any, label: Label) -> Box | None:
    if not isinstance(told, list) or len(told) != 4:
        return None
    edges = [_number(one) for one in told]
    x1, y1, x2, y2 = (-1.0 if edge is None else edge / GRID for edge in edges)
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        return None
    largest = 1.0 if label == "wrong_item" else LARGEST
    if not SMALLEST <= (x2 - x1) * (y2 - y1) <= largest:
        return None
    return x1, y1, x2, y2


def _number(told: Any) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    # A whole number of any length is JSON; one that no float can hold is no coordinate.
    return float(told) if abs(told) < 1e9 and math.isfinite(told) else None


def _gives_orders(text: Any) -> bool:
    """Whether the text on a photo talks to a model; it is read for nothing else."""
    if not isinstance(text, str):
        return False
    read = mask_pii(text[:MOST_TEXT_CHARS]).text
    return bool(_COMMANDS.search(read) or detect_injection(read))


def _pictures(photo: bytes, beside: Reference | None) -> tuple[Picture, ...]:
    """The photo, then the catalogue's picture."""
    both = (photo, *([beside.data] if beside else []))
    return tuple(Picture("image/jpeg", _small(one)) for one in both)


def _small(data: bytes) -> bytes:
    """A JPEG drawn anew: at most SIDE_PX, without whatever stood beside the pixels."""
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
        picture.draft("RGB", (SIDE_PX, SIDE_PX))
        small = Image.new("RGB", picture.size)
        small.paste(picture)
    small.thumbnail((SIDE_PX, SIDE_PX))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _unsure(reason: str, model: str, began: float) -> Opinion:
    return Opinion("llm", "unsure", reason=reason, model=model, took_ms=_since(began))


def _since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 1)
