"""Whose ``X-Forwarded-*`` the server believes: the setting's networks, nobody else's.

Streamlit starts uvicorn with its defaults, and uvicorn then believes everybody on this machine
before a request reaches us: whoever comes through a local tunnel could name any address.
"""

from __future__ import annotations

import signal

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

__all__ = ["believe_only"]


def believe_only(networks: str) -> None:
    """Believe the proxies of ``networks`` (separated by commas; "" is nobody).

    Called when the server starts, in its main thread, before anything else handles SIGTERM:
    uvicorn's handler is a method of its server. Another server is left as it is.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    app = server.config.loaded_app if isinstance(server, uvicorn.Server) else None
    if isinstance(app, ProxyHeadersMiddleware):
        app.trusted_hosts = type(app.trusted_hosts)(networks)
