"""감사 기록: who changed what, when and from where; for staff."""

from __future__ import annotations

from ui import audit_view, page, session

desk = page.setup("감사 기록", roles=page.STAFF)
audit_view.draw(desk, session.caller())
