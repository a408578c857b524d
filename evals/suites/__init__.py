"""The suites by name, in the order they run. A new one: a module here and a row below."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["NAMES", "load"]

NAMES = (
    "intents",
    "slots",
    "retrieval",
    "fusion",
    "products",
    "abuse",
    "pii",
    "injection",
    "grounding",
    "triage",
    "dialogues",
)


def load(name: str) -> ModuleType:
    """The suite's module: ``TITLE`` and ``run(subject, progress)``. Raises KeyError."""
    if name not in NAMES:
        raise KeyError(name)
    return import_module(f"evals.suites.{name}")
