"""Cards, changes to confirm and sources as boxes of ``rich``; imported only for a terminal.

Every text goes in as :class:`rich.text.Text`, so nothing in it is mark-up, and through
:func:`agent.terminal.text.one_line`, so nothing in it steers the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.korean import day_text, krw
from agent.shop import words
from agent.shop.calendar import SEOUL
from agent.terminal.text import one_line
from agent.types import Card, CardAction, Citation, PendingActionView

__all__ = ["card_box", "numbered_actions", "pending_box", "source_lines"]

WIDTH = 72  # columns; a wider box is harder to read
SHOWN_LINES, SHOWN_OPTIONS, SHOWN_FINDINGS = 3, 5, 5
_COLOURS = {
    "pending_payment": "yellow", "requested": "yellow", "waiting_customer": "yellow",
    "delivered": "green", "completed": "green", "resolved": "green",
    "cancelled": "red", "rejected": "red", "withdrawn": "bright_black",
    "closed": "bright_black",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Face:
    """What a card shows: its state and day on the frame, a title with an amount, notes."""

    state: str
    day: str = ""
    amount: str = ""
    notes: Sequence[str] = field(default_factory=tuple)


def card_box(card: Card, actions: RenderableType | None = None) -> RenderableType:
    """A card with its ``actions`` below; one that cannot be read shows its title."""
    if card.type not in _FACES:
        parts: list[RenderableType] = [Text(one_line(card.title), "dim")] if card.title else []
        return Group(*parts, *([actions] if actions is not None else []))
    try:
        face = _FACES[card.type](card.data)
    except (AttributeError, KeyError, TypeError, ValueError):  # a server newer than this
        face = _Face(one_line(card.id))
    head = Table.grid(expand=True, padding=(0, 1))
    head.add_column(ratio=1)
    head.add_column(justify="right", no_wrap=True)
    head.add_row(Text(one_line(card.title), "bold"), Text(face.amount, "bold"))
    notes = [Text(one_line(note), "dim") for note in face.notes if note]
    return Panel(
        Group(head, *notes, *([actions] if actions is not None else [])),
        title=Text(one_line(face.state), _COLOURS.get(str(card.data.get("status")), "cyan")),
        title_align="left",
        subtitle=Text(one_line(face.day), "dim"),
        subtitle_align="right",
        border_style="bright_black",
        width=WIDTH,
    )


def numbered_actions(actions: Iterable[tuple[int | None, CardAction]]) -> Text | None:
    """A card's buttons, each with its number, or with what it says; None when it has none."""
    found = Text()
    for number, action in actions:
        if number is None:
            found.append(f"· {one_line(action.label)}: {one_line(action.message)}\n", "dim")
        else:
            found.append(f"{number}", "bold cyan")
            found.append(f" {one_line(action.label)}   ")
    found.rstrip()
    return found or None


def pending_box(action: PendingActionView, hint: str) -> RenderableType:
    """What would be done, row by row, and ``hint``: how to say yes."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, value in action.rows:
        table.add_row(Text(one_line(label)), Text(one_line(value)))
    return Panel(
        table,
        title=Text(one_line(action.summary) or "확인해 주세요", "bold yellow"),
        title_align="left",
        subtitle=Text(one_line(hint)),
        subtitle_align="left",
        border_style="yellow",
        box=box.HEAVY,
        width=WIDTH,
    )


def source_lines(citations: Iterable[Citation]) -> Text:
    """The clauses a reply rests on, one a line."""
    return Text("\n").join(
        Text(f"  근거: {one_line(one.title)} · {one_line(one.section)}", "dim") for one in citations
    )


def _order(data: dict[str, Any]) -> _Face:
    lines = data.get("lines") or []
    notes = [
        " · ".join(part for part in (_name(line, lines), line.get("option"), _count(line)) if part)
        for line in lines[:SHOWN_LINES]
    ]
    if len(lines) > SHOWN_LINES:
        notes.append(f"외 {len(lines) - SHOWN_LINES}개 상품")
    notes += [
        f"{words.CLAIM_KIND.get(line['claim'][0], '')} "
        f"{words.CLAIM_STATUS.get(line['claim'][1], '')} · {line['name']}"
        for line in lines
        if line.get("claim")
    ]
    if data.get("delivered_at"):
        notes.append(f"{_day(data['delivered_at'])} 배송 완료")
    if data.get("status") == "shipped" and data.get("tracking_no"):
        notes.append(f"{data.get('carrier') or ''} {data['tracking_no']}")
    notes.append(f"주문번호 {data['order_id']}")
    return _Face(
        str(data["status_ko"]), f"{_day(data['created_at'])} 주문", _won(data["total_krw"]), notes
    )


def _name(line: dict[str, Any], lines: Sequence[Any]) -> str:
    return str(line["name"]) if len(lines) > 1 else ""  # one line's name is the title


def _count(line: dict[str, Any]) -> str:
    return f"{line.get('quantity', 1)}개"


def _product(data: dict[str, Any]) -> _Face:
    options = [str(one["name"]) for one in data.get("options") or () if one.get("stock", 0) > 0]
    more = f" 외 {len(options) - SHOWN_OPTIONS}개" if len(options) > SHOWN_OPTIONS else ""
    notes = [str(data.get("category") or "")]
    if len(options) > 1:
        notes.append(f"옵션 {', '.join(options[:SHOWN_OPTIONS])}{more}")
    if data.get("reviews"):
        notes.append(f"★ {data.get('rating')} · 리뷰 {data['reviews']:,}개")
    if data.get("why") != data.get("category"):
        notes.append(str(data.get("why") or ""))
    state = "구매 가능" if data.get("in_stock", True) else "품절"
    return _Face(state, "", _won(data["price_krw"]), notes)


def _claim(data: dict[str, Any]) -> _Face:
    kind = str(data["kind_ko"])
    refund = "" if data.get("kind") == "exchange" else _won(data["refund_krw"])
    notes = [str(data.get("reason") or ""), f"주문번호 {data['order_id']}"]
    return _Face(f"{kind} {data['status_ko']}", f"{_day(data['created_at'])} 신청", refund, notes)


def _ticket(data: dict[str, Any]) -> _Face:
    kind = words.ISSUE_TYPE.get(data.get("issue_type", ""), "")
    day = _day(data.get("updated_at") or data["created_at"])
    return _Face(str(data["status_ko"]), day, "", [f"{kind} 문의", str(data["ticket_id"])])


def _photo_report(data: dict[str, Any]) -> _Face:
    """The verdict, what was found and where (in hundredths of the picture), why, who said so."""
    notes = [
        f"{number}. {one['label_ko']} {float(one['confidence']):.0%} · {_place(one['box'])}"
        for number, one in enumerate((data.get("findings") or [])[:SHOWN_FINDINGS], 1)
    ]
    notes += [str(reason) for reason in data.get("reasons") or ()]
    notes += [
        f"{one['judge_ko']}: {one['share_ko']}"
        for one in data.get("judges") or ()
        if one.get("share_ko")
    ]
    return _Face(str(data["verdict_ko"]), "", "", notes)


def _place(box: Sequence[float]) -> str:
    x1, y1, x2, y2 = (round(float(edge) * 100) for edge in box)
    return f"가로 {x1}~{x2}%, 세로 {y1}~{y2}%"


_FACES: dict[str, Callable[[dict[str, Any]], _Face]] = {
    "order": _order,
    "product": _product,
    "claim": _claim,
    "ticket": _ticket,
    "photo_report": _photo_report,
}


def _won(amount: Any) -> str:
    return krw(int(amount))


def _day(iso: str) -> str:
    """A stored UTC time, or a plain day, as the day in Seoul."""
    if len(iso) <= 10:
        return day_text(date.fromisoformat(iso))
    moment = datetime.fromisoformat(iso)
    return day_text((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(SEOUL))
