"""Measurements of judging photos; ``python -m vision measure`` prints them all."""
