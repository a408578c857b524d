"""What people do in the tiny shop, each action followed by everything that must hold after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agent.shop.claims import ORDER_TRANSITIONS, TRANSITIONS, UNSOLD_REASONS
from agent.shop.rules import Rules
from agent.tools.base import ToolContext, run
from errors import (
    BadInput,
    Forbidden,
    NotAllowedNow,
    NotFound,
    NotSignedIn,
    SangdamError,
    StateChanged,
)
from store.database import Tx
from store.models import Claim, Order, OrderLine
from tests.agent.engine_shop import CALLERS, OPTIONS, TinyShop, add_order

ACTION_OF = {
    "cancel_order": "cancel", "request_cancel": "request_cancel",
    "change_address": "change_address", "change_options": "change_option",
    "change_payment": "change_payment",
}  # fmt: skip
STAFF_ONLY = ("advance_claim", "advance_order")
PARCEL = {"carrier": "CJ대한통운", "tracking_no": "1"}


class Play:
    """The tools on a shop with two orders; every public method is one thing somebody does."""

    def __init__(self, shop: TinyShop, orders: tuple[dict[str, Any], ...]) -> None:
        self.shop = shop
        self.ids = [f"20261102-{number:07d}" for number in (1, 2)]
        with shop.database.write(durable=False) as tx:
            for order_id, owner, order in zip(self.ids, "AB", orders, strict=True):
                add_order(tx, order_id, owner, order)
        shop.opened()
        with shop.database.write(durable=False) as tx:
            for order_id, order in zip(self.ids, orders, strict=True):
                self._advance_to(tx, order_id, order)
        shop.check()

    def _advance_to(self, tx: Tx, order_id: str, order: dict[str, Any]) -> None:
        states = [*ORDER_TRANSITIONS, "delivered"]
        last = order["status"]
        if last == "as it is":
            last = "pending_payment" if order["paid_by"] == "nothing" else "paid"
        for to in states[states.index(self.shop.order(order_id).status) + 1 :]:
            if states.index(to) <= states.index(last):
                staff = ToolContext(tx, CALLERS["staff"], self.shop.rules, self.shop.now)
                run(staff, "advance_order", order_id=order_id, to=to, **PARCEL)

    def step(self, name: str, arguments: dict[str, Any]) -> None:
        """Mostly what makes sense in the order's state: half of all steps would be refused."""
        pieces = arguments.get("pieces") or [(0, 9)]
        status = self.pick(arguments.get("order", 0)).status
        if pieces[0][0] < 6 and status == "delivered":
            if name == "cancel":
                name = "send_back"
                arguments = {**arguments, "pieces": [*pieces, (1, 1)], "method": ""}
                del arguments["wrong_door"]
            elif name == "change_options":
                more = {"pieces": [(0, 1), (1, 2)], "reason": "defect", "skus": (0, 1, 2)}
                name, arguments = "exchange", {**arguments, **more}
                del arguments["changes"]
        elif pieces[0][0] < 6 and status != "shipped" and name in ("send_back", "exchange"):
            wanted = ("who", "order", "version", "pieces", "reason")
            arguments = {key: arguments[key] for key in wanted} | {"wrong_door": False}
            name = "cancel"
        getattr(self, name)(**arguments)

    # ── one action and what must be true after it ────────────────────────────────────────

    def act(
        self, who: str, order_id: str, name: str, *, version: str = "none", **arguments: Any
    ) -> Any:
        """Do it; returns what the tool returned or the error it raised."""
        order = self.shop.order(order_id)
        owner, other = ("A", "B") if order.user_id == "user_a" else ("B", "A")
        caller = {"owner": owner, "other": other}.get(who, who)
        if "claim_id" not in arguments:
            # An imported order is called by its number in the other shop as well.
            imported = version == "none" and order.external_id
            arguments["order_id"] = imported or order_id
        if "method_id" in arguments:
            arguments["method_id"] = _method(arguments["method_id"], owner, other)
        if version != "none":
            arguments["version"] = self._version(order, arguments) - (version == "stale")
        state, quoted = self.shop.seen, self._quoted(caller, name, arguments)
        try:
            result = self.shop.run(caller, name, **arguments)
        except SangdamError as error:
            assert self.shop.state() == state, "refused, and something changed"
            self._check_refusal(who, name, version, order, error)
            return error
        assert who not in ("other", "guest"), "somebody else's order"
        assert who == "staff" or name not in STAFF_ONLY
        assert version != "stale"
        self._check_success(name, order, result, quoted)
        assert self.shop.state()["audit_events"] != state["audit_events"], "nothing in the audit"
        self.shop.check()
        return result

    def _version(self, order: Order, arguments: dict[str, Any]) -> int:
        for claim in order.claims:
            if claim.claim_id == arguments.get("claim_id"):
                return claim.version
        return order.version

    def _quoted(self, caller: str, name: str, arguments: dict[str, Any]) -> Any:
        """The quote that is shown before a claim is made: figures, an error, or None."""
        given = {k: v for k, v in arguments.items() if k not in ("version", "method_id")}
        quoting = {"create_claim": "quote_claim", "cancel_order": "quote_cancel",
                   "request_cancel": "quote_cancel"}.get(name)  # fmt: skip
        if quoting is None:
            return None
        try:
            return self.shop.look(caller, quoting, **given)
        except SangdamError as error:
            return error

    def _allowed(self, order: Order) -> tuple[str, ...]:
        state = self.shop.look("staff", "get_order_status", order_id=order.order_id)
        allowed: tuple[str, ...] = state.allowed_actions
        return allowed

    def _check_refusal(
        self, who: str, name: str, version: str, order: Order, error: SangdamError
    ) -> None:
        if who == "guest":
            assert isinstance(error, Forbidden if name in STAFF_ONLY else NotSignedIn)
        elif name in STAFF_ONLY and who != "staff":
            assert isinstance(error, Forbidden)
        elif who == "other":
            assert isinstance(error, NotFound)
        elif version == "stale":
            assert isinstance(error, StateChanged)
        elif name in ACTION_OF and ACTION_OF[name] not in (allowed := self._allowed(order)):
            assert isinstance(error, NotAllowedNow)
            assert error.allowed == allowed
        elif name in ACTION_OF:
            assert not getattr(error, "allowed", ()), "listed as allowed, and refused"

    def _check_success(self, name: str, order: Order, result: Any, quoted: Any) -> None:
        """``order`` as it was before."""
        if isinstance(result, Claim):
            scrap = name == "advance_claim" and result.status == "completed"
            if scrap and result.kind != "cancel" and result.reason_code in UNSOLD_REASONS:
                sku_of = {line.line_id: line.sku for line in order.lines}
                for line in result.lines if result.kind == "exchange" else ():
                    self.shop.scrapped[sku_of[line.line_id]] += line.quantity
        if quoted is not None:
            assert result.quote == quoted, "not as it was quoted"
            assert result.refund_krw == quoted["refund_krw"]

    # ── what people do ───────────────────────────────────────────────────────────────────

    def pick(self, order: int) -> Order:
        return self.shop.order(self.ids[order])

    def cancel(
        self, who: str, order: int, version: str, pieces: Any, reason: str, wrong_door: bool
    ) -> None:
        now = self.pick(order)
        allowed = self._allowed(now)
        ask = (now.status == "preparing") != wrong_door
        result = self.act(
            who, now.order_id, "request_cancel" if ask else "cancel_order", version=version,
            lines=None if pieces is None else _pieces(now, pieces), reason_code=reason,
        )  # fmt: skip
        if pieces is None and who in ("owner", "staff") and version != "stale":
            word = "request_cancel" if ask else "cancel"
            assert isinstance(result, Claim) == (word in allowed)

    def change_address(self, who: str, order: int, version: str, road: str) -> None:
        self.act(who, self.ids[order], "change_address", version=version, road=road)

    def change_options(self, who: str, order: int, version: str, method: str, changes: Any) -> None:
        now = self.pick(order)
        lines = [_line(now, place) for place, _ in changes]
        self.act(
            who, now.order_id, "change_options", version=version, method_id=method,
            changes=[
                (line.line_id, _sku(line, place, self.shop.rules))
                for line, (_, place) in zip(lines, changes, strict=True)
            ],
        )  # fmt: skip

    def change_payment(self, who: str, order: int, version: str, method: str) -> None:
        self.act(who, self.ids[order], "change_payment", version=version, method_id=method)

    def send_back(
        self, who: str, order: int, version: str, pieces: Any, reason: str, method: str | None
    ) -> None:
        now = self.pick(order)
        lines = [(line_id, quantity, None) for line_id, quantity in _pieces(now, pieces)]
        self.act(
            who, now.order_id, "create_claim", version=version, kind="return", lines=lines,
            reason_code=reason, method_id=method,
        )  # fmt: skip

    def exchange(
        self, who: str, order: int, version: str, pieces: Any, reason: str, method: str | None,
        skus: Any,
    ) -> None:  # fmt: skip
        now = self.pick(order)
        by_id = {line.line_id: line for line in now.lines}
        lines = [
            (line_id, quantity, _sku(by_id[line_id], place, self.shop.rules))
            for (line_id, quantity), place in zip(_pieces(now, pieces), skus, strict=False)
        ]
        self.act(
            who, now.order_id, "create_claim", version=version, kind="exchange", lines=lines,
            reason_code=reason, method_id=method,
        )  # fmt: skip

    def withdraw(self, who: str, claim: int, version: str) -> None:
        if (one := self._claim(claim)) is None:
            return
        self.act(who, one.order_id, "withdraw_claim", claim_id=one.claim_id, version=version)

    def advance_claim(self, who: str, claim: int, version: str, to: str, note: str) -> None:
        if (one := self._claim(claim)) is None:
            return
        to = to or next(iter(TRANSITIONS[one.kind].get(one.status, ())), "completed")
        self.act(
            who, one.order_id, "advance_claim", claim_id=one.claim_id, to=to, note=note,
            version=version,
        )  # fmt: skip

    def finish_claim(self, claim: int, days: int) -> None:
        """Staff take a claim to its end, if nothing holds it; late by ``days``."""
        one = self._claim(claim)
        while one and (following := TRANSITIONS[one.kind].get(one.status)):
            if following == ("completed",) or one.status == "approved":
                self.pass_days(days)
            after = self.act(
                "staff", one.order_id, "advance_claim", claim_id=one.claim_id, to=following[0]
            )
            if not isinstance(after, Claim):
                assert after.code == "insufficient_balance"
                return
            one = after

    def advance_order(self, who: str, order: int, version: str, to: str, parcel: bool) -> None:
        now = self.pick(order)
        to = to or next(iter(ORDER_TRANSITIONS.get(now.status, ())), "delivered")
        more = PARCEL if parcel else {}
        self.act(who, now.order_id, "advance_order", version=version, to=to, **more)

    def pass_days(self, days: int) -> None:
        self.shop.now += timedelta(days=days)

    # ── what must agree ──────────────────────────────────────────────────────────────────

    def rest(self) -> None:
        """Nothing happens."""

    def take_back(
        self, order: int, kind: str, pieces: Any, skus: Any, way: tuple[str, ...]
    ) -> None:
        """A claim that comes to nothing leaves everything as it was."""
        now, before = self.pick(order), _things(self.shop)
        if now.status == "preparing":
            claim = self.act("owner", now.order_id, "request_cancel", lines=_pieces(now, pieces))
        else:
            by_id = {line.line_id: line for line in now.lines}
            lines = [
                (line_id, n, _sku(by_id[line_id], place, self.shop.rules))
                if kind == "exchange"
                else (line_id, n, None)
                for (line_id, n), place in zip(_pieces(now, pieces), skus, strict=False)
            ]
            claim = self.act("owner", now.order_id, "create_claim", kind=kind, lines=lines,
                             reason_code="not_as_described", method_id="card")  # fmt: skip
        if isinstance(claim, Claim):
            allowed = self._allowed(now), self._allowed(self.pick(order))
            assert "withdraw" in allowed[1]
            for to in way:
                self.act("staff", now.order_id, "advance_claim", claim_id=claim.claim_id,
                         to=to, note="사유")  # fmt: skip
            assert _things(self.shop) == before

    def look_at_what_is_allowed(self, order: int) -> None:
        now = self.pick(order)
        allowed = set(self._allowed(now))
        assert bool(allowed & {"cancel", "request_cancel"}) == self._works(
            "quote_cancel", order_id=now.order_id
        )
        assert ("track" in allowed) == self._works("track_order", order_id=now.order_id)
        can_withdraw = any("withdrawn" in TRANSITIONS[c.kind].get(c.status, ()) for c in now.claims)
        assert ("withdraw" in allowed) == can_withdraw
        for kind in ("return", "exchange"):
            works = [
                self._works("quote_claim", order_id=now.order_id, kind=kind, reason_code="defect",
                            lines=[(x.line_id, 1, x.sku if kind == "exchange" else None)])
                for x in now.lines
            ]  # fmt: skip
            assert None in works or (kind in allowed) == any(works)

    def _works(self, name: str, **arguments: Any) -> bool | None:
        """None where there is nothing left on the shelf to say it by."""
        try:
            self.shop.look("staff", name, **arguments)
        except BadInput as error:
            return None if "재고" in error.message else False
        except NotAllowedNow:
            return False
        return True

    def _claims(self) -> list[Claim]:
        found = [claim for number in (0, 1) for claim in self.pick(number).claims]
        return sorted(found, key=lambda claim: claim.claim_id)

    def _claim(self, place: int) -> Claim | None:
        """One of the claims, the newest first and most often."""
        found = self._claims()
        return found[-1 - place % len(found)] if found else None


def _line(order: Order, place: int) -> OrderLine:
    return order.lines[place % len(order.lines)]


def _method(word: str, owner: str, other: str) -> str | None:
    if word == "somebody's":
        return f"{other}-card"
    return f"{owner}-{word}" if word else None


def _sku(line: OrderLine, place: int, rules: Rules) -> str:
    """Mostly an option the line may get; now and then its own or another product's."""
    options = OPTIONS[line.product_id][1]
    if place > 5:
        return ["P1-A", line.sku][place - 6]
    extra = options[line.sku][0]
    good = [
        sku for sku, (more, _) in options.items()
        if sku != line.sku and (rules.price_difference or more == extra)
    ]  # fmt: skip
    return good[place % len(good)] if good else line.sku


def _pieces(order: Order, pieces: list[tuple[int, int]]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for place, quantity in pieces:
        line = _line(order, place)
        wanted = min(quantity, line.free) if 0 < quantity < 9 and line.free else quantity
        found.setdefault(line.line_id, line.free + 1 if quantity == 9 else wanted)
    return list(found.items())


def _things(shop: TinyShop) -> Any:
    """Money, goods and lines: everything but versions, times, claims and the audit."""
    rows = shop.reader.rows
    orders = [shop.order(row["order_id"]) for row in rows("select order_id from orders")]
    return (
        rows("select * from product_options"),
        rows("select * from payments"),
        rows("select * from payment_methods"),
        rows("select * from order_lines"),
        [(x.status, x.total_krw, [(y.gone, y.in_exchange) for y in x.lines]) for x in orders],
        [
            shop.look("staff", "get_order_status", order_id=x.order_id).allowed_actions
            for x in orders
        ],
    )  # fmt: skip
