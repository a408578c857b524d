"""Several tickets at once: each is changed or says why not, the others go on.

What is shown to staff names the version it was drawn with; whoever was faster is not overrun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.tools.base import MOST, ToolContext, tool
from agent.tools.ticket_desk import assign_ticket, close_ticket, current_ticket, edit_ticket
from errors import BadInput, SangdamError
from store.models import Ticket

__all__ = ["BulkResult", "Refused", "assign_tickets", "close_tickets", "tag_tickets"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A ticket that stayed as it was, and why in Korean."""

    ticket_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What came of a change of several tickets, in the order they were given."""

    done: tuple[str, ...]
    refused: tuple[Refused, ...]


@tool("WRITE")
def assign_tickets(
    ctx: ToolContext, *, versions: Mapping[str, int], assignee_id: str
) -> BulkResult:
    """Give several tickets to a member of staff; ``assignee_id`` may be "me".

    ``versions``: ticket → the version it was shown with, 1 to 100 of them. Raises Forbidden,
    BadInput for none or too many; what stands against a single one is in the result.
    """
    ctx.require_staff()
    person = ctx.me() if assignee_id == "me" else assignee_id
    return _each(
        versions,
        lambda ticket_id, version: assign_ticket(
            ctx, ticket_id=ticket_id, version=version, assignee_id=person
        ),
    )


@tool("WRITE")
def tag_tickets(
    ctx: ToolContext,
    *,
    versions: Mapping[str, int],
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> BulkResult:
    """Put tags on several tickets and take tags off; one that needs no change counts as done.

    ``versions`` as in :func:`assign_tickets`. Raises Forbidden, BadInput for no ticket, too
    many, or no tag; what stands against a single one is in the result.
    """
    ctx.require_staff()
    added, removed = _words(add), _words(remove)
    if not added and not removed:
        raise BadInput("붙이거나 뗄 태그를 골라 주세요.")

    def change(ticket_id: str, version: int) -> Ticket:
        ticket = current_ticket(ctx, ticket_id, version)
        tags = [tag for tag in ticket.tags if tag not in removed]
        tags += [tag for tag in added if tag not in tags]
        if tuple(tags) == ticket.tags:
            return ticket
        return edit_ticket(ctx, ticket_id=ticket_id, version=version, tags=tags)

    return _each(versions, change)


@tool("WRITE")
def close_tickets(ctx: ToolContext, *, versions: Mapping[str, int]) -> BulkResult:
    """Close several resolved tickets; ``versions`` as in :func:`assign_tickets`.

    Raises Forbidden, BadInput for none or too many; one that is not resolved stays, with why.
    """
    ctx.require_staff()
    return _each(
        versions,
        lambda ticket_id, version: close_ticket(ctx, ticket_id=ticket_id, version=version),
    )


def _words(tags: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word for tag in tags if (word := " ".join(tag.split()))))


def _each(versions: Mapping[str, int], change: Callable[[str, int], Ticket]) -> BulkResult:
    """Change one after the other. The changes refuse before they write, so no half is left."""
    if not versions:
        raise BadInput("문의를 하나 이상 골라 주세요.")
    if len(versions) > MOST:
        raise BadInput(f"한 번에 {MOST}건까지 바꿀 수 있어요. 나눠서 골라 주세요.")
    done, refused = list[str](), list[Refused]()
    for ticket_id, version in versions.items():
        try:
            change(ticket_id, version)
        except SangdamError as error:
            refused.append(Refused(ticket_id, error.message))
        else:
            done.append(ticket_id)
    return BulkResult(tuple(done), tuple(refused))
