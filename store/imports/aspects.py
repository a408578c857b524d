"""What a review praises and what it finds fault with, by a lexicon and clause by clause.

"음질은 좋은데 착용감이 별로예요" is two clauses: 음질 is praised, 착용감 criticised. A cue is
turned round by a negation ("안 좋아요", "불편하지 않아요", "덜 아파요"). An aspect without any
cue takes the stars' word: 4 and 5 praise, 1 and 2 criticise, 3 says nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

__all__ = ["read"]

LONGEST_TEXT = 5000
_CONTRAST = re.compile(
    r"[.!?~…;\n]+|(?:지만|는데|은데|인데|한데|운데|쁜데|던데|었는데|으나)(?![가-힣])"
    r"|(?:^|\s)(?:다만|하지만|그런데|근데|그러나|반면|단점은|아쉬운 점은)(?=\s|,)|\bbut\b"
)
_JOINT = re.compile(r"(?<=[가-힣])[고며](?=[\s,])|[,/]|\band\b")
_NOT_BEFORE = re.compile(r"(?:^|\s)(?:안|못|덜)\s?$|\bnot\s(?:\w+\s)?$")
_NOT_AFTER = re.compile(
    r"[가-힣]{0,2}지\s?(?:는|도|가|를)?\s?(?:않|못|안)|[가-힣]{0,2}\s?(?:은|는)?\s(?:안|못)\s?[해하합되돼]"
)
_NONE_AFTER = re.compile(r"[가-힣]{0,2}(?:이|은|는|도|가)?\s?(?:거의\s|전혀\s|하나도\s)?없")
_WEAK = "별로"


@dataclass(slots=True)
class _Roles:
    """What a piece of text may mean: names of aspects, a cue for any or for some aspects."""

    names: list[str] = field(default_factory=list)
    cue: int = 0
    own: dict[str, int] = field(default_factory=dict)
    says: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """A clause as it was read: aspect → sign of its cues (0: none), and the plain cues."""

    signs: dict[str, int] = field(default_factory=dict)
    cues: int = 0


def read(text: str, rating: int) -> dict[str, int]:
    """Aspect → 1 (praised) or -1 (criticised); aspects that get both are left out.

    ``rating`` is 1 to 5 stars. At most the first 5,000 characters are read.
    """
    prior = (rating > 3) - (rating < 3)
    totals: defaultdict[str, int] = defaultdict(int)
    for clause in _CONTRAST.split(text[:LONGEST_TEXT].lower()):
        if not clause.strip():
            continue
        parts = [_part(part) for part in _JOINT.split(clause)]
        for part, after in zip(parts, [*parts[1:], _Part()], strict=True):
            lent = after.cues if not after.signs else 0  # "가격을 보고 | 실망했어요"
            for aspect, sign in part.signs.items():
                totals[aspect] += sign or part.cues or lent or prior
    return {aspect: 1 if sum_ > 0 else -1 for aspect, sum_ in totals.items() if sum_}


def _part(text: str) -> _Part:
    """One clause: every cue goes to the aspect it belongs to, or the last one before it."""
    found = list(_pieces(text))
    named = [name for _, _, roles in found for name in roles.names]
    part = _Part(dict.fromkeys(named, 0))
    weak = any(piece != _WEAK and (r.cue or r.own or r.says) for _, piece, r in found)
    last = named[0] if named else ""
    for start, piece, roles in found:
        last = roles.names[-1] if roles.names else last
        if piece == _WEAK and weak:
            continue  # "별로 안 비싸요": the cue after it says it
        mine = [name for name in roles.own if name in part.signs]
        chosen = {name: roles.own[name] for name in mine} or roles.says
        if not chosen and roles.cue:
            chosen = {last: roles.cue}
        for name, sign in chosen.items():
            turned = -sign if _negated(text, start, start + len(piece), sign) else sign
            if name:
                part.signs[name] = _sign(part.signs.get(name, 0) + turned)
            part.cues = _sign(part.cues + turned)
    return part


def _pieces(text: str) -> Iterator[tuple[int, str, _Roles]]:
    """(start, piece, what it may mean), left to right; the longest piece wins."""
    table, at, end = _table(), 0, len(text)
    while at < end:
        for piece, roles in table.get(text[at], ()):
            if text.startswith(piece, at):
                yield at, piece, roles
                at += len(piece)
                break
        else:
            at += 1


def _negated(text: str, start: int, end: int, sign: int) -> bool:
    if text[start] in "안못없":
        return False  # the piece holds its negation itself
    if _NOT_BEFORE.search(text, max(0, start - 8), start) or _NOT_AFTER.match(text, end):
        return True
    return sign < 0 and _NONE_AFTER.match(text, end) is not None


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


@lru_cache(maxsize=1)
def _table() -> dict[str, list[tuple[str, _Roles]]]:
    """First letter → pieces with their roles, the longest first."""
    data = yaml.safe_load(Path(__file__).with_name("aspects.yaml").read_text("utf-8"))
    pieces: defaultdict[str, _Roles] = defaultdict(_Roles)
    for sign, name in ((1, "good"), (-1, "bad")):
        for piece in _split(data[name]):
            pieces[piece].cue = sign
    for aspect, lists in data["aspects"].items():
        for piece in _split(lists["words"]):
            pieces[piece].names.append(aspect)
        for kind, sign in (("good", 1), ("bad", -1)):
            for piece in _split(lists.get(kind, "")):
                pieces[piece].own[aspect] = sign
        for kind, sign in (("praise", 1), ("fault", -1)):
            for piece in _split(lists.get(kind, "")):
                pieces[piece].says[aspect] = sign
    table: defaultdict[str, list[tuple[str, _Roles]]] = defaultdict(list)
    for piece in sorted(pieces, key=len, reverse=True):
        table[piece[0]].append((piece, pieces[piece]))
    return dict(table)


def _split(text: str) -> list[str]:
    return [piece.replace("_", " ") for piece in text.split()]
