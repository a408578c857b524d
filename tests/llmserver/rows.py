"""The fault matrix: each row of it is a way to fail, and what must be told of it.

The same rows hold for a call of the gateway and for a whole turn of the desk.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tests.llmserver.reply import Reply
from tests.llmserver.server import KINDS

__all__ = ["BEFORE", "HARMLESS", "LONG", "MIDWAY", "Row", "each"]

_NOT_MIDM = tuple(kind for kind in KINDS if kind != "midm")
_WITH_CODES = ("openai", "anthropic")  # the others' error events are words alone
LONG = "배송은 보통 이틀쯤 걸려요. 주문하신 날부터 세어 주세요."


@dataclass(frozen=True)
class Row:
    """``reply`` None: nobody listens. ``told`` is the error's kind; ``kinds`` the formats."""

    name: str
    reply: Reply | None
    told: str = ""
    kinds: Collection[str] = KINDS


def _late(fault: str, told: str, **more: object) -> Row:
    """The fault before the first word."""
    return Row(fault, Reply(LONG, fault=fault, after=0, **more), told)  # type: ignore[arg-type]


def _midway(fault: str, told: str) -> Row:
    return Row(fault, Reply(LONG, fault=fault, after=2), told)  # type: ignore[arg-type]


def _status(status: int, told: str) -> Row:
    return Row(f"status_{status}", Reply(status=status), told)


def _too_long(words: str, kinds: Collection[str]) -> Row:
    fault = "context_too_long" + words
    return Row(fault, Reply(fault=fault), "context_too_long", kinds)  # type: ignore[arg-type]


# Before the first word: the next provider is asked, and the customer sees its answer alone.
BEFORE = (
    Row("down", None, "unreachable"),
    _status(400, "bad_request"),
    _status(401, "auth"),
    _status(403, "auth"),
    _status(404, "not_found"),
    _status(429, "rate_limited"),
    _status(500, "overloaded"),
    _status(503, "overloaded"),
    _status(529, "overloaded"),
    _too_long("", KINDS),
    _too_long("_vllm", ("openai",)),
    _too_long("_llama", ("openai",)),
    _late("no_reply", "timeout"),
    _late("drip_headers", "timeout"),
    _late("drip_bytes", "timeout"),
    _late("pings", "timeout"),
    _late("stall", "timeout"),
    _late("cut", "truncated"),
    _late("reset", "truncated"),
    _late("bad_json", "malformed"),
    _late("error_event", "overloaded"),
    Row(
        "error_event_429",
        Reply(fault="error_event", after=0, status=429),
        "rate_limited",
        _WITH_CODES,
    ),
    _late("no_terminal", "truncated"),
    _late("html", "malformed"),
    Row("empty", Reply(""), "malformed"),
    Row(
        "cut_after_a_call",
        Reply("", calls=[("find_products", {"q": "장화"})], fault="cut", after=99),
        "truncated",
        _NOT_MIDM,
    ),
)
# After words have gone out: nobody else is asked, and the words are not said again.
MIDWAY = (
    _midway("cut", "truncated"),
    _midway("reset", "truncated"),
    _midway("stall", "timeout"),
    _midway("bad_json", "malformed"),
    _midway("error_event", "overloaded"),
    _midway("no_terminal", "truncated"),
    _midway("drip_words", "timeout"),
    _midway("endless", "malformed"),
)
# Odd, and still a whole answer.
HARMLESS = (
    Row("double_end", Reply(LONG, fault="double_end")),
    Row("lingers", Reply(LONG, fault="lingers")),
    Row("no_usage", Reply(LONG, usage=None)),
    Row("slow_words", Reply(LONG, delay_s=0.2, gap_s=0.05)),
    Row("half_a_character", Reply(pieces=["네, ", "그래요\ud83d", "", "."])),
)


def each(rows: Collection[Row]) -> list[tuple[str, Row]]:
    """Every format with every row that it can have."""
    return [(kind, row) for kind in KINDS for row in rows if kind in row.kinds]
