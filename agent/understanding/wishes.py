"""What the customer wants done: return or exchange, into which option, all of it, which one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from agent.understanding.lexicon import load_lexicon
from agent.understanding.ports import MorphemeLike

__all__ = ["COLOURS", "find_claim_kind", "find_option", "refers_back", "wants_everything"]

ClaimKind = Literal["return", "exchange"]

# Nouns alone, when only one of the two is named; with both, the one that is asked for.
_RETURN = re.compile(
    r"반[품픔]|돌려\s?보[내낼]|반송|반납|환불\s?(?:하|할|해[주줘]?|해\s[주줘]|받고\s?싶|받을래"
    r"|받을게|받기|처리"
    r"|신청|요청|원|부탁|시켜|요\b|이요|좀|가능|\s?ㄱㄱ|로\s|$)"
)
_EXCHANGE = re.compile(r"교환|체인지|교체해")
_ASKS = r"\s?(?:하(?!나)|할|해|신청|요청|접수|원|부탁|을|를|이요|요\b|로\s|받고|받을)"
_ASKS_RETURN = re.compile(rf"(?:반품|환불){_ASKS}")
_ASKS_EXCHANGE = re.compile(rf"교환{_ASKS}")
_SIDE_BY_SIDE = re.compile(
    r"(?:교환|반품|환불)\s?(?:[/,·및]|이나|과|와|하고)?\s?(?:교환|반품|환불)"
)
_NEGATED = (
    r"\s?(?:은|는|을|를)?\s?(?:말고|아니고|아니라|대신|안\s?할|안\s?하|하지\s?(?:않|마|말)"
    r"|필요\s?없)"
)
_NOT_RETURN = re.compile(r"(?:반품|환불)" + _NEGATED)
_NOT_EXCHANGE = re.compile(r"교환" + _NEGATED)
# 바꾸다 is an exchange only of what was bought.
_SWAP = re.compile(r"바꿔|바꾸|바꿀|바꾼|바까")
_SWAP_GOODS = re.compile(
    r"사이즈|치수|색|컬러|새\s?(?:거|걸|것|상품|제품)|다른\s?(?:거|걸|것|상품|제품|색|사이즈)"
    r"|상품|제품|물건|옵션|맛"
)
_NOT_GOODS = re.compile(
    r"영수증|배송지|주소|비밀번호|비번|번호|연락처|이메일|메일|이름|수령인|받는|결제|카드|계좌"
    r"|입금|무통장|등급|날짜|시간|요청\s?사항|메모|수량|아이디|기사"
)

COLOURS = (
    r"화이트|블랙|흰색|하얀색?|검정색?|검은색|까만색?|네이비|남색|그레이|회색|차콜|베이지"
    r"|아이보리|크림|브라운|갈색|카키|올리브|그린|초록색?|녹색"
    r"|민트|블루|파란색?|파랑색?|하늘색|스카이블루|퍼플|보라색?|라벤더|핑크|분홍색?|로즈골드"
    r"|로즈핑크|레드|빨간색?|빨강색?|와인|버건디|오렌지|주황색?"
    r"|옐로우?|노란색?|노랑색?|골드|금색|실버|은색|오트밀|멜란지|세이지|미드나잇|스카이|다크"
    r"|라이트|딥톤?|파스텔"
)
_SIZES = r"(?:[2-5]?X{1,3}[SL]|[SML]|프리|FREE)"
_SIZE_LIKE = re.compile(
    rf"(?:{_SIZES}|2\d[05]|[4-9]\d|1[0-3]\d|\d{{1,4}}(?:mm|cm|ml|호|kg|g))", re.IGNORECASE
)
_OPTION_LIKE = re.compile(rf"{COLOURS}|{_SIZE_LIKE.pattern}", re.IGNORECASE)
_BARE_OPTION = re.compile(
    rf"(?P<option>(?:(?:{COLOURS})\s?/?\s?)?(?:{_SIZES}|2\d[05]|(?:{COLOURS}))(?:\s?(?:사이즈"
    rf"|색|색상|컬러))?)"
    r"\s?(?:요|이요|여|로요|으로요|로|으로)?[.!~]?",
    re.IGNORECASE,
)
# "M→L", "블랙 -> 화이트": what the arrow points at.
_ARROW = re.compile(
    rf"(?:→|➡|⇒|[-=]+>)\s?(?P<option>(?:(?:{COLOURS})\s?/?\s?)?(?:{_SIZE_LIKE.pattern}|{COLOURS}))"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BIGGER = re.compile(
    r"(?<![가-힣])(?P<option>(?:(?:한|두|1|2)\s?(?:치수|사이즈|단계)\s?)?(?:(?:좀\s"
    r"|조금\s)?더\s)?(?:큰|작은|긴|짧은|넓은|밝은|어두운)\s?"
    r"(?:사이즈|치수|색상|색|거|것|걸))\s?(?:으로|로)"
)
# After any noun, and after what is surely an option (화이트, L, 260).
_CHANGE = re.compile(
    r"\s?(?:다시\s|좀\s|전부\s|다\s)?(?:교환|변경|바꿔|바꾸|바꿀|바까|교체|체인지)"
)
_WEAK_CHANGE = re.compile(
    r"\s?(?:다시\s|좀\s)?(?:보내\s?주|보내\s?줄|해\s?[주줘]|할게|할래|받고\s싶|받을|주세|주실"
    r"|줘|부탁|원해|하고\s싶)"
    r"|(?:요|여)?[.!~ ]*$"
)
_OPTION_TAGS = ("NNG", "NNP", "SL", "SN", "XR", "XSN", "XPN", "W_")
_OPTION_JOINTS = ("/", "-", "+", "×", "x")
_WORDS = load_lexicon("options")
_LABELS = frozenset(_WORDS["labels"])
_NO_OPTIONS = frozenset(_WORDS["never"])

_BACK = re.compile(
    r"(?<![가-힣])(?:"
    r"(?:그|이|저|요|고)(?:거|것|걸|건(?!\s?그렇)|게(?!\s?아니))(?![가-힣]*럼)"
    r"|(?:그|이|해당|위)\s(?:주문|상품|제품|물건|건(?![가-힣])|옷|신발|거|것|걸)|(?:방금|아까"
    r"|지난번|저번)\s?(?:거|것|꺼|걸)(?![가-힣]{2})"
    r"|(?:그|이)(?:주문|상품|제품|물건)(?=[을를이가은는도 ]|$)"
    r"|(?:아까|방금|좀\s?전에?|조금\s?전에?)\s?(?:그|저|이|말한|말씀|보여|물어|얘기|이야기|올린|본)"
    r"|(?<!맨 )(?<!제일 )(?<!가장 )(?:위|위에|위의)\s?(?:거|것|걸|꺼|주문|상품)"
    r"|같은\s?(?:거|걸|상품|주문)(?=로|\s|$)"
    r")"
)
_EVERYTHING = re.compile(
    r"(?<![가-힣])(?:전부(?!터)|전체(?!적|\s?(?:메뉴|보기|금액|상품\s?목록))|모두|모든\s|몽땅"
    r"|싹\s?다|통째로|(?:둘|셋|넷)\s다(?!\s?른)"
    r"|다\s?(?:반품|취소|교환|환불|바꿔|바꾸|돌려|보내\s?드릴))"
)
_NOT_EVERYTHING = re.compile(
    r"(?:전부|전체|모두|다)\s?(?:는|가)?\s?(?:말고|아니고|아니라|빼고)|모든\s(?:상담|직원|분)"
)


def find_claim_kind(text: str) -> ClaimKind | None:
    """Return or exchange; None when neither or when both are named alike."""
    wants_return = bool(_RETURN.search(text)) and not _NOT_RETURN.search(text)
    wants_exchange = bool(_EXCHANGE.search(text)) and not _NOT_EXCHANGE.search(text)
    if wants_return and wants_exchange:
        if _SIDE_BY_SIDE.search(text):
            return None
        wants_return, wants_exchange = (
            bool(pattern.search(text)) for pattern in (_ASKS_RETURN, _ASKS_EXCHANGE)
        )
    if wants_return == wants_exchange:
        return "exchange" if not wants_return and _swaps_goods(text) else None
    return "return" if wants_return else "exchange"


def _swaps_goods(text: str) -> bool:
    if not _SWAP.search(text) or _NOT_GOODS.search(text):
        return False
    return bool(_SWAP_GOODS.search(text) or _OPTION_LIKE.search(text))


def find_option(text: str, morphemes: Sequence[MorphemeLike]) -> tuple[str, tuple[int, int]] | None:
    """The option asked for ("화이트", "260 사이즈"), as written, with its span."""
    bare = _BARE_OPTION.fullmatch(text)
    if bare:
        return bare["option"], bare.span("option")
    pointed = _ARROW.search(text)
    if pointed:
        return pointed["option"], pointed.span("option")
    bigger = _BIGGER.search(text)
    if bigger:
        option = bigger["option"]
        # 걸 is 것 + 을 grown together; the noun is 거.
        return (option[:-1] + "거" if option.endswith("걸") else option), bigger.span("option")
    if _NOT_GOODS.search(text) and not _OPTION_LIKE.search(text):
        return None
    for at, morpheme in enumerate(morphemes):
        if morpheme.form in ("로", "으로") and morpheme.tag == "JKB":
            found = _option_before(text, morphemes, at)
            if found:
                return found
    return None


def _option_before(
    text: str, morphemes: Sequence[MorphemeLike], at: int
) -> tuple[str, tuple[int, int]] | None:
    """The nouns that the particle at ``at`` marks, when a change follows it."""
    first = at
    while first and _joins(morphemes, first - 1):
        first -= 1
    run = list(morphemes[first:at])
    while len(run) > 1 and (run[0].form in _LABELS or run[0].form in _OPTION_JOINTS):
        run.pop(0)
    likes = [i for i, m in enumerate(run) if _is_option(text, m, run[-1])]
    run = run[likes[0] :] if likes else run
    if not run or run[-1].form in _NO_OPTIONS or all(m.form in _LABELS for m in run):
        return None
    start, end, after = run[0].start, run[-1].end, morphemes[at].end
    sure = bool(likes) or bool(_SWAP.search(text))
    if not _CHANGE.match(text, after) and not (sure and _WEAK_CHANGE.match(text, after)):
        return None
    option = text[start:end].strip()
    return (option, (start, end)) if option else None


def _is_option(text: str, morpheme: MorphemeLike, last: MorphemeLike) -> bool:
    """Whether the morpheme, or it and all up to ``last`` (21 + 호), looks like an option."""
    whole = text[morpheme.start : last.end]
    return bool(_OPTION_LIKE.fullmatch(morpheme.form) or _OPTION_LIKE.fullmatch(whole))


def _joins(morphemes: Sequence[MorphemeLike], at: int) -> bool:
    morpheme = morphemes[at]
    if morpheme.tag == "NNB":  # 21호, but not 다른 데
        return at > 0 and morphemes[at - 1].tag == "SN"
    return morpheme.tag.startswith(_OPTION_TAGS) or morpheme.form in _OPTION_JOINTS


def refers_back(text: str) -> bool:
    """Whether the message points at something said or shown before ("그거", "위에 거")."""
    return bool(_BACK.search(text))


def wants_everything(text: str) -> bool:
    """Whether the message means the whole order ("전부", "다 반품")."""
    return bool(_EVERYTHING.search(text)) and not _NOT_EVERYTHING.search(text)
