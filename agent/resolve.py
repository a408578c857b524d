"""Context decides first: what a message means given the question the desk is waiting on."""

from __future__ import annotations

import re
from dataclasses import replace

from agent.flows import FLOWS
from agent.flows.aftercare import WITHDRAW
from agent.memory import Asking, Context
from agent.shop.claims import FAULT_OF
from agent.types import IntentGuess, Slots, Understood

__all__ = ["fills", "resolve"]

# Wishes that share their questions: an answer never jumps from one to the other.
_SAME = ({"return_exchange", "defect"}, {"order_status", "delivery"})
SURE = 0.7
_MODEL = re.compile(r"[A-Za-z]{2}-?\d{2,}")
_NOT_PRODUCT = {"policy", "unclear", "out_of_scope", "smalltalk"}
_HOW_MUCH_BACK = re.compile(r"취소하면\s*(?:얼마|환불|돈)")
_ON_ITS_WAY = re.compile(r"출고|발송|언제\s*(?:와|도착|오)|배송\s*(?:언제|됐|시작)")
_GOES_ON = re.compile(r"(?:그럼 |그리고 )?\S.{0,18}(?:은|는)\s?요\?*")
_IF = re.compile(r"^그럼 .{1,12}(?:이면|면|일 때|경우)(?:은|는|에는)?\s?요\?*$")
_VAGUE = {"smalltalk", "unclear", "out_of_scope"}
_MAYBE_DEFECT = {"complaint", "unclear", "product_info"}
_NEVER_JUMP = _VAGUE | {"order_status"}


def resolve(
    understood: Understood, text: str, context: Context, *, images: bool, min_confidence: float
) -> Understood:
    """The understanding in its context: the open question, then what was last spoken about.

    Below ``min_confidence`` (0 to 1), with nothing to hold on to, the intent is "unclear".
    """
    asking, slots = context.asking, understood.slots
    if WITHDRAW.search(text) and understood.intent in ("cancel", "return_exchange", "change_order"):
        # "취소 요청 철회할게요" is about the request, not about the order.
        return _as(understood, "claim_status")
    if asking is not None:
        if asking.slot == "handoff" and slots.yes_no:
            return replace(understood, intent="handoff", confidence=1.0)
        if fills(asking, slots, text, images=images):
            jump = _jumps(understood, asking, text)
            return understood if jump else _as(understood, asking.intent)
        back = understood.intent == "refund_status" and asking.intent in _SAME[0]
        if _same(understood.intent, asking.intent) or (back and "?" not in text):
            return _as(understood, asking.intent)
        if asking.intent in _SAME[0] and "말고" in text and slots.products:
            return _as(understood, asking.intent)
        if asking.slot == "address" and understood.intent in _VAGUE and len(text) >= 3:
            return _as(understood, asking.intent)  # a place without a number: ask again
    if any(_MODEL.search(word) for word in slots.products) and understood.intent in _NOT_PRODUCT:
        return _as(understood, "product_info")
    if slots.products and _HOW_MUCH_BACK.search(text):
        return _as(understood, "cancel")
    if slots.products and understood.intent == "product_info" and _ON_ITS_WAY.search(text):
        return _as(understood, "delivery")
    goes_on = _GOES_ON.fullmatch(text.strip())
    if goes_on and slots.products and context.intent in ("order_status", "delivery", "cancel"):
        return _as(understood, context.intent)
    if context.intent == "policy" and _IF.search(text) and context.asking is None:
        return _as(understood, "policy")
    if understood.intent in _MAYBE_DEFECT and understood.confidence < SURE and _seller(slots):
        return _as(understood, "defect")
    if images and not text.strip():
        return _as(understood, "defect")
    points_at = slots.order_id or slots.ordinal or slots.refers_back
    vague = understood.confidence < SURE or understood.intent in _VAGUE
    if points_at and vague and _bare(text, slots) and context.intent:
        known = FLOWS.get(context.intent)
        if known is not None and not (known.digression and known.intent != "product_info"):
            return _as(understood, context.intent)
    if slots.order_id and understood.intent in _VAGUE:
        return _as(understood, "order_status")
    if understood.confidence < min_confidence:
        return replace(understood, intent="unclear", alternatives=_with_best(understood))
    return understood


def fills(asking: Asking, slots: Slots, text: str, *, images: bool) -> bool:
    """Whether a message answers the open question."""
    if asking.intent in _SAME[0] and asking.slot in ("line", "option", "kind") and slots.claim_kind:
        return True
    named = bool(slots.order_id or slots.ordinal or slots.products or slots.refers_back)
    match asking.slot:
        case "order":
            return named or slots.when is not None or bool(slots.address)
        case "guest_order":
            return bool(slots.order_id or slots.email)
        case "line" | "withdraw":
            return named
        case "reason":
            return bool(slots.reason_code) or images or len(text.split()) > 1
        case "kind":
            return slots.claim_kind is not None
        case "option":
            return bool(slots.wanted_option) or len(text) <= 20
        case "address":
            return bool(slots.address) or (bool(re.search(r"\d", text)) and len(text) >= 8)
        case "what":
            return bool(re.search(r"배송지|주소|옵션|사이즈|색|결제", text))
    return False


def _seller(slots: Slots) -> bool:
    return slots.reason_code is not None and FAULT_OF[slots.reason_code] == "seller"


def _jumps(understood: Understood, asking: Asking, text: str) -> bool:
    """A message that fits the question, yet clearly asks for something else."""
    intent = understood.intent
    if asking.slot == "guest_order" or (asking.slot == "reason" and understood.slots.reason_code):
        return False
    if asking.intent in _SAME[0] and intent == "refund_status" and "?" not in text:
        return False
    if asking.slot in ("option", "line", "kind") and intent in ("product_info", "change_order"):
        return False
    if _same(intent, asking.intent) or intent in _NEVER_JUMP:
        return False
    question = text.rstrip().endswith("?") or "나요" in text or "까요" in text
    sure = 0.5 if question else SURE
    return understood.confidence >= sure and len(text.replace(" ", "")) >= 8


def _same(one: str, other: str) -> bool:
    return one == other or any({one, other} <= group for group in _SAME)


def _as(understood: Understood, intent: str) -> Understood:
    return replace(understood, intent=intent, confidence=max(understood.confidence, SURE))


def _bare(text: str, slots: Slots) -> bool:
    """Whether nothing but the pointing itself was said ("두 번째 거요")."""
    return len(text.replace(" ", "")) <= (24 if slots.order_id else 10)


def _with_best(understood: Understood) -> tuple[IntentGuess, ...]:
    return (IntentGuess(understood.intent, understood.confidence), *understood.alternatives)
