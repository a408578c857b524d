"""One ticket of the queue in words: its promise, its matter, its people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.shop import words
from ui import states
from ui.format import plain, short, when

__all__ = ["MINUTES_A_DAY", "clock", "label", "text", "unread"]

MINUTES_A_DAY = 9 * 60  # of desk time, which the clocks count in
SOON_MINUTES = 60
LONGEST = 90  # characters of a summary; the row shows fewer
LONGEST_PRODUCT = 24
MOST_TAGS = 3
_CALM = ("", "neutral")


def clock(item: Any) -> states.State:
    """What is promised by when, in words: "답변까지 42분", "기한 2시간 지남", "고객 답 대기"."""
    ticket, sla = item.ticket, item.sla
    if ticket.status in ("resolved", "closed"):
        done = states.state_of("ticket", ticket.status)
        at = ticket.resolved_at if ticket.status == "resolved" else ticket.closed_at
        return states.State(f"{when(at)} {done.word}".strip(), done.colour, done.icon)
    if ticket.status == "waiting_customer" and not sla.breached:
        return states.State("고객 답 대기", "violet", "reply")
    first = ticket.first_responded_at is None and sla.first_response.due is not None
    what, running = ("답변", sla.first_response) if first else ("해결", sla.resolution)
    if running.due is None:
        return states.State("기한 없음", "gray", "timer_off")
    left = running.remaining_minutes or 0
    if running.breached or left < 0:
        looks = states.state_of("sla", "late")
        return states.State(f"{what} 기한 {_lasting(max(1, -left))} 지남", "red", looks.icon)
    looks = states.state_of("sla", "soon" if left <= SOON_MINUTES else "running")
    return states.State(f"{what}까지 {_lasting(left)}", looks.colour, looks.icon)


def text(item: Any, *, new: bool, here: Sequence[str], mine: bool) -> str:
    """The row as Markdown: a line with the matter and its promise, one with its facts."""
    ticket, due = item.ticket, clock(item)
    summary = plain(short(ticket.summary or ticket.subject, LONGEST))
    mark = ":blue[:material/mark_chat_unread:] " if unread(ticket) else ""
    mark += ":blue-badge[새 문의] " if new else ""
    head = f"{mark}**{summary}** :{due.colour}[{due.material} {due.word}]"
    facts = [_coloured("priority", ticket.priority)]
    if (mood := ticket.sentiment or "") not in _CALM:
        facts.append(_coloured("sentiment", mood))
    facts.append(f"{words.ISSUE_TYPE.get(ticket.issue_type, '')} · {plain(item.customer_name)}")
    if ticket.order_id:
        facts.append(f"*{_about(item)}*")
    person = "나" if mine else plain(item.assignee_name)
    who = (
        f":gray[:material/person: {person}]" if person else ":orange[:material/person_off: 미배정]"
    )
    lines = [head, " ".join([*facts, who])]
    if extra := _extra(ticket.tags, here):
        lines.append(extra)
    return "\n\n".join(lines)


def label(item: Any) -> str:
    """The row for a reader who does not see it."""
    ticket = item.ticket
    parts = [
        short(ticket.summary or ticket.subject, LONGEST), clock(item).word,
        states.state_of("priority", ticket.priority).word,
        words.ISSUE_TYPE.get(ticket.issue_type, ""), item.customer_name,
        "새 고객 메시지" if unread(ticket) else "",
    ]  # fmt: skip
    return plain(", ".join(part for part in parts if part) + " 열기")


def unread(ticket: Any) -> bool:
    """Whether the customer of a running ticket spoke last."""
    said = ticket.customer_spoke_at
    over = ticket.status in ("resolved", "closed")
    return bool(said) and not over and said > (ticket.staff_spoke_at or "")


def _about(item: Any) -> str:
    """The order's number and product: "20261101-0000001 무선 이어폰 외 1건"."""
    name = short(item.product_name, LONGEST_PRODUCT)
    more = f" 외 {item.lines - 1}건" if item.lines > 1 else ""
    return plain(f"{name}{more} {item.ticket.order_id}".strip())


def _extra(tags: Sequence[str], here: Sequence[str]) -> str:
    """Tags, and who else has the ticket open."""
    found = [f":gray-badge[{plain(tag)}]" for tag in tags[:MOST_TAGS]]
    if len(tags) > MOST_TAGS:
        found.append(f":gray-badge[+{len(tags) - MOST_TAGS}]")
    if here:
        names = plain(", ".join(here[:2])) + (f" 외 {len(here) - 2}명" if len(here) > 2 else "")
        found.insert(0, f":green-badge[:material/visibility: {names} 님이 보는 중]")
    return " ".join(found)


def _coloured(kind: states.Kind, name: str) -> str:
    found = states.state_of(kind, name)
    return f":{found.colour}[{found.material} {found.word}]"


def _lasting(minutes: int) -> str:
    """Desk time in words: "42분", "3시간 10분", "2일"."""
    if minutes < 60:
        return f"{minutes}분"
    if minutes < MINUTES_A_DAY:
        hours, rest = divmod(minutes, 60)
        return f"{hours}시간" + (f" {rest}분" if rest and hours < 4 else "")
    return f"{minutes // MINUTES_A_DAY}일"
