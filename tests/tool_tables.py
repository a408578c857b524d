"""For every tool: arguments that name somebody's things, and who may call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.photo_desk import report
from tests.shelves import ROAD

__all__ = ["DESK", "LISTS", "OPEN", "OWN", "OWNED", "Ids", "arguments", "desk_arguments"]


REVIEW = report("review")


@dataclass
class Ids:
    """Whose things the arguments name."""

    orders: dict[str, str] = field(default_factory=dict)
    line: str = ""
    claim: str = ""
    ticket: str = ""
    customer: str = ""
    chat: str = ""
    photo: str = ""
    report: str = ""


def arguments(ids: Ids) -> dict[str, dict[str, Any]]:
    """For every tool that names something of a customer's: arguments naming ``ids``."""
    claim = {
        "order_id": ids.orders["delivered"], "kind": "return", "reason_code": "defect",
        "lines": [(ids.line, 1, None)],
    }  # fmt: skip
    return {
        "get_order": {"order_id": ids.orders["paid"]},
        "get_order_status": {"order_id": ids.orders["paid"]},
        "track_order": {"order_id": ids.orders["delivered"]},
        "refund_state": {"order_id": ids.orders["paid"]},
        "list_orders": {"customer_id": ids.customer},
        "quote_cancel": {"order_id": ids.orders["paid"]},
        "cancel_order": {"order_id": ids.orders["paid"]},
        "request_cancel": {"order_id": ids.orders["preparing"]},
        "change_address": {"order_id": ids.orders["paid"], "road": ROAD},
        "change_options": {"order_id": ids.orders["paid"], "changes": [("x", "P1001-BK")]},
        "change_payment": {"order_id": ids.orders["paid"], "method_id": "x"},
        "get_claim": {"claim_id": ids.claim},
        "quote_claim": claim,
        "create_claim": claim,
        "withdraw_claim": {"claim_id": ids.claim},
        "list_tickets": {"customer_id": ids.customer},
        "get_ticket": {"ticket_id": ids.ticket},
        "add_ticket_message": {"ticket_id": ids.ticket, "text": "아직이에요"},
        "create_ticket": {
            "issue_type": "other", "description": "도와주세요", "order_id": ids.orders["paid"],
        },
        "judge_resolution": {"ticket_id": ids.ticket, "solved": True},
        "ask_person": {"conversation_id": ids.chat},
        "return_to_agent": {"conversation_id": ids.chat},
        "get_customer": {"customer_id": ids.customer},
        "look_at_photo": {"image_id": ids.photo},
        "keep_photo_report": {"image_id": ids.photo, "report": REVIEW},
        "get_photo_report": {"report_id": ids.report},
        "list_payment_methods": {"customer_id": ids.customer},
        "change_customer_address": {"customer_id": ids.customer, "road": ROAD},
    }  # fmt: skip


def desk_arguments(ids: Ids) -> dict[str, dict[str, Any]]:
    """For every tool of the staff's: arguments naming ``ids``."""
    ticket = {"ticket_id": ids.ticket, "version": 1}
    return {
        "claim_queue": {},
        "advance_claim": {"claim_id": ids.claim, "to": "approved"},
        "advance_order": {"order_id": ids.orders["paid"], "to": "preparing"},
        "find_customer": {"email": "jihun@example.com"},
        "list_audit": {},
        "list_canned_replies": {},
        "save_canned_reply": {"title": "제목", "text": "내용"},
        "delete_canned_reply": {"reply_id": "shipped-hello", "version": 0},
        "restore_canned_replies": {},
        "customer_history": {"customer_id": ids.customer},
        "look_at_ticket": {"ticket_id": ids.ticket},
        "quote_override": {"claim_id": ids.claim},
        "override_claim": {"claim_id": ids.claim, "version": 1, "reason": "확인함"},
        "open_claim": {"order_id": ids.orders["delivered"], "version": 1, "kind": "return",
                       "lines": [(ids.line, 1, None)], "reason_code": "other", "reason": "확인함"},
        "correct_photo_report": {"report_id": ids.report, "boxes": []},
        "set_product_photo": {"product_id": "P1001", "sha256": "0" * 64, "width_px": 640,
                              "height_px": 480},
        "remove_product_photo": {"product_id": "P1001"},
        "get_triage": {"ticket_id": ids.ticket},
        "accept_triage": ticket | {"fields": ["priority"]},
        "list_triage_corrections": {},
        "open_questions": {},
        "settle_questions": {"keys": ["x"]},
        "note_policy_change": {"action": "edit", "doc_id": "x", "before": {}, "after": {}},
        "keep_policy_case": {"question": "선물 포장 되나요", "chunk_id": "x"},
        "ticket_queue": {},
        "queue_counts": {},
        "queue_choices": {},
        "assign_tickets": {"versions": {ids.ticket: 1}, "assignee_id": "staff_001"},
        "tag_tickets": {"versions": {ids.ticket: 1}, "add": ["급함"]},
        "close_tickets": {"versions": {ids.ticket: 1}},
        "take_ticket": ticket,
        "assign_ticket": ticket | {"assignee_id": "staff_001"},
        "reply_ticket": ticket | {"text": "확인했어요."},
        "note_ticket": ticket | {"text": "확인 중"},
        "edit_ticket": ticket | {"priority": "high"},
        "change_ticket": ticket | {"priority": "high"},
        "resolve_ticket": ticket | {"resolution": "안내했어요."},
        "close_ticket": ticket,
        "reopen_ticket": ticket,
    }  # fmt: skip


OWNED = tuple(arguments(Ids(dict.fromkeys(("paid", "preparing", "delivered"), ""))))
DESK = tuple(desk_arguments(Ids(dict.fromkeys(("paid", "preparing", "delivered"), ""))))
LISTS = ("list_claims", "list_photo_reports")
OWN = {"photo_reports_of": {"image_ids": ["img_x"]}}  # holds what is the caller's, leaves the rest
OPEN = (
    "search_policies", "search_products", "recommend_products", "list_categories",
    "list_products", "get_product", "get_option", "lookup_guest_order", "calculate", "get_weather",
    "list_product_photos",
)  # fmt: skip
