"""Comparison with the catalogue photo of the very product ordered: the primary judge.

``compare`` lays the catalogue photo over the customer's (:mod:`align`), matches the light,
takes a shift-tolerant difference (:mod:`difference`), describes where it is strong
(:mod:`regions`) and says how likely each place is damage and which (:mod:`naming`).
"""

from __future__ import annotations

from vision.reference.compare import Comparison, compare

__all__ = ["Comparison", "compare"]
