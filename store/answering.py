"""Who answers a chat at this moment: one row, cheap enough to be asked every second."""

from __future__ import annotations

from dataclasses import dataclass

from store.database import Tx

__all__ = ["Answering", "of_conversation"]


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers a chat ("agent" or "person") and where its newest running ticket stands.

    ``name`` is the assignee's, "" while nobody has it; ``answer_by`` the promise of a first
    answer while none has come; ``newest`` the number of the chat's last message. A resolved
    ticket counts as the chat's until it is closed; without one the four are None and "".
    """

    by: str = "agent"
    ticket_id: str | None = None
    status: str | None = None
    name: str = ""
    answer_by: str | None = None
    newest: int = 0

    @property
    def person(self) -> bool:
        """Whether a person answers."""
        return self.by == "person"

    @property
    def live(self) -> bool:
        """Whether a person may say something at any moment."""
        return self.person or self.status in ("open", "in_progress", "waiting_customer")


def of_conversation(tx: Tx, conversation_id: str) -> Answering | None:
    """Who answers it; None for a chat that is not there. The caller checks the owner."""
    row = tx.row(
        "select c.answerer, t.ticket_id, t.status, t.first_response_due, t.first_responded_at, "
        "u.name, coalesce((select max(m.message_seq) from messages m "
        "where m.conversation_id = c.conversation_id), 0) as newest "
        "from conversations c left join tickets t on t.rowid = (select n.rowid from tickets n "
        "where n.conversation_id = c.conversation_id and n.status <> 'closed' "
        "order by n.created_at desc, n.ticket_id desc limit 1) "
        "left join users u on u.user_id = t.assignee_id where c.conversation_id = ?",
        (conversation_id,),
    )
    if row is None:
        return None
    due = None if row["first_responded_at"] else row["first_response_due"]
    return Answering(
        row["answerer"], row["ticket_id"], row["status"], row["name"] or "", due, row["newest"]
    )
