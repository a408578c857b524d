"""Why something goes back: a reason code by phrases over morphemes and over the surface.

Rows are tried in order, so that a seller's fault is heard before a change of mind. A
``morphemes`` pattern sees dictionary forms with spaces between ("사이즈 가 작 어요"), which
covers every ending; a ``surface`` pattern sees the text without spaces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.understanding.ports import MorphemeLike

__all__ = ["find_reason"]


@dataclass(frozen=True, slots=True)
class _Reason:
    code: str
    morphemes: re.Pattern[str]
    surface: re.Pattern[str]


def _reason(code: str, morphemes: str, surface: str) -> _Reason:
    return _Reason(code, re.compile(morphemes), re.compile(surface))


_NEVER = r"(?!)"
# "고장은 아니고", "불량 아니에요", "깨지지 않았어요": said to be not so.
_NOT = r"(?! (?:은|는|이|가|도)? ?아니)"
_NOT_VERB = r"(?! 지 (?:는 |도 )?(?:않|못))"
_FEW_WORDS = r"(?:\S+ ){0,3}?"
_ARRIVE = r"(?:오|도착|배송|받|들)"
_PARTS = r"하나|한 개|한 짝|일부|나머지|구성품|구성|부품|사은품|증정품|리모컨|설명서|케이블|충전기|어댑터|뚜껑|나사|\d+ 개|두 개|세 개"
_WORKS = r"작동|충전|전원|연결|페어링|블루투스|버튼|인식|화면|소리|불|센서|와이파이|동작|스위치|노이즈캔슬링|노캔|터치|가열|분사"
_SIZE = r"사이즈|치수|발|발볼|허리|어깨|기장|품|옷|신발|소매|가슴|팔|다리|길이|목"
_NOT_BODY = r"소리|음량|볼륨|글씨|글자|화면|실망|소음|불만|기대|피해|금액|용량|문제|차이|화|부담"

_REASONS: tuple[_Reason, ...] = (
    _reason(
        "wrong_item",
        rf" (?:다른|딴|엉뚱 하 \S+|틀리 \S+) (?!걸|곳|데)(?:\S+ ){{1,3}}?(?:이|가)? ?{_ARRIVE} "
        rf"| (?:잘못|바뀌 어|틀리 게|다르 게) (?:배송 |도착 )?(?:하 |되 )?(?:오|배송|도착|보내|받) "
        r"| 오배송 | 오 배송 | 시키 ᆫ (?:것|거) (?:이랑|랑|과|와|하고) 다르 ",
        r"오배송|엉뚱한|(?:시킨|주문한)(?:거|것|상품|제품|색|사이즈)(?:이?랑|과|와|하고)?(?:는|은)?(?:다른|다르게|달라)"
        r"|다른(?:게|거|것|색|상품|제품|물건|사이즈|옷|책|모델)[가-힣]{0,4}(?:왔|도착|배송됐|배송되|배송왔|들어있)"
        r"|(?:색|사이즈|상품|제품|물건|옵션)[가-힣]{0,3}(?:잘못|바뀌어|다르게)[가-힣]{0,2}(?:왔|옴|와서|왓)",
    ),
    _reason(
        "missing_item",
        rf" 누락 | 미동봉 | (?:{_PARTS}) (?:\S+ )?(?:\S+ )?(?:안 오|안 들|빠지|없|누락|모자라|부족) ",
        r"(?<!돈이)(?<!머리가)(?<!금액이)(?<!요금이)(?<!카락이)(?<!카드에서)(?<!통장에서)(?<!계좌에서)빠(?:졌|져있|진채|뜨리고|트리고)"
        r"|(?:하나|한개|일부|나머지|구성품|부품|사은품)(?:가|는|이|은|만|도)?(?:안왔|안옴|안들|없어|없네|없음|덜왔)|덜왔|개수가(?:모자|부족|안맞)|수량이?(?:모자|부족|안맞)",
    ),
    _reason(
        "not_as_described",
        r" (?:사진|설명|화면|상세|광고|상세페이지|페이지|이미지|모델|후기|스펙) (?:에서? )?(?:\S+ )?(?:이랑|랑|과|와|하고|보다) "
        r"(?:\S+ ){0,3}?(?:다르|틀리|딴판|차이|작|크|어둡|밝|진하|연하|얇|짧|길|못하) ",
        r"(?:사진|설명|화면|상세|상세페이지|광고|이미지)[가-힣]{0,3}(?:과|와|이?랑|하고|보다)(?:는|은)?[가-힣]{0,8}(?:다르|달라|다른|달랐|틀려|딴판|차이)|과장광고|허위광고|딴판",
    ),
    _reason(
        "damaged",
        rf" (?:깨지|부서지|찢어지|찌그러지|쏟아지|긁히|파이|터지|부러지|망가지|구겨지|쪼개지|눌리|휘|찍히|까지){_NOT_VERB} "
        rf"| (?:파손|훼손|흠집|기스|스크래치|상처|균열|파열){_NOT} | 금 이 가 | 다 새 ",
        r"깨져|깨진|깨졌|찢어|찢겨|파손(?!은?아니)|박살|뽀개|으깨|흠집|기스(?!타)|스크래치|박스가?(?:터|찢)|포장이?(?:터|찢)|금이?갔|금가",
    ),
    _reason(
        "defect",
        rf" (?:고장|불량품?|하자|결함|오작동|먹통|곰팡이|얼룩|구멍|악취|변색|변질|이물질){_NOT} "
        rf"| (?:{_WORKS}) (?:\S+ ){{0,2}}?(?:안|못) (?:되|돼|나|들|켜|하|잡|먹|보이) | (?:{_WORKS}) (?:\S+ ){{0,2}}?되 지 (?:를 )?않 "
        r"| (?:안|못) 켜 | 켜 어?지 ?지 (?:를 )?않 | 켜 지 지 | 소리 (?:\S+ )?(?:끊기|지직) | 실밥 | 올 이 (?:풀|나가) | 물 이 새 "
        r"| 상하 었 | 냄새 (?:\S+ )?(?:나|심하) | 꺼지 어 버리 | 자꾸 (?:꺼지|끊기|멈추) ",
        r"안켜|켜지지|고장(?!은?아니)|불량(?!은?아니|이?신용)|하자(?:가|있|품)|작동(?:이|을)?(?:안|하지않|되지않)|먹통|충전(?:이|도)?안|곰팡이|올이?풀|자꾸(?:꺼|끊)",
    ),
    _reason(
        "late_delivery",
        r" (?:배송|택배|도착|발송|출고) (?:\S+ ){0,2}?(?:너무 |넘 |많이 |계속 )?(?:늦|느리|지연|오래 걸리|안 오) (?:\S+ ){0,2}?(?:아서|어서|니까|으니|길래) "
        r"| (?:너무|넘) 늦 (?:게 (?:오|도착) )?(?:\S+ )?(?:어서|으니까|아서)? ?(?!(?:답변|답장)) | 늦 게 (?:오|도착) | 오래 걸리 어서 | 안 오 어서 ",
        r"배송(?:이|도)?(?:너무|넘|많이)?(?:늦|지연|느려)|늦게(?:와|왔|도착)|늦어서|오래걸려서|(?:안|않)와서|배송지연",
    ),
    _reason(
        "wrong_option",
        rf" (?:{_SIZE}) (?:\S+ ){{0,3}}?(?:안 맞|맞 지 않|작|크|끼|헐렁하|짧|길|타이트) "
        rf"| (?:너무|넘|좀|조금|많이|생각 보다|저 한테|제 게|나 한테) (?:\S+ )?(?:작|크|끼|헐렁하|짧|길|타이트) "
        r"| (?:작|크) (?:아서|어서|어요|아요|네요|더라구요|더라고요|ᆫ데|은데|었|았|ᆸ니다|습니다|아|어)(?= |$)"
        r"| 헐렁하 | 꽉 끼 | (?:주문|선택|구매|클릭|시키|고르) (?:을 )?(?:하 )?잘못 | 잘못 (?:주문|선택|구매|클릭|시키|고르|사|누르|담|결제) | 실수 로 ",
        r"(?:사이즈|치수)(?:가|도)?(?:너무)?(?:안맞|안맞|작|커|크|미스)|(?:옵션|색|색상|사이즈|수량)(?:을|를)?(?:잘못|착각)|잘못(?:주문|시켰|시킨|샀|골랐|선택|눌)|작아요|작네요|커요(?!넥)|안맞아요|안맞아서",
    ),
    _reason(
        "change_of_mind",
        r" (?:마음|맘|생각) (?:\S+ )?바뀌 | 변심 | (?:필요|쓸모) (?:\S+ )?없 | 필요 (?:가 )?(?:하 )?지 않 "
        r"| (?:마음|맘) (?:에 |에는 )?(?:안|별로) (?:들)? ?| (?:마음|맘) 에 들 지 않 | 안 (?:쓰|입|신) ᆯ (?:것|거) | 충동구매 | 충동 구매 "
        r"| 더 (?:싸|저렴하) \S+ (?:데|곳|것) | 그냥 (?:안 )?(?:취소|반품|환불) | 별로 이?",
        r"변심|마음이?바뀌|맘이?바뀌|필요가?없|맘에안|마음에안|충동구매|이미(?:샀|있|사놨|사버)|선물받|두번(?:주문|결제)했|중복주문|중복으로주문|어울리지않|안어울|단순변심",
    ),
    _reason("other", r" 기타 사유 | 기타 이유 ", r"기타사유|기타이유|개인사정|개인적(?:인)?사정"),
)
# Words that make one of the patterns above mean something else.
_NOT_SIZE = re.compile(rf" (?:{_NOT_BODY}) (?:\S+ ){{0,2}}?(?:작|크) ")
_NOT_LATE = re.compile(
    r" (?:답변|답장|상담|응답|환불|입금|처리|수거|교환|상담원|취소|전화) (?:\S+ ){0,3}?(?:늦|느리|오래|안 오)"
)
_MONEY_OUT = re.compile(r"(?:돈|금액|카드|통장|계좌|머리|요금|포인트)[가-힣]{0,3}빠(?:졌|져)")
_SIZE_QUESTION = re.compile(
    r" (?:작|크|길|짧) (?:게 )?(?:나오 )?(?:나요|ᆫ가요|은가요|을까요|ᆯ까요|니)(?= |$)"
)


def find_reason(text: str, morphemes: Sequence[MorphemeLike]) -> str | None:
    """The code of the first reason that the message names; None when it names none."""
    forms = " " + " ".join(morpheme.form for morpheme in morphemes) + " "
    surface = text.replace(" ", "")
    for reason in _REASONS:
        if not _denied(reason.code, forms, surface) and (
            reason.morphemes.search(forms) or reason.surface.search(surface)
        ):
            return reason.code
    return None


def _denied(code: str, forms: str, surface: str) -> bool:
    if code == "wrong_option":
        return bool(_NOT_SIZE.search(forms) or _SIZE_QUESTION.search(forms))
    if code == "late_delivery":
        return bool(_NOT_LATE.search(forms))
    return code == "missing_item" and bool(_MONEY_OUT.search(surface))
