"""Every route: who may use it, and that somebody else's thing is told like a missing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from agent.types import Caller
from services import Services
from tests.api.conftest import Api
from tests.api.helpers import photo
from tests.shelves import every_row, order_of

MISSING = {
    "user": "user_999", "order": "20200101-9999999", "claim": "C20200101-9999",
    "ticket": "T20200101-9999", "session": "s_missing", "message": "m_missing",
    "image": "img_missing",
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """A request on something of a customer's; ``staff_only``: the customer gets a 403."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    staff_only: bool = False


ROUTES = (
    Route("GET", "/api/users/{user}/orders"),
    Route("GET", "/api/users/{user}/tickets"),
    Route("GET", "/api/users/{user}/recommendations"),
    Route("GET", "/api/orders/{order}"),
    Route("GET", "/api/orders/{order}/status"),
    Route("POST", "/api/orders/{order}/cancel", {"reason": "change_of_mind"}),
    Route("POST", "/api/orders/{order}/claims", {"kind": "cancel", "reason_code": "other"}),
    Route("POST", "/api/orders/{order}/claims?dry_run=true",
          {"kind": "cancel", "reason_code": "other"}),
    Route("GET", "/api/claims/{claim}"),
    Route("POST", "/api/claims/{claim}/transition", {"to": "approved", "note": "", "version": 1},
          staff_only=True),
    Route("POST", "/api/tickets",
          {"issue_type": "other", "description": "도와주세요", "order_id": "{order}"}),
    Route("POST", "/api/tickets",
          {"issue_type": "other", "description": "도와주세요", "customer_id": "{user}"}),
    Route("GET", "/api/tickets/{ticket}"),
    Route("PATCH", "/api/tickets/{ticket}", {"version": 1, "priority": "high"}, staff_only=True),
    Route("POST", "/api/tickets/{ticket}/resolve", {"resolution": "끝", "version": 1},
          staff_only=True),
    Route("POST", "/api/tickets/{ticket}/messages", {"text": "아직이에요"}),
    Route("GET", "/api/sessions?user_id={user}"),
    Route("GET", "/api/sessions/{session}"),
    Route("GET", "/api/sessions/{session}/messages"),
    Route("DELETE", "/api/sessions/{session}"),
    Route("POST", "/api/messages/{message}/feedback", {"good": True}),
    Route("GET", "/api/images/{image}"),
)  # fmt: skip


def theirs(shop: Services, jihun: Caller) -> dict[str, str]:
    """Things of Jihun's."""
    made = shop.tool(jihun, "create_ticket", issue_type="other", description="비밀이에요")
    session, image = shop.save_photo(jihun, photo(), session_id=None)
    events = list(shop.run_turn(jihun, "안녕하세요", session_id=session))
    message = next(one.message_id for one in events if hasattr(one, "message_id"))
    return {
        "user": jihun.user_id or "",
        "order": order_of(shop, jihun, "paid").order_id,
        "claim": shop.tool(jihun, "list_claims", statuses=("requested",))[0].claim_id,
        "ticket": made.ticket_id, "session": session, "message": message, "image": image,
    }  # fmt: skip


def send(api: Api, route: Route, ids: dict[str, str], headers: dict[str, str]):  # type: ignore[no-untyped-def]
    body = route.body and {
        name: value.format(**ids) if isinstance(value, str) else value
        for name, value in route.body.items()
    }
    return api.client.request(route.method, route.path.format(**ids), json=body, headers=headers)


@pytest.fixture
def ids(shop: Services, jihun: Caller) -> dict[str, str]:
    return theirs(shop, jihun)


def told(answer: Any) -> dict[str, Any]:
    """A problem without what is new in every answer."""
    body: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == answer.headers["x-request-id"]
    return {name: value for name, value in body.items() if name != "request_id"}


def test_who_gets_what_on_every_route(api: Api, ids: dict[str, str]) -> None:
    _, _, before = api.minji, api.staff, every_row(api.shop)
    for route in ROUTES:
        asked = (route.method, route.path)
        nobody = send(api, route, ids, {})
        assert (nobody.status_code, nobody.json()["code"]) == (401, "not_signed_in"), asked
        guest = send(api, route, ids, api.guest())
        held = any(f"{{{thing}}}" in route.path for thing in ("session", "message", "image"))
        own = held or "sessions?" in route.path
        assert guest.status_code == (404 if own else 401), asked
        stranger = send(api, route, ids, api.minji)
        missing = send(api, route, MISSING, api.minji)
        assert stranger.status_code == (403 if route.staff_only else 404), asked
        assert told(stranger) == told(missing), asked
        assert send(api, route, MISSING, api.staff).status_code == 404, asked
        assert every_row(api.shop) == before, asked


@pytest.mark.parametrize("who", ["jihun", "staff", "admin"])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_the_owner_and_staff_are_let_in(
    api: Api, ids: dict[str, str], route: Route, who: str
) -> None:
    answer = send(api, route, ids, getattr(api, who))
    if route.staff_only and who == "jihun":
        assert answer.status_code == 403
    elif who != "jihun" and route.path.endswith("/tickets/{ticket}/messages"):
        assert answer.status_code == 403  # staff answer at the desk, not as the customer
    else:
        assert answer.status_code in (200, 201, 204), answer.text


@pytest.mark.parametrize(
    "path",
    ["/api/policies/search?q=반품", "/api/products/search?q=이어폰",
     "/api/products/P1001/recommendations?kind=popular"],
)  # fmt: skip
def test_some_things_are_for_anyone(api: Api, path: str) -> None:
    for headers in ({}, api.guest(), api.minji, api.staff):
        assert api.client.get(path, headers=headers).status_code == 200
