"""Numbers with a meaning: amounts in won, quantities, and the place in a list."""

from __future__ import annotations

import re

from agent.understanding.korean_numbers import NATIVE_WORD, SINO, native_number, parse_number

__all__ = ["Found", "find_amount", "find_ordinal", "find_quantity"]

Found = tuple[int, tuple[int, int]] | None

# --- Amounts -------------------------------------------------------------------------------
# What may follow 원: a particle or the end. 원피스, 원래, 원하다, 원인, 원두 are no money.
_WON = (
    r"\s?원(?=$|[^가-힣]|이[^어]|을|은|에|으로|만|도|대|짜리|씩|정[^도말]|정도|인[데가지]|까지|부터"
    r"|보다|밖|쯤|입|이상|이하|할인|결제|환불|냈|내|적립|쿠폰|차이|넘|미만|주고|돌려|으)"
)
_RUN = rf"[\d,.{SINO}]{{1,20}}+"
_AMOUNT = re.compile(
    rf"(?<![\d.,A-Za-z-])(?P<number>{_RUN}(?:\s{_RUN}){{0,2}}){_WON}"
    r"|[₩￦\\]\s?(?P<signed>\d[\d,]{0,14})"
    r"|(?<![\d.,A-Za-z-])(?P<latin>\d[\d,]{0,14})\s?(?:krw|won)\b"
    # Without 원 only where nothing but money is spoken of: "3만8천 결제된 거", "5만 이하".
    r"|(?<![\d.,A-Za-z-])(?P<bare>\d{1,4}(?:\.\d)?\s?[만천](?:\s?\d\s?천)?)"
    r"(?=\s?[이을를은]?\s?(?:결제|입금|환불|출금|송금|빠져|나갔|냈|할인|이하|미만|넘|짜리|어치|대(?=\s|$|[로에])))",
    re.IGNORECASE,
)
_HANGUL = re.compile(r"[가-힣]")
_AMOUNT_SIGN = re.compile(r"[\d십백천만억]")

# --- Quantities ----------------------------------------------------------------------------
_UNIT = (
    r"개(?!월|인|봉|통|별|선|당)|장(?!바|난|마|소|애|점|기)|벌(?!써)|켤레|세트|박스|병|봉지|팩"
    r"|권(?!한)|자루|캔|쌍|매(?!장|번|우|일)|ea\b"
)
_QUANTITY = re.compile(
    rf"(?<![가-힣\dA-Za-z.,/-])(?P<count>\d{{1,3}}|{NATIVE_WORD})\s?(?:{_UNIT})(?!\s?(?:도|째"
    rf"|입|들이|묶음))",
    re.IGNORECASE,
)
_BARE_QUANTITY = re.compile(
    r"(?<![가-힣])(?P<count>하나|둘|셋|넷)"
    r"(?=만|가|이|를|을|는|은|씩|로|\s더|\s?(?:취소|반품|교환|환불|빼|추가|주문))"
    r"(?!(?:만|를|을|는|은)?\s?(?:더\s)?(?:물어|여쭤|여쭙|질문|궁금|묻|알려|부탁|말씀|확인))"
)

_ONLY = re.compile(r"\s?(?:만(?!\s?(?:왔|들어|있|도착))|로\s?(?:줄|늘|변경|바꿔|수정))")
_OUT_OF = re.compile(
    r"\s?(?:를|을|가|이)?\s?(?:중|시켰|시킨|샀|산\s|주문했|주문한|주문하|구매|결제|세트라|빼고)"
)

# --- Ordinals ------------------------------------------------------------------------------
_ORDINAL_WORDS = {"첫": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "네": 4, "넷": 4}
_TIMES = (
    r"(?!\s?(?:문의|전화|연락|반복|말|물어|묻|시도|상담|교환인|반품인|이야기|얘기|주문인데|주문이에|주문이네|구매"
    r"|결제))"
)
_NTH = re.compile(
    rf"(?<![가-힣\d])(?P<from_end>(?:밑|아래|뒤|끝)에서\s?)?"
    rf"(?P<count>\d{{1,2}}|첫|{NATIVE_WORD})\s?번\s?째{_TIMES}"
)
_NTH_SHORT = re.compile(
    rf"(?<![가-힣\d])(?P<count>첫|둘|셋|넷|다섯|여섯)째(?!\s?(?:주|날|달|아이|딸|아들)){_TIMES}"
)
_NUMBERED = re.compile(
    r"(?<![\d가-힣A-Za-z.,/-])(?P<count>\d{1,2})\s?번(?!\s?(?:째|호|지|길|가|출구|버스|국도"
    r"|만\b|만\s|이나|씩|정도"
    r"|이상|도|틀|넘|안\s|전화|문의|연락|말|물|시도|클릭|눌|입력|찍|로그인|했|하고|해[도서 ]"
    r"|보냈|걸었"
    r"|결제[됐되돼했]|주문[됐되돼했]|청구|빠져|이체|출금|교환했|반품했|바꿨|미뤄|취소됐|왔|받았"
    r"|시켰|샀|봤|쯤))"
)
_EDGES: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"(?:맨|제일|가장)\s?(?:위|처음|앞|첫)(?!로\s)"), 1),
    (re.compile(r"(?:맨|제일|가장)\s?(?:아래|밑|끝|뒤|마지막)"), -1),
    (re.compile(r"(?<![가-힣])(?:끝|밑|아래)에\s?(?:있는\s?)?(?:거|것|꺼|걸)(?![가-힣]{3})"), -1),
    (re.compile(r"(?<![가-힣])처음\s?(?:거|것|꺼|걸)(?![가-힣]{3})"), 1),
    (re.compile(r"(?<![가-힣])첫\s?(?:거|것|꺼|걸)"), 1),
    # 마지막으로 is "finally" or "most recently", neither of which is the end of a list.
    (
        re.compile(
            r"(?<![가-힣])마지막(?!으로|에\s?(?:산|샀|주문|시)|\s?(?:문의|질문|경고|부탁|인사|기회|하나|날))"
        ),
        -1,
    ),
)
_BARE_NUMBER = re.compile(r"(?P<count>\d{1,2})(?:요|이요|로요)?[.!~]?")
_AGAIN = re.compile(r"(?:벌써|또|이번이|이게|이거)\s?$")


def find_amount(text: str) -> Found:
    """The first amount in won and its span; None when there is none."""
    for match in _AMOUNT.finditer(text):
        number = match["signed"] or match["latin"] or match["bare"] or _unglued(text, match)
        # 이원, 사원, 구원: digits without a unit are no amount in Hangul.
        value = parse_number(number.strip(" ,.")) if _AMOUNT_SIGN.search(number) else None
        if value:
            return value, match.span()
    return None


def _unglued(text: str, match: re.Match[str]) -> str:
    """The numeral without what belongs to the word before it (가격이 만원, 불만 원인)."""
    number = match["number"]
    glued = match.start() > 0 and _HANGUL.match(text[match.start() - 1])
    if not glued or number[0].isdecimal():
        return number
    first, _, rest = number.partition(" ")
    if first.startswith("이") or len(first) == 1:
        first = first[1:]
    return f"{first} {rest}"


def find_quantity(text: str) -> Found:
    """How many pieces ("두 개만", "1개", "하나만"), with the span.

    Of several the one that is wanted: "두 개 샀는데 하나만 반품" is one.
    """
    best: tuple[int, int, tuple[int, int]] | None = None
    for pattern in (_QUANTITY, _BARE_QUANTITY):
        for match in pattern.finditer(text):
            value = native_number(match["count"])
            rank = _wanted(text[match.end() :])
            if value and (best is None or (rank, -match.start()) > (best[0], -best[2][0])):
                best = rank, value, match.span()
    return best and (best[1], best[2])


def _wanted(after: str) -> int:
    if _ONLY.match(after):
        return 2
    return 0 if _OUT_OF.match(after) else 1


def find_ordinal(text: str) -> Found:
    """Which of a list, from 1 (negative: from the end), with the span.

    A message that is nothing but a small number answers the list just shown.
    """
    bare = _BARE_NUMBER.fullmatch(text)
    if bare and 1 <= int(bare["count"]) <= 20:
        return int(bare["count"]), bare.span()
    for match in _NTH.finditer(text):
        value = _ORDINAL_WORDS.get(match["count"]) or native_number(match["count"])
        if value and not _AGAIN.search(text[: match.start()]):
            return (-value if match["from_end"] else value), match.span()
    for match in _NTH_SHORT.finditer(text):
        return _ORDINAL_WORDS.get(match["count"]) or native_number(
            match["count"]
        ) or 1, match.span()
    for match in _NUMBERED.finditer(text):
        if int(match["count"]):
            return int(match["count"]), match.span()
    for pattern, value in _EDGES:
        edge = pattern.search(text)
        if edge:
            return value, edge.span()
    return None
