"""The access table of http.md from outside: every operation as every kind of caller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from services import Services
from store import accounts
from tests.api.access import CALLERS, EXPECTED, MISSING, OK, ROWS, Row, Things, things
from tests.api.conftest import Api, Headers
from tests.conftest import Clock, copy_database, make_services
from tests.shelves import every_row

ALLOWED = [(row, who) for row in ROWS for who in CALLERS if EXPECTED[row.who][who] == OK]
FOREIGN = [row for row in ROWS if 404 in EXPECTED[row.who].values()]
# That a key was used is noted beside it (once a minute); no thing of the shop.
HARMLESS = {"api_keys"}
CODES = {"nobody": "not_signed_in", "revoked": "token_revoked", "expired": "token_expired",
         "garbage": "token_invalid"}  # fmt: skip


def headers_of(api: Api, who: str) -> Headers:
    """The header of a kind of caller. "expired" moves the clock."""
    shop = api.shop
    match who:
        case "nobody":
            return {}
        case "guest":
            return api.guest()
        case "key":
            return api.key("chat")
        case "key_without":
            return api.key("passthrough")
        case "garbage":
            return {"Authorization": "Bearer not.a.token"}
        case "cookie":
            with shop.database.write() as tx:
                secret = accounts.open_session(tx, "user_001", days=1, at=shop.clock())
            return {"Authorization": f"Bearer {secret}"}
        case "expired" | "revoked":
            return _ended(api, who)
        case _:
            return dict(getattr(api, who))


def _ended(api: Api, how: str) -> Headers:
    headers = dict(api.minji)
    if how == "revoked":
        api.shop.accounts.sign_out_everywhere("user_001")
    else:
        assert isinstance(api.shop.clock, Clock)
        api.shop.clock.pass_(minutes=api.shop.settings.access_token_minutes)
    api.forget_tokens()
    return headers


def strict(shop: Services) -> Services:
    """The shop with a key required under /v1 and accounts that may change their password."""
    shop.settings = shop.settings.replace(v1_key_required="yes")
    with shop.database.write() as tx:
        tx.execute("update users set is_demo = 0")
    return shop


@pytest.fixture(scope="module")
def closed(
    http_server: tuple[str, list[Services]],
    base: Services,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Api, Things, dict[str, Headers]]]:
    """One shop for all that is refused: it stays as it is. With a header of each caller."""
    url = http_server[0]
    folder = tmp_path_factory.mktemp("closed")
    copy_database(base, folder / "sangdam.db")
    shop = make_services(folder, Clock())
    for part in ("tokenizer", "encoder", "index", "policies", "catalogue", "understander"):
        shop.__dict__[part] = getattr(base, part)
    shop._ready.set()
    at = things(strict(shop))
    with httpx2.Client(base_url=url, trust_env=False, timeout=30) as client:
        api = Api(url, client, shop)
        headers = {who: headers_of(api, who) for who in ("expired", "revoked")}  # the clock first
        others = [who for who in CALLERS if who not in headers]
        yield api, at, headers | {who: headers_of(api, who) for who in others}


def test_every_operation_is_in_the_table(api: Api) -> None:
    document = api.client.get("/api/openapi.json").json()
    told = {f"{m.upper()} {path}" for path, item in document["paths"].items() for m in item}
    assert told == {row.operation for row in ROWS}


@pytest.mark.parametrize(("row", "who"), ALLOWED, ids=str)
def test_who_may_may(api: Api, row: Row, who: str) -> None:
    at, headers = things(strict(api.shop)), headers_of(api, who)
    got = api.client.request(**row.request(at), headers=headers)
    assert got.status_code == row.status, got.text


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_nobody_else_may_and_nothing_changes(closed: Any, on_closed: None, row: Row) -> None:
    api, at, headers = closed
    refused = {who: status for who, status in EXPECTED[row.who].items() if status != OK}
    before = every_row(api.shop)
    for who, status in refused.items():
        got = api.client.request(**row.request(at), headers=headers[who])
        assert (who, got.status_code) == (who, status), got.text
        told = got.json().get("error", got.json())
        if status == 401:
            assert told["code"] == CODES.get(who, told["code"])
        if "error" not in got.json():
            assert got.headers["content-type"] == "application/problem+json"
            assert told["request_id"] == got.headers["X-Request-ID"]
    after = every_row(api.shop)
    assert {name for name in before if before[name] != after[name]} <= HARMLESS


@pytest.mark.parametrize("row", FOREIGN, ids=str)
def test_somebody_elses_is_as_if_it_were_not(closed: Any, on_closed: None, row: Row) -> None:
    api, at, headers = closed
    for who, status in EXPECTED[row.who].items():
        if status == 404:
            bodies = [
                _told(api.client.request(**row.request(one), headers=headers[who]))
                for one in (at, MISSING)
            ]
            assert bodies[0] == bodies[1], who


@pytest.fixture
def on_closed(closed: Any, http_server: tuple[str, list[Services]]) -> Iterator[None]:
    """The server answers for the closed shop."""
    shops = http_server[1]
    shops.append(closed[0].shop)
    yield
    shops.remove(closed[0].shop)


def _told(got: httpx2.Response) -> tuple[int, dict[str, str], str]:
    """All of an answer but its number."""
    moving = ("x-request-id", "date", "content-length")
    body = got.json()
    body.pop("request_id")
    shown = {name: value for name, value in got.headers.items() if name not in moving}
    return got.status_code, shown, json.dumps(body, ensure_ascii=False)
