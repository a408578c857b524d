"""Who calls /v1: keys and their rights, named customers, tokens, nobody."""

from __future__ import annotations

import openai
import pytest

from api.openai.routes import CREATED
from services.openai_chat import OpenAIChat
from tests.api.conftest import Api, Headers
from tests.api.openai_client import Talk, official, post, user

ORDERS = "주문 취소하고 싶어요"
MINES = "20261119-0000394"  # minji's newest order


def named(headers: Headers, email: str) -> Headers:
    return {**headers, "X-OpenWebUI-User-Email": email}


def listen_beyond(api: Api, **changes: object) -> None:
    """As if the server listened on every address."""
    api.shop.settings = api.shop.settings.replace(host="0.0.0.0", **changes)
    api.shop.__dict__.pop("accounts", None)  # made again with these settings


def test_a_key_with_the_right_acts_for_the_named_customer(api: Api) -> None:
    key = api.key("chat", "act_for_customers")
    for name in ("minji@example.com", " Minji@Example.com ", "user_001"):
        assert MINES in Talk(api, key, user=name).say(ORDERS)
    for name in ("minji@example.com", "Minji%40Example.com", "user_001"):
        assert MINES in Talk(api, named(key, name)).say(ORDERS)


def test_the_header_wins_over_the_field(api: Api) -> None:
    key = api.key("chat", "act_for_customers")
    header = named(key, "jihun@example.com")
    assert MINES not in Talk(api, header, user="minji@example.com").say(ORDERS)


@pytest.mark.parametrize("header", ["", "%6dinji@example.com"])
def test_only_the_address_as_it_is_names_a_customer(api: Api, header: str) -> None:
    key = api.key("chat", "act_for_customers")
    talk = Talk(api, named(key, header), user="minji@example.com")  # a header is never overruled
    assert MINES not in talk.say(ORDERS)


def test_a_guests_name_of_any_length_is_kept_short(api: Api) -> None:
    chat = OpenAIChat(api.shop)
    names = ["가" * 100_000, "가" * 100_001, ""]
    keys = [chat.asker("", name).caller.guest_key for name in names]
    assert len(set(keys)) == 3
    assert max(map(len, keys)) < 100
    assert keys[0] == chat.asker("", names[0]).caller.guest_key


def test_without_the_right_everybody_is_a_guest(api: Api) -> None:
    for headers in (api.key("chat"), {}, {"Authorization": "Bearer anything"}):
        said = Talk(api, named(headers, "minji@example.com"), user="user_001").say(ORDERS)
        assert MINES not in said
        assert "로그인" in said
    with api.shop.database.read() as tx:
        assert (
            tx.value(
                "select count(*) from turns where source = 'api' and conversation_id glob 's_*'"
            )
            == 3
        )
        owners = tx.rows("select user_id, guest_hash from conversations "
                         "order by created_at desc, rowid desc limit 3")  # fmt: skip
    assert all(row["user_id"] is None and row["guest_hash"] for row in owners)


@pytest.mark.parametrize("name", ["staff@example.com", "admin_001", "nobody@example.com", "x"])
def test_a_key_never_acts_as_staff_or_as_nobody_we_know(api: Api, name: str) -> None:
    said = Talk(api, api.key("chat", "act_for_customers"), user=name).say(ORDERS)
    assert MINES not in said
    with api.shop.database.read() as tx:
        newest = tx.row("select * from conversations order by created_at desc, rowid desc limit 1")
    assert newest is not None
    assert newest["user_id"] is None


def test_the_key_is_written_with_the_turn(api: Api) -> None:
    Talk(api, api.key("chat", "act_for_customers"), user="user_001").say(ORDERS)
    with api.shop.database.read() as tx:
        turn = tx.row("select * from turns order by created_at desc, rowid desc limit 1")
        key = tx.value("select key_id from api_keys order by created_at desc limit 1")
    assert turn is not None
    assert (turn["source"], turn["key_id"]) == ("api", key)


def test_bad_keys_are_refused(api: Api) -> None:
    boss = api.shop.accounts.caller("admin_001")
    key, secret = api.shop.keys.create(boss, "끝난 키", ["chat"])
    api.shop.keys.revoke(boss, key.key_id)
    for bad in (secret, "sk-sangdam-", "sk-sangdam-unknown"):
        with official(api, {"Authorization": f"Bearer {bad}"}) as client:
            with pytest.raises(openai.AuthenticationError) as error:
                client.chat.completions.create(model="orchestrator", messages=[user("안녕")])
            with pytest.raises(openai.AuthenticationError):
                client.models.list()
        assert error.value.code == "invalid_api_key"


def test_a_key_may_use_only_what_it_is_for(api: Api) -> None:
    for scope, model in (("chat", "passthrough"), ("passthrough", "orchestrator")):
        with official(api, api.key(scope)) as client:
            assert client.models.list().data[0].created == CREATED
            with pytest.raises(openai.PermissionDeniedError) as error:
                client.chat.completions.create(model=model, messages=[user("안녕")])
        assert error.value.code == "insufficient_scope"


def test_tokens_of_accounts(api: Api) -> None:
    assert MINES in Talk(api, api.minji).say(ORDERS)
    # Naming somebody else changes nothing: a token is its account.
    assert MINES not in Talk(api, named(api.jihun, "minji@example.com"), user="user_001").say(
        ORDERS
    )
    got = post(api, [user("안녕")], {"Authorization": "Bearer a.b.c"})
    assert (got.status_code, got.json()["error"]["code"]) == (401, "token_invalid")
    api.shop.clock.pass_(days=2)  # type: ignore[attr-defined]
    got = post(api, [user("안녕")], api.minji)
    assert (got.status_code, got.json()["error"]["code"]) == (401, "token_expired")


def test_beyond_loopback_a_key_is_asked_for(api: Api) -> None:
    guest, minji, staff, key = api.guest(), api.minji, api.staff, api.key("chat")
    listen_beyond(api, demo_on_any_host=True)
    for headers in ({}, {"Authorization": "Bearer dummy"}, guest):
        assert api.client.get("/v1/models", headers=headers).status_code == 401
        got = post(api, [user("안녕")], headers)
        assert got.status_code == 401
        assert "API 키" in got.json()["error"]["message"]
    for headers in (key, minji, staff):
        assert post(api, [user("안녕하세요")], headers).status_code == 200
    assert post(api, [user("안녕")], minji, model="passthrough").status_code == 403
    # Staff may use the model alone; none is configured here.
    got = post(api, [user("안녕")], staff, model="passthrough")
    assert (got.status_code, got.json()["error"]["code"]) == (503, "model_not_configured")
    assert "SANGDAM_LLM_OLLAMA_MODEL" in got.json()["error"]["message"]


@pytest.mark.parametrize(("setting", "status"), [("yes", 401), ("no", 200), ("auto", 200)])
def test_the_setting_decides(api: Api, setting: str, status: int) -> None:
    api.shop.settings = api.shop.settings.replace(v1_key_required=setting)
    assert post(api, [user("안녕하세요")]).status_code == status


def test_a_demonstration_customer_is_not_acted_for_beyond_loopback(api: Api) -> None:
    key = api.key("chat", "act_for_customers")
    listen_beyond(api)
    assert MINES not in Talk(api, key, user="user_001").say(ORDERS)


def test_a_key_is_limited_by_the_person_it_speaks_for(api: Api) -> None:
    api.shop.settings = api.shop.settings.replace(turns_per_minute=2, guest_turns_per_minute=2)
    key = api.key("chat")
    for person in ("a", "b"):
        said = [post(api, [user("안녕하세요")], key, user=person).status_code for _ in range(3)]
        assert said == [200, 200, 429]
