"""Accounts over real HTTP: register, log in, refresh, me, log out, another password."""

from __future__ import annotations

import pytest

from tests.api.conftest import DEMO, Api

NEW = {"email": "haneul@example.com", "password": "맑은 하늘 2026!", "name": "김하늘"}


def post(api: Api, path: str, body: object = None, headers: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
    return api.client.post(f"/api/auth/{path}", json=body, headers=headers or {})


def bearer(pair: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['access_token']}"}


def test_a_customers_whole_way(api: Api) -> None:
    made = post(api, "register", NEW)
    assert made.status_code == 201
    assert set(made.json()) == {"user_id", "email", "name", "role"}
    assert made.json()["role"] == "customer"
    pair = post(api, "login", {"email": NEW["email"], "password": NEW["password"]}).json()
    assert pair["token_type"] == "bearer"
    assert pair["expires_in"] == 900
    mine = api.client.get("/api/auth/me", headers=bearer(pair))
    assert mine.json() == made.json()
    newer = post(api, "refresh", {"refresh_token": pair["refresh_token"]}).json()
    assert newer["refresh_token"] != pair["refresh_token"]
    assert post(api, "logout", headers=bearer(newer)).status_code == 204
    for old in (pair, newer):
        gone = api.client.get("/api/auth/me", headers=bearer(old))
        assert gone.status_code == 401
        assert gone.headers["WWW-Authenticate"] == "Bearer"
    again = post(api, "refresh", {"refresh_token": newer["refresh_token"]})
    assert again.status_code == 401


def test_a_refresh_token_used_twice_ends_the_sign_in(api: Api) -> None:
    pair = post(api, "login", {"email": "minji@example.com", "password": DEMO}).json()
    newer = post(api, "refresh", {"refresh_token": pair["refresh_token"]}).json()
    assert post(api, "refresh", {"refresh_token": pair["refresh_token"]}).status_code == 401
    assert post(api, "refresh", {"refresh_token": newer["refresh_token"]}).status_code == 401
    assert api.client.get("/api/auth/me", headers=bearer(newer)).status_code == 401


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"password": "짧아요"}, 400, "weak_password"),
        ({"password": "aaaaaaaaaaaa"}, 400, "weak_password"),
        ({"email": "minji@example.com"}, 409, "email_taken"),
        ({"email": "no address"}, 400, "bad_input"),
        ({"name": ""}, 422, "invalid_request"),
        ({"name": None}, 422, "invalid_request"),
        ({"email": 3}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_registered(api: Api, change: dict[str, object], status: int, code: str):  # type: ignore[no-untyped-def]
    refused = post(api, "register", {**NEW, **change})
    assert refused.status_code == status
    assert refused.json()["code"] == code
    assert NEW["password"] not in refused.text


def test_nobody_registers_as_staff(api: Api) -> None:
    made = post(api, "register", {**NEW, "role": "admin"})
    assert made.json()["role"] == "customer"


@pytest.mark.parametrize("email", ["minji@example.com", "nobody@example.com"])
def test_repeated_failures_lock_whether_the_account_exists_or_not(api: Api, email: str) -> None:
    api.shop.settings = api.shop.settings.replace(login_max_failures=2)
    api.shop.__dict__.pop("accounts", None)
    wrong = {"email": email, "password": "not the password"}
    first, second, third = (post(api, "login", wrong) for _ in range(3))
    assert first.status_code == 401
    assert first.json()["code"] == "bad_credentials"
    assert second.status_code == third.status_code == 429
    assert int(third.headers["Retry-After"]) > 600
    right = post(api, "login", {"email": email, "password": DEMO})
    assert right.status_code == 429


def test_an_address_has_so_many_tries(api: Api) -> None:
    api.shop.settings = api.shop.settings.replace(sign_in_tries_per_minute=2)
    for part in ("accounts", "limits"):
        api.shop.__dict__.pop(part, None)
    tries = [
        post(api, "login", {"email": f"{n}@example.com", "password": "x" * 12}) for n in range(3)
    ]
    assert [one.status_code for one in tries] == [401, 401, 429]
    assert tries[2].json()["code"] == "too_many_sign_ins"
    assert 1 <= int(tries[2].headers["Retry-After"]) <= 60


def test_an_address_makes_so_many_accounts(api: Api) -> None:
    api.shop.settings = api.shop.settings.replace(registrations_per_hour=1)
    api.shop.__dict__.pop("limits", None)
    assert post(api, "register", NEW).status_code == 201
    again = post(api, "register", {**NEW, "email": "second@example.com"})
    assert again.status_code == 429
    assert int(again.headers["Retry-After"]) > 60


def test_another_password_ends_the_other_sign_ins(api: Api) -> None:
    post(api, "register", NEW)
    login = {"email": NEW["email"], "password": NEW["password"]}
    here, there = (post(api, "login", login).json() for _ in range(2))
    change = {"current_password": NEW["password"], "new_password": "흐린 하늘 2027!"}
    assert post(api, "password", change, bearer(here)).status_code == 204
    assert api.client.get("/api/auth/me", headers=bearer(here)).status_code == 200
    assert api.client.get("/api/auth/me", headers=bearer(there)).status_code == 401
    refused = post(api, "refresh", {"refresh_token": there["refresh_token"]})
    assert refused.status_code == 401
    assert post(api, "login", login).status_code == 401
    login["password"] = change["new_password"]
    assert post(api, "login", login).status_code == 200


def test_secrets_never_reach_an_answer(api: Api) -> None:
    pair = post(api, "login", {"email": "minji@example.com", "password": DEMO}).json()
    me = api.client.get("/api/auth/me", headers=bearer(pair))
    assert "password" not in me.text
    bad = post(api, "refresh", {"refresh_token": "r" * 501})
    assert "r" * 20 not in bad.text


def test_the_consoles_sign_out_everywhere_reaches_the_api(api: Api) -> None:
    pair = post(api, "login", {"email": "minji@example.com", "password": DEMO}).json()
    api.shop.accounts.sign_out_everywhere("user_001")
    assert api.client.get("/api/auth/me", headers=bearer(pair)).status_code == 401
