"""The chat page: which conversation is open, what is sent, and the reply as it comes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.types import Caller, CardAction, Delta, ErrorEvent, PendingActionView, Status
from errors import SangdamError
from services import Services, StoredMessage
from ui import bubbles, chat_history, clauses, session, turns
from ui.chat_welcome import welcome
from ui.format import local
from ui.turns import PageTurn

__all__ = ["ChatView"]

INPUT = "chat_input"
_FAILED = "sangdam_failed_turn"
_WAITING = "sangdam_waiting_turn"
_DRAFT = "sangdam_chat_draft"
_PHOTO_ERROR = "sangdam_photo_error"
THINKING, STOPPING = "말씀을 읽고 있어요", "답변을 멈추고 있어요"
LOST = "답변을 끝내지 못했어요. 다시 보내 주세요."
YES, NO = "네, 진행해 주세요.", "아니요"
POLL_S, STOP_POLL_S = 4, 1


class ChatView:
    """The chat of one script run."""

    def __init__(self, desk: Services, caller: Caller) -> None:
        self.desk = desk
        self.caller = caller
        self.messages: list[StoredMessage] = []
        self.session_id = self._open()

    # ── which conversation ───────────────────────────────────────────────────────────────

    def _open(self) -> str | None:
        """The chat of the URL, else this tab's; somebody else's opens nothing."""
        turn = turns.current()
        wanted = st.query_params.get("c") or session.conversation_id()
        if turn is not None and turn.session_id:
            wanted = turn.session_id
        if wanted:
            try:
                self.messages = self.desk.messages(self.caller, wanted)
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
        st.session_state.pop(_FAILED, None)
        after = self.messages[-1].message_id if self.messages else None
        if running is not None and running.session_id:  # stopped while it opened a new chat
            self.session_id = running.session_id
        caller = session.caller()  # a session may have been revoked meanwhile
        try:
            live = self.desk.turns.start(
                caller, "" if confirm else text, session_id=self.session_id,
                image_ids=image_ids, confirm=confirm, address=session.address(),
            )  # fmt: skip
        except SangdamError as error:
            _keep_failed(text, error.message, confirm=confirm, photos=image_ids, after=after)
            return
        turns.start(PageTurn(live, text, after, image_ids, confirm))

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
            for file in files:
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
        turns.resume(self.desk, self.caller, self.messages)
        turn = turns.current()
        self._start_prefilled(turn)
        turn = turns.current()
        chat_history.sidebar(self.desk, self.caller, self.session_id)
        # Each has its own place: the welcome must not stay, faded, while the first reply comes.
        head, hello = st.empty(), st.empty()
        if self.session_id is not None or turn is not None:
            with head.container():
                chat_history.headline()
        self._input()
        if not self.messages and turn is None:
            with hello.container():
                welcome(self.desk, self.caller, self.send)
        self._history(turn)
        if turn is not None:
            self._live(turn)
        self._failure()
        clauses.show_opened(self.desk, self.caller)
        chat_history.show_delete(self.desk, self.caller)
        if turn is None and self._more_may_come():
            _watch(self.desk, self.caller, self.session_id, self.messages[-1].message_id)

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
            "궁금한 점을 적어 주세요",
            key=INPUT,
            accept_file="multiple",
            file_type=["jpg", "jpeg", "png", "webp"],
            submit_mode="stop",
            on_submit=self.submit,
        )

    def _history(self, turn: PageTurn | None) -> None:
        pending = self._pending() if turn is None else None
        before: str | None = None
        shown = _until(self.messages, turn.after) if turn is not None else self.messages
        for number, message in enumerate(shown, 1):
            if bubbles.new_day(before, message.created_at):
                bubbles.day_line(message.created_at)
            before = message.created_at
            bubbles.draw(
                self.desk, self.caller, message, newest=turn is None and number == len(shown),
                press=self.press, pending=pending, decide=self.decide,
            )  # fmt: skip

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
        if not turn.stopped:
            _watch_for_stop()
        try:
            self._watch_turn(turn)
        except BaseException as interrupt:
            # A rerun goes on watching; StopException ends it.
            if type(interrupt).__name__ == "StopException":
                turn.end_watching()
            raise
        turns.forget()
        self._after(turn)
        st.rerun()

    def _watch_turn(self, turn: PageTurn) -> None:
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

    def _after(self, turn: PageTurn) -> None:
        self._keep(turn.session_id)
        if turn.error is not None:
            _keep_failed(
                turn.text, turn.error.text, confirm=turn.confirm, photos=turn.image_ids,
                after=turn.after,
            )  # fmt: skip

    def _failure(self) -> None:
        failed = st.session_state.get(_FAILED) or self._lost()
        if not failed or turns.current() is not None:
            return
        since = self.messages[len(_until(self.messages, failed["after"])) :]
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
        if not self.messages or not _is_lost(self.desk, self.messages[-1]):
            return None
        last = self.messages[-1]
        photos = tuple(last.payload.get("image_ids", ()))
        before = self.messages[-2].message_id if len(self.messages) > 1 else None
        return _failure_of(last.content, LOST, confirm=None, photos=photos, after=before)

    def _more_may_come(self) -> bool:
        """A person has the chat, or another tab (this one before a reload) asked something."""
        if not self.messages or _is_lost(self.desk, self.messages[-1]):
            return False
        return self.messages[-1].role == "user" or self._with_a_person()

    def _with_a_person(self) -> bool:
        return any(
            message.payload.get("handoff") or message.role not in ("user", "assistant", "system")
            for message in self.messages
        )


def _keep_failed(
    text: str, why: str, *, confirm: str | None, photos: tuple[str, ...], after: str | None
) -> None:
    """Nothing the customer wrote is lost: the page offers to send it again."""
    st.session_state[_FAILED] = _failure_of(
        text, why, confirm=confirm, photos=photos, after=after
    )  # fmt: skip


def _failure_of(
    text: str, why: str, *, confirm: str | None, photos: tuple[str, ...], after: str | None
) -> dict[str, Any]:
    return {"text": text, "why": why, "confirm": confirm, "photos": photos, "after": after}


def _is_lost(desk: Services, last: StoredMessage) -> bool:
    """Whether the chat's last message is a question that no turn can answer any more."""
    age = desk.clock() - local(last.created_at)
    return last.role == "user" and age.total_seconds() > desk.settings.turn_timeout_s


def _until(messages: list[StoredMessage], message_id: str | None) -> list[StoredMessage]:
    """The messages up to and with ``message_id``."""
    if message_id is None:
        return []
    for number, message in enumerate(messages, 1):
        if message.message_id == message_id:
            return messages[:number]
    return messages


@st.fragment(run_every=POLL_S)
def _watch(desk: Services, caller: Caller, session_id: str | None, seen: str) -> None:
    """Look for a reply that this run of the page does not make, and show it when it is there."""
    if session_id is None:
        return
    try:
        newest = desk.messages(caller, session_id, limit=1)
    except SangdamError:
        return
    if newest and (newest[-1].message_id != seen or _is_lost(desk, newest[-1])):
        st.rerun()


@st.fragment(run_every=STOP_POLL_S)
def _watch_for_stop() -> None:
    """Stop ends the script and nothing draws any more: the browser's next look draws anew."""
    turn = turns.current()
    if turn is not None and turn.stopped:
        st.rerun()
