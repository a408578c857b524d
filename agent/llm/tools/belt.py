"""The tools a model may use in one turn: it looks as the caller, and changes nothing.

Whatever a model sends, :meth:`ToolBelt.run` answers with JSON for it and raises nothing. The
caller is the session's; what a tool found counts as evidence exactly as the model read it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from agent.cards import product_card
from agent.flows.cancel import propose_cancel
from agent.guardrails import Evidence
from agent.guardrails.numbers import Number, find_numbers
from agent.llm.tools.results import as_text, for_model, view_of
from agent.llm.tools.specs import OFFERED, PROPOSES, BadArguments, offer_of
from agent.llm.types import ToolCall, ToolSpec
from agent.tools.base import REGISTRY, run
from errors import SangdamError
from store.models import Order, Product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.turn import Turn
    from store.database import Tx

__all__ = ["OFFERED", "ToolBelt"]

log = logging.getLogger("sangdam.turn")
MOST_CARDS = 4
MOST_CLAUSES = 3
NEAR_BEST = 0.85  # of the best clause's score: cited beside it
LIKE_BEST = 0.5  # of the best product's: a search lists what is far off too
SMALL = 99  # a count ("3개") needs no source; a percentage does
_PERCENT = re.compile(r"\s*(?:%|％|퍼센트|프로)")
CONFIRM = "고객이 확인 버튼을 눌러야 해요. 아직 취소되지 않았어요."


class ToolBelt:
    """Tools for one turn, used by one thread; ``refused`` are codes for the books.

    ``names`` are of :data:`OFFERED` (ValueError for others); those that need an account are
    left out for a guest. ``read`` opens a transaction for each call; without it the turn's own
    must be open.
    """

    def __init__(
        self,
        turn: Turn,
        names: Sequence[str] = OFFERED,
        *,
        read: Callable[[], AbstractContextManager[Tx]] | None = None,
    ) -> None:
        if unknown := set(names) - set(OFFERED):
            raise ValueError(f"never offered to a model: {sorted(unknown)}")
        guest = turn.caller.user_id is None
        offers = [offer_of(name) for name in dict.fromkeys(names)]
        self._turn = turn
        self._read = read
        self._offers = {o.spec.name: o for o in offers if not (guest and o.account)}
        self._found: list[tuple[Product, str]] = []
        self._looked_at_one = False
        self._clauses: list[Any] = []
        self._asked = False
        self.refused: list[str] = []

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is offered."""
        return tuple(offer.spec for offer in self._offers.values())

    @property
    def desk_spoke(self) -> bool:
        """Whether the desk itself answered a wish to cancel: its offer, its question which
        pieces, or why not. The draft's words then belong in the reply, whatever a model says."""
        return self._asked

    def doing(self, call: ToolCall) -> str:
        """What the customer reads while ``call`` runs."""
        offer = self._offers.get(call.name)
        return offer.doing if offer else "확인하고 있어요"

    def run(self, call: ToolCall) -> str:
        """JSON text for the model, at most 4,000 characters; what is refused says why."""
        return as_text(self._answer(call))

    def refuse(self, code: str, message: str, **more: Any) -> dict[str, Any]:
        """Count a refusal and word it for the model."""
        log.info("tool call refused: %s", code)
        self.refused.append(code)
        return {"error": message, **more}

    def show(self) -> None:
        """Put what the reply rests on beside it: the last products, the clauses. Once each."""
        draft = self._turn.draft
        there = {card.id for card in draft.cards if card.type == "product"}
        cards = [product_card(one, why) for one, why in self._found if one.product_id not in there]
        if cards:
            self._turn.show(*cards[:MOST_CARDS])
        cited = {citation.chunk_id for citation in draft.citations}
        self._turn.cite([hit for hit in self._clauses if hit.chunk.chunk_id not in cited])
        self._found, self._clauses = [], []

    def _answer(self, call: ToolCall) -> dict[str, Any]:
        offer = self._offers.get(call.name)
        if offer is None:
            known = REGISTRY.get(call.name)
            code = "tool_write_refused" if known and known.kind == "WRITE" else "tool_unknown"
            return self.refuse(code, "쓸 수 없는 도구예요.", tools=list(self._offers))
        try:
            arguments = offer.read(call.arguments)
        except BadArguments as bad:
            message = "인자를 읽을 수 없어요. accepts에 맞는 JSON으로 보내 주세요."
            return self.refuse("tool_bad_arguments", message, wrong=bad.wrong, accepts=bad.accepts)
        try:
            with self._reading():
                return self._run(call.name, arguments)
        except SangdamError as error:
            return self.refuse("tool_refused", error.message)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A transaction for one call: a model's thinking must not hold one open."""
        if self._read is None:
            yield
            return
        before = self._turn.tools
        with self._read() as tx:
            self._turn.tools = replace(before, tx=tx)
            try:
                yield
            finally:
                self._turn.tools = before

    def _run(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if name == PROPOSES:
            return self._propose(arguments["order_id"])
        if name == "calculate" and not self._has_sources(arguments["expression"]):
            message = "고객이 말했거나 도구가 알려 준 숫자로만 계산할 수 있어요."
            return self.refuse("tool_refused", message)
        if name == "list_orders":  # staff could list everybody's
            arguments["customer_id"] = self._turn.caller.user_id
        result = run(self._turn.tools, name, **arguments)
        self._keep(name, result)
        view: dict[str, Any] = self._turn.fact(view_of(name, result))
        return view

    def _has_sources(self, expression: str) -> bool:
        """Whether its numbers were told: a sum of invented ones would make a fact of them."""
        turn = self._turn
        facts = Evidence.collect(turn.evidence, message=turn.text)
        told = {Decimal(amount) for amount in facts.amounts} | facts.percents
        told |= {value for value, _ in facts.periods}
        told |= {number.value for number in find_numbers(turn.text)}
        used = list(find_numbers(expression))
        new = [number for number in used if number.value not in told]
        read = sum(sign.isdigit() for number in used for sign in number.text)
        return (
            read == sum(sign.isdigit() for sign in expression)  # ".7" is read as none
            and all(_is_count(number, expression) for number in new)
            and 2 * len(new) <= len(used)
        )

    def _keep(self, name: str, result: Any) -> None:
        """Remember what was found for :meth:`show`."""
        if name == "get_product":
            before = self._found if self._looked_at_one else []
            self._found = [*(pair for pair in before if pair[0] != result), (result, "")]
        elif name == "search_products":
            sure = result.matches if result.confident else ()
            alike = [one for one in sure if one.score >= LIKE_BEST * result.matches[0].score]
            self._found = [(match.product, "") for match in alike]
        elif name == "recommend_products":
            self._found = [(one.product, one.reason) for one in result]
        elif name == "search_policies":
            self._keep_clauses(result)
        if name in ("get_product", "search_products", "recommend_products"):
            self._looked_at_one = name == "get_product"

    def _keep_clauses(self, result: Any) -> None:
        hits = result.hits
        self._turn.retrieved.extend(hit.chunk.chunk_id for hit in hits)
        if hits and result.confident:
            near = [hit for hit in hits if hit.score >= NEAR_BEST * hits[0].score]
            self._clauses = near[:MOST_CLAUSES]

    def _propose(self, order_id: str) -> dict[str, Any]:
        """Let the desk offer the cancellation in its own words; the customer says yes or not."""
        turn = self._turn
        if self._asked or turn.draft.proposal is not None:
            message = "이미 주문 하나의 취소를 여쭤보고 있어요. 그 답을 먼저 받아야 해요."
            return self.refuse("tool_refused", message)
        order: Order = turn.call("get_order", order_id=order_id)
        self._asked = True
        turn.context = turn.context.change(order_id=order.order_id)
        turn.intent = "cancel"  # whose templates word it, and which the answer goes on with
        before = len(turn.draft.parts)
        propose_cancel(turn, order)
        said = "\n\n".join(turn.draft.parts[before:])
        proposal = turn.draft.proposal
        if proposal is None:
            return for_model({"not_proposed": order.order_id, "said_to_customer": said})
        view = {"proposed": proposal.summary, "said_to_customer": said, "confirm": CONFIRM}
        return for_model(view)


def _is_count(number: Number, expression: str) -> bool:
    """Whether it can be a number of pieces, which a model may read out of any words."""
    whole = number.value <= SMALL and number.value == int(number.value)
    return whole and not _PERCENT.match(expression, number.end)
