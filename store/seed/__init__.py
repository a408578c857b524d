"""The demonstration shop: the same date and number give the same rows, byte for byte.

``seed`` writes it, ``is_seeded`` tells whether it is there, ``grow`` makes a database large
for measurements.
"""

from store.seed.bulk import GrowReport, grow
from store.seed.people import DEMO_PASSWORD
from store.seed.run import Progress, SeedReport, is_seeded, seed, seed_if_empty, seeded_at
from store.seed.shop import QuoteFunction, SlaFunction

__all__ = [
    "DEMO_PASSWORD",
    "GrowReport",
    "Progress",
    "QuoteFunction",
    "SeedReport",
    "SlaFunction",
    "grow",
    "is_seeded",
    "seed",
    "seed_if_empty",
    "seeded_at",
]
