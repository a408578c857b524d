"""Words that make a matter urgent whatever else is said: hurt, fire, shock, leak, theft.

A rule, no probability: nobody should wait eight hours because a sentence was unlike the
training data. What is denied ("다친 사람은 없어요") or only feared ("감전 위험은 없나요") is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from agent.triage.text import customer_words

__all__ = ["danger"]

_FILE = Path(__file__).with_name("safety.yaml")
_REACH = 18  # characters behind the word in which it may be taken back
# "…는데", "…지만", "…고" begin another statement.
_NEXT = re.compile(r"[.!?…,\n。！？]|는데|은데|지만|했고|났고|어서|아서")


@lru_cache(maxsize=1)
def _rules() -> tuple[Mapping[str, re.Pattern[str]], re.Pattern[str], re.Pattern[str]]:
    data = yaml.safe_load(_FILE.read_text("utf-8"))
    kinds = {
        kind: re.compile("|".join(patterns), re.IGNORECASE)
        for kind, patterns in data["kinds"].items()
    }
    return kinds, re.compile("|".join(data["before"])), re.compile("|".join(data["behind"]))


def danger(text: str) -> str:
    """The kind of danger a customer tells of (hurt, fire, leak, theft), "" for none."""
    said = customer_words(text)
    kinds, before, behind = _rules()
    for kind, pattern in kinds.items():
        for match in pattern.finditer(said):
            tail = _NEXT.split(said[match.end() : match.end() + _REACH], maxsplit=1)[0]
            head = said[max(0, match.start() - 4) : match.start()]
            if not before.search(head) and not behind.search(tail):
                return kind
    return ""
