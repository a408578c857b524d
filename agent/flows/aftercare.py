"""refund_status and claim_status: the money, the claims and the tickets; withdrawing one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.cards import claim_card, order_card, ticket_card
from agent.flows.lookup import get_or_say
from agent.flows.pick import NAMED, known_product, line_score, nth, pick_order
from agent.shop.calendar import day_of
from agent.shop.claims import DEAD_STATUSES
from agent.shop.refunds import RefundState
from agent.shop.words import CLAIM_KIND, CLAIM_STATUS, REASON, TICKET_STATUS
from agent.turn import Proposal, Turn
from store.models import Claim, Order, Ticket, from_text

__all__ = ["WITHDRAW", "claim_status", "refund_reply", "refund_status"]

WITHDRAW = re.compile(
    r"철회|취하|거둬|(반품|교환|취소)\s*(신청|요청|접수).{0,8}(취소|안\s*할|그만|무르)|안\s*할래|그냥\s*(쓸|입을|쓸게)"
)
SHOWN = 3


def refund_status(turn: Turn) -> None:
    """When and where the customer's own money comes back."""
    if turn.slots.order_id or turn.slots.when or turn.caller.user_id is None or turn.answered:
        order = pick_order(
            turn, _has_refund, verb="환불을 확인", message="{id} 주문 환불 언제 들어와요?"
        )
        if order is not None:
            _tell_order(turn, order)
        return
    claims: list[Claim] = [
        claim
        for claim in _named(turn, turn.call("list_claims", limit=20))
        if claim.kind != "exchange" and claim.status not in DEAD_STATUSES and claim.refund_krw > 0
    ]
    if not claims and known_product(turn):
        order = pick_order(
            turn, lambda _: True, verb="환불을 확인", message="{id} 주문 환불 언제 들어와요?"
        )
        if order is not None:
            _tell_order(turn, order)
        return
    if not claims:
        turn.say("none")
        return
    newest = claims[0]
    order = get_or_say(turn, newest.order_id)
    if order is not None:
        _tell_refund(turn, order, newest.claim_id)
    if len(claims) > 1:
        turn.say("others")
        for claim in claims[1:SHOWN]:
            turn.show(claim_card(claim, _title(turn, claim)))


def claim_status(turn: Turn) -> None:
    """How the newest claim or ticket stands; or take a claim back."""
    if turn.caller.user_id is None:
        pick_order(turn, lambda _: True, verb="문의를 확인", message="{id} 주문")
        return
    if turn.slots.order_id and get_or_say(turn, turn.slots.order_id) is None:
        return
    every: list[Claim] = turn.call("list_claims", limit=20)
    claims = _named(turn, every)
    if WITHDRAW.search(turn.text) or (turn.answered and turn.answered.slot == "withdraw"):
        _withdraw(turn, claims)
        return
    tickets: Sequence[Ticket] = turn.call("list_tickets", limit=SHOWN).items
    if not claims and (not tickets or len(claims) < len(every)):
        turn.say("none_named" if every else "none")
        return
    newest_ticket = tickets[0].created_at if tickets else ""
    named = len(claims) < len(every) or _kind_named(turn.text) or turn.slots.order_id
    if claims and (named or claims[0].created_at >= newest_ticket):
        _say_claim(turn, claims[0])
    else:
        turn.say(
            "ticket", subject=tickets[0].subject, status=TICKET_STATUS[tickets[0].status],
            made=turn.fact(day_of(from_text(tickets[0].created_at))),
        )  # fmt: skip
    for claim in claims[:SHOWN]:
        turn.show(claim_card(claim, _title(turn, claim)))
    if not named:
        turn.show(*(ticket_card(ticket) for ticket in tickets[:SHOWN]))


def _named(turn: Turn, claims: list[Claim]) -> list[Claim]:
    """The claims a message means: of an order, a kind, a product; all when it names none."""
    slots = turn.slots
    kind = _kind_named(turn.text)
    found = [
        claim
        for claim in claims
        if (slots.order_id is None or claim.order_id == slots.order_id)
        and (kind is None or claim.kind == kind)
    ]
    rated = [(_product_score(turn, claim), claim) for claim in found] if slots.products else []
    by_product = [claim for rate, claim in rated if rate >= NAMED]
    return by_product or ([] if known_product(turn) else found)


def _kind_named(text: str) -> str | None:
    """The kind of claim a message names: "취소 요청", "반품신청", "교환"."""
    kinds = {word: kind for kind, word in CLAIM_KIND.items()}
    asked = re.search(r"(반품|교환|취소)\s*(?:신청|요청|접수)", text)
    if asked:
        return kinds[asked.group(1)]
    plain = [kind for word, kind in kinds.items() if word in text]
    return plain[0] if len(plain) == 1 else None


def _product_score(turn: Turn, claim: Claim) -> float:
    return line_score(_title(turn, claim), turn.slots.products)


def _withdraw(turn: Turn, claims: list[Claim]) -> None:
    open_ones = [claim for claim in claims if claim.status in ("requested", "approved")]
    named = [claim for claim in open_ones if claim.order_id == turn.context.order_id]
    picked = nth(turn.answered.choices, turn.slots.ordinal) if turn.answered else None
    if picked is not None:
        named = [claim for claim in open_ones if claim.claim_id == picked]
    chosen = named or open_ones
    if not chosen:
        turn.say("nothing_to_withdraw")
        return
    if len(chosen) > 1:
        turn.say("which_withdraw")
        turn.show(*(claim_card(claim, _title(turn, claim)) for claim in chosen[:SHOWN]))
        turn.ask("withdraw", choices=[claim.claim_id for claim in chosen[:SHOWN]])
        return
    claim = chosen[0]
    title = _title(turn, claim)
    turn.propose(
        Proposal(
            "withdraw_claim",
            {"claim_id": claim.claim_id},
            f"{title} {CLAIM_KIND[claim.kind]} 신청 철회",
            (
                ("상품", title),
                ("신청", f"{CLAIM_KIND[claim.kind]} · {CLAIM_STATUS[claim.status]}"),
                ("사유", REASON.get(claim.reason_code, "")),
            ),
            claim.order_id,
            claim.version,
        )
    )
    turn.say("offer_withdraw", title=title, kind=CLAIM_KIND[claim.kind])


def _say_claim(turn: Turn, claim: Claim) -> None:
    turn.say(
        f"claim_{claim.status}",
        title=_title(turn, claim),
        kind=CLAIM_KIND[claim.kind],
        made=turn.fact(day_of(from_text(claim.created_at))),
        note=claim.note or "자세한 이유는 상담원이 안내해 드릴게요.",
    )


def _has_refund(order: Order) -> bool:
    return order.status == "cancelled" or any(line.claim_status for line in order.lines)


def _tell_order(turn: Turn, order: Order) -> None:
    refunds = [state for state in _refunds(turn, order) if state.kind != "exchange"]
    if refunds:
        _tell_refund(turn, order, refunds[-1].claim_id)
        return
    turn.say("none_for_order", title=order.title)
    turn.show(order_card(turn, order))


def _refunds(turn: Turn, order: Order) -> list[RefundState]:
    found: list[RefundState] = turn.call("refund_state", order_id=order.order_id)
    return found


def _tell_refund(turn: Turn, order: Order, claim_id: str) -> None:
    """Where the refund of one claim stands, with amount, method and day."""
    rules = turn.rules
    state = next(state for state in _refunds(turn, order) if state.claim_id == claim_id)
    claim = next(claim for claim in order.claims if claim.claim_id == claim_id)
    low, high = rules.card_refund_min_business_days, rules.card_refund_max_business_days
    turn.fact(f"{rules.refund_business_days}영업일 {low}영업일 {high}영업일 {low}~{high}영업일")
    late = state.due is not None and day_of(turn.now) > state.due
    turn.say(
        refund_reply(claim, state, late=late),
        title=order.title,
        refund=state.amount_krw,
        method=state.method_label or "결제하신 수단",
        days=rules.refund_business_days,
        min_days=low,
        max_days=high,
        due=state.due,
        done=state.paid_on,
        latest=state.card_until,
    )
    if state.interest_krw:
        name = "interest_paid" if state.status == "paid" else "interest_due"
        turn.fact(f"{rules.late_refund_rate_percent}%")
        turn.say(name, interest=state.interest_krw, rate=rules.late_refund_rate_percent)
    turn.show(order_card(turn, order))


def refund_reply(claim: Claim, state: RefundState, *, late: bool) -> str:
    """The name of the reply for where a refund stands."""
    if state.status == "paid":
        return "paid_back_card" if state.card_until else "paid_back"
    if state.status == "due":
        return "late" if late else f"due_{claim.kind}"
    return f"waiting_{'cancel' if claim.kind == 'cancel' else claim.status}"


def _title(turn: Turn, claim: Claim) -> str:
    order: Order = turn.call("get_order", order_id=claim.order_id)
    names = {line.line_id: line.product_name for line in order.lines}
    return names.get(claim.lines[0].line_id, order.title) if claim.lines else order.title
