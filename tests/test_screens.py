"""``docs/screens`` shows every page, desktop and phone (``make screens`` takes them)."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.screens import FOLDER, SIZES, shots

PAGES = Path(__file__).resolve().parents[1] / "pages"
IDS = dict.fromkeys(("chat", "with_person", "with_photo", "order", "ticket", "turn", "report"), "x")


def test_every_page_has_a_picture_of_both_sizes() -> None:
    taken = list(shots(IDS))
    seen = {re.split(r"[?/]", shot.path)[0] or "chat" for shot in taken}
    assert seen == {path.stem for path in PAGES.glob("*.py")} - {"shell"}
    missing = [
        f"{shot.name}-{size}" for shot in taken for size in SIZES
        if not (FOLDER / f"{shot.name}-{size}.png").is_file()
    ]  # fmt: skip
    assert not missing, "make screens"


def test_no_picture_is_left_of_what_is_gone() -> None:
    names = {f"{shot.name}-{size}.png" for shot in shots(IDS) for size in SIZES}
    assert {path.name for path in FOLDER.iterdir()} == names
