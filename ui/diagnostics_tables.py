"""What the views of the diagnostics share: tables that become blocks on a phone, data, figures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from ui.format import plain

__all__ = ["Column", "address", "data", "money", "table", "took"]

# Markdown makes links of these by themselves, and then shows the backslashes of what is literal.
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\\?\.)|(?<=@)", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_CSS = """<style>
.KEY table { width: 100%; table-layout: fixed; font-size: .85rem; }
.KEY :is(th, td) { border-width: 0 0 1px; padding: .4rem .5rem; vertical-align: top;
  font-variant-numeric: tabular-nums; }
.KEY [data-testid="stMarkdownContainer"] code { font-size: .95em; padding: 0; color: inherit;
  background: none; overflow-wrap: anywhere; }
WIDTHS
@media (max-width: 640px) {
  .KEY thead { display: none; }
  .KEY tr { display: flex; flex-wrap: wrap; column-gap: .9rem; padding: .5rem 0;
    border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
  .KEY td { flex: 1 1 100%; min-width: 0; border: 0; padding: .05rem 0;
    text-align: left !important; }
  .KEY td:empty { display: none; }
  .KEY td:not(:first-child)::before { opacity: .6; margin-right: .4rem; }
  LABELS
}
</style>"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, its share of the width (percent), whether it holds numbers."""

    head: str
    width: int
    number: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], key: str) -> None:
    """Rows of ready Markdown; an empty cell leaves no line on a phone."""
    name = f"diag-table-{key}"
    scope = f".st-key-{name}"
    widths, labels = [], []
    for at, column in enumerate(columns, start=1):
        widths.append(f"{scope} th:nth-child({at}) {{ width: {column.width}%; }}")
        if at > 1:
            labels.append(f'{scope} td:nth-child({at})::before {{ content: "{column.head}"; }}')
        if column.number:
            labels.append(f"{scope} td:nth-child({at}) {{ flex: 0 0 auto; }}")
    css = _CSS.replace("WIDTHS", "\n".join(widths)).replace("LABELS", "\n  ".join(labels))
    lines = [
        [column.head for column in columns],
        ["--:" if column.number else ":--" for column in columns],
        *rows,
    ]
    with st.container(key=name):
        st.html(css.replace(".KEY", scope))
        st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def data(text: object) -> str:
    """Data made literal for ``st.markdown``, with no links made of it either."""
    return _LINKS.sub(_WORD_JOINER, plain(text))


def address(url: str) -> str:
    """An address as code: copied just as it is. "" stays empty."""
    kept = " ".join(url.split()).replace("`", "%60").replace("|", "%7C")
    return f"`{kept}`" if kept else ""


def money(usd: float) -> str:
    """US dollars for ``st.markdown``, a small sum with more places: "$0.00012", "$12.30"."""
    places = 2 if usd >= 1 or usd == 0 else 4 if usd >= 0.01 else 6
    return plain(f"${usd:,.{places}f}")


def took(ms: float) -> str:
    """A duration: "320ms", "1.2초"."""
    return f"{ms:,.0f}ms" if ms < 1000 else f"{ms / 1000:.1f}초"
