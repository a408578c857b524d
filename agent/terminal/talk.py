"""A conversation in a terminal: one turn, or turn after turn until the customer leaves."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress

from agent.terminal.memory import Memory
from agent.terminal.screens import Screen, actions_of
from agent.terminal.text import clean
from agent.types import ErrorEvent, Event, Message, Status
from errors import SangdamError

__all__ = ["Ask", "Talk", "loop"]

# (message, session id, id of the action to confirm) → the turn's events; closing them stops it.
Ask = Callable[[str, str | None, str | None], Generator[Event, None, None]]
GONE = "이어 가던 대화가 없어져서 새 대화를 시작했어요."
STOPPED = "답변을 멈췄어요."
COMMANDS = "쓸 수 있는 명령: /new 새 대화, /yes 확인, /no 거절, /quit 끝내기"
PROMPT = "나 > "


class Talk:
    """One person's conversation at one place, remembered for the next call."""

    def __init__(
        self, ask: Ask, screen: Screen, memory: Memory, place: str, who: str, *,
        session_id: str | None = None, new: bool = False,
    ) -> None:  # fmt: skip
        """``session_id`` wins over what is remembered; ``new`` begins anew. Raises Unavailable."""
        self.last: Message | None = None
        self._ask, self._screen = ask, screen
        self._memory, self._place, self._who = memory, place, who
        self._session = session_id
        self._kept = memory.place(place).person(who).session_id
        if session_id is None and not new:
            self._session = self._kept
        self._named = session_id is not None

    def say(self, text: str, confirm: str | None = None) -> bool:
        """One turn on the screen; whether it was answered. Raises Unavailable."""
        self.last, failed = None, False
        text = text.encode("utf-8", "replace").decode()  # bytes that were no letters
        try:
            with closing(self._turn(text, confirm)) as events:
                for event in events:
                    failed = failed or isinstance(event, ErrorEvent)
                    if isinstance(event, Message):
                        self.last = event
                    self._screen.show(event)
        finally:
            self._screen.end()
        return not failed

    def anew(self) -> None:
        """The next turn begins a conversation."""
        self._session, self.last, self._named = None, None, False

    def _turn(self, text: str, confirm: str | None) -> Generator[Event, None, None]:
        """The turn's events; a remembered conversation that is gone is replaced."""
        opened = gone = False
        try:
            with closing(self._ask(text, self._session, confirm)) as events:
                for event in events:
                    if isinstance(event, Status | Message) and event.session_id:
                        opened = True
                        self._remember(event.session_id)
                    gone = not opened and isinstance(event, ErrorEvent) and self._is_gone(event)
                    if gone:
                        break
                    yield event
        except SangdamError as error:
            gone = not opened and self._is_gone(error)
            if not gone:
                yield ErrorEvent(error.code, error.message, error.http_status)
        if gone:
            tell(GONE)
            self.anew()
            yield from self._turn(text, confirm)

    def _is_gone(self, error: ErrorEvent | SangdamError) -> bool:
        """Whether the conversation is missing, and one that nobody asked for by its id."""
        return error.code == "not_found" and self._session is not None and not self._named

    def _remember(self, session_id: str) -> None:
        self._session = session_id
        if session_id != self._kept:
            self._memory.remember(self._place, self._who, session_id)
            self._kept = session_id


def loop(talk: Talk) -> bool:
    """Read lines and answer them until the input ends or ``/quit``; False when a
    turn of a program's input failed."""
    person = sys.stdin.isatty()
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    if person:
        with suppress(ImportError):  # no line editing on Windows
            import readline  # noqa: F401
        tell(COMMANDS)
    well = True
    for line in _lines(person):
        try:
            if line == "/quit":
                break
            well = _answer(talk, line, person) and well
        except KeyboardInterrupt:
            tell(f"\n{STOPPED}")
    return well or person


def _lines(person: bool) -> Iterator[str]:
    """What is typed, without empty lines; Ctrl-C drops a line, Ctrl-D ends."""
    while True:
        try:
            line = _read(person).strip()
        except KeyboardInterrupt:
            tell("")
            continue
        except EOFError:
            if person:
                tell("")
            return
        if line:
            yield line


def _read(person: bool) -> str:
    if not person:
        return input()
    if sys.stdout.isatty():
        return input(PROMPT)
    print(PROMPT, end="", file=sys.stderr, flush=True)  # the output is somebody else's
    return input()


def _answer(talk: Talk, line: str, person: bool) -> bool:
    """One line of the loop: a command, the number of a button, or a message."""
    pending = talk.last.pending_action if talk.last else None
    if line == "/new":
        talk.anew()
        tell("새 대화를 시작해요.")
        return True
    if line in ("/yes", "/no"):
        if pending is None:
            tell("지금은 확인할 변경이 없어요.")
            return True
        return talk.say("", pending.action_id) if line == "/yes" else talk.say("아니요")
    if line.startswith("/"):
        tell(COMMANDS)
        return True
    actions = actions_of(talk.last) if person else []
    if line.isdecimal() and 1 <= int(line) <= len(actions):
        line = actions[int(line) - 1].message
        tell(f"{PROMPT}{line}")
    return talk.say(line)


def tell(text: str) -> None:
    """A line from the terminal itself, never on standard output."""
    print(clean(text), file=sys.stderr)
