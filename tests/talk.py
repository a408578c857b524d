"""Talking to the desk in tests: one turn in, its events and message out."""

from __future__ import annotations

from evals.dialogue import Talk

__all__ = ["Talk"]
