"""product_info: facts, stock, price, finding and recommending."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.cards import product_card
from agent.flows import product_facts, product_reviews, product_wish, recommend
from agent.flows.pick import nth
from agent.flows.product_search import Looked, look_up, nearest
from agent.flows.product_wish import Wish
from agent.korean import krw
from agent.shop.options import chosen
from agent.tools.products import NAMED, Match, named
from agent.turn import Turn
from agent.understanding.product_query import ProductQuery
from store.models import Product

__all__ = ["product_info"]

_ANEW = re.compile(r"추천|다른(?!\s?(?:색|컬러|옵션|사이즈|맛))|말고|인기|베스트|선물")
_ANOTHER = re.compile(r"^\s*(?:아니\s?|그럼\s?)?(?:또\s?)?다른\s?(?:거|것|걸|상품|제품)")
_OPEN = re.compile(
    r"추천|골라|인기|베스트|선물|뭐\s?(?:가\s?)?(?:있|살|사|좋)|잘\s?나가|많이\s?(?:사|팔|찾)"
)
# Words around a product's name that never name one.
_NOISE = frozenset(
    "생일 생신 집들이 결혼 기념일 돌잔치 입학 졸업 명절 추석 설날 크리스마스 예산 가성비 베스트 "
    "추천 방수 재고 가격 얼마 사이즈 색상 색깔 컬러 옵션 품절 입고 선물 인기 종류 세탁 "
    "배터리 보증 기간 용량 무게 크기 소재 성분 유통기한 호환 이하 이상 미만 상품 제품 "
    "것 거 후기 리뷰 평점 별점 평 평가 장점 단점".split()
)
SHORT_LIST = 3
CLEARLY = 0.2
NEAR_BEST = 0.75
ALIKE = 0.45  # cosine of what is worth showing though it is not what was asked for
SHOWN = 4


def product_info(turn: Turn) -> None:
    """Answer from the catalogue about the product meant, or show what fits."""
    product, around = _meant(turn), recommend.wished(turn.text)
    wish = product_wish.read(turn.text)
    if around is not None:
        recommend.around(turn, around, product)
    elif wish.than and (product or turn.context.products):
        recommend.by_comparison(turn, wish.price == "low", product)
    elif product is None and turn.context.product_id and _ANOTHER.search(turn.text):
        base = turn.call("get_product", product_id=turn.context.product_id)
        recommend.around(turn, "similar", base)  # "다른 거 추천해줘" after an earphone
    elif product is not None:
        product_facts.tell(turn, product)
    else:
        _find(turn, wish)


def _meant(turn: Turn) -> Product | None:
    """A product pointed at: "그거", "두 번째 거", or the one just talked about."""
    slots, context = turn.slots, turn.context
    chosen = nth(context.products, slots.ordinal)
    if chosen is not None:
        product: Product = turn.call("get_product", product_id=chosen)
        return product
    names = [word for word in slots.products if word not in _NOISE]
    anew = _ANEW.search(turn.text) or product_wish.read(turn.text).price
    if context.product_id and (slots.refers_back or not (names or anew)):
        meant: Product = turn.call("get_product", product_id=context.product_id)
        return meant
    return None


def _find(turn: Turn, wish: Wish) -> None:
    """Search for what is described; recommend where nothing is."""
    looked, shown = look_up(turn.call, wish.text), turn.context.products
    wanted = looked.wanted
    # What was read as a filter ("식품", "검정") names nothing besides.
    words = [word for word in _words(turn) if word in wanted.text]
    if wish.price and not words and shown and not wanted.category and not wanted.text:
        _tell_by_price(turn, wish, [turn.call("get_product", product_id=one) for one in shown])
        return
    if wish.price and _by_price(turn, wish, looked, words):
        return
    if not words and not wanted.category and shown and not _ANEW.search(turn.text):
        again = [turn.call("get_product", product_id=one) for one in shown]
        again = product_wish.among(again, wanted) if not wanted.text else again
        if again and not (wanted.filtered and wanted.text):
            _present(turn, [Match(one, 1.0) for one in again], words, wanted)
            return
        if len(shown) == 1 and wanted.option and not wanted.text:
            _near_miss(turn, turn.call("get_product", product_id=shown[0]), wanted)
            return
    open_wish = not words and (_OPEN.search(turn.text) or wish.but_not)
    if (open_wish or (wanted.filtered and not wanted.text)) and recommend.open_wish(
        turn, wanted, refuses=wish.refuses
    ):
        return
    corrected = looked.found.query != wanted.text
    matches = _good(looked, words) if words or wanted.filtered or corrected else []
    matches = [match for match in matches if not wish.refuses(match.product)]
    if matches and _only_near(matches[0].product, words):
        _say_close(turn, matches[:2])
    elif matches:
        _present(turn, matches, words, wanted)
    else:
        _miss(turn, looked)


def _by_price(turn: Turn, wish: Wish, looked: Looked, words: Sequence[str]) -> bool:
    """Tell the cheapest (or dearest) of what is described; False when there is none."""
    ranked = product_wish.cheapest_first(turn.call, wish, looked)
    if words:
        ranked = [match for match in ranked if _fit(match, words[:1]) >= NAMED]
    if not ranked:
        return False
    _tell_by_price(turn, wish, [match.product for match in ranked])
    return True


def _tell_by_price(turn: Turn, wish: Wish, products: Sequence[Product]) -> None:
    dear = wish.price == "high"
    ranked = sorted(products, key=lambda one: one.price_krw, reverse=dear)
    turn.say("dearest" if dear else "cheapest", name=ranked[0].name, price=ranked[0].price_krw)
    turn.show(*map(product_card, ranked[:SHOWN]))


def _only_near(product: Product, words: Sequence[str]) -> bool:
    """Whether a word of the phrase ("강아지 간식") says what the product nowhere says it is."""
    parts = words[0].split() if words else []
    said = " ".join(
        (
            product.name,
            *product.keywords,
            product.category,
            product.description,
            *(option.name for option in product.options),
        )
    )
    said = (said + " ".join(map(str, product.attributes.values()))).replace(" ", "").lower()
    unknown = [part for part in parts if part.lower() not in said]
    return len(parts) > 1 and bool(unknown) and not any(named(part, product) for part in unknown)


def _good(looked: Looked, words: Sequence[str]) -> list[Match]:
    """What is named by the longest phrase, by all words, or described well enough."""
    for phrases in (words[:1], words) if words else ():
        good = [match for match in looked.found.matches if _fit(match, phrases) >= NAMED]
        if good:
            return good
    best = looked.matches[:SHOWN]
    return [match for match in best if match.score >= NEAR_BEST * best[0].score]


def _fit(match: Match, phrases: Sequence[str]) -> float:
    """How well the phrases name a product on average; one of several words by its words."""
    rates = []
    for phrase in phrases:
        parts = [named(part, match.product) for part in phrase.split()]
        rates.append(max(named(phrase, match.product), sum(parts) / len(parts)))
    return sum(rates) / len(rates) if rates else 0.0


def _present(turn: Turn, matches: list[Match], words: Sequence[str], wanted: ProductQuery) -> None:
    """One product is told about; of several what was asked, or their cards."""
    asked = product_facts.asked(turn.text, [match.product for match in matches])
    if 1 < len(matches) <= SHORT_LIST and asked:
        for match in matches:
            product_facts.answer(turn, match.product)
        turn.show(*(product_card(match.product) for match in matches))
        return
    budget = bool(wanted.min_price_krw or wanted.max_price_krw)
    if product_reviews.wants_the_best(turn.text):
        matches = sorted(matches, key=lambda match: -product_reviews.average(match.product))
    elif not budget and not _ANEW.search(turn.text) and _is_one(matches, words):
        product_facts.tell(turn, matches[0].product)
        return
    turn.say("found")
    turn.show(*(product_card(m.product, _why(m.product, wanted)) for m in matches[:SHOWN]))


def _is_one(matches: Sequence[Match], words: Sequence[str]) -> bool:
    if len(matches) == 1:
        return True
    first, second = (_fit(match, words) for match in matches[:2])
    return first >= NAMED and first - second >= CLEARLY


def _miss(turn: Turn, looked: Looked) -> None:
    """Nothing fits: say which filter was too narrow, with what comes nearest; else what is
    at least alike."""
    near = nearest(turn.call, looked)
    if near is not None:
        _near_miss(turn, near.product, looked.wanted)
        return
    found = looked.found.matches
    alike = [m for m in found[:2] if m.scores is not None and (m.scores.vector or 0) >= ALIKE]
    if not alike:
        turn.say("not_found")
        return
    _say_close(turn, alike)


def _say_close(turn: Turn, alike: Sequence[Match]) -> None:
    turn.say("close")
    turn.show(*(product_card(match.product) for match in alike))


def _near_miss(turn: Turn, product: Product, wanted: ProductQuery) -> None:
    low, high = turn.fact(wanted.min_price_krw), turn.fact(wanted.max_price_krw)
    off = product.price_krw < low or (high is not None and product.price_krw > high)
    if off:
        name = "miss_between" if low and high else "miss_below" if high else "miss_above"
        turn.say(name, low=low, high=high or 0, name=product.name, price=product.price_krw)
    elif wanted.option and not chosen(product, wanted.option):
        names = ", ".join(option.name for option in product.options)
        turn.say("miss_option", name=product.name, option=wanted.option, options=names)
    elif wanted.category and product.category != wanted.category:
        turn.say("miss_category", name=product.name, category=product.category)
    else:
        turn.say("miss_stock", name=product.name, option=wanted.option.replace(" / ", " "))
    turn.show(recommend.card_of(product))


def _words(turn: Turn) -> list[str]:
    """The words that may name a product; an option alone ("화이트") names none."""
    shown = turn.context.products
    words = [named for word in turn.slots.products if (named := _without_noise(word))]
    if not shown or not words:
        return words
    options = " ".join(
        option.name
        for product_id in shown
        for option in turn.call("get_product", product_id=product_id).options
    )
    return [word for word in words if word not in options]


def _without_noise(phrase: str) -> str:
    """The phrase without the words around a name: "키보드 배터리" names a 키보드."""
    return " ".join(part for part in phrase.split() if part not in _NOISE and not part.isdigit())


def _why(product: Product, wanted: ProductQuery) -> str:
    """In a few words why a product is shown."""
    if wanted.max_price_krw and product.price_krw <= wanted.max_price_krw:
        return f"{krw(wanted.max_price_krw)} 예산 안"
    options = chosen(product, wanted.option, in_stock=True) if wanted.option else ()
    return f"{options[0].name} 재고 있음" if options else product.category
