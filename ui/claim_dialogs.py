"""Return, exchange and withdrawal dialogs of the order page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import cards, claim_photos
from ui.dialogs import attempt, close_when_done, problem
from ui.format import local, plain, won

__all__ = [
    "Draft",
    "ask_withdraw",
    "new_claim",
    "option_label",
    "options_of",
    "other_price",
    "pieces_label",
    "show_withdraw",
]

_WITHDRAW = "sangdam_withdraw"
REASONS = (
    "change_of_mind",
    "wrong_option",
    "defect",
    "damaged",
    "wrong_item",
    "missing_item",
    "not_as_described",
    "other",
)
SELLER_FAULT = ("defect", "damaged", "wrong_item", "missing_item", "not_as_described")


def options_of(desk: Services, caller: Caller, product_id: str) -> list[Any]:
    """A product's options; none when it is no longer sold."""
    try:
        return list(desk.tool(caller, "get_product", product_id=product_id).options)
    except SangdamError:
        return []


def option_label(option: Any) -> str:
    """An option with its extra price, and whether it is sold out."""
    extra = f" (+{won(option.extra_krw)})" if option.extra_krw else ""
    return f"{option.name}{extra}" + ("" if option.stock > 0 else " · 품절")


def pieces_label(line: Any) -> str:
    """A line with its option and, where some pieces have gone, how many are left."""
    label = f"{plain(line.product_name)} · {plain(line.option_name)}"
    return label if line.free == line.quantity else f"{label} · 남은 {line.free}개"


def other_price(desk: Services, options: list[Any], sku: str) -> set[str]:
    """The options that cost more or less than ``sku``; none where the shop settles that."""
    now = next((option.extra_krw for option in options if option.sku == sku), None)
    if now is None or desk.rules.price_difference:
        return set()
    return {option.sku for option in options if option.extra_krw != now}


def ask_withdraw(claim_id: str) -> None:
    """Open the withdrawal's question on the next run (a callback)."""
    st.session_state[_WITHDRAW] = claim_id


def show_withdraw(desk: Services, caller: Caller, order: Any) -> None:
    """Draw that question when it was asked for."""
    claim_id = st.session_state.pop(_WITHDRAW, None)
    claim = next((one for one in order.claims if one.claim_id == claim_id), None)
    if claim is not None:
        _withdraw(desk, caller, claim)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is filled in already: the reason, the line, photos that are stored, a text."""

    reason_code: str
    line_id: str | None = None
    image_ids: tuple[str, ...] = ()
    text: str = ""


_EMPTY = Draft("change_of_mind")


def new_claim(desk: Services, caller: Caller, order: Any, kind: str, draft: Draft = _EMPTY) -> None:
    """The dialog of a return or an exchange, with what is known filled in."""
    (_return if kind == "return" else _exchange)(desk, caller, order, kind, draft)


@st.dialog("반품 신청", width="medium")
def _return(desk: Services, caller: Caller, order: Any, kind: str, draft: Draft) -> None:
    _form(desk, caller, order, kind, draft)


@st.dialog("교환 신청", width="medium")
def _exchange(desk: Services, caller: Caller, order: Any, kind: str, draft: Draft) -> None:
    _form(desk, caller, order, kind, draft)


@st.dialog("신청을 철회할까요?", width="small")
def _withdraw(desk: Services, caller: Caller, claim: Any) -> None:
    close_when_done()
    word = words.CLAIM_KIND[claim.kind]
    st.write(f"{word} 신청을 거두고 주문을 그대로 유지해요. 기간 안이면 다시 신청할 수 있어요.")
    problem()

    def work() -> None:
        desk.tool(caller, "withdraw_claim", claim_id=claim.claim_id, version=claim.version)

    st.button(
        "신청 철회하기", key="withdraw-yes", type="primary", width="stretch",
        on_click=attempt, args=(work, f"{word} 신청을 철회했어요."),
    )  # fmt: skip


def _form(desk: Services, caller: Caller, order: Any, kind: str, draft: Draft) -> None:
    close_when_done()
    reason = st.selectbox(
        "사유", REASONS, index=REASONS.index(draft.reason_code), key=f"{kind}-reason",
        format_func=lambda code: words.REASON[code],
    )  # fmt: skip
    fault = reason in SELLER_FAULT
    noticed_on = _noticed_on(desk, order, kind) if fault else None
    st.markdown("**상품**")
    free = [line for line in order.lines if line.free]
    picked = [
        _pick(desk, caller, line, kind, taken=len(free) == 1 or line.line_id == draft.line_id)
        for line in free
    ]
    lines = [line for line in picked if line is not None]
    st.text_area(
        "자세한 내용 (선택)", key=f"{kind}-note", value=draft.text, max_chars=500, height=80,
        placeholder="어떤 점이 문제였는지 적어 주시면 더 빨리 처리돼요.",
    )  # fmt: skip
    if draft.image_ids:
        st.caption(f"함께 보낼 사진 {len(draft.image_ids)}장")
        claim_photos.show(desk, caller, draft.image_ids)
    claim_photos.ask(f"{kind}-photos", max_mb=desk.settings.max_image_mb, wanted=fault)
    quote = _quote(desk, caller, order, kind, lines, reason, noticed_on)
    problem()

    def work() -> None:
        # The note may come with the very click: read it now, not when drawn.
        note = str(st.session_state.get(f"{kind}-note") or "")
        desk.tool(
            caller, "create_claim", order_id=order.order_id, kind=kind, lines=lines,
            reason_code=reason, reason_text=note.strip(), version=order.version,
            photos=[*draft.image_ids, *_added(desk, caller, order, kind, draft)],
            noticed_on=noticed_on,
        )  # fmt: skip

    word = words.CLAIM_KIND[kind]
    st.button(
        f"{word} 신청하기", key=f"{kind}-yes", type="primary", width="stretch",
        disabled=quote is None, on_click=attempt,
        args=(work, f"{word} 신청을 접수했어요. 진행 상황을 여기서 볼 수 있어요."),
    )  # fmt: skip


def _added(desk: Services, caller: Caller, order: Any, kind: str, draft: Draft) -> list[str]:
    """Store what the uploader holds; a photo that staff add is the customer's."""
    owner_id = order.user_id if caller.is_staff else None
    return claim_photos.save(
        desk, caller, f"{kind}-photos", owner_id=owner_id, already=len(draft.image_ids)
    )


def _noticed_on(desk: Services, order: Any, kind: str) -> date | None:
    """The day the customer noticed what is wrong; the period to claim runs from it."""
    today = local(desk.clock().isoformat()).date()
    arrived = local(order.delivered_at).date() if order.delivered_at else today
    found = st.date_input(
        "문제를 안 날", value=today, min_value=arrived, max_value=today, key=f"{kind}-noticed",
        format="YYYY.MM.DD",
    )  # fmt: skip
    return found if isinstance(found, date) else None


def _pick(
    desk: Services, caller: Caller, line: Any, kind: str, *, taken: bool
) -> tuple[str, int, str | None] | None:
    """One line of the form: taken or not, how many, and for an exchange the new option."""
    key = f"{kind}-{line.line_id}"
    if not st.checkbox(pieces_label(line), key=key, value=taken):
        return None
    quantity = 1
    if line.free > 1:
        choices = list(range(1, line.free + 1))
        quantity = st.selectbox(
            "수량", choices, index=len(choices) - 1, key=f"{key}-quantity",
            format_func=lambda count: f"{line.free}개 중 {count}개",
        )  # fmt: skip
    if kind == "return":
        return line.line_id, quantity, None
    options = options_of(desk, caller, line.product_id)
    dearer = other_price(desk, options, line.sku)
    wanted = st.selectbox(
        "받으실 옵션", [option for option in options if option.sku not in dearer], index=None,
        key=f"{key}-option", format_func=option_label, placeholder="옵션을 골라 주세요",
    )  # fmt: skip
    if dearer:
        names = ", ".join(option_label(option) for option in options if option.sku in dearer)
        st.caption(f"가격이 달라요: {plain(names)}. 반품하고 다시 주문해 주세요.")
    return line.line_id, quantity, wanted.sku if wanted else None


def _quote(
    desk: Services,
    caller: Caller,
    order: Any,
    kind: str,
    lines: list[tuple[str, int, str | None]],
    reason: str,
    noticed_on: date | None,
) -> dict[str, Any] | None:
    """Show what it pays back or costs; None while it cannot be asked for."""
    if not lines:
        st.caption("신청할 상품을 골라 주세요.")
        return None
    if kind == "exchange" and any(sku is None for _, _, sku in lines):
        st.caption("받으실 옵션을 고르면 비용을 알려 드릴게요.")
        return None
    try:
        found: dict[str, Any] = desk.tool(
            caller, "quote_claim", order_id=order.order_id, kind=kind, lines=lines,
            reason_code=reason, noticed_on=noticed_on,
        )  # fmt: skip
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        return None
    with st.container(border=True):
        cards.bill(found)
    return found
