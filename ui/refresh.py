"""A part of a page that looks again by itself, without moving what stands after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

__all__ = ["refreshed"]

P = ParamSpec("P")


def refreshed(every_s: float) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Draw the decorated part again every ``every_s`` seconds, alone.

    It stands in a place of its own. Where a fragment's run begins just as the page's has ended,
    Streamlit drops what the page has not yet sent of the fragment (``ForwardMsgQueue.clear``),
    and the browser takes its block away: what follows moves up by one, is overwritten by the
    fragment's next run, and loses what was being written in it. In a place that the page itself
    has drawn nothing follows.
    """

    def around(draw: Callable[P, None]) -> Callable[P, None]:
        fragment = st.fragment(run_every=every_s)(draw)

        @wraps(draw)
        def placed(*args: P.args, **kwargs: P.kwargs) -> None:
            with st.container():
                fragment(*args, **kwargs)

        return placed

    return around
