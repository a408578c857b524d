"""What a sentence says about the product wanted besides what it is: price, option, stock.

"3만원 이하 검정색 텀블러 재고 있는 거" → 텀블러, at most 30,000, option 블랙, in stock. Bounds
are inclusive both ways: "3만원대" is 30,000 … 39,999, "10만원 넘는" begins at 100,000.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.understanding.korean_numbers import SINO, native_number, parse_number
from agent.understanding.lexicon import load_lexicon
from agent.understanding.text import blank, clean

__all__ = ["ProductQuery", "parse"]

MAX_CHARS = 4000
ABOUT = 0.2  # "3만원 정도" is 24,000 to 36,000
_WORDS = load_lexicon("product_query")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """A wish for a product. ``text`` is what is left to search for, maybe nothing.

    Prices in KRW, both ends included. ``category`` is one of those given to :func:`parse`.
    ``option`` is one or more words of an option's name joined by " / ".
    """

    text: str
    min_price_krw: int = 0
    max_price_krw: int | None = None
    category: str = ""
    option: str = ""
    in_stock: bool = False

    @property
    def filtered(self) -> bool:
        """Whether anything is asked for besides the product itself."""
        return bool(self.min_price_krw or self.max_price_krw is not None or self.option
                    or self.category or self.in_stock)  # fmt: skip


def parse(
    text: str,
    *,
    categories: Iterable[str] = (),
    options: Iterable[str] = (),
    names: Iterable[str] = (),
) -> ProductQuery:
    """The filters of ``text`` and the rest of it.

    ``options`` are names of options it may mean, of the products in question, and ``names``
    those products' own names, whose words name no option; without them only colours and
    sizes are found. Never raises; reads the first 4,000 characters.
    """
    rest = _EITHER.sub("~", clean(text[:MAX_CHARS]))
    low, high, spans = _prices(rest)
    rest = blank(rest, spans)
    in_stock, spans = _found(_IN_STOCK, rest)
    rest = blank(rest, spans)
    option, spans = _option(rest, tuple(options), " ".join(names))
    category, rest = _category(blank(rest, spans), tuple(categories))
    rest = _without_boilerplate(rest)
    if not category:
        category, rest = _only_category(rest, tuple(categories))
    return ProductQuery(rest, low, high, category, option, in_stock)


def _found(pattern: re.Pattern[str], text: str) -> tuple[bool, list[Span]]:
    spans = [match.span() for match in pattern.finditer(text)]
    return bool(spans), spans


# ── Prices ───────────────────────────────────────────────────────────────────

_DIGIT = SINO[2:12]  # 일 … 구
_HANGUL_NUMBER = (
    rf"(?<![가-힣\d])[{_DIGIT}십백천]*[억만천](?:\s?[{_DIGIT}\d]?\s?천)?(?:\s?[{_DIGIT}\d]?\s?백)?"
)
_NUMBER = (
    r"(?<![\dA-Za-z.,-])\d[\d,]*(?:\.\d+)?\s?[십백]?\s?(?:[억만](?:\s?\d[\d,]*)?(?:\s?천)?(?:\s?\d?백)?|천(?:\s?\d?백)?)"
    rf"|(?<![\dA-Za-z.,-])\d[\d,]{{2,14}}|{_HANGUL_NUMBER}"
)
_WON = r"(?:\s?원(?![피목두단하형룸래인칩])|\s?₩)"
_BELOW = (
    r"(?:을|를|이|은|도)?\s?(?:이하|미만|아래|밑|안쪽|안짝|안으로|안에서|안에|안\s?넘|안\s?되는|못\s?되는"
    r"|내로|이내|내외로|까지|언더|넘지\s?[않말]|보다\s?(?:싼|싸|저렴|낮|적))"
)
_UPWARDS = (
    r"(?:을|를|이|은|도)?\s?(?:이상|초과|넘[는은을어게]|넘$|넘\s|위로|위에|부터|오버|웃도는"
    r"|보다\s?(?:비싼|비싸|높|많))"
)
_NEAR = r"\s?(?:정도|쯤|내외|전후|안팎|가량|언저리)"
_AMOUNT = re.compile(
    rf"(?:(?P<first>\d[\d,.]*|{_NUMBER}){_WON}?\s?(?:대\s?)?(?:~|∼|-|–|에서|부터|이상)\s?)?"
    rf"(?:₩\s?)?(?P<number>{_NUMBER})(?P<won>{_WON})?"
    rf"(?:\s?(?P<band>대(?![형용자신]))(?:\s?(?:초|중|후)반)?|(?P<near>{_NEAR}))?"
    rf"(?:\s?(?:짜리|선)?\s?(?:으로|로|에서|에)?\s?(?P<between>사이))?"
    rf"(?:(?P<below>{_BELOW})|(?P<above>{_UPWARDS}))?"
)
_EITHER = re.compile(r"(?<=(?<!\d)\d),\s?(?=\d\s?[만천])")  # "3,4만원대" is "3~4만원대"
_LEAST = re.compile(r"최소\s*$")


def _prices(text: str) -> tuple[int, int | None, list[Span]]:
    """The lowest price, the highest and where they stand."""
    low, high, spans = 0, None, []
    for match in _AMOUNT.finditer(text):
        bounds = _bounds(text, match)
        if bounds is None:
            continue
        spans.append(match.span())
        low = max(low, bounds[0])
        if bounds[1] is not None:
            high = bounds[1] if high is None else min(high, bounds[1])
    return low, high, spans


def _bounds(text: str, match: re.Match[str]) -> tuple[int, int | None] | None:
    value = parse_number(match["number"].strip(" ,"))
    meant = match["won"] or match["band"] or match["below"] or match["above"] or match["near"]
    # "2024" or "3천" alone is no price; a plain number needs 원 or a bound.
    if not value or not meant:
        return None
    before = text[: match.start()]
    if match["first"]:
        first = _first(match["first"], match["number"], value)
        if first and first < value:
            return first, _last(value) if match["band"] else value
    if match["band"]:
        return (value, None) if match["above"] else (value, _last(value))
    if match["near"] and not match["below"] and not match["above"]:
        return int(value * (1 - ABOUT)), int(value * (1 + ABOUT))
    if match["above"] or _LEAST.search(before):
        return value, None
    return 0, value  # "3만원 텀블러" names a budget, as "이하" does


def _first(text: str, number: str, value: int) -> int | None:
    """The lower end of a range; "2~3만원" leaves its unit to the upper."""
    low = parse_number(text.strip(" ,."))
    unit = next((u for u in ("만", "천") if number.rstrip().endswith(u)), "")
    if low and low < 100 <= value and unit:
        return parse_number(f"{text.strip()}{unit}")
    return low


def _last(value: int) -> int:
    """The end of a price band: "3만원대" is up to 39,999, "15만원대" up to 159,999."""
    step = 1
    while value % (step * 10) == 0:
        step *= 10
    return value + step - 1


# ── Stock ────────────────────────────────────────────────────────────────────

_THING = r"(?:\s?(?:거|것|걸|건|상품|제품|옵션|애들?)(?:로|으로|만|요|이요)?)?"
_IN_STOCK = re.compile(
    rf"(?:재고가?는?|물량이?)\s?(?:남아\s?)?(?:있는(?!지|가\s?요|데)|남은|남아\s?있는(?!지|데)|되는){_THING}"
    rf"|품절(?:이|은|된\s?(?:거|것|건|상품))?\s?(?:아닌|안\s?된|아니고|말고|빼고|제외하?고?|인\s?거\s?말고){_THING}"
    rf"|(?:지금|바로|당장|오늘)\s?(?:바로\s?)?(?:살|구매할|주문할|구할)\s?수\s?있는{_THING}"
    rf"|(?:구매|주문|구입)\s?(?:가능한|되는){_THING}"
)

# ── Options ──────────────────────────────────────────────────────────────────

_ALONE = re.compile(r"[0-9a-z]{1,4}")
_PARTS = re.compile(r"[\s/+·×]+")
_COLOURS = {word.lower(): group[0] for group in _WORDS["colours"] for word in group}
_ALSO = frozenset(word.lower() for word in _WORDS["colours_also"])
_COLOUR = re.compile(
    r"(?<![가-힣a-z])(?:진한\s?|연한\s?)?(?P<word>"
    + "|".join(re.escape(word) for word in sorted(_COLOURS, key=len, reverse=True))
    + r")(?P<mark>\s?(?:색상?|컬러|톤)|\s?(?:거|것|걸)(?=로|만|요|$|\s))?"
    r"(?:으로|로|이요|요|만|[은는]요?|이)?(?![가-힣a-z])",
    re.IGNORECASE,
)
_BUT_NOT = re.compile(r"\s?(?:말고|빼고|아닌|제외|싫)")
_SIZES = {word.lower(): group[0] for group in _WORDS["sizes"] for word in group}
_SIZE = re.compile(
    r"(?<![0-9A-Za-z가-힣-])(?P<word>[2-5]?X{1,3}[SL]|[SML]|FREE|프리)\s?(?:사이즈|싸이즈|치수)?"
    r"(?:로|으로|요|이요)?(?![0-9A-Za-z가-힣-])"
    r"|(?<![가-힣])(?:(?P<named>엑스라지|엑스스몰|미디움|미디엄|라지|스몰)(?:\s?사이즈|\s?싸이즈)?"
    r"|(?P<letter>엠|엘|에스|엑스엘|프리)\s?(?:사이즈|싸이즈))(?:로|으로)?(?![가-힣])",
    re.IGNORECASE,
)
_SHOE = re.compile(
    r"(?<![0-9A-Za-z.,-])(?P<word>2[0-9][05])(?:\s?(?:mm|미리|사이즈|싸이즈|치수))?(?:로|으로|요)?"
    r"(?![0-9A-Za-z.,만천원호개장매-]|\s?(?:ml|g|원|개|포|매|장)(?![a-z]))",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?<![가-힣\d])(?P<count>\d{1,3}|하나|두|세|네|다섯|여섯|일곱|여덟|아홉|열|스무|서른)\s?"
    r"(?P<unit>개월|개입|개|포|봉지|봉|팩|병|박스|매|장|권|색|종|cm|mm|ml|kg|g|l|인치|호|일"
    r"|센치|센티|미리|밀리|키로|킬로|그램|리터)"
    r"(?:\s?(?:짜리|묶음|들이|세트|권|입|치))?",
    re.IGNORECASE,
)
_UNITS = {
    "센치": "cm", "센티": "cm", "미리": "ml", "밀리": "ml", "키로": "kg", "킬로": "kg",
    "그램": "g", "리터": "l",
}  # fmt: skip
_NAMED = tuple((re.compile(row["said"]), tuple(row["named"])) for row in _WORDS["options"])
_BARE = frozenset("기본 단품 본체 옵션 그림 상자 포함 모드 맛 향 색 수강권 묶음 선물".split())


def _option(text: str, options: Sequence[str], names: str) -> tuple[str, list[Span]]:
    """The option words of ``text`` as the catalogue writes them, and where they stand."""
    found: dict[str, Span] = {}
    for word, span in (*_colours(text, options), *_sizes(text)):
        found.setdefault(word, span)
    rest = blank(text, list(found.values()))
    for word, span in _by_name(rest, options, names):
        if not any(word in other or other in word for other in found):
            found[word] = span
    offered = {w: s for w, s in found.items() if any(_is_called(w, o) for o in options)}
    # A word that none of them is called leaves nothing to choose; a colour still was asked for.
    clear = {w: found[w] for w, _ in _colours(text, ()) if w in found}
    found = {**clear, **offered} if offered else found
    return " / ".join(found), list(found.values())


def _is_called(word: str, option: str) -> bool:
    """Whether an option's name holds the word; sizes and numbers only as a word of its own."""
    if _ALONE.fullmatch(word.lower()):
        return word.lower() in _PARTS.split(option.lower())
    return word.lower().replace(" ", "") in option.lower().replace(" ", "")


def _colours(text: str, options: Sequence[str]) -> Iterable[tuple[str, Span]]:
    for match in _COLOUR.finditer(text):
        word = match["word"].lower()
        name = _COLOURS[word]
        offered = any(_is_called(name, option) for option in options)
        unsure = word in _ALSO and not match["mark"] and not offered
        if unsure or _BUT_NOT.match(text, match.end()):
            continue
        yield name, match.span()


def _sizes(text: str) -> Iterable[tuple[str, Span]]:
    for match in _SIZE.finditer(text):
        word = (match["word"] or match["named"] or match["letter"]).lower()
        yield _SIZES.get(word, word.upper()), match.span()
    for match in _SHOE.finditer(text):
        yield match["word"], match.span()


def _by_name(text: str, options: Sequence[str], names: str) -> Iterable[tuple[str, Span]]:
    """Words of ``text`` that one of ``options`` is called by."""
    for pattern, called in _NAMED:
        match = pattern.search(text)
        word = next((w for w in called if any(w in option for option in options)), "")
        if match and word:
            yield word, match.span()
    for match in _COUNTED.finditer(text):
        unit = _UNITS.get(match["unit"], match["unit"])
        word = f"{native_number(match['count'])}{unit}"
        if _BUT_NOT.match(text, match.end()):
            continue
        if any(_is_called(word, option) for option in options):
            yield word, match.span()
    low = text.lower()
    for word in dict.fromkeys(w for option in options for w in _PARTS.split(option)):
        if len(word) < 2 or word.isdigit() or word in _BARE or word in names:
            continue
        at = low.find(word.lower())
        if at >= 0:
            yield word, (at, at + len(word))
    for word in dict.fromkeys(w for option in options for w in _PARTS.split(option)):
        alone = re.search(rf"(?<!\S){re.escape(word)}(?:\s?(?:사이즈|맛|향))?(?!\S)", text)
        if len(word) == 1 and "가" <= word <= "힣" and alone:  # "퀸 사이즈"
            yield word, alone.span()


# ── Categories and the rest ──────────────────────────────────────────────────

_AMONG = r"\s?(?:중에서?|쪽(?:에서|으로)?|카테고리(?:에서)?|분류(?:에서)?|코너(?:에서)?|가운데)"
_BOILERPLATE = re.compile(
    r"(?:추천|소개)\s?(?:좀\s?)?(?:해|부탁|받|상품|템|있|점)?[가-힣]*|골라\s?(?:줘|주)[가-힣]*"
    r"|보여\s?(?:줘|주)[가-힣]*|알려\s?(?:줘|주)[가-힣]*|찾아\s?(?:줘|주|봐)[가-힣]*|찾(?:고\s?있|습니다|는데|아요|는\s?중)[가-힣]*"
    r"|(?:있을까|있나|있어|있습니|있는지|있음|파나|팔아|파시|판매하|되나|될까)[가-힣]*"
    r"|(?<![가-힣])(?:예산[은이]?|최대|최소|가격[이은대]?|(?:이?면\s)?좋을까|(?:이?면\s?)?좋겠)[가-힣]*"
    r"|(?:살|구매할|구할)\s수\s(?:있는|있나|있을까)[가-힣]*"
    r"|(?<![가-힣])(?:[나저]한테|제게)\s?(?:맞|어울리)는(?![가-힣])"
    r"|(?<![가-힣])(?:뭐(?:가|[예에]요|야|니|지)?|뭔가요|무엇이?|어떤\s?(?:거|것|게)|괜찮은\s?(?:거|것|걸|게)?|좋은\s?(?:거|것|걸)"
    r"|좀|혹시|제발|저기요?|요즘|하나만?|그냥|살\s?만한|쓸\s?만한|줄\s?만한|싶은데|싶어요?|사고|구매|구입|원해요?|필요해요?"
    r"|주세요|줘요?|주라|플리즈|부탁\S*|ㅠ+|ㅎ+|ㅋ+)(?![가-힣])"
    r"|(?<![가-힣])(?:거|것|걸|건|꺼)(?:로|으로|만|요|이요|는|은|도)?(?![가-힣])"
    r"|[?!~^.,;]+(?=\s|$)"
)
_LOOSE = re.compile(
    r"(?<!\S)(?:에|로|으로|의|은|는|이|가|을|를|도|만|중에서?|쪽|인|짜리|대|원|안"
    r"|있는|다른(?=\s*$)|이?에요|예요|입니다|인데요?)(?!\S)"
)


def _without_boilerplate(text: str) -> str:
    return " ".join(_LOOSE.sub(" ", _BOILERPLATE.sub(" ", text)).split())


def _category(text: str, categories: Sequence[str]) -> tuple[str, str]:
    """The category named, and the text without it.

    Its own name counts, and another name for it where "중에" follows; within a description
    ("집들이에 줄 주방용품") such a word only describes.
    """
    for category in sorted(categories, key=len, reverse=True):
        own = re.search(rf"(?<![가-힣]){re.escape(category)}(?:{_AMONG})?(?![가-힣])", text)
        if own:
            return category, blank(text, [own.span()])
    for category in categories:
        names = _names_of(category)
        among = names and re.search(rf"(?<![가-힣])(?:{names}){_AMONG}(?![가-힣])", text)
        if among:
            return category, blank(text, [among.span()])
    return "", text


def _only_category(text: str, categories: Sequence[str]) -> tuple[str, str]:
    """The category that ``text`` is another name of and nothing more."""
    for category in categories:
        names = _names_of(category)
        if names and re.fullmatch(rf"(?:(?:{names})\s*)+(?:에|은|는|로)?", text):
            return category, ""
    return "", text


def _names_of(category: str) -> str:
    """A pattern of a category's other names: the lexicon's, and its parts with 용품, 제품."""
    known = list(_WORDS["categories"].get(category, ()))
    parts = [part for part in re.split(r"[·/&,\s]+", category) if len(part) > 1]
    names = [*known, *(name for part in parts for name in (part, f"{part}용품", f"{part}제품"))]
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))
