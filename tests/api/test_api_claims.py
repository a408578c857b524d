"""Claims over HTTP: quote, file, look, move along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from services import words
from store.models import Order
from tests.api.conftest import Api
from tests.api.helpers import photo
from tests.life import PATHS
from tests.shelves import every_row, order_of, other_options, set_stock

CARD = "4111-1111-1111-1111"


def file(api: Api, order_id: str, body: Mapping[str, Any], *, dry: bool = False, **more: str):  # type: ignore[no-untyped-def]
    return api.client.post(
        f"/api/orders/{order_id}/claims{'?dry_run=true' if dry else ''}",
        json=body, headers=api.minji | more,
    )  # fmt: skip


def returning(order: Order, **more: Any) -> dict[str, Any]:
    line = order.lines[0]
    return {
        "kind": "return", "lines": [{"line_id": line.line_id, "quantity": line.quantity}],
        "reason_code": "defect", **more,
    }  # fmt: skip


def test_a_quote_writes_nothing_and_is_what_the_claim_then_has(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    body = returning(order)
    _, before = api.minji, every_row(api.shop)
    quoted = file(api, order.order_id, body, dry=True)
    assert quoted.status_code == 200
    assert every_row(api.shop) == before
    quote = quoted.json()
    assert "claim_id" not in quote
    assert (
        quote["goods_krw"] - quote["coupon_krw"] + quote["shipping_krw"] - quote["fee_krw"]
        == quote["refund_krw"] - quote["to_pay_krw"]
    )
    made = file(api, order.order_id, body)
    assert made.status_code == 201
    claim = made.json()
    assert claim["quote"] == quote
    assert (claim["status"], claim["kind_ko"], claim["status_ko"], claim["reason_ko"]) == (
        "requested", "반품", "신청", words.REASON["defect"],
    )  # fmt: skip
    assert claim["refund_krw"] == quote["refund_krw"]
    again = api.client.get(f"/api/claims/{claim['claim_id']}", headers=api.minji)
    assert again.json() == claim
    shown = api.client.get(f"/api/orders/{order.order_id}", headers=api.minji).json()
    assert shown["claims"] == [claim]


def test_photos_and_the_day_are_kept(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    images = [api.shop.save_photo(minji, photo(), session_id=None)[1] for _ in range(2)]
    made = file(
        api, order.order_id,
        returning(order, photos=images, noticed_on="2026-11-19", reason_text=f"깨졌어요 {CARD}"),
    ).json()  # fmt: skip
    assert (made["photos"], made["noticed_on"]) == (images, "2026-11-19")
    assert made["reason_text"].startswith("깨졌어요")
    assert "4111" not in made["reason_text"]


def test_somebody_elses_photo_is_no_evidence(api: Api, minji, jihun) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    image = api.shop.save_photo(jihun, photo(), session_id=None)[1]
    assert file(api, order.order_id, returning(order, photos=[image])).status_code == 404


def test_an_exchange_names_the_new_option(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    line, sku = order.lines[0], other_options(api.shop, order)[True]
    set_stock(api.shop, sku, 9)
    wanted = [{"line_id": line.line_id, "quantity": 1, "new_sku": sku}]
    body = {"kind": "exchange", "lines": wanted, "reason_code": "wrong_option"}
    quote = file(api, order.order_id, body, dry=True).json()
    assert (quote["kind"], quote["refund_krw"]) == ("exchange", 0)
    claim = file(api, order.order_id, body).json()
    assert claim["lines"] == wanted
    without = {**body, "lines": [{"line_id": line.line_id, "quantity": 1}]}
    assert file(api, order.order_id, without).status_code in (400, 409)


@pytest.mark.parametrize(
    ("status", "claim_status", "order_status"),
    [("paid", "completed", "cancelled"), ("pending_payment", "completed", "cancelled"),
     ("preparing", "requested", "preparing")],
)  # fmt: skip
def test_a_cancellation_is_done_or_requested(
    api: Api,
    minji,
    status: str,
    claim_status: str,
    order_status: str,  # type: ignore[no-untyped-def]
) -> None:
    order = order_of(api.shop, minji, status)
    body = {"kind": "cancel", "reason_code": "other", "reason_text": "필요 없어졌어요"}
    quote = file(api, order.order_id, body, dry=True).json()
    made = file(api, order.order_id, body)
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["quote"]) == (claim_status, quote)
    now = api.client.get(f"/api/orders/{order.order_id}/status", headers=api.minji).json()
    assert now["status"] == order_status
    again = file(api, order.order_id, body)
    assert again.status_code == 409
    assert again.json()["allowed_actions"] == now["allowed_actions"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"kind": "refund"}, 422),
        ({"reason_code": "because"}, 422),
        ({"lines": []}, 422),
        ({"lines": None}, 400),
        ({"lines": [{"line_id": "x", "quantity": 1}]}, 404),
        ({"lines": [{"line_id": "x", "quantity": 0}]}, 422),
        ({"lines": [{"line_id": "x", "quantity": 10**20}]}, 422),
        ({"lines": [{"line_id": "x", "quantity": True}]}, 422),
        ({"lines": [{"line_id": "x", "quantity": "1"}]}, 422),
        ({"lines": [{"line_id": "x\0", "quantity": 1}]}, 422),
        ({"lines": [{"line_id": "x", "quantity": 1}] * 51}, 422),
        ({"photos": ["a"] * 6}, 422),
        ({"photos": ["img_missing"]}, 404),
        ({"noticed_on": "2026-02-30"}, 422),
        ({"noticed_on": "어제"}, 422),
        ({"noticed_on": 20261119}, 422),
        ({"noticed_on": "2027-01-01"}, 400),
        ({"reason_text": "가" * 1001}, 422),
        ({"kind": "cancel", "photos": ["x"]}, 400),
    ],
)
def test_what_is_refused(api: Api, minji, changes: dict[str, Any], status: int) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    _, before = api.minji, every_row(api.shop)
    for dry in (True, False):
        answer = file(api, order.order_id, returning(order, **changes), dry=dry)
        if not (dry and changes.get("photos") == ["img_missing"]):  # a quote looks at no photo
            assert answer.status_code == status, answer.text
        assert every_row(api.shop) == before


def test_too_many_pieces_and_what_is_claimed_already(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    line = order.lines[0]
    many = [{"line_id": line.line_id, "quantity": line.quantity + 1}]
    assert file(api, order.order_id, returning(order, lines=many)).status_code == 400
    assert file(api, order.order_id, returning(order)).status_code == 201
    twice = file(api, order.order_id, returning(order))
    assert (twice.status_code, twice.json()["code"]) == (409, "not_claimable")


# ── moving along ─────────────────────────────────────────────────────────────────────────


def move(api: Api, claim: dict[str, Any], to: str, **more: Any):  # type: ignore[no-untyped-def]
    body = {"to": to, "note": "", "version": claim["version"], **more}
    return api.client.post(
        f"/api/claims/{claim['claim_id']}/transition", json=body, headers=api.staff
    )


def test_a_return_goes_its_way_to_the_refund(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    claim = file(api, order.order_id, returning(order)).json()
    for to in PATHS["return"]:
        answer = move(api, claim, to, note=f"{to} 확인")
        assert answer.status_code == 200, answer.text
        assert answer.json()["version"] == claim["version"] + 1
        claim = answer.json()
        assert (claim["status"], claim["note"]) == (to, f"{to} 확인")
    shown = api.client.get(f"/api/orders/{order.order_id}", headers=api.minji).json()
    assert shown["refunded_krw"] == claim["refund_krw"] > 0


def test_a_wrong_state_names_the_possible_ones(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    claim = file(api, order.order_id, returning(order)).json()
    _, before = api.staff, every_row(api.shop)
    answer = move(api, claim, "completed")
    assert (answer.status_code, answer.json()["code"]) == (409, "transition_not_allowed")
    assert set(answer.json()["allowed_actions"]) == {"approved", "rejected", "withdrawn"}
    assert move(api, claim, "rejected").status_code == 400  # without a reason
    assert every_row(api.shop) == before


def test_a_stale_version_tells_what_changed(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "delivered")
    claim = file(api, order.order_id, returning(order)).json()
    move(api, claim, "approved")
    answer = move(api, claim, "rejected", note="늦었어요")
    assert (answer.status_code, answer.json()["code"]) == (409, "state_changed")
    assert answer.json()["changes"] == {"status": ["requested", "approved"]}
    after = move(api, {**claim, "version": 2}, "collecting").json()
    answer = move(api, claim, "rejected", note="늦었어요")
    assert answer.json()["changes"] == {"status": ["requested", "collecting"]}
    answer = move(api, {**claim, "version": 2}, "rejected", note="늦었어요")
    assert answer.json()["changes"] == {"status": ["approved", "collecting"]}
    assert move(api, {**after, "version": 9}, "collected").status_code == 409


@pytest.mark.parametrize(
    "body",
    [{}, {"to": "approved"}, {"to": "done", "version": 1}, {"to": "approved", "version": 0},
     {"to": "approved", "version": "1"}, {"to": "approved", "version": 1.0},
     {"to": "approved", "version": 2**40}, {"to": "approved", "version": 1, "note": "가" * 501},
     {"to": "approved", "version": 1, "note": None}],
)  # fmt: skip
def test_what_a_transition_refuses(api: Api, minji, body: dict[str, Any]) -> None:  # type: ignore[no-untyped-def]
    claim = api.shop.tool(minji, "list_claims", statuses=("requested",))[0]
    path = f"/api/claims/{claim.claim_id}/transition"
    assert api.client.post(path, json=body, headers=api.staff).status_code == 422
