"""신청 처리: staff approve, refuse and carry out cancellations, returns and exchanges."""

from __future__ import annotations

from ui import claim_desk, page, session

desk = page.setup("신청 처리", roles=page.STAFF)
claim_desk.draw(desk, session.caller())
