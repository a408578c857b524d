"""Word lists and patterns kept as YAML beside the code that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

__all__ = ["load_lexicon"]


def load_lexicon(name: str) -> Any:
    """The content of ``<name>.yaml`` in this package."""
    path = Path(__file__).with_name(f"{name}.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))
