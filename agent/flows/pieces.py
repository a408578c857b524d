"""Which lines of an order, and how many pieces of each, a message means."""

from __future__ import annotations

from collections.abc import Sequence

from agent.cards import choice_card
from agent.flows.pick import NAMED, line_fits
from agent.turn import Turn
from agent.types import Card
from store.models import OrderLine

__all__ = ["Piece", "line_choices", "named_lines", "pieces_text"]

Piece = tuple[OrderLine, int]  # a line and how many of its pieces


def named_lines(
    lines: Sequence[OrderLine], words: Sequence[str]
) -> tuple[list[OrderLine], list[OrderLine]]:
    """The lines that ``words`` name, and those of them that one word names alike.

    Each word stands for the line it fits best; two lines that fit as well are doubtful.
    """
    meant: set[str] = set()
    doubtful: set[str] = set()
    for word in words:
        rates = {line.line_id: line_fits(line, (word,)) for line in lines}
        best = max(rates.values(), default=0.0)
        ids = {line_id for line_id, rate in rates.items() if rate == best >= NAMED}
        meant |= ids
        doubtful |= ids if len(ids) > 1 else set()
    sure = meant - doubtful
    return (
        [line for line in lines if line.line_id in (sure or meant)],
        [line for line in lines if not sure and line.line_id in doubtful],
    )


def pieces_text(turn: Turn, pieces: Sequence[Piece]) -> str:
    """ "후드티 CH-310 2개 중 1개, 텀블러 1개"; the counts may then be said in the reply."""
    for line, count in pieces:
        turn.fact(f"{line.free}개 {count}개")
    return ", ".join(_piece(line, count) for line, count in pieces)


def line_choices(
    title: str, lines: Sequence[OrderLine], message: str, *more: tuple[str, str]
) -> Card:
    """A button for each line; ``message`` has its name at ``{name}``."""
    same = len({line.product_name for line in lines}) < len(lines)
    named = [
        (line, f"{line.product_name} {line.option_name}" if same else line.product_name)
        for line in lines
    ]
    buttons = [
        (f"{line.product_name} ({line.option_name})", message.format(name=name))
        for line, name in named
    ]
    return choice_card(title, *buttons, *more)


def _piece(line: OrderLine, count: int) -> str:
    of = f"{line.free}개 중 " if count < line.free else ""
    return f"{line.product_name} {of}{count}개"
