"""API 키: what other programs sign in with; for admins."""

from __future__ import annotations

from ui import keys_view, page, session

desk = page.setup("API 키", roles=page.ADMIN)
keys_view.draw(desk, session.caller())
