"""HTTP routes served beside the pages, in the same process.

``routes`` is what ``Home.py`` hands to Streamlit. Unknown paths answer with the console's
HTML, so every route here says its content type.
"""

from __future__ import annotations

from starlette.routing import Route

from api import probes

__all__ = ["routes"]

routes: list[Route] = [*probes.routes]
