"""진단: the settings in force, the language models and who answers what; for admins."""

from __future__ import annotations

from ui import diagnostics_view, page, session

desk = page.setup("진단", roles=page.ADMIN)
diagnostics_view.draw(desk, session.caller())
