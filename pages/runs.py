"""대화 검토: past turns in full, played again without side effects."""

from __future__ import annotations

from ui import page, session
from ui.runs import view

desk = page.setup("대화 검토", roles=page.STAFF)
view.draw(desk, session.caller())
