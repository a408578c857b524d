"""Photos to try the judging with, drawn by the repository itself (``data/examples``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from settings import ROOT

__all__ = ["Example", "examples"]

FOLDER = ROOT / "data" / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """A photo as a customer might take it: of which product, and what is to be seen on it."""

    name: str
    product_id: str
    sku: str
    caption: str
    data: bytes = field(repr=False)


def examples(folder: Path = FOLDER) -> tuple[Example, ...]:
    """The examples that ``examples.yaml`` lists; none where it is not there."""
    listing = folder / "examples.yaml"
    if not listing.is_file():
        return ()
    import yaml

    rows = yaml.safe_load(listing.read_text("utf-8"))["examples"]
    return tuple(
        Example(
            row["file"],
            row.get("product_id") or "",
            row.get("sku") or "",
            row["caption"],
            (folder / row["file"]).read_bytes(),
        )
        for row in rows
        if (folder / row["file"]).is_file()
    )
