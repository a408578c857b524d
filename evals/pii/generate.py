"""Generated personal data in sentences, and sentences whose digits are nobody's.

Everything is invented from a seed. Development and test use other seeds, other templates and
other particles, so that a rule written for the one is not measured on it. ``python -m
evals.pii.generate dev`` prints the forms that are missed.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from agent.guardrails import mask_pii
from evals.pii import numbers, templates

__all__ = ["POSITIVES", "Form", "caught", "negatives", "positives"]

Part = Literal["dev", "test"]
SEEDS: dict[Part, int] = {"dev": 20260401, "test": 20261121}
POSITIVES, NEGATIVES = 500, 1000
KINDS: tuple[str, ...] = (
    "resident",
    "card",
    "account",
    "phone",
    "email",
    "address",
)
GONE = {"resident", "card", "account"}
_FULL = str.maketrans("0123456789", "０１２３４５６７８９")
_SPOKEN = str.maketrans("0123456789", "공일이삼사오육칠팔구")


@dataclass(frozen=True, slots=True)
class Form:
    """``text`` with one ``value`` of ``kind`` in it; ``style`` says how it is written."""

    kind: str
    style: str
    value: str
    text: str


def _spoken(draw: random.Random, groups: list[str]) -> str:
    return draw.choice((" ", "-", " 다시 ")).join(group.translate(_SPOKEN) for group in groups)


def _mixed(draw: random.Random, groups: list[str]) -> str:
    spoken = draw.randrange(len(groups))
    parts = [
        g.translate(_SPOKEN) if n == spoken and len(g) > 2 and g.isdigit() else g
        for n, g in enumerate(groups)
    ]
    return draw.choice(("-", " ")).join(parts)


_STYLES: dict[str, Callable[[random.Random, list[str]], str]] = {
    "dashed": lambda draw, groups: "-".join(groups),
    "spaced": lambda draw, groups: " ".join(groups),
    "dotted": lambda draw, groups: ".".join(groups),
    "wide dash": lambda draw, groups: draw.choice((" - ", "–", "‐", "―")).join(groups),
    "bare": lambda draw, groups: "".join(groups),
    "full-width": lambda draw, groups: draw.choice("-－ ").join(groups).translate(_FULL),
    "full-width bare": lambda draw, groups: "".join(groups).translate(_FULL),
    "zero-width": lambda draw, groups: "\u200b-".join(groups),
    "spoken": _spoken,
    "mixed": _mixed,
}


def _number(draw: random.Random, kind: str, groups: list[str]) -> tuple[str, str]:
    style = draw.choice(list(_STYLES))
    if kind == "account" and style == "dotted":
        style = "dashed"  # nobody writes one so
    return style, _STYLES[style](draw, groups)


def _value(draw: random.Random, kind: str) -> tuple[str, str]:
    """(style, written value) of one kind."""
    if kind == "email":
        return numbers.email(draw)
    if kind == "address":
        return numbers.address(draw)
    return _number(draw, kind, numbers.GROUPS[kind](draw))


def positives(part: Part, *, more: int = 0) -> list[Form]:
    """500 forms, the kinds in turn; ``more`` moves the seed, for other ones."""
    draw = random.Random(SEEDS[part] + 1000 * more)
    found = []
    for n in range(POSITIVES):
        kind = KINDS[n % len(KINDS)]
        style, value = _value(draw, kind)
        frame = draw.choice(templates.PERSONAL[part][kind])
        bank = draw.choice(numbers.BANKS)
        text = frame.replace("{bank}", bank).replace("{x}", value)
        found.append(Form(kind, style, value, text))
    return found


def negatives(part: Part) -> list[str]:
    """1,000 sentences with order numbers, prices, tracking numbers, dates, codes, counts."""
    draw = random.Random(SEEDS[part] + 1)
    return [_harmless(draw, part) for _ in range(NEGATIVES)]


def _harmless(draw: random.Random, part: Part) -> str:
    day = date(2025, 1, 1) + timedelta(days=draw.randrange(900))
    price = draw.randrange(1, 4000) * draw.choice((10, 100, 1000))
    # None starts with 0: eleven digits from 010 on are a telephone to anybody.
    tracking = draw.choice("123456789")
    tracking += "".join(draw.choices("0123456789", k=draw.choice((9, 10, 11, 11, 12))))
    values = {
        "order": f"{day:%Y%m%d}-{draw.randrange(10_000_000):07d}",
        "price": draw.choice((f"{price:,}", str(price), f"{price // 10000 + 1}만 {price % 10}천")),
        "tracking": "-".join((tracking[:4], tracking[4:8], tracking[8:]))
        if len(tracking) == 12 and draw.random() < 0.4
        else tracking,
        "date": draw.choice((f"{day}", f"{day:%Y.%m.%d}", f"{day.month}월 {day.day}일",
                             f"{day:%y}년 {day.month}월 {day.day}일", f"{day:%m/%d}")),
        "time": f"{draw.randrange(24)}:{draw.randrange(60):02d}",
        "code": draw.choice((
            f"SM-S{draw.randrange(900, 999)}N", f"WH-{draw.randrange(1000, 9999)}XM5",
            f"P{draw.randrange(1000, 9999)}-BK", f"CLM-{draw.randrange(10**6):06d}",
            f"AB{draw.randrange(10**5):05d}-{draw.randrange(100):02d}",
        )),
        "count": str(draw.randrange(1, 40)),
        "size": str(draw.choice((85, 95, 100, 230, 245, 260, 275))),
        "hotline": f"{draw.choice((1544, 1588, 1600, 1644, 1899))}-{draw.randrange(1000, 9999)}",
        "zip": f"{draw.randrange(1000, 63999):05d}",
        "ean": f"880{draw.randrange(10**9, 10**10)}",
    }  # fmt: skip
    return draw.choice(templates.HARMLESS[part]).format(**values)


def caught(form: Form) -> bool:
    """Whether nothing of the value is left and it was taken for what it is.

    Thirteen digits may be an account and a resident number at once: both are gone for good.
    """
    masked = mask_pii(form.text, for_cloud=True)
    before, _, after = form.text.partition(form.value)
    left = masked.text.removeprefix(before).removesuffix(after)
    whole = left.startswith("[") and left.endswith("]")
    kinds = GONE if form.kind in GONE else {form.kind}
    return bool(kinds & set(masked.found)) and masked.text != form.text and whole


def _misses(part: Part) -> Iterator[str]:
    for form in (form for more in range(8) for form in positives(part, more=more)):
        if not caught(form):
            masked = mask_pii(form.text, for_cloud=True)
            yield f"MISS {form.kind:9} {form.style:12} {form.text!r} -> {masked.text!r}"
    for text in negatives(part):
        masked = mask_pii(text, for_cloud=True)
        if masked.text != text:
            yield f"FALSE {text!r} -> {masked.text!r}"


if __name__ == "__main__":
    if sys.argv[1:] != ["dev"]:
        sys.exit("python -m evals.pii.generate dev (시험 자료는 보지 않습니다)")
    print("\n".join(_misses("dev")))
