"""정책 검사: what the search finds for a question and why, and the policies' own desk."""

from __future__ import annotations

from ui import page, session
from ui.inspection import view

desk = page.setup("정책 검사", roles=page.STAFF)
view.draw(desk, session.caller())
