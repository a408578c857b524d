"""티켓 처리: staff take, answer and resolve what customers bring."""

from __future__ import annotations

from ui import page, session
from ui.desk import view

desk = page.setup("티켓 처리", roles=page.STAFF)
view.draw(desk, session.caller())
