"""What was said about a ticket: the chat, the staff's notes in between, what happened.

A ticket without a chat shows its own history. Everything comes from people: it is text, never
mark-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from errors import NotFound, SangdamError
from services import PhotoReport, Services
from ui import clauses, photo_report, session, states
from ui.bubbles import new_day
from ui.desk import ticket_words
from ui.format import clock, day, plain
from ui.photo_boxes import drawn
from ui.refresh import refreshed

__all__ = ["CSS", "Said", "entries", "live"]

EVERY_S = 2
HEIGHT_PX = 230
FIRST, MORE = 40, 200  # messages at first, and once older ones are asked for
LONG, SHOWN = 700, 420  # characters from which a text folds, and how many then show
PHOTO_WIDTH_PX = 150
Kind = Literal["customer", "agent", "staff", "note", "notice"]
_OLDER = "sangdam_desk_older"
# Keys are Streamlit's documented hook for styles; each voice has its own side and colour.
CSS = """<style>
.st-key-desk-talk { gap: .5rem; }
[class*="st-key-said-"] { border-radius: .6rem; padding: .35rem .7rem .45rem; gap: .1rem; }
[class*="st-key-said-"] [data-testid="stText"] * {
  font-size: .9rem; line-height: 1.55; word-break: keep-all; overflow-wrap: anywhere; }
[class*="st-key-said-"] p { font-size: .8rem; }
:is([class*="st-key-said-agent-"], [class*="st-key-said-staff-"], [class*="st-key-said-note-"]) {
  width: 92%; margin-left: 8%; }
[class*="st-key-said-customer-"] {
  width: 92%; background: color-mix(in srgb, currentColor 6%, transparent); }
[class*="st-key-said-agent-"] {
  border: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
[class*="st-key-said-staff-"] { background: color-mix(in srgb, #2f74e0 13%, transparent); }
[class*="st-key-said-note-"] {
  background: color-mix(in srgb, #f5a524 18%, transparent); border-left: 3px solid #f5a524; }
</style>"""


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the conversation, by whom and when."""

    key: str
    at: str
    kind: Kind
    name: str
    text: str
    photos: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    citations: Sequence[Mapping[str, Any]] = field(default=())


@refreshed(EVERY_S)
def live(desk: Services, ticket_id: str) -> None:
    """The conversation as it is now, the newest at the end and in sight."""
    caller = session.caller()  # whoever signed out meanwhile sees nothing more
    if not caller.is_staff:
        st.rerun()
    older = st.session_state.get(_OLDER) == ticket_id
    try:
        look = desk.tool(
            caller, "look_at_ticket", ticket_id=ticket_id, messages=MORE if older else FIRST
        )
    except NotFound:
        return
    said = entries(look)
    image_ids = [image_id for one in said for image_id in one.photos]
    reports = desk.tool(caller, "photo_reports_of", image_ids=image_ids) if image_ids else {}
    # The newest stays in sight: a container of a fixed height scrolls to what is added.
    with st.container(height=HEIGHT_PX, key="desk-talk", autoscroll=True, gap="small"):
        if len(look.messages) == FIRST and not older:
            st.button("이전 대화 더 보기", key="desk-older", icon=":material/expand_less:",
                      type="tertiary", on_click=_older, args=(ticket_id,))  # fmt: skip
        before = None
        for one in said:
            if new_day(before, one.at):
                st.caption(day(one.at), text_alignment="center")
            before = one.at
            _draw(desk, one, reports)


def entries(look: Any) -> list[Said]:
    """Everything that was said and done, oldest first."""
    ticket = look.ticket
    talk = [_of_message(one, look.customer_name) for one in look.messages]
    events = enumerate(ticket.events)
    if look.messages:
        begin = look.messages[0].created_at
        events_shown = [(n, e) for n, e in events if e.kind == "note" and e.at >= begin]
    else:
        events_shown = [(n, e) for n, e in events if e.text or not e.internal]
    talk += [_of_event(number, event, look.customer_name) for number, event in events_shown]
    return sorted(talk, key=lambda one: one.at)


def _of_message(message: Any, customer: str) -> Said:
    payload = message.payload
    kind: Kind = {"user": "customer", "assistant": "agent", "staff": "staff"}.get(
        message.role, "notice"
    )  # type: ignore[assignment]
    names = {
        "customer": customer, "agent": ticket_words.HELPER,
        "staff": str(payload.get("name") or "담당자"), "notice": "",
    }  # fmt: skip
    cards = tuple(
        str(card.get("title")) for card in payload.get("cards") or () if card.get("title")
    )
    return Said(
        message.message_id, message.created_at, kind, names[kind], message.content,
        tuple(payload.get("image_ids") or ()), cards, tuple(payload.get("citations") or ()),
    )  # fmt: skip


def _of_event(number: int, event: Any, customer: str) -> Said:
    by_staff = event.actor_role in ("staff", "admin")
    kind: Kind = "notice"
    if event.kind == "note":
        kind = "note"
    elif event.kind in ("reply", "resolved"):
        kind = "staff"
    elif event.kind in ("created", "message") and event.text:
        kind = "customer"
    name = customer if kind == "customer" else ticket_words.who(event)
    if kind == "customer" and by_staff:
        name = f"{customer} ({event.actor_name} 님이 대신 접수)"
    text = event.text if kind != "notice" else f"{name}: {ticket_words.title(event)[0]}"
    return Said(f"e{number}", event.at, kind, name, text)


def _draw(desk: Services, one: Said, reports: Mapping[str, PhotoReport]) -> None:
    if one.kind == "notice":
        st.caption(f"{plain(one.text)} · {clock(one.at)}", text_alignment="center")
        return
    with st.container(key=f"said-{one.kind}-{one.key}"):
        st.markdown(f"{_name(one)} :small[:gray[{clock(one.at)}]]")
        _text(one)
        _photos(desk, one.photos, reports)
        if one.cards:
            st.caption(":material/view_agenda: " + plain(", ".join(one.cards)))
        if one.citations:
            clauses.chips([dict(source) for source in one.citations], key=f"talk-{one.key}")


def _name(one: Said) -> str:
    name = plain(one.name)
    if one.kind == "note":
        return f":material/lock: **내부 메모** · {name}"
    if one.kind == "agent":
        return f":material/smart_toy: {name}"
    return f"**{name}** 상담원" if one.kind == "staff" else f"**{name}**"


def _text(one: Said) -> None:
    if len(one.text) <= LONG:
        if one.text:
            st.text(one.text)
        return
    st.text(one.text[:SHOWN].rstrip() + "…")
    with st.expander(f"전체 보기 ({len(one.text):,}자)"):
        st.text(one.text)


def _photos(desk: Services, image_ids: Sequence[str], reports: Mapping[str, PhotoReport]) -> None:
    """The photos, each with what was found on it (more of that under 사진)."""
    found = []
    for image_id in image_ids:
        try:
            found.append((desk.photo(session.caller(), image_id), reports.get(image_id)))
        except SangdamError:
            continue  # deleted since: the text still stands
    if found:
        with st.container(horizontal=True, gap="small"):
            for data, report in found:
                with st.container(width=PHOTO_WIDTH_PX, gap="xxsmall"):
                    marks = photo_report.marks_of(report) if report else []
                    st.image(drawn(data, marks, width_px=2 * PHOTO_WIDTH_PX),
                             width=PHOTO_WIDTH_PX, alt="고객이 보낸 사진")  # fmt: skip
                    if report:
                        st.markdown(states.chip("photo", report.report.verdict))


def _older(ticket_id: str) -> None:
    st.session_state[_OLDER] = ticket_id
