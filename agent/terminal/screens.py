"""Where a turn is shown: boxes in a terminal, plain lines elsewhere, or one JSON object."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import count
from typing import Protocol

from agent.terminal.text import clean, json_text, one_line
from agent.types import CardAction, Delta, ErrorEvent, Event, Message, Status

__all__ = ["Screen", "actions_of", "open_screen"]

YES_OR_NO = "네 / 아니요로 답해 주세요 (/yes, /no도 돼요)"


class Screen(Protocol):
    """Shows the events of a turn as they come."""

    def show(self, event: Event) -> None:
        """Show one event."""

    def end(self) -> None:
        """The turn is over, however it ended."""


def open_screen(*, as_json: bool, numbered: bool) -> Screen:
    """The screen for this process's output.

    ``numbered`` gives the buttons of cards numbers, for a loop that takes one for an answer.
    """
    if as_json:
        return _Json()
    if sys.stdout.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown"):
        return _Boxes(numbered=numbered)
    return _Plain(numbered=numbered)


def actions_of(message: Message | None) -> list[CardAction]:
    """All buttons of a reply in the order of their numbers, which begin at 1."""
    return [action for card in message.cards for action in card.actions] if message else []


class _Json:
    def show(self, event: Event) -> None:
        match event:
            case ErrorEvent():
                print(json_text({"error": {"code": event.code, "detail": event.text}}))
            case Message():
                print(json_text(event.as_json()))

    def end(self) -> None:
        pass


class _Plain:
    """Lines that a program can look through; no colours, no boxes."""

    def __init__(self, *, numbered: bool) -> None:
        self._numbered = numbered
        self._midway = False  # on a line that has no end yet
        self._heard = False  # something of the reply has come

    def show(self, event: Event) -> None:
        match event:
            case ErrorEvent():
                self.end()
                print(clean(event.text), file=sys.stderr)
            case Delta():
                print(clean(event.text), end="", flush=True)
                self._midway = self._heard = True
            case Message():
                # A receipt comes whole: a person answers, and nothing is said meanwhile.
                print("" if self._heard else clean(event.content))
                self._midway = False
                self._rest(event)

    def end(self) -> None:
        if self._midway:
            print(flush=True)
        self._midway = self._heard = False

    def _rest(self, message: Message) -> None:
        numbers = count(1)
        for card in message.cards:
            if card.type != "choice":
                status = one_line(card.data.get("status_ko") or card.data.get("verdict_ko", ""))
                print(f"  [{one_line(card.id)}] {one_line(card.title)} {status}".rstrip())
            for action in card.actions:
                mark = f"{next(numbers)})" if self._numbered else "·"
                print(f"    {mark} {one_line(action.label)}: {one_line(action.message)}")
        for citation in message.citations:
            print(f"  근거: {one_line(citation.title)} · {one_line(citation.section)}")
        if message.pending_action is not None:
            for label, value in message.pending_action.rows:
                print(f"  {one_line(label)}: {one_line(value)}")
            print(f"  {_hint(message, self._numbered)}")


class _Boxes:
    """Boxes and colours; needs ``rich``, which only this class loads."""

    def __init__(self, *, numbered: bool) -> None:
        from rich.console import Console

        self._console = Console(highlight=False, markup=False, emoji=False)
        self._numbered = numbered
        self._waiting = False
        self._heard = False
        self._column = 0

    def show(self, event: Event) -> None:
        match event:
            case Status():
                self._wait(event.text)
            case Delta():
                self._rested()
                self._say(clean(event.text))
                self._heard = True
            case ErrorEvent():
                self.end()
                print(clean(event.text), file=sys.stderr)
            case Message():
                if not self._heard:  # a receipt comes whole
                    self._rested()
                    self._say(clean(event.content))
                self.end()
                self._rest(event)

    def end(self) -> None:
        self._rested()
        self._heard = False
        if self._column:
            self._console.out()
            self._column = 0

    def _wait(self, text: str) -> None:
        """What the desk is doing, on a line that its answer takes the place of.

        No spinner: its thread and its hold on the streams outlive a Ctrl-C at a bad moment.
        """
        from rich.text import Text

        self._rested()
        self._console.print(Text(one_line(text), "dim"), end="", no_wrap=True, overflow="ellipsis")
        self._console.file.flush()
        self._waiting = True

    def _rested(self) -> None:
        from rich.control import Control
        from rich.segment import ControlType

        if self._waiting:
            erase = (ControlType.ERASE_IN_LINE, 2)
            self._console.control(Control(ControlType.CARRIAGE_RETURN, erase))
            self._waiting = False

    def _say(self, piece: str) -> None:
        """A piece of the reply; a word that does not fit begins a new line whole."""
        from rich.cells import cell_len

        for line in piece.splitlines(keepends=True):
            word = line.rstrip()
            if self._column and self._column + cell_len(word) > self._console.width:
                self._console.out()
                self._column = 0
            self._console.out(line, end="")
            self._column = 0 if line.endswith("\n") else self._column + cell_len(line)
        self._console.file.flush()

    def _rest(self, message: Message) -> None:
        from agent.terminal import cards

        numbers: Iterator[int] = count(1)
        for card in message.cards:
            marked = [(next(numbers) if self._numbered else None, a) for a in card.actions]
            self._console.print(cards.card_box(card, cards.numbered_actions(marked)))
        if message.citations:
            self._console.print(cards.source_lines(message.citations))
        if message.pending_action is not None:
            hint = _hint(message, self._numbered)
            if self._numbered:
                self._console.print(cards.pending_box(message.pending_action, hint))
            else:  # an id to copy is not cut by a frame
                self._console.print(cards.pending_box(message.pending_action, ""))
                self._console.print(hint, style="dim", soft_wrap=True)


def _hint(message: Message, numbered: bool) -> str:
    """How to say yes: in a loop with a word, else with the next call."""
    if numbered or message.pending_action is None:
        return YES_OR_NO
    return (
        f"확인하려면: --session {one_line(message.session_id)} "
        f"--confirm {one_line(message.pending_action.action_id)}"
    )
