"""What the parts of the page share: its name in the address, and how views open each other."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import url

__all__ = ["CSS", "HERE", "close", "open_check", "open_report", "show_view"]

HERE = "defects"
CSS = """<style>
.st-key-defects-look img, .st-key-defects-history img, .st-key-defects-photos img {
  border-radius: .5rem; }
:is([class*="st-key-row-"], [class*="st-key-product-"]) p { font-size: .875rem; }
[class*="st-key-defects-next-"] { padding: .7rem .9rem; }
</style>"""


def open_check(report_ids: Sequence[str]) -> None:
    """Show what was found on these photos (a callback)."""
    st.query_params["view"] = "check"
    st.query_params["reports"] = ",".join(report_ids)


def open_report(report_id: str) -> None:
    """Open one of the history (a callback)."""
    st.query_params["report"] = report_id


def close(name: str) -> None:
    """Take a name out of the address (a callback)."""
    st.query_params.pop(name, None)


def show_view(view: str) -> None:
    """Go to another view of the page (a callback)."""
    for name in ("report", "reports", "product"):
        st.query_params.pop(name, None)
    url.reset(HERE, "view", view)
