"""The photos of an open ticket: of its chat and of its claims, with what was found on them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.types import Caller
from errors import NotFound
from services import Services
from ui import photo_report

__all__ = ["draw"]

MESSAGES = 200  # of the chat, the newest


def draw(desk: Services, caller: Caller, ticket: Any) -> None:
    """Every photo, the newest last; where there is none, that."""
    look = desk.tool(caller, "look_at_ticket", ticket_id=ticket.ticket_id, messages=MESSAGES)
    image_ids = [
        str(image_id)
        for message in look.messages
        for image_id in message.payload.get("image_ids") or ()
    ]
    order, claims = _order(desk, caller, ticket)
    image_ids += [image_id for claim in claims for image_id in claim.photos]
    if not image_ids:
        with st.container(border=True, key="desk-no-photos", gap="small"):
            st.markdown("**아직 사진이 없어요**")
            st.caption("고객이 채팅이나 신청서로 보낸 사진이 여기에 모여요.")
        return
    lines = [line.line_id for line in order.lines] if order is not None else []
    photo_report.several(
        desk, caller, image_ids, key=f"ticket-{ticket.ticket_id}",
        order_id=order.order_id if order is not None else None,
        line_id=lines[0] if len(lines) == 1 else None,
    )  # fmt: skip


def _order(desk: Services, caller: Caller, ticket: Any) -> tuple[Any, list[Any]]:
    """The ticket's order and the claims that belong to the ticket: its own, else the order's."""
    try:
        claim = (
            desk.tool(caller, "get_claim", claim_id=ticket.claim_id) if ticket.claim_id else None
        )
        order_id = ticket.order_id or (claim.order_id if claim is not None else None)
        if order_id is None:
            return None, []
        order = desk.tool(caller, "get_order", order_id=order_id)
    except NotFound:
        return None, []
    return order, [claim] if claim is not None else list(order.claims)
