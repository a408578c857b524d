"""품질: how well the desk understands, finds, guards and talks; for staff."""

from __future__ import annotations

from ui import page, quality_view, session

desk = page.setup("품질", roles=page.STAFF)
quality_view.draw(desk, session.caller())
