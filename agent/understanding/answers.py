"""Yes or no: only what can be nothing else, because a yes lets a pending change happen.

When a message could be a question, a condition or a new request, the answer is None and the
desk asks again; that costs a sentence, a wrong yes costs an order.
"""

from __future__ import annotations

import re

__all__ = ["read_answer"]

_YES_WORD = (
    r"(?:네+|넵+|넹+|넴|넨|네에|옙|예+|예스|응+|웅+|엉|ㅇㅇ+|ㅇㅋ+|ㄱㄱ+|오케이|오키(?:오키|도키|요)?"
    r"|오케|콜"
    r"|ok(?:ay)?|yes|yep|yeah|yup|y|sure|그래요?|그럼요?|물론(?:이죠|이에요|입니다)?|당연하죠|당근)"
)
_DO = (
    r"(?:해\s?(?:주세요|주세여|줘요?|주십시오|주시면\s돼요)|하세요|할게요|할께요|하겠습니다"
    r"|할래요|해요|합니다"
    r"|하자|하죠|부탁\S{0,6})"
)
_GO = (
    rf"(?:confirm(?:ed)?|(?:그렇게|그대로|이대로|그걸로|그거로|이걸로)\s?(?:진행\s?)?{_DO}"
    rf"|진행(?:\s?{_DO})?|진행시켜(?:\s?주세요)?|{_DO}|그래\s?주세요|그럴게요)"
)
_AGREE = (
    r"(?:확인(?:이요|요|합니다)?|맞아요?|맞습니다|맞음|맞네요"
    r"|맞는\s?것\s?같아요"
    r"|좋아요?|좋습니다|좋네요|동의(?:해요|합니다)?|승인(?:해요|합니다)?|확정|그렇습니다|그렇죠"
    r"|그래요)"
)
# After 네 an order's own verb still answers "취소할까요?"; alone it is a request.
_AFTER_YES = (
    rf"(?:{_GO}|{_AGREE}|그[게거]\s?맞(?:아요|습니다|네요)|바꿔\s?주세요|바꿀게요"
    rf"|(?:취소|반품|교환|환불|변경|신청|접수|결제|수거|발급|탈퇴|철회)\s?(?:진행\s?)?{_DO})"
)
_THANKS = r"(?:감사\S{0,6}|고마워요?|고맙습니다|수고하세요|빨리요|얼른요)"
_SEP = r"[\s,.!~;:^]*"
_YES = re.compile(
    rf"(?:{_YES_WORD}{_SEP}){{1,4}}(?:{_AFTER_YES}{_SEP}){{0,3}}(?:{_THANKS}{_SEP})?"
    # Thanks after a mere 확인 is thanks for checking.
    rf"|{_GO}{_SEP}(?:{_THANKS}{_SEP})?|{_AGREE}{_SEP}",
    re.IGNORECASE,
)

_NO_WORD = (
    r"(?:아니[요오여욧]?|아뇨|아녀|아냐|아니야|아니에요|아니예요|아닙니다|아닌데요|ㄴㄴ+|ㄴ|노+"
    r"|놉|no+|nope|nah|n)"
)
_ACTION = r"(?:취소|반품|교환|환불|변경|신청|접수|결제|진행|수거|탈퇴|주문|그렇게|그건|그거|이건)"
_WILL_NOT = (
    r"(?:안\s?(?:할래요?|할게요?|할께요|할거예요|할\s거예요|해요?|하겠습니다|하고\s?싶어요"
    r"|할랍니다|바꿀래요|바꿀게요|해도\s?돼요)"
    r"|하지\s?마(?:세요|요|라|십시오)?|하지\s?않을게요|하지\s?않겠습니다|말래요|말게요"
    r"|말아\s?주세요|하지\s?말아\s?주세요)"
)
_NO_PHRASE = (
    rf"(?:(?:{_ACTION}(?:은|는|도)?\s?)?{_WILL_NOT}|그만(?:\s?할래요|\s?할게요|\s?둘게요|두세요"
    rf"|요|해요|하세요)?|stop|cancel"
    r"|됐어요?|됐습니다|됐네요|됐음|괜찮아요|괜찮습니다|싫어요?|싫습니다|필요\s?없어요?"
    r"|필요\s?없습니다|관둘게요|관둬요"
    r"|잠(?:깐|시)만요?|잠깐|잠시|기다려\s?(?:주세요|줘)|보류(?:할게요|해\s?주세요)?|아직(?:요"
    r"|이요)?|나중에\s?\S{0,5}|다음에\s?\S{0,5}"
    r"|생각\s?(?:좀\s?)?(?:더\s?)?해\s?볼게요|그냥\s?(?:둘게요|두세요|쓸게요|쓸래요|놔두세요"
    r"|가질게요|받을게요)"
    r"|틀려요|틀렸어요|달라요|그게\s?아니(?:에요|라|요|고요)|그거\s?말고요?|그건\s?아니에요)"
)
_NO = re.compile(
    rf"(?:{_NO_WORD}{_SEP}){{1,4}}(?:{_NO_PHRASE}{_SEP}){{0,3}}(?:{_THANKS}{_SEP})?"
    rf"|(?:{_NO_PHRASE}{_SEP}){{1,3}}(?:{_THANKS}{_SEP})?",
    re.IGNORECASE,
)

LONGEST_BARE = 40  # characters; also bounds what the nested patterns may try
_REPEATED = re.compile(r"(.)\1{2,}")
_DECORATION = re.compile(
    r"(?<![ㄱ-ㅎ])[ㅋㅎㅠㅜㅡ]+(?![ㄱ-ㅎ])|(?<=ㅇㅇ)[ㅋㅎ]+$|[^\w\s,.!?~;:^'\-]+"
)
_OPENING = re.compile(
    rf"(?P<word>{_YES_WORD}|{_NO_WORD}){{1,2}}\s?[,.!~;:]+\s?(?P<rest>.+)", re.IGNORECASE
)
_QUESTION = re.compile(
    r"\?|나요|까요|가요\b|은가|는가|누가|언제|어떻게|어케|어찌|왜|얼마|뭐|뭔|무슨|무엇|몇|어디"
    r"|어느|어떤|궁금|인지|는지|되나|돼나"
)
_BUT = re.compile(
    r"근데|그런데|하지만|그치만|대신|말고|아니라|잠깐|잠시|아직|다시\s?생각|아니[요에]"
    r"|(?<![가-힣])안\s|[가-힣]지\s?마|그만"
    r"|싫|필요\s?없|다만|만약|[가-힣]면서|취소해|빼고|빼\s?주"
)


_INTERJECTION = re.compile(r"^(?:아+|어+|음+|흠+|앗)[\s,.~]+")


def read_answer(text: str) -> bool | None:
    """True for a bare yes, False for a bare no, None for everything else (cleaned text)."""
    bare = _REPEATED.sub(r"\1\1", _DECORATION.sub(" ", text)).strip()
    bare = _INTERJECTION.sub("", bare)
    if not bare or "?" in bare:
        return None
    if _matches(_NO, bare):
        return False
    if _matches(_YES, bare):
        return True
    return _read_opening(bare)


def _read_opening(bare: str) -> bool | None:
    """A longer message that opens with 네/아니요 and a mark; what follows may take it back."""
    opening = _OPENING.fullmatch(bare)
    if not opening:
        return None
    rest = opening["rest"]
    if _QUESTION.search(rest):
        return None
    if re.fullmatch(_NO_WORD, opening["word"], re.IGNORECASE):
        return None if _matches(_YES, rest) else False
    if _matches(_NO, rest):
        return False
    return None if _BUT.search(rest) else True


def _matches(pattern: re.Pattern[str], text: str) -> bool:
    return len(text) <= LONGEST_BARE and pattern.fullmatch(text) is not None
