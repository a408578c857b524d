"""What several judges say, joined into one report: ``join`` does it, ``weights`` are the fitted
numbers it joins with, ``calibrate`` fits them. Imports nothing itself: ``join`` needs numpy."""
