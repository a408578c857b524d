"""What the customer wants done: return or exchange, into which option, all of it, which one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from agent.understanding.ports import MorphemeLike

__all__ = ["find_claim_kind", "find_option", "refers_back", "wants_everything"]

ClaimKind = Literal["return", "exchange"]

_DO = (
    r"(?:하|할|해|한|했|을|를|신청|요청|접수|원|부탁|좀|시켜|시키|바라|받고|받을|은|도|이요|요\b|$)"
)
_RETURN = re.compile(
    rf"반품\s?{_DO}|반품\s?(?:되|돼|가능)|환불\s?(?:하고|할|할게|할래|해\s?(?:주|줘|달)|받고\s?싶|받을래|받을게|신청|요청|원|부탁|시켜)"
    r"|돌려\s?보내|반송\s?(?:하|할|해)|반납"
)
_EXCHANGE = re.compile(rf"(?:맞)?교환\s?{_DO}|교환\s?(?:되|돼|가능)")
_RETURN_WORD, _EXCHANGE_WORD = re.compile(r"반품|환불|반송"), re.compile(r"교환")
_NEGATED = r"\s?(?:은|는|을|를)?\s?(?:말고|아니고|아니라|대신|안\s?할|안\s?하|하지\s?(?:않|마|말)|필요\s?없)"
_NOT_RETURN = re.compile(r"(?:반품|환불)" + _NEGATED)
_NOT_EXCHANGE = re.compile(r"교환" + _NEGATED)
# 바꾸다 is an exchange only of what was bought.
_SWAP = re.compile(r"바꿔|바꾸|바꿀|바꾼")
_SWAP_GOODS = re.compile(
    r"사이즈|치수|색|컬러|새\s?(?:거|걸|것|상품|제품)|다른\s?(?:거|걸|것|상품|제품|색|사이즈)|상품|제품|물건|옵션|맛"
)
_NOT_GOODS = re.compile(
    r"배송지|주소|비밀번호|비번|번호|연락처|이메일|메일|이름|수령인|받는|결제|카드|계좌|입금|무통장|등급|날짜|시간|요청\s?사항|메모|수량|아이디|기사"
)

_COLOURS = (
    r"화이트|블랙|흰색|하얀색?|검정색?|검은색|까만색?|네이비|남색|그레이|회색|차콜|베이지|아이보리|크림|브라운|갈색|카키|올리브|그린|초록색?|녹색"
    r"|민트|블루|파란색?|파랑색?|하늘색|스카이블루|퍼플|보라색?|라벤더|핑크|분홍색?|로즈골드|로즈핑크|레드|빨간색?|빨강색?|와인|버건디|오렌지|주황색?"
    r"|옐로우?|노란색?|노랑색?|골드|금색|실버|은색|오트밀|멜란지|세이지|미드나잇|스카이|다크|라이트|딥톤?|파스텔"
)
_SIZES = r"(?:[2-5]?X{1,3}[SL]|[SML]|프리|FREE)"
_SIZE_LIKE = re.compile(rf"(?:{_SIZES}|\d{{2,3}}(?:mm|cm|ml|호|kg|g)?)", re.IGNORECASE)
_OPTION_LIKE = re.compile(rf"{_COLOURS}|{_SIZE_LIKE.pattern}", re.IGNORECASE)
_BARE_OPTION = re.compile(
    rf"(?P<option>(?:(?:{_COLOURS})\s?/?\s?)?(?:{_SIZES}|2\d[05]|(?:{_COLOURS}))(?:\s?(?:사이즈|색|색상|컬러))?)"
    r"\s?(?:요|이요|여|로요|으로요|로|으로)?[.!~]?",
    re.IGNORECASE,
)
_BIGGER = re.compile(
    r"(?P<option>(?:(?:한|두|1|2)\s?(?:치수|사이즈|단계)\s?)?(?:더\s|좀\s더\s|조금\s더\s)?(?:큰|작은|긴|짧은|넓은|밝은|어두운)\s?"
    r"(?:사이즈|치수|색상|색|거|것|걸))\s?(?:으로|로)"
)
_CHANGE_AFTER = re.compile(
    r"\s?(?:다시\s|좀\s|전부\s|다\s)?(?:교환|변경|바꿔|바꾸|바꿀|바꾼|보내|해|할|받|주세|주실|줘|부탁|교체|체인지|원해|하고|주문)"
    r"|(?:요|여)?[.!~ ]*$"
)
_OPTION_TAGS = ("NN", "SL", "SN", "XR", "XSN", "W_")
_OPTION_JOINTS = ("/", "-", "+", "×", "x")
_LABELS = frozenset(
    [
        "사이즈",
        "치수",
        "색상",
        "색",
        "색깔",
        "컬러",
        "옵션",
        "칼라",
        "상품",
        "제품",
        "주문",
        "것",
        "거",
    ]
)
_NO_OPTIONS = frozenset(
    "걸 거 것 이걸 그걸 번호 카드 택배 계좌 무통장 현금 전화 문자 메일 이메일 채팅 상담원 사람 회사 집 주소 배송지 무료 실수 반품 환불 교환 "
    "취소 포인트 적립금 쿠폰 선물 기사님 경비실 문앞 편의점 앞 위 아래 새걸 새거 새것 다음 이전 주문 추가 정도 기준 대로 그대로 바로 따로 별도 "
    "개별 진짜 정말 급 사실 서로 새 상품 제품 물건 새상품 새제품 다른 것 원 시 직접 부분 전체 일부".split()
)

_BACK = re.compile(
    r"(?<![가-힣])(?:"
    r"(?:그|이|저|요|고)(?:거|것|걸|건(?!\s?그렇)|게(?!\s?아니))(?![가-힣]*럼)"
    r"|(?:그|이|해당|위|방금|아까)\s(?:주문|상품|제품|물건|건(?![가-힣])|옷|신발|거|것|걸)"
    r"|(?:그|이)(?:주문|상품|제품|물건)(?=[을를이가은는도 ]|$)"
    r"|(?:아까|방금|좀\s?전에?|조금\s?전에?)\s?(?:그|저|이|말한|말씀|보여|물어|얘기|이야기|올린|본)"
    r"|(?<!맨 )(?<!제일 )(?<!가장 )(?:위|위에|위의)\s?(?:거|것|걸|꺼|주문|상품)"
    r"|같은\s?(?:거|것|걸|상품|주문)"
    r")"
)
_EVERYTHING = re.compile(
    r"(?<![가-힣])(?:전부(?!터)|전체(?!적|\s?(?:메뉴|보기|금액|상품\s?목록))|모두|모든\s|몽땅|싹\s?다|통째로|(?:둘|셋|넷)\s다(?!\s?른)"
    r"|다\s?(?:반품|취소|교환|환불|바꿔|바꾸|돌려|보내\s?드릴))"
)
_NOT_EVERYTHING = re.compile(
    r"(?:전부|전체|모두|다)\s?(?:는|가)?\s?(?:말고|아니고|아니라|빼고)|모든\s(?:상담|직원|분)"
)


def find_claim_kind(text: str) -> ClaimKind | None:
    """Return or exchange; None when neither or when both are named alike."""
    wants_return = bool(_RETURN.search(text)) and not _NOT_RETURN.search(text)
    wants_exchange = bool(_EXCHANGE.search(text)) and not _NOT_EXCHANGE.search(text)
    if not wants_exchange and not wants_return:
        return "exchange" if _swaps_goods(text) else None
    if wants_return and wants_exchange:
        return None
    # "교환/반품 규정": the other word beside it makes it a question about both.
    other = _EXCHANGE_WORD if wants_return else _RETURN_WORD
    negated = _NOT_EXCHANGE if wants_return else _NOT_RETURN
    if re.search(r"(?:교환|반품|환불)\s?[/,·및이나]+\s?(?:교환|반품|환불)", text) and (
        other.search(text) and not negated.search(text)
    ):
        return None
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
    if not _CHANGE_AFTER.match(text, morphemes[at].end):
        return None
    first = at
    while first and _joins(morphemes[first - 1]):
        first -= 1
    run = list(morphemes[first:at])
    while run and (run[0].form in _LABELS or run[0].form in _OPTION_JOINTS) and len(run) > 1:
        run.pop(0)
    likes = [i for i, m in enumerate(run) if _OPTION_LIKE.fullmatch(m.form)]
    run = run[likes[0] :] if likes else run
    if not run or run[-1].form in _NO_OPTIONS or all(m.form in _LABELS for m in run):
        return None
    start, end = run[0].start, run[-1].end
    option = text[start:end].strip()
    return (option, (start, end)) if option else None


def _joins(morpheme: MorphemeLike) -> bool:
    return morpheme.tag.startswith(_OPTION_TAGS) or morpheme.form in _OPTION_JOINTS


def refers_back(text: str) -> bool:
    """Whether the message points at something said or shown before ("그거", "위에 거")."""
    return bool(_BACK.search(text))


def wants_everything(text: str) -> bool:
    """Whether the message means the whole order ("전부", "다 반품")."""
    return bool(_EVERYTHING.search(text)) and not _NOT_EVERYTHING.search(text)
