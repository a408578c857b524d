"""Guardrails: pure functions of text around a turn.

In: :func:`check_input` masks and decides; :func:`mask_pii`, :func:`assess_abuse` and
:func:`detect_injection` are its parts. Out: :func:`check_output` holds a reply against the
:class:`Evidence` of the turn; :func:`check_grounding` is its main part. Nothing here reads
a file, a clock or the network, and no text makes it raise.
"""

from agent.guardrails.abuse import AbuseVerdict, assess_abuse
from agent.guardrails.evidence import Evidence
from agent.guardrails.grounding import Ungrounded, check_grounding
from agent.guardrails.injection import detect_injection
from agent.guardrails.input import InputCheck, check_input
from agent.guardrails.mask import Masked, mask_pii
from agent.guardrails.output import OutputCheck, check_output, says_done

__all__ = [
    "AbuseVerdict",
    "Evidence",
    "InputCheck",
    "Masked",
    "OutputCheck",
    "Ungrounded",
    "assess_abuse",
    "check_grounding",
    "check_input",
    "check_output",
    "detect_injection",
    "mask_pii",
    "says_done",
]
