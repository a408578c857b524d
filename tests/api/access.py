"""Who may do what over HTTP (http.md): every operation, with a request that would do it.

The things are minji's. A row says who may; ``test_access_table`` sends its request as each
of the ``CALLERS`` and knows from ``EXPECTED`` what the answer has to be.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from agent.types import Caller
from services import Services
from store import accounts, tokens
from tests.api.conftest import DEMO
from tests.shelves import order_of

__all__ = ["CALLERS", "EXPECTED", "MISSING", "ROWS", "Row", "Things", "photo", "things"]

MINJI = Caller("customer", "user_001", "김민지")
CALLERS = (
    "nobody", "guest", "minji", "jihun", "staff", "admin",
    "revoked", "expired", "garbage", "cookie", "key", "key_without",
)  # fmt: skip
_NO_TOKEN = dict.fromkeys(("revoked", "expired", "garbage", "cookie", "key", "key_without"), 401)
OK = 200  # whatever the row's own status is


def _as(
    nobody: int, guest: int, minji: int, jihun: int, staff: int, admin: int, **more: int
) -> dict[str, int]:
    return {"nobody": nobody, "guest": guest, "minji": minji, "jihun": jihun, "staff": staff,
            "admin": admin, **_NO_TOKEN, **more}  # fmt: skip


EXPECTED: Mapping[str, Mapping[str, int]] = {
    # No token is read: probes, and what a client whose token has run out gets another with.
    "open": dict.fromkeys(CALLERS, OK),
    "anyone": _as(OK, OK, OK, OK, OK, OK),
    "somebody": _as(401, OK, OK, OK, OK, OK),
    "signed_in": _as(401, 401, OK, OK, OK, OK),
    "owner": _as(401, 401, OK, 404, OK, OK),
    # A guest with a token has conversations, so another's is somebody else's.
    "holder": _as(401, 404, OK, 404, OK, OK),
    # Nobody speaks in somebody else's name, staff neither.
    "self": _as(401, 404, OK, 404, 404, 404),
    "talker": _as(404, 404, OK, 404, 404, 404),
    "shown": _as(404, 404, OK, 404, OK, OK),
    "author": _as(401, 401, OK, 404, 403, 403),
    "staff": _as(401, 401, 403, 403, OK, OK),
    "admin": _as(401, 401, 403, 403, 403, OK),
    # Where keys are required; an account's own token stands for the account.
    "v1": _as(401, 401, OK, OK, OK, OK, key=OK, key_without=OK),
    "v1_chat": _as(401, 401, OK, OK, OK, OK, key=OK, key_without=403),
}


@dataclass(frozen=True)
class Things:
    """Names of minji's things."""

    shop: Services | None
    user: str
    order: str
    delivered: str
    line: str
    claim: str
    ticket: str
    session: str
    message: str
    image: str
    report: str
    version: int  # of the claim and of the ticket

    def refresh_token(self) -> str:
        """A new refresh token of minji's."""
        assert self.shop is not None
        with self.shop.database.write() as tx:
            user = accounts.get(tx, self.user)
            assert user is not None
            return tokens.open_family(tx, user, days=1, at=self.shop.clock()).refresh_token


MISSING = Things(
    None, "user_none", "20200101-9999999", "20200101-9999999", "20200101-9999999-1",
    "C20200101-9999", "T20200101-9999", "s_missing", "m_missing", "p_missing",
    "pr_missing", 1,
)  # fmt: skip


def things(shop: Services) -> Things:
    """Minji's things in the seeded shop."""
    delivered = order_of(shop, MINJI, "delivered")
    claim = shop.tool(MINJI, "list_claims", statuses=("requested",))[0]
    ticket = shop.tool(MINJI, "list_tickets", limit=1).items[0]
    session = shop.conversations(MINJI)[0].conversation_id
    said = shop.messages(MINJI, session)
    assert claim.version == ticket.version
    return Things(
        shop, "user_001", order_of(shop, MINJI, "paid").order_id, delivered.order_id,
        delivered.lines[0].line_id, claim.claim_id, ticket.ticket_id, session,
        next(one.message_id for one in said if one.role == "assistant"),
        shop.save_photo(MINJI, photo(), session_id=None)[1],
        shop.photos.defect(MINJI, photo()).report_id, claim.version,
    )  # fmt: skip


def photo() -> bytes:
    """A small photo."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 40, 40)).save(file, "JPEG")
    return file.getvalue()


@dataclass(frozen=True)
class Row:
    """An operation of the document (``note`` tells several requests of one apart), who may
    do it, and the request: the path's braces, and httpx's arguments."""

    operation: str
    who: str
    path: Callable[[Things], dict[str, str]] = lambda at: {}
    sent: Callable[[Things], dict[str, Any]] = lambda at: {}
    status: int = 200
    note: str = ""

    def __str__(self) -> str:
        return f"{self.operation} {self.note}".strip()

    def request(self, at: Things) -> dict[str, Any]:
        """httpx's arguments."""
        method, path = self.operation.split(" ")
        return {"method": method, "url": path.format(**self.path(at)), **self.sent(at)}


def _json(**body: Any) -> Callable[[Things], dict[str, Any]]:
    """A body; a value that is a function is asked for its value."""
    return lambda at: {
        "json": {name: one(at) if callable(one) else one for name, one in body.items()}
    }


def _id(name: str) -> Callable[[Things], dict[str, str]]:
    """The path's one id: ``order`` fills {order_id}."""
    return lambda at: {f"{name}_id": getattr(at, name)}


def _of_delivered(at: Things) -> dict[str, str]:
    return {"order_id": at.delivered}


def _returning(at: Things) -> dict[str, Any]:
    line = {"line_id": at.line, "quantity": 1}
    return {"json": {"kind": "return", "lines": [line], "reason_code": "defect"}}


def _file(at: Things) -> dict[str, Any]:
    return {"files": {"image": ("a.jpg", photo(), "image/jpeg")}}


_SAID = {"messages": [{"role": "user", "content": "반품 배송비는 누가 내요?"}]}
_SAY = "반품 배송비는 누가 내요?"
_HELP = {"issue_type": "delivery", "description": "이틀째 배송이 멈춰 있어요."}

ROWS: tuple[Row, ...] = (
    Row("GET /healthz", "open"),
    Row("GET /ready", "open"),
    Row("GET /health", "open"),
    Row("GET /metrics", "open"),
    Row("POST /api/auth/register", "open", status=201,
        sent=_json(email="new@example.com", password="long-enough-2026", name="김하늘")),
    Row("POST /api/auth/login", "open", sent=_json(email="minji@example.com", password=DEMO)),
    Row("POST /api/auth/refresh", "open", sent=_json(refresh_token=Things.refresh_token)),
    Row("GET /api/auth/me", "signed_in"),
    Row("POST /api/auth/logout", "signed_in", status=204),
    Row("POST /api/auth/password", "signed_in", status=204,
        sent=_json(current_password=DEMO, new_password="another-long-one-7")),
    Row("GET /api/policies/search", "anyone", sent=lambda at: {"params": {"q": _SAY}}),
    Row("GET /api/products/search", "anyone", sent=lambda at: {"params": {"q": "이어폰"}}),
    Row("GET /api/products/{product_id}/recommendations", "anyone",
        lambda at: {"product_id": "P1001"}),
    Row("GET /api/users/{user_id}/recommendations", "owner", _id("user")),
    Row("GET /api/users/{user_id}/orders", "owner", _id("user")),
    Row("GET /api/users/{user_id}/tickets", "owner", _id("user")),
    Row("GET /api/orders/{order_id}", "owner", _id("order")),
    Row("GET /api/orders/{order_id}/status", "owner", _id("order")),
    Row("POST /api/orders/{order_id}/cancel", "owner", _id("order"), _json(reason="other")),
    Row("POST /api/orders/{order_id}/claims", "owner", _of_delivered, _returning, 201),
    Row("POST /api/orders/{order_id}/claims", "owner", _of_delivered, note="dry run",
        sent=lambda at: _returning(at) | {"params": {"dry_run": "true"}}),
    Row("GET /api/claims/{claim_id}", "owner", _id("claim")),
    Row("POST /api/claims/{claim_id}/transition", "staff", _id("claim"),
        _json(to="approved", version=lambda at: at.version)),
    Row("POST /api/tickets", "signed_in", sent=_json(**_HELP), status=201),
    Row("POST /api/tickets", "owner", status=201, note="of an order",
        sent=_json(**_HELP, order_id=lambda at: at.order)),
    Row("GET /api/tickets/{ticket_id}", "owner", _id("ticket")),
    Row("PATCH /api/tickets/{ticket_id}", "staff", _id("ticket"),
        _json(priority="low", version=lambda at: at.version)),
    Row("POST /api/tickets/{ticket_id}/resolve", "staff", _id("ticket"),
        _json(resolution="다시 보냈어요.", version=lambda at: at.version)),
    Row("POST /api/tickets/{ticket_id}/messages", "author", _id("ticket"),
        _json(text="아직 안 왔어요."), 201),
    Row("POST /api/sessions", "anyone", sent=_json(metadata={}), status=201),
    Row("GET /api/sessions", "somebody"),
    Row("GET /api/sessions", "holder", note="of a customer",
        sent=lambda at: {"params": {"user_id": at.user}}),
    Row("GET /api/sessions/{session_id}", "holder", _id("session")),
    Row("GET /api/sessions/{session_id}/messages", "holder", _id("session")),
    Row("POST /api/sessions/{session_id}/answerer", "owner", _id("session"),
        sent=_json(to="agent")),
    Row("DELETE /api/sessions/{session_id}", "holder", _id("session"), status=204),
    Row("POST /api/messages/{message_id}/feedback", "holder", _id("message"),
        _json(good=True), 204),
    Row("POST /api/chat", "anyone", sent=_json(message=_SAY)),
    Row("POST /api/chat", "talker", note="in a chat",
        sent=_json(message=_SAY, session_id=lambda at: at.session)),
    Row("POST /api/chat", "shown", note="with a photo",
        sent=_json(message=_SAY, image_ids=lambda at: [at.image])),
    Row("POST /api/chat/stream", "anyone", sent=_json(message=_SAY)),
    Row("POST /api/chat/stream", "talker", note="in a chat",
        sent=_json(message=_SAY, session_id=lambda at: at.session)),
    Row("POST /api/images", "somebody", sent=_file, status=201),
    Row("POST /api/images", "self", status=201, note="in a chat",
        sent=lambda at: _file(at) | {"data": {"session_id": at.session}}),
    Row("GET /api/images/{image_id}", "holder", _id("image")),
    Row("POST /api/vision/analyze", "signed_in", sent=_file),
    Row("POST /api/vision/defect", "signed_in", sent=_file),
    Row("POST /api/vision/defect", "owner", note="of an order",
        sent=lambda at: _file(at) | {"data": {"order_id": at.order}}),
    Row("GET /api/vision/reports", "signed_in"),
    Row("GET /api/vision/reports/{report_id}", "owner", _id("report")),
    Row("POST /api/llm/generate", "staff", sent=_json(
        role="copywriter", task="sns", payload={"product": "무선 이어폰", "points": ["가벼워요"]})),
    Row("GET /api/debug/settings", "admin"),
    Row("GET /api/debug/{provider}", "admin", lambda at: {"provider": "offline"}),
    Row("GET /api/debug/{provider}/generate", "admin", lambda at: {"provider": "offline"}),
    Row("GET /v1/models", "v1"),
    Row("GET /v1/models/{model}", "v1", lambda at: {"model": "orchestrator"}),
    Row("POST /v1/chat/completions", "v1_chat", sent=_json(**_SAID)),
)  # fmt: skip
