"""Triage: what a ticket is about, how urgent it is, how the customer feels, in which language.

``agent.triage.triager.Triager`` answers offline from ``data/models/triage.npz`` (a linear model
over the features of ``agent.understanding``), the safety words of ``safety.yaml`` and the script
of the letters. ``python -m agent triage train`` makes the model anew (docs/triage.md). Importing
this package is cheap: who builds the triager imports its module.
"""

from agent.triage.types import Guess, Triage, TriageGuess

__all__ = ["Guess", "Triage", "TriageGuess"]
