"""Small wishes that are no intent of their own: the weather, a sum, one's own profile.

They are told by words alone, and only where the words leave no doubt; everything else goes
the way of its intent.
"""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["Errand", "find_errand", "find_sum"]

Errand = Literal["weather", "delivery_weather", "sum", "profile", "methods", "home_address"]

MAX_CHARS = 200

# --- Weather -------------------------------------------------------------------------------
_FALLS = (
    r"(?:도|가|는|이)?\s?(?:좀|너무|정말|계속|엄청|많이|펑펑|막)?\s?"
    r"(?:오(?!늘|전|후|류|래|기|픈|른)|와(?!이)|온(?!라)|올(?!해)|왔|내리|내려|쏟아|쌓)"
)
_SKY = (
    rf"(?<![가-힣])(?:비|눈|폭우|폭설){_FALLS}|폭우|폭설|호우|장마|태풍|대설|강풍|한파|폭염|눈보라"
    r"|악천후|(?:기상|날씨)"
)
_WEATHER = re.compile(_SKY)
_ASKS_WEATHER = re.compile(
    r"(?:날씨|기온|일기\s?예보)(?:가|는|은|이|를|을|도|랑)?\s?(?:지금|오늘|내일|좀)?\s?"
    r"(?:어때|어떄|어떤|어떻|알려|말해|예보|궁금|몇|좋|괜찮|보여|좀|$|[?.!~])"
    rf"|(?:지금|오늘|거기|현재|밖에)\s?(?:비|눈){_FALLS}\S{{0,4}}\?"
)
_PARCEL = re.compile(r"배송|택배|배달|도착|소포|물건|상품\s?(?:언제|늦)")
_WORRIES = re.compile(
    r"괜찮|늦|지연|밀리|문제|영향|제때|제\s?날|[가-힣]나요|까요|가요|될까|올까|오려나|되나|있나|안\s?오|\?"
)
# Then the weather is only the reason of another wish.
_OTHER_WISH = re.compile(
    r"젖|깨|파손|망가|터[졌진져]|불량|반품|교환|환불|취소|주소|추천|입기|입을|신기|신을|어울|방수|재고|살까|사려"
)

# --- Sums ----------------------------------------------------------------------------------
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_UNITS = r"(?:\s?[십백천만억](?:\s?\d{1,4}[십백천만]|\d{1,4})*)?"
_MONEY = rf"{_NUMBER}{_UNITS}\s?(?:%|원(?!피|두|래|하))?"
_OPERATOR = r"\s?(?:[+*/×÷✕✖−＋＊／]|(?<=\s)[xX-](?=\s)|(?<=[\d원만천백%)])[-xX](?=\s?[\d(]))\s?"
_TERM = rf"[-(]{{0,4}}\s?{_MONEY}\s?\)*"
_SUM = re.compile(
    rf"(?<![\dA-Za-z.,\-/]){_TERM}(?:{_OPERATOR}{_TERM})+(?![\dA-Za-z\-/]|\s?(?:행사|이벤트))"
)
_ASKS_SUM = re.compile(r"얼마|계산|합(?:하면|계|은|치)|더하면|빼면|곱하면|나누면|[=＝]")
_ONLY_ASKS = re.compile(
    r"(?:은|는|이|가|이면)?\s?(?:몇|뭐|답)?(?:이야|이에요|예요|인가요|죠|지)?[\s?.!=]*"
)
_RANGE = re.compile(r"(\d+)-(\d+)")
_CODE = re.compile(
    r"(?<!\d)0\d{1,2}[-\s]\d|(?<!\d)20\d{6}\s?-\s?\d|\d-\d+-\d|\d{1,2}/\d{1,2}\s?(?:일|에|까지|주문|날)"
)
_PERCENT = r"(?P<percent>\d{1,3}(?:\.\d+)?)\s?(?:%|퍼센트|프로)"
_AMOUNT = rf"(?P<amount>{_NUMBER}{_UNITS}\s?원?)(?!\s?%)"
_OFF = re.compile(
    rf"{_AMOUNT}(?:에서|에|짜리|인데|의|을|를|이면|이|은|는|,)?\s?(?:상품|것|거|제품|물건)?(?:을|를|에서|인데|은|는)?\s?"
    rf"{_PERCENT}(?:를|을|만)?\s?(?:쿠폰|추가)?\s?(?P<word>할인|세일|디씨|DC|빼|깎|인하|쿠폰|적립|더하|인상|추가|올)?",
    re.IGNORECASE,
)
_PIECES = re.compile(
    rf"{_AMOUNT}\s?(?:짜리|씩)?\s?(?:상품|것|거|제품|물건)?(?:를|을)?\s?"
    r"(?P<count>\d{1,3})\s?(?:개|장|벌|켤레|세트|박스|병|봉지|팩|권)(?!월)(?:를|을|면|이면|사면)?"
)
_DOWN, _UP = (
    ("할인", "세일", "디씨", "dc", "빼", "깎", "인하", "쿠폰"),
    ("더하", "인상", "추가", "올"),
)
# A question about the shop's rules or an order, whatever numbers stand in it.
_RULE = re.compile(
    r"배송비|반품|교환|환불|취소|적립|이상|무료|언제|며칠|쿠폰\s?(?:이|은)?\s?(?:안|왜)|안\s?(?:돼|되)|포인트"
)

# --- One's own profile ---------------------------------------------------------------------
_MINE = (
    r"(?<![가-힣])(?:제|내|저의|나의|저|본인|우리\s?집)\s?"
    r"|등록(?:된|한|해\s?둔|돼\s?있는|되어\s?있는)\s?(?:제|내)?\s?|회원\s?정보(?:에|의)?\s?|기본\s?|가입(?:된|한|할\s?때)\s?"
)
_FIELD = (
    r"(?:주소|기본\s?(?:배송지|주소)|(?:휴대폰|핸드폰|전화)\s?번호|연락처"
    r"|이메일|메일|회원\s?정보|프로필)"
)
_ASKS_WHAT = (
    r"(?:\s?주소)?(?:가|이|는|은|를|을|도)?\s?"
    r"(?:지금|현재|좀|뭘|뭐|무엇|어디|어떻게|어떤|알려|보여|확인|맞|볼\s?수|조회|\?)"
)
_PROFILE = re.compile(rf"(?:{_MINE})(?:등록된\s?|기본\s?)?{_FIELD}{_ASKS_WHAT}")
_HOME = re.compile(
    r"기본\s?(?:배송지|주소)|(?:회원|내|제|가입)\s?정보(?:에|의|에서)?\s?(?:있는\s?)?주소|계정(?:에|의)?\s?(?:등록된\s?)?주소"
    r"|(?:프로필|마이\s?페이지|회원)\s?(?:의|에)?\s?주소|등록(?:된|해\s?둔)\s?(?:제\s?|내\s?)?주소"
)
_TO_HOME = re.compile(r"(?:기본|등록된)\s?(?:배송지|주소)(?:로|으로)")
_CHANGE = re.compile(r"바[꿔꾸꿀뀌꿨]|변경|수정|고[쳐칠치]|새로|업데이트|옮[겨기]|이사")
_METHODS = re.compile(
    rf"(?:{_MINE})(?:결제\s?(?:수단|방법|카드)|카드|계좌|기프트\s?카드)(?:가|이|는|은|를|을|들|\s?목록)?\s?"
    r"(?:지금|좀)?\s?(?:뭐|뭘|무엇|어떤|알려|보여|확인|몇|목록|조회|있)"
)
_ORDERS = re.compile(
    r"주문|이번|송장|택배|배송\s?(?:중|조회)|반품|교환|환불|취소|사업자|세금|영수증|오류|안\s?(?:돼|되)"
)


def find_errand(text: str) -> Errand | None:
    """The small wish of a message, or None; a long message is about more than one."""
    if len(text) > MAX_CHARS:
        return None
    if find_sum(text):
        return "sum"
    if _HOME.search(text) and _CHANGE.search(text) and not _TO_HOME.search(text):
        return "home_address"
    if not _ORDERS.search(text) and not _CHANGE.search(text):
        if _METHODS.search(text):
            return "methods"
        if _PROFILE.search(text):
            return "profile"
    return _weather(text)


def _weather(text: str) -> Errand | None:
    if _OTHER_WISH.search(text) or not _WEATHER.search(text):
        return None
    if _PARCEL.search(text) and _WORRIES.search(text):
        return "delivery_weather"
    return "weather" if _ASKS_WEATHER.search(text) else None


def find_sum(text: str) -> str:
    """The sum a message asks for, as ``calculate`` reads it; "" when it asks for none.

    "3만원에서 15% 할인하면 얼마예요?" is "3만원 - 15%". Numbers of orders and telephones,
    days ("11/3") and "1+1" are no sums.
    """
    if _CODE.search(text):
        return ""
    written = _SUM.search(text)
    if written and _asked(text, written):
        return written[0].strip()
    if not re.search("얼마|계산", text) or _RULE.search(text):
        return ""
    return _in_words(text)


def _asked(text: str, written: re.Match[str]) -> bool:
    """Whether a written sum is to be worked out ("260-270" is a range of sizes)."""
    span = _RANGE.fullmatch(written[0].strip())
    if span and int(span[1]) < int(span[2]):
        return False
    if written[0].strip() == "1+1" and not re.search("계산|[=＝]", text):
        return False  # two for the price of one
    if not text[: written.start()].strip() and _ONLY_ASKS.fullmatch(text, written.end()):
        return True
    large = re.search(r"\d{3}|[만천백원]", written[0]) or "계산" in text
    return bool(large and _ASKS_SUM.search(text))


def _in_words(text: str) -> str:
    """A discount, a part or a number of pieces, said in words."""
    share = _OFF.search(text)
    if share:
        word = (share["word"] or "").lower()
        sign = "-" if word in _DOWN else "+" if word in _UP else "*"
        return f"{share['amount'].strip()} {sign} {share['percent']}%"
    pieces = _PIECES.search(text)
    if pieces and re.search(r"[만천백원]", pieces["amount"]):
        return f"{pieces['amount'].strip()} * {pieces['count']}"
    return ""
