"""Triage: what a ticket is about, how urgent it is, how the customer feels, in which language."""

from agent.triage.types import Guess, Triage, TriageGuess

__all__ = ["Guess", "Triage", "TriageGuess"]
