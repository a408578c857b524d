"""A page for ``test_browser_refresh.py``: parts that look again all the time around a text box.

The server under test runs it with ``streamlit run``.
"""

from __future__ import annotations

import streamlit as st

from ui.refresh import refreshed

EVERY_S = 0.1


@refreshed(EVERY_S)
def _restless() -> None:
    """Draws the whole page anew at every third look."""
    looks = st.session_state["looks"] = st.session_state.get("looks", 0) + 1
    st.caption(f"{looks} looks")
    if looks % 3 == 0:
        st.rerun()


@refreshed(EVERY_S)
def _long() -> None:
    for line in range(10):
        st.caption(f"line {line}")


if __name__ == "__main__":
    _restless()
    _long()
    with st.container(border=True):
        st.text_area("box", key="box")
