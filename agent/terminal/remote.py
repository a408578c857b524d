"""The desk of another process, over the HTTP API: signing in, and turns as events.

Access tokens are renewed when they run out; a connection that breaks in the middle of an
answer is taken up once where it broke.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from agent.terminal.http import Http, Lost
from agent.terminal.memory import GUEST, Login, Memory
from agent.terminal.wire import STRANGE, event_of
from agent.types import Delta, Done, ErrorEvent, Event, Message
from errors import NotSignedIn, SangdamError, Unavailable

__all__ = ["Remote", "log_in", "log_out"]

EARLY_S = 10.0  # a token this near its end is renewed before it is used
PAUSE_S = 0.5  # before a broken connection is taken up


class Remote:
    """The desk at ``http.url`` for ``who``: an e-mail that signed in, or the guest."""

    def __init__(
        self, http: Http, memory: Memory, who: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Raises NotSignedIn for an e-mail that has not signed in."""
        self._http, self._memory, self._who, self._clock = http, memory, who, clock
        self._opened: str | None = None  # the conversation a new guest's token came with
        if who != GUEST and self._login() is None:
            raise self._signed_out()

    def ask(
        self, text: str, session_id: str | None, confirm: str | None
    ) -> Generator[Event, None, None]:
        """One turn's events. Raises NotSignedIn, NotFound, TooMany, Unavailable, BadInput."""
        self.token()
        session_id = session_id or self._opened
        self._opened = None
        given = {"message": text, "session_id": session_id, "confirm": confirm}
        body = {name: value for name, value in given.items() if value is not None}
        last_id, said, over = "", "", False
        for again in (False, True):
            try:
                with self._stream(body, last_id) as stream:
                    for sent in stream:
                        last_id = sent.id or last_id
                        event = event_of(sent.event, sent.data) if sent.data else None
                        if isinstance(event, Delta):
                            said += event.text
                        elif isinstance(event, Message):
                            yield from _unsaid(event, said)
                        if event is not None:
                            over = isinstance(event, Message | ErrorEvent | Done)
                            yield event
                if not over:
                    raise Lost
            except Lost:
                # Without an id nobody knows whether the turn began: it is not sent twice.
                if not over and (again or not last_id):
                    raise
            if over:
                return
            time.sleep(PAUSE_S)

    @contextmanager
    def _stream(self, body: dict[str, Any], last_id: str) -> Iterator[Iterator[Any]]:
        """The stream of a turn; a token that is refused is renewed once."""
        with ExitStack() as stack:
            token = self.token()
            path, enter = "/api/chat/stream", stack.enter_context
            try:
                stream = enter(self._http.stream(path, body, token=token, last_id=last_id))
            except NotSignedIn:
                token = self._renewed(token)
                stream = enter(self._http.stream(path, body, token=token, last_id=last_id))
            yield stream

    def token(self) -> str:
        """An access token that is not about to run out. Raises NotSignedIn, Unavailable."""
        login = self._login()
        if login is not None and login.expires_at - EARLY_S > self._clock():
            return login.access_token
        return self._renewed(login.access_token if login else "")

    def _login(self) -> Login | None:
        return self._memory.place(self._http.url).person(self._who).login

    def _renewed(self, used: str) -> str:
        """A new access token in place of ``used``. Raises NotSignedIn, Unavailable."""
        return self._new_guest() if self._who == GUEST else self._refreshed(used)

    def _new_guest(self) -> str:
        told = self._http.post("/api/sessions", {})
        self._opened = str(told.get("session_id") or "") or None
        login = _login_of(told, self._clock())
        with self._memory.changing(self._http.url) as place:
            place.person(GUEST).login = login
        return login.access_token

    def _refreshed(self, used: str) -> str:
        """A refresh token works once: the memory is held until the new one is written."""
        with self._memory.changing(self._http.url) as place:
            person = place.person(self._who)
            if person.login is None:
                raise self._signed_out()
            if person.login.access_token != used:  # another terminal was faster
                return person.login.access_token
            try:
                body = {"refresh_token": person.login.refresh_token}
                told = self._http.post("/api/auth/refresh", body)
            except NotSignedIn:
                person.login = None
            else:
                person.login = _login_of(told, self._clock())
                return person.login.access_token
        raise self._signed_out()

    def _signed_out(self) -> NotSignedIn:
        return NotSignedIn(
            f"{self._who} 계정의 로그인이 없거나 끝났어요. python -m agent login "
            f"--url {self._http.url} --email {self._who} 로 로그인해 주세요."
        )


def log_in(
    http: Http, memory: Memory, email: str, password: str, *,
    clock: Callable[[], float] = time.time,
) -> None:  # fmt: skip
    """Sign in and make ``email`` the account used there. Raises NotSignedIn, TooMany,
    Unavailable, BadInput."""
    told = http.post("/api/auth/login", {"email": email, "password": password})
    login = _login_of(told, clock())
    with memory.changing(http.url) as place:
        place.person(email).login = login
        place.current = email


def log_out(http: Http, memory: Memory, email: str) -> bool:
    """Forget an account; False when the server could not be told. Raises NotSignedIn for one
    that has not signed in, Unavailable."""
    remote, told = Remote(http, memory, email), True
    try:
        http.post("/api/auth/logout", {}, token=remote.token())
    except NotSignedIn:
        pass  # the server had ended it already
    except SangdamError:
        told = False
    with memory.changing(http.url) as place:
        place.people.pop(email, None)
        if place.current == email:
            place.current = None
    return told


def _unsaid(message: Message, said: str) -> Iterator[Delta]:
    """What of a reply did not come in pieces: an answer from the store comes whole."""
    if message.content != said:
        apart = not message.content.startswith(said)  # it was stopped and says so
        yield Delta(f"\n{message.content}" if apart else message.content[len(said) :])


def _login_of(told: dict[str, Any], now: float) -> Login:
    """The tokens of an answer. Raises Unavailable for one that holds none."""
    try:
        return Login(
            str(told["access_token"]),
            now + float(told["expires_in"]),
            str(told.get("refresh_token") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(STRANGE, code="bad_answer") from error
