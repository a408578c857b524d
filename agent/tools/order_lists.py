"""Lists of orders, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from agent.shop import words
from agent.tools.base import ToolContext, tool
from agent.tools.orders import day_span
from errors import BadInput, NotFound
from store import accounts, order_pages
from store.models import OrderPage

__all__ = ["list_orders", "whose"]


@tool("READ")
def list_orders(
    ctx: ToolContext,
    *,
    customer_id: str | None = None,
    statuses: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    text: str = "",
    limit: int = 20,
    cursor: str | None = None,
    with_total: bool = False,
) -> OrderPage:
    """A page of one's own orders, newest first; for staff of any customer's, or of all.

    ``since`` and ``until`` are Korean days, both included; ``limit`` is 1 to 100; ``text`` is
    an order number or part of a product's name, for staff also of the customer's name or
    e-mail. Raises NotSignedIn for a guest, NotFound for another customer's id, BadInput for
    a status or a cursor that does not exist, days before 1970 or after 2100.
    """
    unknown = [status for status in statuses if status not in words.ORDER_STATUS]
    if unknown:
        raise BadInput(
            f"{unknown[0]!r}라는 주문 상태는 없어요. 쓸 수 있는 상태: "
            f"{', '.join(words.ORDER_STATUS)}"
        )
    first, before = day_span(since, until)
    return order_pages.page(
        ctx.tx,
        user_id=whose(ctx, customer_id),
        statuses=statuses,
        since=first,
        until=before,
        text=text,
        people=ctx.caller.is_staff,
        cursor=cursor,
        limit=limit,
        with_total=with_total,
    )


def whose(ctx: ToolContext, customer_id: str | None) -> str | None:
    """Whose things are listed; None for everybody's. Raises NotSignedIn, NotFound."""
    if not ctx.caller.is_staff:
        if customer_id not in (None, ctx.me()):
            raise NotFound("해당 고객을 찾을 수 없어요.")
        return ctx.me()
    if customer_id is not None and accounts.get(ctx.tx, customer_id) is None:
        raise NotFound("해당 고객을 찾을 수 없어요. 고객 번호를 다시 확인해 주세요.")
    return customer_id
