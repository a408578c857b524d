"""Every page says in one line what it is for, and an empty shop's pages say what comes there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import NAMES

SHORTEST = 12  # characters of a line that explains something


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"chat", "signin"}))
def test_every_page_explains_itself_in_its_first_lines(
    open_page: Callable[..., AppTest], name: str
) -> None:
    at: AppTest = open_page(name, "admin@example.com")
    said = [one.value for one in at.caption[:2]]
    assert any(len(text) >= SHORTEST and text.rstrip().endswith("요.") for text in said), said
