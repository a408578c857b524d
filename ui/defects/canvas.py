"""A photo to draw a box on: a plotly chart whose background is the picture.

Streamlit tells the range of a box selection; a quiet trace carries it, for plotly selects
nothing on an empty chart. Works by mouse and by touch (tests/browser/test_browser_photos.py).
"""

from __future__ import annotations

import base64
import io
from typing import Any

import streamlit as st

__all__ = ["box_of", "draw"]

Box = tuple[float, float, float, float]
WIDTH_PX, LEAST_PX, MOST_PX = 470, 240, 520  # a desk's column; a phone's is narrower
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def draw(picture: bytes, *, key: str) -> Box | None:
    """Draw the picture; the box that was dragged on it last, in fractions of it."""
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as opened:
        wide, high = opened.size
    event: Any = st.plotly_chart(
        _figure(picture, wide, high), key=key, on_select="rerun", selection_mode=("box",),
        config=CONFIG,
    )  # fmt: skip
    return box_of(event, wide, high)


def box_of(event: Any, wide: int, high: int) -> Box | None:
    """The last box of a selection event, inside the picture; None for none or an empty one."""
    boxes = event.get("selection", {}).get("box") or () if event else ()
    if not boxes:
        return None
    (x1, x2), (y1, y2) = sorted(boxes[-1]["x"]), sorted(boxes[-1]["y"])
    box = (_share(x1, wide), _share(y1, high), _share(x2, wide), _share(y2, high))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _share(place: float, side: int) -> float:
    return min(max(float(place) / side, 0.0), 1.0)


def _figure(picture: bytes, wide: int, high: int) -> Any:
    from plotly import graph_objects

    source = "data:image/jpeg;base64," + base64.b64encode(picture).decode()
    figure = graph_objects.Figure(
        graph_objects.Scatter(
            x=[0, wide, 0, wide], y=[0, 0, high, high], mode="markers", hoverinfo="skip",
            marker={"size": 1, "opacity": 0}, showlegend=False,
        )
    )  # fmt: skip
    figure.add_layout_image(
        source=source, x=0, y=0, sizex=wide, sizey=high, xref="x", yref="y", layer="below",
        sizing="stretch",
    )  # fmt: skip
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    figure.update_xaxes(range=[0, wide], **axis)
    figure.update_yaxes(range=[high, 0], scaleanchor="x", constraintoward="top", **axis)
    figure.update_layout(
        dragmode="select", height=min(max(round(WIDTH_PX * high / wide), LEAST_PX), MOST_PX),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        newselection={"line": {"color": "#d92d3a", "width": 3, "dash": "solid"}},
        activeselection={"fillcolor": "rgba(217,45,58,.15)"},
        plot_bgcolor="rgba(0,0,0,0)", paper_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    return figure
