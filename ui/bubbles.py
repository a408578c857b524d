"""One message of a chat: the customer's at the right, the desk's and a person's at the left.

What people wrote is drawn with ``st.text``: nothing in it is mark-up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import streamlit as st

from agent.types import Caller, Card, CardAction, PendingActionView
from errors import SangdamError
from services import Services, StoredMessage
from ui import cards, clauses, photo_report
from ui.format import clock, day, local, plain

__all__ = [
    "CSS",
    "confirm_card",
    "day_line",
    "desk_side",
    "draw",
    "mine",
    "new_day",
    "notice",
    "rating",
    "receipt",
]

PHOTO_WIDTH, SMALL_PHOTO_WIDTH = 220, 120
PHOTOS_SHOWN = 2  # reports of a message that show at once
# The row of a proposal the eye should find first.
STRONG = ("환불 금액", "내실 금액")
REASONS = ("답이 틀렸어요", "원하는 답이 아니에요", "이해하기 어려워요", "말투가 불편해요")
# What happened between two answerers, by its name in the message's payload.
_EVENT_ICONS = {
    "handed_over": "support_agent", "taken": "support_agent", "reopened": "undo",
    "back_to_agent": "forum", "resolved": "check_circle", "claim": "assignment_return",
    "done": "task_alt",
}  # fmt: skip
# The customer's side is the right one; keys are Streamlit's documented hook for styles.
CSS = """<style>
[class*="st-key-mine-"] > [data-testid="stLayoutWrapper"] { max-width: 85%; }
[class*="st-key-mine-"] [data-testid="stChatMessage"] {
  background: color-mix(in srgb, currentColor 7%, transparent); padding: .6rem .9rem;
}
[class*="st-key-mine-"] [data-testid^="stChatMessageAvatar"] { display: none; }
[class*="st-key-person-"] [data-testid="stChatMessage"] {
  background: color-mix(in srgb, orange 10%, transparent); padding: .6rem .9rem;
}
[data-testid="stChatMessage"] [data-testid="stText"] * {
  font-size: 1rem; line-height: 1.65; word-break: keep-all; overflow-wrap: anywhere;
}
@media (max-width: 640px) {
  .st-key-suggestions { gap: .4rem; }
  [class*="st-key-desk-"] [data-testid^="stChatMessageAvatar"] { display: none; }
  [class*="st-key-desk-"] [data-testid="stChatMessage"] { padding-left: 0; padding-right: 0; }
  [class*="st-key-who-answers-"] { flex-wrap: wrap; gap: .25rem; }
  [class*="st-key-who-answers-"] > :first-child { flex: 1 1 100%; }
}
[class*="st-key-who-answers-"] {
  background: color-mix(in srgb, currentColor 5%, transparent); border-radius: .6rem;
  padding: .4rem .9rem;
}
.st-key-who-answers-person { background: color-mix(in srgb, orange 10%, transparent); }
[data-testid="stLayoutWrapper"]:has(> .st-key-chat-top .st-key-who-answers-person) {
  position: sticky; top: 0; z-index: 5; padding-bottom: .25rem; backdrop-filter: blur(12px);
  background: color-mix(in srgb, Canvas 88%, transparent);
}
@media (max-width: 640px) { /* the title goes under the bar on top, the line stays below it */
  [data-testid="stLayoutWrapper"]:has(> .st-key-chat-top .st-key-who-answers-person) {
    top: .5rem;
  }
}
[class*="st-key-notice-"] { padding: .3rem 0; }
[class*="st-key-notice-"] button { border-radius: 2rem; }
[class*="st-key-chat-"] button * { justify-content: flex-start; text-align: left; }
</style>"""


def mine(text: str, photos: Sequence[bytes], *, key: str) -> None:
    """What the customer said and sent."""
    with (
        st.container(key=f"mine-{key}", horizontal_alignment="right"),
        st.chat_message("user", width="content"),
    ):
        if photos:
            width = PHOTO_WIDTH if len(photos) == 1 else SMALL_PHOTO_WIDTH
            with st.container(horizontal=True, gap="xsmall"):
                for photo in photos:
                    st.image(photo, width=width, alt="보내신 사진")
        if text:
            st.text(text)


def desk_side(*, key: str, person: str = "") -> AbstractContextManager[Any]:
    """The left side: the agent, or a person by name with a look of their own."""
    place = st.container(key=f"{'person' if person else 'desk'}-{key}")
    if person:
        bubble = place.chat_message(f"상담원 {person}", avatar=":material/support_agent:")
        bubble.markdown(f":orange[**{plain(person)}**] :small[:gray[상담원]]")
        return bubble
    return place.chat_message("assistant", avatar=":material/forum:")


def day_line(iso: str) -> None:
    """A new day begins in the chat."""
    st.caption(day(iso), text_alignment="center")


def notice(message: StoredMessage, press: cards.Press | None = None) -> None:
    """Something that happened, said by nobody; with ``press`` its buttons, too."""
    icon = _EVENT_ICONS.get(str(message.payload.get("event")), "info")
    with st.container(
        key=f"notice-{message.message_id}", gap="xsmall", horizontal_alignment="center"
    ):
        st.caption(
            f":material/{icon}: {plain(message.content)} · {clock(message.created_at)}",
            text_alignment="center",
        )
        actions = [
            action for raw in message.payload.get("cards") or () for action in _card(raw).actions
        ]
        if press is not None and actions:
            with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
                for number, action in enumerate(actions):
                    st.button(
                        plain(action.label), key=f"do-{message.message_id}-{number}",
                        on_click=press, args=(action,),
                    )  # fmt: skip


def receipt(text: str, *, key: str) -> None:
    """What became of the customer's message above, small and at its side."""
    with st.container(key=f"receipt-{key}", horizontal_alignment="right"):
        st.caption(text, width="content", text_alignment="right")


def draw(
    desk: Services,
    caller: Caller,
    message: StoredMessage,
    *,
    newest: bool,
    press: cards.Press,
    pending: PendingActionView | None,
    decide: Callable[[str, bool], None],
) -> None:
    """Draw one stored message; only the newest one has live buttons."""
    key = message.message_id
    if message.role == "user":
        mine(message.content, _photos(desk, caller, message), key=key)
        return
    if message.role == "system":
        notice(message, press if newest else None)
        return
    person = "" if message.role == "assistant" else str(message.payload.get("name") or "담당자")
    payload = message.payload
    with desk_side(key=key, person=person):
        st.text(message.content)
        found = [_card(raw) for raw in payload.get("cards") or ()]
        photos = [one for one in found if one.type == "photo_report"]
        _looked_at(desk, caller, photos, key, press if newest else None)
        rest = [one for one in found if one.type != "photo_report"]
        cards.cards(rest, key=key, press=press if newest else None)
        _proposal(payload.get("pending_action"), pending, decide, key)
        if payload.get("ticket_id"):
            _to_ticket(payload["ticket_id"])
        if payload.get("citations"):
            clauses.chips(payload["citations"], key=key)
        if not person:
            _foot(desk, caller, message)
        else:
            st.caption(clock(message.created_at))


def _looked_at(
    desk: Services, caller: Caller, found: Sequence[Card], key: str, press: cards.Press | None
) -> None:
    """What was found on the customer's photos: two beside each other, the rest folded."""
    if not found:
        return
    width = photo_report.SMALL_PX if len(found) == 1 else photo_report.PAIR_PX

    def row(first: int, some: Sequence[Card]) -> None:
        with st.container(horizontal=True, gap="small"):
            for number, one in enumerate(some, first):
                name = f"{key}-photo-{number}"
                with st.container(width=width + 34, gap="small"):
                    photo_report.in_chat(desk, caller, one.id, key=name, width=width)
                    if press is not None and one.actions:
                        cards.buttons(one.actions, key=name, press=press)

    row(0, found[:PHOTOS_SHOWN])
    if rest := found[PHOTOS_SHOWN:]:
        with st.expander(f"나머지 사진 {len(rest)}장", icon=":material/photo_library:"):
            row(PHOTOS_SHOWN, rest)


def confirm_card(
    pending: PendingActionView, *, key: str, decide: Callable[[str, bool], None] | None
) -> None:
    """Exactly what will happen and what it costs, then the buttons (none: it is settled)."""
    with st.container(border=True, key=f"confirm-{key}", gap="small"):
        st.markdown(f"**{plain(pending.summary)}**")
        with st.container(gap="xsmall"):
            for label, value in pending.rows:
                cards.price_row(label, value, strong=label in STRONG)
        if decide is None:
            return
        with st.container(horizontal=True, gap="small"):
            for label, yes in (("그만두기", False), ("확인", True)):
                st.button(
                    label, key=f"decide-{int(yes)}-{key}", on_click=decide,
                    args=(pending.action_id, yes), width="stretch",
                    type="primary" if yes else "secondary",
                )  # fmt: skip
        st.caption(
            f"{clock(pending.expires_at)}까지 확인할 수 있어요. 누르기 전에는 바뀌지 않아요."
        )


def rating(key: str, saved: int | None, rate: Callable[[bool, str], None], reason: str) -> None:
    """Thumbs; a thumb down asks why, in one tap."""
    name = f"rate-{key}"

    def thumb() -> None:
        value = st.session_state.get(name)
        if value is not None:
            rate(bool(value), "")

    def why() -> None:
        if picked := st.session_state.get(f"why-{key}"):
            rate(False, picked)

    value = st.feedback("thumbs", key=name, default=saved, on_change=thumb)
    if value == 0:
        default = reason if reason in REASONS else None
        st.pills("어떤 점이 아쉬웠나요?", REASONS, key=f"why-{key}", default=default, on_change=why)
        if st.session_state.get(f"why-{key}"):
            st.caption("알려 주셔서 고마워요. 더 나은 답을 만드는 데 쓸게요.")


def _foot(desk: Services, caller: Caller, message: StoredMessage) -> None:
    opinion = message.payload.get("feedback") or {}
    with st.container(gap="xsmall"):

        def rate(good: bool, reason: str) -> None:
            try:
                desk.rate(caller, message.message_id, good=good, reason=reason)
            except SangdamError as error:
                st.toast(error.message)

        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.caption(clock(message.created_at), width="content")
            rating(message.message_id, opinion.get("rating"), rate, opinion.get("reason", ""))


def _proposal(
    raw: dict[str, Any] | None,
    pending: PendingActionView | None,
    decide: Callable[[str, bool], None],
    key: str,
) -> None:
    if not raw:
        return
    rows = tuple((str(label), str(value)) for label, value in raw["rows"])
    shown = PendingActionView(
        raw["action_id"], raw["kind"], raw["summary"], rows, raw["expires_at"], raw["status"]
    )
    live = pending is not None and pending.action_id == shown.action_id
    confirm_card(shown, key=key, decide=decide if live else None)


def _to_ticket(ticket_id: str) -> None:
    st.page_link(
        "tickets.py", label="내 문의에서 보기", icon=":material/arrow_forward:",
        query_params={"ticket": ticket_id},
    )  # fmt: skip


def _photos(desk: Services, caller: Caller, message: StoredMessage) -> list[bytes]:
    found = []
    for image_id in message.payload.get("image_ids") or ():
        try:
            found.append(desk.photo(caller, image_id))
        except SangdamError:
            continue  # deleted since: the text still stands
    return found


def _card(raw: dict[str, Any]) -> Card:
    actions = tuple(CardAction(**action) for action in raw.get("actions") or ())
    return Card(raw["type"], raw["id"], raw["title"], raw.get("data") or {}, actions)


def new_day(before: str | None, iso: str) -> bool:
    """Whether a message is the first one of its Korean day."""
    return before is None or local(before).date() != local(iso).date()
