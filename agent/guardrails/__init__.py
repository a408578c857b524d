"""Guardrails: pure functions of text around a turn.

In: :func:`check_input` masks and decides; :func:`mask_pii`, :func:`assess_abuse` and
:func:`detect_injection` are its parts. Out: :func:`check_output` holds a reply against the
:class:`Evidence` of the turn; :func:`check_grounding` is its main part, and
:func:`added_by_wording` holds a model's wording against the draft. Nothing here reads the
network, or a clock but to know that nobody is born after today, or a file but the abuse
model's weights, once; no text makes it raise.
"""

from agent.guardrails.abuse import AbuseVerdict, assess_abuse
from agent.guardrails.evidence import Evidence
from agent.guardrails.grounding import Ungrounded, check_grounding
from agent.guardrails.injection import detect_injection
from agent.guardrails.input import InputCheck, check_input
from agent.guardrails.mask import CONTACTS, Masked, Vault, mask_pii
from agent.guardrails.output import OutputCheck, check_output, says_done
from agent.guardrails.wording import added_by_wording, as_data, plain_text

__all__ = [
    "CONTACTS",
    "AbuseVerdict",
    "Evidence",
    "InputCheck",
    "Masked",
    "OutputCheck",
    "Ungrounded",
    "Vault",
    "added_by_wording",
    "as_data",
    "assess_abuse",
    "check_grounding",
    "check_input",
    "check_output",
    "detect_injection",
    "mask_pii",
    "plain_text",
    "says_done",
]
