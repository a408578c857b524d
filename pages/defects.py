"""불량 확인: photos judged and corrected, the catalogue's pictures, the detector's figures."""

from __future__ import annotations

from ui import page, session
from ui.defects import view

desk = page.setup("불량 확인", roles=page.STAFF)
view.draw(desk, session.caller())
