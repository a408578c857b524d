"""Collect policies from the web and from files into ``policies.jsonl``.

    outcomes = collect(["https://shop.kr/policy", "약관.pdf"], data_dir / "policies.jsonl")

What is collected is data: nothing in it is filled in, run, or taken for an instruction.
Parsers are loaded at first use, in a process of their own.
"""

from __future__ import annotations

from retrieval.collect.fetch import Limits
from retrieval.collect.gather import Outcome, collect

__all__ = ["Limits", "Outcome", "collect"]
