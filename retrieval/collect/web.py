"""HTML to Markdown: the page's main part with its headings, lists and tables.

What a reader of the page does not see is dropped, and so are addresses of links and images:
text from outside may neither hide words nor make a browser ask somebody.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["from_html"]

_DROP = (
    "script style noscript template iframe object embed svg canvas audio video form button "
    "input select textarea nav aside dialog img picture map head link meta"
).split()
_MAIN = ("main", "[role=main]", "article", "#contents", "#content", "#container")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0(\.0+)?\s*(;|\Z)"
    r"|font-size\s*:\s*0|(?:text-indent|left|top)\s*:\s*-\d{3,}|(?<![\w-])color\s*:\s*transparent",
    re.IGNORECASE,
)
_SPAN_MAX = 60
MAIN_SHARE = 0.25


def from_html(html: str) -> tuple[str, str]:
    """(title, Markdown) of a page. The title is its only ``h1``, else its ``<title>``."""
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    soup = BeautifulSoup(html, "lxml")
    named = soup.title.get_text(" ", strip=True) if soup.title else ""
    _drop_unseen(soup)
    root = _main_part(soup)
    for table in root.find_all("table"):
        _square(soup, table)
    headings = root.find_all("h1")
    title = headings[0].get_text(" ", strip=True) if len(headings) == 1 else ""
    converter = MarkdownConverter(
        heading_style="atx",
        bullets="-",
        strip=["a"],
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        table_infer_header=True,
    )
    return title or named, converter.convert_soup(root)


def _drop_unseen(soup: Any) -> None:
    from bs4 import Comment

    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(_unseen):
        tag.decompose()
    for text in soup.find_all(string=lambda text: "<" in text):
        text.replace_with(text.replace("<", "＜"))  # "&lt;b&gt;" was text and stays it


def _unseen(tag: Any) -> bool:
    if tag.name in _DROP or tag.has_attr("hidden") or tag.get("aria-hidden") == "true":
        return True
    if tag.name in ("header", "footer"):  # those of the page, not of an article
        return tag.find_parent(("main", "article")) is None
    return bool(_HIDDEN.search(tag.get("style") or ""))


def _main_part(soup: Any) -> Any:
    whole = soup.body or soup
    enough = len(whole.get_text()) * MAIN_SHARE
    for selector in _MAIN:
        found = soup.select(selector)
        if len(found) == 1 and len(found[0].get_text()) >= max(enough, 1):
            return found[0]
    return whole


def _square(soup: Any, table: Any) -> None:
    """Write merged cells out: Markdown has none, and a fee must stay in its column."""
    carried: dict[int, list[Any]] = {}  # column → [rows left, text]
    for row in table.find_all("tr"):
        if row.find_parent("table") is not table:
            continue
        cells, column = list(row.find_all(["td", "th"], recursive=False)), 0
        made: list[Any] = []
        while cells or carried.get(column, [0])[0] > 0:
            if carried.get(column, [0])[0] > 0:
                carried[column][0] -= 1
                copy = soup.new_tag("td")
                copy.string = carried[column][1]
                made.append(copy)
                column += 1
                continue
            cell = cells.pop(0)
            text, down = cell.get_text(" ", strip=True), _span(cell, "rowspan")
            across = _span(cell, "colspan")
            for step in range(across):
                made.append(cell if step == 0 else _copy(soup, text))
                carried[column + step] = [down - 1, text]
            column += across
        row.clear()
        row.extend(made)


def _copy(soup: Any, text: str) -> Any:
    cell = soup.new_tag("td")
    cell.string = text
    return cell


def _span(cell: Any, name: str) -> int:
    """How far a cell reaches; taken off, as the cells it stands for are written out."""
    value = str(cell.attrs.pop(name, "1"))
    return min(int(value), _SPAN_MAX) if value.isdecimal() and int(value) > 0 else 1
