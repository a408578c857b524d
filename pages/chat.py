"""상담 채팅: the customer's conversation with the desk."""

from __future__ import annotations

from ui import page, session
from ui.chat import ChatView

desk = page.setup("상담 채팅", roles=page.EVERYBODY, layout="centered")
ChatView(desk, session.caller()).draw()
