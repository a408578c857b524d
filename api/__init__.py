"""HTTP routes served beside the pages, in the same process.

``routes`` is what ``Home.py`` hands to Streamlit: one application behind a few paths. Unknown
paths elsewhere answer with the console's HTML, so every answer here says its content type.
"""

from __future__ import annotations

from starlette.routing import Route

from api.app import create_app
from api.headers import SecurityHeaders
from api.proxies import believe_only
from api.stopping import SafeStop

__all__ = ["SafeStop", "SecurityHeaders", "believe_only", "create_app", "routes"]

_PATHS = ("/api", "/api/{rest:path}", "/v1", "/v1/{rest:path}", "/healthz", "/ready", "/health",
          "/metrics")  # fmt: skip
_app = create_app()
routes: list[Route] = [Route(path, _app) for path in _PATHS]
