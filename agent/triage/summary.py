"""A ticket in one line, without a model: the customer's most telling sentence, and of what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from agent.guardrails import mask_pii
from agent.triage.text import sentences
from agent.triage.wish import matters
from agent.understanding.text import EMAIL, PHONE

__all__ = ["MOST_CHARS", "key_sentences", "one_line", "with_note"]

MOST_CHARS = 120
_LOOKED_AT = 12  # sentences of a long text: the first ones and the last
_SHORT = 6  # letters: a greeting, a name, a sigh
_FULL = 25  # letters of a sentence that says enough by itself
_LEAST = 0.4  # weight of one that says nothing of the type, beside 1
# A greeting, or a contact.
_GREETINGS = "안녕하세요|안녕하십니까|수고하세요|수고 많으십니다|저기요|네|예|아니요|hello|hi"
_IDLE = re.compile(rf"{PHONE.pattern}|{EMAIL.pattern}|^(?:{_GREETINGS})\W*$", re.IGNORECASE)
_LEADING = re.compile(r"^(?:안녕하세요|안녕하십니까|저기요)[\s,.!~^]*")
Scores = Callable[[str], Mapping[str, float]]


def key_sentences(text: str, issue_type: str, scores: Scores) -> tuple[str, ...]:
    """The customer's sentences, the one that says most of ``issue_type`` first; () of none.

    ``scores`` gives the probability of every issue type of a sentence. A full sentence is worth
    more than a cry, the first one that says it more than its repetition. What holds a phone
    number or an address is none.
    """
    said = [one for one in sentences(text) if len(one) >= _SHORT and not _IDLE.search(one)]
    if not said:
        said = sentences(text)
    said = matters(said)
    if len(said) > _LOOKED_AT:
        said = [*said[: _LOOKED_AT - 3], *said[-3:]]
    weights: dict[str, float] = {}
    for at, one in enumerate(said):
        tells = _LEAST + (1 - _LEAST) * scores(one).get(issue_type, 0.0)
        weights.setdefault(one, tells * min(1.0, len(one) / _FULL) - at * 0.01)
    return tuple(sorted(weights, key=lambda one: -weights[one]))


def one_line(said: Sequence[str], *, about: str = "") -> str:
    """The first of the sentences, the second where both fit, then what they are ``about``.

    The matter comes first: a queue shows little more than the beginning. At most MOST_CHARS
    characters, without contacts and personal numbers; what it is about is left off before
    any of the first sentence is.
    """
    first, *others = (_LEADING.sub("", one) for one in said)
    room = MOST_CHARS - len(about) - len(first) - 4
    more = [one for one in others[:1] if len(one) <= room]
    text = mask_pii(" ".join([first, *more]), for_cloud=True).text
    line = " ".join(text.split())
    if about and len(line) + len(about) + 3 <= MOST_CHARS:
        line += f" · {' '.join(about.split())}"
    return line if len(line) <= MOST_CHARS else line[: MOST_CHARS - 1].rstrip() + "…"


def with_note(line: str, note: str) -> str:
    """``line`` with what its photos show behind it; the line is cut for it, the note is not."""
    if not note:
        return line
    room = MOST_CHARS - len(note) - 3
    short = line if len(line) <= room else line[: max(room - 1, 0)].rstrip() + "…"
    return f"{short} · {note}" if line else note
