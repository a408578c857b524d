"""What every page tells the browser to be careful about, where the page has not said so itself.

Around the console's own pages and everything beside them. The console is drawn by scripts
that Streamlit writes into the page and evaluates, so a policy of scripts is not among these;
who may show the console in a frame is.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import services
from services import Services

__all__ = ["HEADERS", "SecurityHeaders"]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Photos of a defect may be taken on the spot; nothing else is asked for.
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
_DAY_S = 86_400


class SecurityHeaders:
    """ASGI middleware; websockets pass untouched."""

    def __init__(self, app: ASGIApp, desk_of: Callable[[], Services] = services.get) -> None:
        self.app, self.desk_of = app, desk_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._wanted().items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, sending)

    def _wanted(self) -> dict[str, str]:
        days = self.desk_of().settings.hsts_days
        if not days:
            return HEADERS
        return {**HEADERS, "Strict-Transport-Security": f"max-age={days * _DAY_S}"}
