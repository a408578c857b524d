"""Filters kept in the URL: a reload, a shared link and the back button find them again.

Streamlit's own ``bind="query-params"`` makes ``st.switch_page`` fail while a bound filter is
set (it may not clear the URL then), so the two ends are tied together here:

    key = url.take("orders", "status", ALL, allowed=NAMES)
    status = url.give("orders", "status", ALL, st.pills(…, key=key))
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

__all__ = ["give", "reset", "take"]

MAX_CHARS = 400


def take(page: str, name: str, default: str, *, allowed: Collection[str] | None = None) -> str:
    """Before the widget: its key, its state set from the URL where that has changed."""
    key, seen = _keys(page, name)
    wanted = st.query_params.get(name, default)[:MAX_CHARS]
    if allowed is not None and wanted not in allowed:
        wanted = default
    # What a button set before the widget was ever drawn stands (see :func:`reset`).
    if key not in st.session_state or st.session_state.get(seen, wanted) != wanted:
        st.session_state[key] = wanted
    return key


def give(page: str, name: str, default: str, value: str | None) -> str:
    """After the widget: write its value to the URL (a default leaves it) and return it."""
    found = value or default
    st.session_state[_keys(page, name)[1]] = found
    if found == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != found:
        st.query_params[name] = found
    return found


def reset(page: str, name: str, value: str) -> None:
    """Set a filter from a button (a callback)."""
    st.session_state[_keys(page, name)[0]] = value


def _keys(page: str, name: str) -> tuple[str, str]:
    return f"{page}-{name}", f"sangdam_url_{page}_{name}"
