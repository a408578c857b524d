"""주문 내역: the caller's orders, and one order with everything that can be done about it."""

from __future__ import annotations

import streamlit as st

from ui import order_detail, order_list, page, session

desk = page.setup("주문 내역", roles=page.SIGNED_IN)
if order_list.wants_chat():
    page.go("chat")
order_id = st.query_params.get("order")
if order_id:
    order_detail.draw(desk, session.caller(), order_id)
else:
    order_list.draw(desk, session.caller())
