"""Cards: orders, products, claims, tickets, quotes and choices, drawn in one way everywhere.

A card says what, when, how much and in which state, with at most two buttons; the rest is
behind "더 보기". Everything from data goes through :func:`ui.format.plain` or ``st.text``,
never through HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from agent.shop import words
from agent.types import Card, CardAction
from ui import states
from ui.format import day, plain, short, when, won
from ui.pictures import picture

__all__ = [
    "CAME_TO_NOTHING",
    "Press",
    "bill",
    "body",
    "buttons",
    "card",
    "cards",
    "figures",
    "price_row",
    "thing",
]

Press = Callable[[CardAction], None]
SHOWN_ACTIONS = 2
SHOWN_LINES = 3
CAME_TO_NOTHING = ("rejected", "withdrawn")  # claims that took nothing away


def cards(found: Sequence[Card], *, key: str, press: Press | None = None) -> None:
    """Draw several cards; without ``press`` they have no buttons (an older message's)."""
    for number, one in enumerate(found):
        card(one, key=f"{key}-{number}", press=press)


def card(one: Card, *, key: str, press: Press | None = None, fill: bool = False) -> None:
    """Draw one card by its type; an unknown type shows its title and buttons.

    ``fill`` makes it as high as its neighbours in a row.
    """
    if one.type not in _DRAW:
        _choice(one, key, press)
        return
    height: Literal["stretch", "content"] = "stretch" if fill else "content"
    with st.container(border=True, key=f"card-{key}", gap="small", height=height):
        body(one)
        if press is not None and one.actions:
            buttons(one.actions, key=key, press=press)


def body(one: Card) -> None:
    """What a card shows, without its frame and buttons."""
    _DRAW[one.type](one.title, one.data)


def thing(
    emoji: str, title: str, notes: Sequence[str], amount: str = "", *, state: str = ""
) -> None:
    """A picture, a bold title over small notes and a state's chip, an amount at the right."""
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="top"):
        st.markdown(picture(emoji), width="content", anchors=False)
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(title)}**")
            for note in notes:
                if note:
                    st.caption(note)
            if state:
                st.markdown(state)
        if amount:
            st.markdown(f"**{amount}**", width="content", text_alignment="right")


def price_row(label: str, value: str, *, strong: bool = False) -> None:
    """A label at the left, its value at the right: one line of a bill."""
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="top"):
        st.markdown(f"**{plain(label)}**" if strong else f":gray[{plain(label)}]", width="content")
        body = f"**{plain(value)}**" if strong else plain(value)
        st.markdown(body, width="stretch", text_alignment="right")


def figures(quote: dict[str, Any]) -> list[tuple[str, str]]:
    """The rows of a refund quote, zero deductions left out, the total last."""
    rows = [("상품 금액", won(quote.get("goods_krw", 0)))]
    if quote.get("coupon_krw"):
        rows.append(("쿠폰 할인 반영", won(-quote["coupon_krw"])))
    if quote.get("shipping_krw"):
        rows.append(("배송비 환불", won(quote["shipping_krw"])))
    exchange = quote.get("kind") == "exchange"
    if quote.get("difference_krw"):
        rows.append(("옵션 가격 차이", won(quote["difference_krw"])))
    if quote.get("fee_krw"):
        fee = quote["fee_krw"] if exchange else -quote["fee_krw"]
        rows.append((quote.get("fee_label") or "배송비", won(fee)))
    elif quote.get("fee_label"):
        rows.append(("반품·교환 배송비", f"{won(0)} ({quote['fee_label']})"))
    return [*rows, *_totals(quote, exchange=exchange)]


def _totals(quote: dict[str, Any], *, exchange: bool) -> list[tuple[str, str]]:
    """What comes back, is still to be paid, or need not be paid any more."""
    if quote.get("due_drop_krw"):
        return [("입금하실 금액에서 빠지는 금액", won(quote["due_drop_krw"]))]
    # Claims from before the field existed: an exchange costs its fee.
    to_pay = quote.get("to_pay_krw", quote.get("fee_krw", 0) if exchange else 0)
    refund = quote.get("refund_krw", 0)
    rows = [("환불 금액", won(refund))] if refund or not exchange else []
    return [*rows, ("내실 금액", won(to_pay))] if to_pay or exchange else rows


def bill(quote: dict[str, Any]) -> None:
    """A refund quote, row by row, the total strong, and where the money goes."""
    rows = figures(quote)
    with st.container(gap="xsmall"):
        for number, (label, value) in enumerate(rows, 1):
            price_row(label, value, strong=number == len(rows))
    if quote.get("method_label") and quote.get("refund_krw"):
        st.caption(f"환불 수단: {plain(quote['method_label'])}")


def buttons(actions: Sequence[CardAction], *, key: str, press: Press) -> None:
    """At most two buttons in a row; the others in a menu called 더 보기."""
    shown, rest = actions[:SHOWN_ACTIONS], actions[SHOWN_ACTIONS:]
    with st.container(horizontal=True, gap="small"):
        for number, action in enumerate(shown):
            st.button(plain(action.label), key=f"do-{key}-{number}", on_click=press, args=(action,))
        if rest:
            _menu(rest, key, press)


def _menu(actions: Sequence[CardAction], key: str, press: Press) -> None:
    """The rest of the actions; the menu's choice is read back by its label."""
    by_label = {action.label: action for action in actions}
    name = f"more-{key}"

    def chosen() -> None:
        action = by_label.get(st.session_state.get(name, ""))
        if action is not None:
            press(action)

    st.menu_button("더 보기", list(by_label), key=name, on_click=chosen, type="tertiary")


def _order(title: str, data: dict[str, Any]) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        states.badge("order", data.get("status", ""))
        st.caption(f"{day(data.get('created_at'))} 주문", width="content")
    lines = data.get("lines") or []
    thing(data.get("emoji", ""), title, _order_notes(data, lines), won(data.get("total_krw")))
    for line in lines:
        if line.get("claim"):
            kind, status = line["claim"]
            label = states.chip("claim", status, prefix=f"{words.CLAIM_KIND.get(kind, '')} ")
            st.markdown(f"{label} :small[{plain(short(line['name'], 30))}]")


def _order_notes(data: dict[str, Any], lines: list[dict[str, Any]]) -> list[str]:
    notes = []
    if len(lines) == 1:
        notes.append(_option_text(lines[0]))
    for line in lines[:SHOWN_LINES] if len(lines) > 1 else ():
        notes.append(f"{plain(short(line['name'], 24))} · {_option_text(line)}")
    if len(lines) > SHOWN_LINES:
        notes.append(f"외 {len(lines) - SHOWN_LINES}개 상품")
    if data.get("delivered_at"):
        notes.append(f"{day(data['delivered_at'])} 배송 완료")
    elif data.get("eta"):
        notes.append(f"{plain(_eta(data['eta']))} 도착 예정")
    if data.get("status") == "shipped" and data.get("tracking_no"):
        notes.append(f"{plain(data.get('carrier') or '')} {plain(data['tracking_no'])}")
    notes.append(f"주문번호 {plain(data.get('order_id', ''))}")
    return notes


def _eta(value: str) -> str:
    try:
        return day(value)
    except ValueError:
        return value


def _option_text(line: dict[str, Any]) -> str:
    option = plain(line.get("option") or "")
    return f"{option} · {line.get('quantity', 1)}개" if option else f"{line.get('quantity', 1)}개"


def _product(title: str, data: dict[str, Any]) -> None:
    names = [
        plain(option["name"]) for option in data.get("options") or () if option.get("stock", 0) > 0
    ]
    more = f" 외 {len(names) - 5}개" if len(names) > 5 else ""
    notes = [plain(data.get("category") or "")]
    if len(names) > 1:
        notes.append(f"옵션 {', '.join(names[:5])}{more}")
    thing(data.get("emoji", ""), title, notes, won(data.get("price_krw")))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if data.get("in_stock", True):
            st.badge("구매 가능", icon=":material/check:", color="green")
        else:
            st.badge("품절", icon=":material/do_not_disturb_on:", color="gray")
        if data.get("reviews"):
            said = f":material/star: {data.get('rating')} · 리뷰 {data['reviews']:,}개"
            st.caption(said, width="content")
        if data.get("why") and data["why"] != data.get("category"):
            st.caption(plain(data["why"]), width="content")


def _claim(title: str, data: dict[str, Any]) -> None:
    kind = words.CLAIM_KIND.get(data.get("kind", ""), "")
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        states.badge("claim", data.get("status", ""), prefix=f"{kind} ")
        st.caption(f"{when(data.get('created_at'))} 신청", width="content")
    notes = [plain(data.get("reason") or ""), f"주문번호 {plain(data.get('order_id', ''))}"]
    exchange = data.get("kind") == "exchange"
    thing(data.get("emoji", ""), title, notes, "" if exchange else won(data.get("refund_krw")))


def _ticket(title: str, data: dict[str, Any]) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        states.badge("ticket", data.get("status", ""))
        st.caption(when(data.get("updated_at") or data.get("created_at")), width="content")
    st.markdown(f"**{plain(title)}**")
    st.caption(f"{words.ISSUE_TYPE.get(data.get('issue_type', ''), '')} 문의")


def _quote(title: str, data: dict[str, Any]) -> None:
    st.markdown(f"**{plain(title)}**")
    bill(data)


def _photo_report(title: str, data: dict[str, Any]) -> None:
    """What was found on a photo, in words; the chat draws it with the picture and its boxes."""
    states.badge("photo", data.get("verdict", ""))
    st.markdown(f"**{plain(title)}**")
    for text in data.get("reasons") or ():
        st.caption(plain(text))


def _choice(one: Card, key: str, press: Press | None) -> None:
    """Buttons and nothing else; an older message's choice shows nothing any more."""
    if press is None:
        return
    with st.container(key=f"card-{key}", gap="xsmall"):
        if one.title:
            st.caption(plain(one.title))
        with st.container(horizontal=True, gap="small"):
            for number, action in enumerate(one.actions):
                st.button(
                    plain(action.label), key=f"do-{key}-{number}", on_click=press, args=(action,)
                )


_DRAW: dict[str, Callable[[str, dict[str, Any]], None]] = {
    "order": _order,
    "product": _product,
    "claim": _claim,
    "ticket": _ticket,
    "quote": _quote,
    "photo_report": _photo_report,
}
