"""What the catalogue says of one product: stock, price, options, a property, its reviews."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.flows import product_reviews, recommend
from agent.shop.options import chosen
from agent.turn import Turn
from agent.understanding.product_query import parse
from store.models import Product

__all__ = ["answer", "asked", "attribute_word", "tell"]

_STOCK = re.compile(r"재고|품절|남았|남아|입고|구매\s*가능|살\s*수")
_PRICE = re.compile(r"얼마|가격|비싸|값")
_THERE = re.compile(r"있(?:어|나|을|습|음|냐)|되나|돼")
_AND_THAT = re.compile(r"[은는]\s?요\s*\??$")  # "블랙은요?"
_SOLD = re.compile(r"있(?:어|나|을까|습니까|음|냐)|팔(?:아|고|죠|까)|파(?:나|시|는|세)")
_OPTIONS = re.compile(r"옵션|다른\s?색|색상|색깔|컬러|사이즈|종류|무슨\s*색|어떤\s*색")


def asked(text: str, products: Sequence[Product]) -> bool:
    """Whether the message asks for a fact about ``products``."""
    known = attribute_word(text, products)
    about = any(pattern.search(text) for pattern in (_STOCK, _PRICE, _OPTIONS))
    return bool(known or about or product_reviews.asked(text))


def tell(turn: Turn, product: Product) -> None:
    """What was asked for first, then the card with price, options and stock."""
    answer(turn, product)
    turn.show(recommend.card_of(product))


def answer(turn: Turn, product: Product) -> None:
    if product_reviews.asked(turn.text):
        product_reviews.tell(turn, product)
    elif not _fact(turn, product):
        if _option_there(turn, product):
            return
        if _option_asked(turn, product):
            _stock(turn, product)
        elif _PRICE.search(turn.text):
            turn.say("price", name=product.name, price=product.price_krw)
        elif _OPTIONS.search(turn.text):
            names = ", ".join(option.name for option in product.options)
            turn.say("options", name=product.name, options=names)
        elif _just_there(turn, product):
            turn.say("there", name=product.name, price=product.price_krw)
        else:
            turn.say("about", name=product.name, text=_sentences(turn, product))


def _fact(turn: Turn, product: Product) -> bool:
    """Say the stock or the attribute the message asks for; False when it asks for neither."""
    if _STOCK.search(turn.text):
        _stock(turn, product)
        return True
    label = attribute_word(turn.text, [product])
    if label is None or label not in product.attributes:
        return False
    value = str(product.attributes[label])
    turn.say("fact", name=product.name, label=label, value=value)
    sentences = re.split(r"(?<=[.!?])\s+", product.description)
    more = [s for s in sentences if value in s or label in s]
    turn.draft.parts[-1] += f" {more[0]}" if more else ""
    return True


def _stock(turn: Turn, product: Product) -> None:
    left = [option.name for option in product.options if option.stock > 0]
    sold = [option.name for option in product.options if option.stock <= 0]
    turn.say("stock" if left else "sold_out", name=product.name, left=", ".join(left))
    if left and sold:
        turn.say("sold_options", names=", ".join(sold))


def _option_asked(turn: Turn, product: Product) -> bool:
    """ "블랙 있어요?": whether an option of the product is to be had."""
    if not _is_asked_for(turn.text):
        return False
    names = [option.name for option in product.options]
    return bool(parse(turn.text, options=names, names=[product.name]).option)


def _is_asked_for(text: str) -> bool:
    return bool(_THERE.search(text) or _AND_THAT.search(text))


def _option_there(turn: Turn, product: Product) -> bool:
    """Say that the one option named ("검정색 후드티 L") is there, or that there is none."""
    names = [option.name for option in product.options]
    wanted = parse(turn.text, options=names, names=[product.name]).option
    if wanted and not chosen(product, wanted) and _is_asked_for(turn.text):
        turn.say("miss_option", name=product.name, option=wanted, options=", ".join(names))
        return True
    there = chosen(product, wanted, in_stock=True) if wanted else ()
    if len(there) != 1 or len(product.options) < 2 or _PRICE.search(turn.text):
        return False
    price = turn.fact(product.price_krw + there[0].extra_krw)
    turn.say("option_there", name=product.name, option=there[0].name, price=price)
    return True


def _just_there(turn: Turn, product: Product) -> bool:
    """Whether nothing is asked but whether it is sold: "SW-200 있어요?"."""
    own = f"{product.name} {' '.join(product.keywords)}".replace(" ", "").replace("-", "").lower()
    words = [word.replace(" ", "").replace("-", "").lower() for word in turn.slots.products]
    named = bool(words) and all(word in own for word in words)
    return named and bool(_SOLD.search(turn.text)) and bool(chosen(product, "", in_stock=True))


def _sentences(turn: Turn, product: Product) -> str:
    """What of the description speaks of the question's words; all of it when nothing does."""
    name = product.name + " ".join(product.keywords)
    words = [word for word in turn.slots.products if word not in name]
    every = re.split(r"(?<=[.!?])\s+", product.description)
    about = [sentence for sentence in every if any(word in sentence for word in words)]
    return " ".join(about or every)


def attribute_word(text: str, products: Sequence[Product]) -> str | None:
    """The name of an attribute the question mentions ("방수", "재생 시간")."""
    joined = text.replace(" ", "")
    for product in products:
        for label in product.attributes:
            parts = [label.replace(" ", ""), *re.split(r"[·/\s]+", label)]
            if any(len(part) > 1 and part in joined for part in parts):
                return label
    return None
