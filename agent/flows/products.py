"""product_info: facts, stock, price, finding and recommending."""

from __future__ import annotations

import re

from agent.cards import product_card
from agent.flows import product_reviews
from agent.flows.pick import nth
from agent.korean import krw
from agent.tools.products import Match
from agent.turn import Turn
from store.models import Product

__all__ = ["product_info"]

_BELOW = re.compile(r"이하|미만|아래|안\s*넘|까지|안쪽|이내")
_BAND = re.compile(r"[만천]\s*원?\s*대")
_ABOVE = re.compile(r"이상|초과|넘는|부터")
_STOCK = re.compile(r"재고|품절|남았|남아|입고|구매\s*가능|살\s*수")
_PRICE = re.compile(r"얼마|가격|비싸|값")
_OPTIONS = re.compile(r"옵션|색상|색깔|컬러|사이즈|종류|무슨\s*색|어떤\s*색")
_ANEW = re.compile(r"추천|다른|말고|인기|베스트|선물")
_RECOMMEND = re.compile(r"추천|골라|인기|베스트|선물|찾아|있어요|있나요|있을까|보여")
# Words around a product's name that never name one.
_NOISE = frozenset(
    "추천 방수 재고 가격 얼마 사이즈 색상 색깔 컬러 옵션 품절 입고 선물 인기 종류 세탁 "
    "배터리 보증 기간 용량 무게 크기 소재 성분 유통기한 호환 이하 이상 미만 상품 제품 "
    "것 거 후기 리뷰 평점 별점 평 평가 장점 단점".split()
)
FIRM = 0.6
SHORT_LIST = 3
CLEARLY = 0.2
MOST_COMPARED = 30


def product_info(turn: Turn) -> None:
    """Answer from the catalogue about the product meant, or show what fits."""
    product = _meant(turn)
    if product is not None:
        _tell(turn, product)
        return
    matches = _find(turn)
    if not matches:
        turn.say("not_found")
        return
    if 1 < len(matches) <= SHORT_LIST and _asks_facts(turn, matches):
        for match in matches:
            _answer(turn, match.product)
        turn.show(*(product_card(m.product) for m in matches))
        return
    budget = turn.slots.amount_krw
    best = [m for m in matches if m.score >= FIRM]
    if product_reviews.wants_the_best(turn.text):
        matches = sorted(matches, key=lambda match: -product_reviews.average(match.product))
    top = len(best) > 1 and best[0].score - best[1].score >= CLEARLY
    if (len(best) == 1 or top) and not budget and not _ANEW.search(turn.text):
        _tell(turn, best[0].product)
        return
    open_wish = not _words(turn) and _RECOMMEND.search(turn.text)
    turn.say("recommend" if open_wish else "found" if best or budget else "close")
    turn.show(*(product_card(m.product, _why(m.product, budget)) for m in matches[:4]))


def _meant(turn: Turn) -> Product | None:
    """A product pointed at: "그거", "두 번째 거", or the one just talked about."""
    slots, context = turn.slots, turn.context
    chosen = nth(context.products, slots.ordinal)
    if chosen is not None:
        product: Product = turn.call("get_product", product_id=chosen)
        return product
    names = [word for word in slots.products if word not in _NOISE]
    if context.product_id and (slots.refers_back or not names):
        meant: Product = turn.call("get_product", product_id=context.product_id)
        return meant
    return None


def _find(turn: Turn) -> list[Match]:
    words = _words(turn)
    budget = turn.slots.amount_krw
    shown = turn.context.products
    if not words and not budget and shown and not _ANEW.search(turn.text):
        return [Match(turn.call("get_product", product_id=i), 1.0) for i in shown]
    below = budget and (_BELOW.search(turn.text) or not _ABOVE.search(turn.text))
    band = budget and _BAND.search(turn.text)
    filters = {
        "max_price_krw": _upper(budget, bool(band), bool(below)),
        "min_price_krw": budget if budget and (band or not below) else 0,
        "in_stock": bool(_RECOMMEND.search(turn.text)) and not words,
        "limit": 8 if "선물" in turn.text else 4,
    }
    if product_reviews.wants_the_best(turn.text):
        filters["limit"] = MOST_COMPARED
    # The longest phrase first ("무선 이어폰"), then its words.
    for needles in ([words[0]], words) if words else ([],):
        if not needles and not budget and not _RECOMMEND.search(turn.text):
            return []
        found: list[Match] = turn.call("search_products", words=needles, **filters)
        good = [match for match in found if match.score >= FIRM or not needles]
        if "선물" in turn.text and not needles:
            good = [match for match in good if match.product.returnable == "normal"] or good
        if good:
            return good
        if needles is words and found:
            return found
    return []


def _upper(amount: int | None, band: bool, below: bool) -> int | None:
    """The highest price meant: "3만원대" ends at 39,999, one more of the first digit."""
    if amount and band:
        return int(amount + 10 ** (len(str(amount)) - 1) - 1)
    return amount if below else None


def _words(turn: Turn) -> list[str]:
    """The words that may name a product; an option alone ("화이트") names none."""
    shown = turn.context.products
    words = [word for word in turn.slots.products if not _is_noise(word)]
    if not shown or not words:
        return words
    options = " ".join(
        option.name
        for product_id in shown
        for option in turn.call("get_product", product_id=product_id).options
    )
    return [word for word in words if word not in options]


def _asks_facts(turn: Turn, matches: list[Match]) -> bool:
    text = turn.text
    known = _attribute_word(text, [match.product for match in matches])
    asked = any(p.search(text) for p in (_STOCK, _PRICE, _OPTIONS))
    return bool(known or asked or product_reviews.asked(text))


def _is_noise(word: str) -> bool:
    return all(part in _NOISE or part.isdigit() for part in word.split())


def _tell(turn: Turn, product: Product) -> None:
    """What was asked for first, then the card with price, options and stock."""
    _answer(turn, product)
    turn.show(product_card(product))


def _answer(turn: Turn, product: Product) -> None:
    if product_reviews.asked(turn.text):
        product_reviews.tell(turn, product)
    elif not _fact(turn, product):
        if _PRICE.search(turn.text):
            turn.say("price", name=product.name, price=product.price_krw)
        elif _OPTIONS.search(turn.text):
            names = ", ".join(option.name for option in product.options)
            turn.say("options", name=product.name, options=names)
        else:
            turn.say("about", name=product.name, text=_sentences(turn, product))


def _fact(turn: Turn, product: Product) -> bool:
    """Say the stock or the attribute the message asks for; False when it asks for neither."""
    if _STOCK.search(turn.text):
        left = [option.name for option in product.options if option.stock > 0]
        sold = [option.name for option in product.options if option.stock <= 0]
        turn.say("stock" if left else "sold_out", name=product.name, left=", ".join(left))
        if left and sold:
            turn.say("sold_options", names=", ".join(sold))
        return True
    label = _attribute_word(turn.text, [product])
    if label is None or label not in product.attributes:
        return False
    value = str(product.attributes[label])
    turn.say("fact", name=product.name, label=label, value=value)
    sentences = re.split(r"(?<=[.!?])\s+", product.description)
    more = [s for s in sentences if value in s or label in s]
    turn.draft.parts[-1] += f" {more[0]}" if more else ""
    return True


def _sentences(turn: Turn, product: Product) -> str:
    """What of the description speaks of the question's words; all of it when nothing does."""
    name = product.name + " ".join(product.keywords)
    words = [word for word in turn.slots.products if word not in name]
    every = re.split(r"(?<=[.!?])\s+", product.description)
    about = [sentence for sentence in every if any(word in sentence for word in words)]
    return " ".join(about or every)


def _attribute_word(text: str, products: list[Product]) -> str | None:
    """The name of an attribute the question mentions ("방수", "재생 시간")."""
    joined = text.replace(" ", "")
    for product in products:
        for label in product.attributes:
            parts = [label.replace(" ", ""), *re.split(r"[·/\s]+", label)]
            if any(len(part) > 1 and part in joined for part in parts):
                return label
    return None


def _why(product: Product, budget: int | None) -> str:
    if budget and product.price_krw <= budget:
        return f"{krw(budget)} 예산 안"
    return product.category
