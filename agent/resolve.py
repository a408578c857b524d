"""Context decides first: what a message means given the question the desk is waiting on."""

from __future__ import annotations

import re
from dataclasses import replace

from agent.errands import find_errand
from agent.flows import FLOWS
from agent.flows.aftercare import WITHDRAW
from agent.flows.errands import INTENT_OF
from agent.memory import Asking, Context
from agent.shop.claims import FAULT_OF
from agent.shop.weather import find_place
from agent.types import IntentGuess, Slots, Understood

__all__ = ["fills", "resolve"]

# Wishes that share their questions: an answer never jumps from one to the other.
_SAME = ({"return_exchange", "defect"}, {"order_status", "delivery"})
SURE = 0.7
_MODEL = re.compile(r"[A-Za-z]{2}-?\d{2,}")
_NOT_PRODUCT = {"policy", "unclear", "out_of_scope", "smalltalk"}
# "네?", "뭐라고요?": what was said before is to be said again.
_PARDON = re.compile(r"(?:네|예|응|엥|뭐|뭐라[고구]요?|무슨 말이[에예]요|다시요?)\s?\?+")
_HOW_MUCH_BACK = re.compile(r"취소하면\s*(?:얼마|환불|돈)")
# What only the rules speak of, and a wish that leaves no doubt.
_RULES_ONLY = re.compile(
    r"(?:묶음|합)\s?배송|적립률|(?:후기|리뷰)\S*\s(?:\S+\s)?(?:쓸|작성할|남길) 수"
)
_CANCEL_IT = re.compile(r"취소\s?(?:처리\s?)?(?:해(?!도|야|서|지)|시켜|부탁|할게|할래)")
_GET_BACK = re.compile(r"얼마.{0,6}(?:돌려|환불|받|들어)|(?:돌려|환불).{0,6}얼마")
_ON_ITS_WAY = re.compile(r"출고|발송|언제\s*(?:와|도착|오)|배송\s*(?:언제|됐|시작)")
_GOES_ON = re.compile(r"(?:그럼 |그리고 )?\S.{0,18}(?:은|는)\s?요\?*")
_IF = re.compile(r"(?:그럼 |그러면 |만약 )?.{1,14}(?:면|일 때|경우)에?[은는]?\s?요\?*")
# What a message is about; without any of it, and short, it leans on what was said before.
_SUBJECT = re.compile(
    r"주문|취소|반품|교환|환불|배송|택배|송장|수거|회수|결제|카드|영수증|계산서|쿠폰|포인트|적립|비밀번호|비번"
    r"|로그인|탈퇴|회원|가입|계정|상담|직원|사람|전화|문의|접수|추천|재고|방수|사이즈|규정|불량|고장|파손|깨[져진졌]"
    r"|주소|옵션|돈|안녕|감사|고마|수고"
)
_THAT = re.compile(r"(?:그럼 |그러면 |근데 |아니 )?(?:그게|그건|그거는?|그것[은도]?|그때)\s")
LEANS_CHARS = 14
# How much likelier the last subject is for a message that leans on it, and for one that
# begins by pointing at it; fitted on evals/intents/followups_dev.yaml.
LEAN, POINT = 15.0, 60.0
_LEAN_ON = frozenset(
    ("order_status", "delivery", "refund_status", "claim_status", "policy", "product_info",
     "payment", "account")
)  # fmt: skip
# "다른 거 추천해줘", "추천 좀", "2만원 이하 추천": what is sold here is meant, not films or lunch.
_NO_GOODS = r"(?<!볼 )(?<!할 )(?<!들을 )(?<!읽을 )(?<!시킬 )"
_RECOMMEND = re.compile(
    r"^(?:그냥|뭐|좀|하나만?|아무거나|더|또|저기요?|혹시|[나저]한테|[\s,.!])*(?:추천|골라\s?[줘주])(?!인)"
    rf"|(?<![가-힣]){_NO_GOODS}(?:거|것|걸|꺼|상품|제품|아이템|선물)(?:[을를로들도])?\s*"
    r"(?:좀|하나만?|또|더|한번)?\s*(?:추천(?!인)|골라\s?[줘주])"
    r"|[만천\d]\s?원.*추천(?!인)|(?:말고|빼고)\s?(?:좀\s?)?추천(?!인)"
)
# Services and campaigns of the shop, not goods to find.
_SERVICE = re.compile(r"선물\s?포장|추천인|(?:친구|지인)\s?추천\s?(?:코드|이벤트|제도|혜택|하면)")
# What is said of a photo that was asked for once more.
_PHOTO = re.compile(
    r"사진|이대로|그대로|그냥|접수|진행|(?:다시|새로)\s?(?:찍|올|보)|(?:보낼|올릴|찍을)게|없어요|못\s?찍"
)
_METHOD = re.compile(r"카드|페이|계좌|입금|상품권")
# "텀블러 한 개만 빼 주세요", "후드티는 빼고 보내 주세요"
_TAKE_OUT = re.compile(r"빼\s?(?:주|줘|달라|고\s.{0,16}보내)")
_OTHER_METHOD = re.compile(r"(?:결제|카드|페이).{0,14}(?:바꾸|바꿔|바꿀|변경)")
_VAGUE = {"smalltalk", "unclear", "out_of_scope"}
_MAYBE_DEFECT = {"complaint", "unclear", "product_info"}
_NEVER_JUMP = _VAGUE | {"order_status"}


def resolve(
    understood: Understood, text: str, context: Context, *, images: bool, min_confidence: float
) -> Understood:
    """The understanding in its context: the open question, then what was last spoken about.

    Below ``min_confidence`` (0 to 1), with nothing to hold on to, the intent is "unclear".
    """
    errand = None if images else find_errand(text)
    if errand is not None:  # its numbers and places answer no question that is open
        slots = replace(understood.slots, yes_no=None)
        return replace(_as(understood, INTENT_OF[errand]), slots=slots, errand=errand)
    asking = context.asking
    if images and asking is not None and asking.intent in _SAME[0]:
        # "네" beside a photo runs no offer that was made without it.
        understood = replace(understood, slots=replace(understood.slots, yes_no=None))
    intent = (
        _by_question(understood, text, asking, images=images)
        or _by_words(understood, text, images=images)
        or _by_context(understood, text, context)
    )
    if intent is not None:
        return _as(understood, intent)
    if understood.confidence < min_confidence:
        return replace(understood, intent="unclear", alternatives=_with_best(understood))
    return understood


def _by_question(
    understood: Understood, text: str, asking: Asking | None, *, images: bool
) -> str | None:
    """The intent of the open question, where the message answers it."""
    intent, slots = understood.intent, understood.slots
    if WITHDRAW.search(text) and intent in ("cancel", "return_exchange", "change_order"):
        return "claim_status"  # "취소 요청 철회할게요" is about the request, not the order
    if asking is None:
        return None
    if asking.slot == "handoff" and slots.yes_no:
        return "handoff"
    if fills(asking, slots, text, images=images):
        photo = images and asking.slot == "photo"  # what was asked for, whatever is said with it
        return intent if not photo and _jumps(understood, asking, text) else asking.intent
    claiming = asking.intent in _SAME[0]
    money = claiming and intent == "refund_status" and "?" not in text
    other = claiming and "말고" in text and bool(slots.products)
    # A place without a number: the address is asked for again, the weather looked up.
    place = asking.slot in ("address", "place") and intent in _VAGUE and len(text) >= 3
    return asking.intent if _same(intent, asking.intent) or money or other or place else None


def _by_words(understood: Understood, text: str, *, images: bool) -> str | None:
    """Words that decide whatever was said before."""
    intent, slots = understood.intent, understood.slots
    if images and not text.strip():
        return "defect"
    if _PARDON.fullmatch(text.strip()):
        return "unclear"
    if slots.yes_no is not None and intent == "handoff":
        return "smalltalk"  # a bare "ㄱㄱ" asks for nobody
    if intent in _VAGUE and _RECOMMEND.search(text):
        return "product_info"
    if (
        intent == "product_info"
        and not (slots.products and "포장" in text)
        and _SERVICE.search(text)
    ):
        return "policy"
    if any(_MODEL.search(word) for word in slots.products) and intent in _NOT_PRODUCT:
        return "product_info"
    if slots.products and (_HOW_MUCH_BACK.search(text) or _TAKE_OUT.search(text)):
        return "cancel"
    if understood.confidence < SURE:
        if slots.address and "배송지" in text and intent == "product_info":
            return "change_order"  # "가습기 배송지 대전 서구 둔산로 100으로요"
        if _RULES_ONLY.search(text):
            return "policy"
        if (slots.products or slots.order_id) and _CANCEL_IT.search(text) and "?" not in text:
            return "cancel"
    if intent == "payment" and _OTHER_METHOD.search(text):
        return "change_order"
    if slots.products and intent == "product_info" and _ON_ITS_WAY.search(text):
        return "delivery"
    if intent in _MAYBE_DEFECT and understood.confidence < SURE and _seller(slots):
        return "defect"
    return None


def _by_context(understood: Understood, text: str, context: Context) -> str | None:
    """What was last spoken about, for "가습기는요?", "그럼 불량이면요?", "두 번째 거요"."""
    intent, slots, last = understood.intent, understood.slots, context.intent
    if last == "cancel" and context.offered and _GET_BACK.search(text):
        return "cancel"
    on_orders = last in ("order_status", "delivery", "cancel")
    goes_on = _GOES_ON.fullmatch(text.strip())
    if on_orders and slots.products and goes_on:
        return last
    if context.asking is None:
        if (
            last == "product_info"
            and context.product_id
            and goes_on
            and (understood.confidence < SURE or intent in _VAGUE)
        ):
            return "product_info"  # "XL은요?"
        if last == "policy" and (goes_on or _IF.fullmatch(text.strip())):
            return "policy"
        if last in _LEAN_ON and _leans(understood, text, last):
            return last
    points_at = slots.order_id or slots.ordinal or slots.refers_back
    vague = understood.confidence < SURE or intent in _VAGUE
    known = FLOWS.get(last)
    pointing = points_at and vague and _bare(text, slots)
    if pointing and known is not None and (not known.digression or last == "product_info"):
        return last
    return "order_status" if slots.order_id and intent in _VAGUE else None


def _leans(understood: Understood, text: str, last: str) -> bool:
    """Whether a message with no subject of its own ("그건 언제 와요") goes on with ``last``."""
    plain, slots = text.replace(" ", ""), understood.slots
    named = slots.products or slots.order_id or slots.ordinal
    if named or _SUBJECT.search(plain):
        return False
    pointed = bool(_THAT.match(text.strip()))
    if len(plain) > LEANS_CHARS and not pointed:
        return False
    chances = {guess.intent: guess.confidence for guess in _with_best(understood)}
    # With something said before, what is unclear alone hardly is.
    rival = max(p * (0.3 if name == "unclear" else 1) for name, p in chances.items())
    return chances.get(last, 0.0) * (POINT if pointed else LEAN) > rival


def fills(asking: Asking, slots: Slots, text: str, *, images: bool) -> bool:
    """Whether a message answers the open question."""
    if asking.intent in _SAME[0] and (
        images or (asking.slot in ("line", "option", "kind") and slots.claim_kind)
    ):
        return True  # a photo belongs to the claim that is being made, whatever is asked
    named = bool(slots.order_id or slots.ordinal or slots.products or slots.refers_back)
    match asking.slot:
        case "order":
            return named or slots.when is not None or bool(slots.address)
        case "guest_order":
            return bool(slots.order_id or slots.email)
        case "line":
            return named or slots.everything or slots.quantity is not None
        case "withdraw":
            return named
        case "method":
            return named or bool(_METHOD.search(text))
        case "reason":
            return bool(slots.reason_code) or images or len(text.split()) > 1
        case "kind":
            return slots.claim_kind is not None
        case "option":
            return bool(slots.wanted_option) or len(text) <= 20
        case "address":
            return bool(slots.address) or (bool(re.search(r"\d", text)) and len(text) >= 8)
        case "photo":
            return bool(_PHOTO.search(text)) or slots.claim_kind is not None
        case "place":
            return bool(find_place(text))
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
    if asking.slot == "photo" and _PHOTO.search(text):
        return False
    if asking.intent in _SAME[0] and intent == "refund_status" and "?" not in text:
        return False
    question = text.rstrip().endswith("?") or "나요" in text or "까요" in text
    if asking.intent == "cancel":  # only offered to be narrowed: "이어폰 방수 돼요?" is not that
        if intent == "product_info":
            return question
    elif asking.slot in ("option", "line", "kind") and intent in ("product_info", "change_order"):
        return False
    if _same(intent, asking.intent) or intent in _NEVER_JUMP:
        return False
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
