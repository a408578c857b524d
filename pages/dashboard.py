"""지표: the desk's figures over time, with the conversations behind each."""

from __future__ import annotations

from ui import page, session
from ui.dashboard import view

desk = page.setup("지표", roles=page.STAFF)
view.draw(desk, session.caller())
