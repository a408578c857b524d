"""Measures speed and memory; ``python -m benchmarks`` runs all of it and keeps the figures."""
