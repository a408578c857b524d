"""내 문의: what a person took over, how it stands and when an answer comes."""

from __future__ import annotations

import streamlit as st

from ui import page, session, ticket_view

desk = page.setup("내 문의", roles=page.SIGNED_IN, layout="centered")
ticket_id = st.query_params.get("ticket")
if ticket_id:
    ticket_view.detail(desk, session.caller(), ticket_id)
else:
    ticket_view.listing(desk, session.caller())
