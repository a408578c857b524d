"""The chat page: which conversation is open, what is sent, and the reply as it comes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.types import (
    MOST_PHOTOS,
    TOO_MANY_PHOTOS,
    Caller,
    CardAction,
    Delta,
    ErrorEvent,
    PendingActionView,
    Status,
)
from errors import BadInput, SangdamError
from services import Services, StoredMessage
from services.hours import DeskHours, desk_hours
from services.sessions import Answerer, Answering, Sessions
from ui import bubbles, chat_history, chat_person, clauses, session, turns
from ui.chat_watch import (
    LOST,
    failure,
    is_lost,
    keep_failed,
    kept_failure,
    until,
    watch,
)
from ui.chat_welcome import welcome
from ui.claim_photos import TYPES
from ui.turns import PageTurn

__all__ = ["ChatView"]

INPUT = "chat_input"
_WAITING = "sangdam_waiting_turn"
_DRAFT = "sangdam_chat_draft"
_PHOTO_ERROR = "sangdam_photo_error"
THINKING, STOPPING = "말씀을 읽고 있어요", "답변을 멈추고 있어요"
YES, NO = "네, 진행해 주세요.", "아니요"
SHOWN = 200  # messages
SENDING, DELIVERED = "보내고 있어요", "전달했어요"


class ChatView:
    """The chat of one script run."""

    def __init__(self, desk: Services, caller: Caller) -> None:
        self.desk = desk
        self.caller = caller
        self.messages: list[StoredMessage] = []
        self.state = Answering()
        self.session_id = self._open()

    # ── which conversation ───────────────────────────────────────────────────────────────

    def _open(self) -> str | None:
        """The chat of the URL, else this tab's; somebody else's opens nothing."""
        turn = turns.current()
        wanted = st.query_params.get("c") or session.conversation_id()
        if turn is not None and turn.session_id:
            wanted = turn.session_id
        if wanted:
            try:  # the state first: what comes in between is seen by the next look
                self.state = Sessions(self.desk).answering(self.caller, wanted)
                self.messages = Sessions(self.desk).messages(self.caller, wanted, limit=SHOWN)
            except SangdamError:
                wanted = None
        self._keep(wanted)
        return wanted

    def _keep(self, session_id: str | None) -> None:
        session.set_conversation_id(session_id)
        if session_id is None:
            st.query_params.pop("c", None)
        elif st.query_params.get("c") != session_id:
            st.query_params["c"] = session_id

    # ── sending ──────────────────────────────────────────────────────────────────────────

    def send(
        self, text: str, *, image_ids: tuple[str, ...] = (), confirm: str | None = None
    ) -> None:
        """Start a turn; while one runs, the message waits for its end."""
        running = turns.current()
        if running is not None and not running.over:
            if confirm is None and running.text != text:
                st.session_state[_WAITING] = text
            return
        kept_failure(take=True)
        after = self.messages[-1].message_id if self.messages else None
        if running is not None and running.session_id:  # stopped while it opened a new chat
            self.session_id = running.session_id
        caller = session.caller()  # a session may have been revoked meanwhile
        try:
            silent = self._to_person(caller, text)
            live = self.desk.turns.start(
                caller, "" if confirm else text, session_id=self.session_id,
                image_ids=image_ids, confirm=confirm, address=session.address(),
            )  # fmt: skip
        except SangdamError as error:
            keep_failed(text, error.message, confirm=confirm, photos=image_ids, after=after)
            return
        turns.start(PageTurn(live, text, after, image_ids, confirm, silent))

    def _to_person(self, caller: Caller, text: str) -> bool:
        """Whether a person gets the message: one has the chat, or was chosen at its start."""
        if not self.messages and caller.user_id and chat_person.chosen() == chat_person.PERSON:
            self.session_id = Sessions(self.desk).ask_person(caller, self.session_id, text)
        if self.session_id is None:
            return False
        return Sessions(self.desk).answering(caller, self.session_id).person

    def back_to_agent(self) -> None:
        """The agent answers again (a callback)."""
        self._hand("agent")

    def to_person(self) -> None:
        """The person who has the chat's ticket answers again (a callback)."""
        self._hand("person")

    def _hand(self, to: Answerer) -> None:
        if self.session_id is None:
            return
        try:
            Sessions(self.desk).hand(session.caller(), self.session_id, to)
        except SangdamError as error:
            st.toast(error.message)

    def press(self, action: CardAction) -> None:
        """A card's button speaks for the customer (a callback)."""
        self.send(action.message)

    def decide(self, action_id: str, yes: bool) -> None:
        """A confirm card's button (a callback); a second click finds the turn running."""
        if yes:
            self.send(YES, confirm=action_id)
        else:
            self.send(NO)

    def submit(self) -> None:
        """The input's Enter (a callback): photos are stored first, the text is never lost."""
        value: Any = st.session_state.get(INPUT)
        if value is None:
            return
        text = (value if isinstance(value, str) else value.text).strip()
        files = [] if isinstance(value, str) else list(value.files or ())
        image_ids: list[str] = []
        try:
            if len(files) > MOST_PHOTOS:
                raise BadInput(TOO_MANY_PHOTOS)
            for file in files:
                self.desk.limits.upload(self.caller)
                self.session_id, image_id = self.desk.save_photo(
                    self.caller, file.getvalue(), session_id=self.session_id
                )
                image_ids.append(image_id)
        except SangdamError as error:
            st.session_state[_PHOTO_ERROR] = error.message
            st.session_state[_DRAFT] = text
            return
        if text or image_ids:
            self.send(text, image_ids=tuple(image_ids))

    # ── drawing ──────────────────────────────────────────────────────────────────────────

    def draw(self) -> None:
        """The whole page: history or welcome, the running turn, the input."""
        st.html(bubbles.CSS)
        turn = turns.current()
        turns.resume(self.desk, self.caller, self.messages, silent=self.state.person)
        self._start_prefilled(turns.current())
        if turns.current() is not turn:
            st.rerun()  # a run watches over the turn that it begins with
        chat_history.sidebar(self.desk, self.caller, self.session_id)
        # Each has its own place: the welcome must not stay, faded, while the first reply comes.
        head, hello = st.empty(), st.empty()
        if self.session_id is not None or turn is not None:
            with head.container(key="chat-top"):
                chat_history.headline()
                chat_person.headline(
                    self.state, self._hours(), back=self.back_to_agent, person=self.to_person
                )
        self._input()
        if not self.messages and turn is None:
            with hello.container():
                welcome(self.desk, self.caller, self.send, self._hours())
        self._history(turn)
        if turn is not None:
            self._live(turn)
        self._failure()
        clauses.show_opened(self.desk, self.caller)
        chat_history.show_delete(self.desk, self.caller)
        if turn is None and self.session_id is not None and self._more_may_come():
            watch(self.desk, self.caller, self.session_id, self.state)

    def _hours(self) -> DeskHours:
        return desk_hours(self.desk.rules, self.desk.clock())

    def _start_prefilled(self, turn: PageTurn | None) -> None:
        waiting = st.session_state.pop(_WAITING, None) if turn is None else None
        text = waiting or (session.take_prefill() if turn is None else None)
        if text:
            self.send(text)

    def _input(self) -> None:
        if message := st.session_state.pop(_PHOTO_ERROR, None):
            st.session_state[INPUT] = st.session_state.pop(_DRAFT, "")
            st.toast(message, icon="⚠️", duration="long")
        st.chat_input(
            chat_person.input_hint(person=self._person_listens()),
            key=INPUT,
            accept_file="multiple",
            file_type=TYPES,
            submit_mode="stop",
            on_submit=self.submit,
        )

    def _person_listens(self) -> bool:
        """Whether what is written now goes to a person."""
        fresh = not self.messages and self.caller.user_id is not None
        return self.state.person or (fresh and chat_person.chosen() == chat_person.PERSON)

    def _history(self, turn: PageTurn | None) -> None:
        pending = self._pending() if turn is None else None
        before: str | None = None
        shown = until(self.messages, turn.after) if turn is not None else self.messages
        for number, message in enumerate(shown, 1):
            if bubbles.new_day(before, message.created_at):
                bubbles.day_line(message.created_at)
            before = message.created_at
            bubbles.draw(
                self.desk, self.caller, message, newest=turn is None and number == len(shown),
                press=self.press, pending=pending, decide=self.decide,
            )  # fmt: skip
        if turn is None and self.state.person and shown and shown[-1].role == "user":
            bubbles.receipt(f":material/check: {DELIVERED}", key=shown[-1].message_id)

    def _pending(self) -> PendingActionView | None:
        if self.session_id is None:
            return None
        try:
            return self.desk.pending_action(self.caller, self.session_id)
        except SangdamError:
            return None

    def _live(self, turn: PageTurn) -> None:
        """Watch the running turn; afterwards everything is drawn again from the store."""
        photos = [self.desk.photo(self.caller, image_id) for image_id in turn.image_ids]
        bubbles.mine(turn.text, photos, key="now")
        self._watch_turn(turn)
        turns.forget()
        self._after(turn)
        st.rerun()

    def _watch_turn(self, turn: PageTurn) -> None:
        if turn.silent:
            self._send_silently(turn)
            return
        with bubbles.desk_side(key="now"):
            doing, said = st.empty(), st.empty()
            text, doing_what = "", STOPPING if turn.stopped else THINKING
            doing.caption(f":material/more_horiz: {doing_what}")
            for event in turn.events():
                if isinstance(event, Status):
                    self._keep(turn.session_id)  # a reload comes back to a chat just opened
                    doing_what = STOPPING if turn.stopped else event.text
                elif isinstance(event, Delta):
                    text += event.text
                    said.text(text)
                elif isinstance(event, ErrorEvent):
                    break
                # Every round calls Streamlit, or a stop would not reach this loop.
                if text:
                    doing.empty()
                else:
                    doing.caption(f":material/more_horiz: {doing_what}")

    def _send_silently(self, turn: PageTurn) -> None:
        """A person has the chat: nothing of the agent is drawn, only that it is on its way."""
        bubbles.receipt(SENDING, key="now")
        for event in turn.events():
            if isinstance(event, Status):
                self._keep(turn.session_id)
            elif isinstance(event, ErrorEvent):
                break
            else:  # every round calls Streamlit, or a stop would not reach this loop
                st.empty()

    def _after(self, turn: PageTurn) -> None:
        self._keep(turn.session_id)
        if turn.error is not None:
            keep_failed(
                turn.text, turn.error.text, confirm=turn.confirm, photos=turn.image_ids,
                after=turn.after,
            )  # fmt: skip

    def _failure(self) -> None:
        failed = kept_failure() or self._lost()
        if not failed or turns.current() is not None:
            return
        since = self.messages[len(until(self.messages, failed["after"])) :]
        if not any(message.role == "user" for message in since):
            bubbles.mine(failed["text"], (), key="failed")
        with bubbles.desk_side(key="failed"):
            st.text(failed["why"])
            st.button(
                "다시 보내기", key="send-again", icon=":material/refresh:", on_click=self.send,
                args=(failed["text"],),
                kwargs={"confirm": failed["confirm"], "image_ids": failed["photos"]},
            )  # fmt: skip

    def _lost(self) -> dict[str, Any] | None:
        """What sends again a question that a server took with it when it died."""
        if not self.messages or not self._is_lost():
            return None
        last = self.messages[-1]
        photos = tuple(last.payload.get("image_ids", ()))
        before = self.messages[-2].message_id if len(self.messages) > 1 else None
        return failure(last.content, LOST, confirm=None, photos=photos, after=before)

    def _is_lost(self) -> bool:
        return not self.state.person and is_lost(self.desk, self.messages[-1])

    def _more_may_come(self) -> bool:
        """A person may speak, or another tab (this one before a reload) asked something."""
        if self.state.live or self.state.status is not None:
            return True
        return bool(self.messages) and self.messages[-1].role == "user" and not self._is_lost()
