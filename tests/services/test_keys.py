"""API keys of service accounts: who may make them, what opens, what no longer does."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.types import Caller
from errors import AlreadyExists, BadInput, Forbidden, NotFound, NotSignedIn
from services.keys import OPERATOR, PREFIX, SCOPES, ApiKeys
from store import audit
from store.database import Database

ADMIN = Caller("admin", "admin_001", "한관리")


@pytest.fixture
def keys(shop) -> ApiKeys:
    return shop.keys


def events(shop, key_id: str) -> list[dict[str, object]]:
    with shop.database.read() as tx:
        return audit.of_object(tx, "api_key", key_id)


def test_a_key_opens_what_it_was_made_for(keys):
    made, secret = keys.create(ADMIN, "  쇼핑몰   챗봇 ", ["passthrough", "chat"], days=30)
    assert re.fullmatch(PREFIX + r"[\w-]{43}", secret)
    assert (made.name, made.scopes) == ("쇼핑몰 챗봇", ("chat", "passthrough"))
    found = keys.check(secret)
    assert found == made
    assert secret not in repr(found)
    assert keys.all(ADMIN)[0].key_id == made.key_id


@pytest.mark.parametrize("spoil", ["unknown", "revoked", "expired", "empty", "cut", "prefix"])
def test_what_opens_nothing_answers_alike(keys, clock, spoil):
    made, secret = keys.create(ADMIN, "챗봇", ["chat"], days=1)
    if spoil == "revoked":
        keys.revoke(ADMIN, made.key_id)
    elif spoil == "expired":
        clock.pass_(days=1)
    wrong = {"unknown": PREFIX + "x" * 43, "empty": "", "cut": secret[:-1],
             "prefix": secret.removeprefix(PREFIX)}.get(spoil, secret)  # fmt: skip
    with pytest.raises(NotSignedIn) as caught:
        keys.check(wrong)
    assert caught.value.code == "invalid_api_key"
    assert caught.value.message.startswith("API 키를 쓸 수 없어요")


def test_a_key_opens_to_its_last_moment_and_another_without_end(keys, clock):
    _, ending = keys.create(ADMIN, "하루", ["chat"], days=1)
    _, endless = keys.create(ADMIN, "계속", ["chat"])
    clock.pass_(days=1, milliseconds=-1)
    assert keys.check(ending).name == "하루"
    clock.pass_(days=3650)
    assert keys.check(endless).name == "계속"


def test_another_process_revokes_and_this_one_refuses_at_once(shop, keys, clock):
    made, secret = keys.create(ADMIN, "챗봇", ["chat"])
    keys.check(secret)
    ApiKeys(Database(shop.database.path), clock).revoke(ADMIN, made.key_id)
    with pytest.raises(NotSignedIn):
        keys.check(secret)


def test_looking_is_no_writing_more_than_once_a_minute(shop, keys, clock):
    _, secret = keys.create(ADMIN, "챗봇", ["chat"])
    keys.check(secret)
    first = keys.all(ADMIN)[0].last_used_at
    assert first is not None
    with shop.database.write():  # whoever writes now would wait for ten seconds
        clock.pass_(seconds=59)
        found: list[object] = []
        reader = threading.Thread(target=lambda: found.append(keys.check(secret)))
        reader.start()
        reader.join(5)
        assert found
    assert keys.all(ADMIN)[0].last_used_at == first
    clock.pass_(seconds=1)
    keys.check(secret)
    assert keys.all(ADMIN)[0].last_used_at > first


def test_a_busy_store_turns_no_good_key_away(shop, keys, monkeypatch):
    _, secret = keys.create(ADMIN, "챗봇", ["chat"])
    monkeypatch.setattr("store.database.BUSY_TIMEOUT_S", 0.05)
    with shop.database.write():
        assert keys.check(secret).name == "챗봇"


@pytest.mark.parametrize("role", ["guest", "customer", "staff"])
def test_only_admins(keys, role):
    made, _ = keys.create(ADMIN, "챗봇", ["chat"])
    nobody = Caller(role, None if role == "guest" else f"{role}_001")
    refusal = NotSignedIn if role == "guest" else Forbidden
    for work in (
        lambda: keys.create(nobody, "다른 이름", ["chat"]),
        lambda: keys.all(nobody),
        lambda: keys.revoke(nobody, made.key_id),
    ):
        with pytest.raises(refusal):
            work()
    assert [keys.status(key) for key in keys.all(ADMIN)] == ["active"]


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", ["chat"], None),
        ("  ", ["chat"], None),
        ("가" * 61, ["chat"], None),
        ("챗\u202e봇", ["chat"], None),
        ("챗봇", [], None),
        ("챗봇", ["chat", "root"], None),
        ("챗봇", "chat", None),
        ("챗봇", ["chat"], 0),
        ("챗봇", ["chat"], 3651),
    ],
)
def test_what_cannot_be_made(keys, name, scopes, days):
    with pytest.raises(BadInput):
        keys.create(ADMIN, name, scopes, days=days)
    assert keys.all(ADMIN) == []


@pytest.mark.parametrize(("name", "days"), [("가", 1), ("가" * 60, 3650)])
def test_the_widest_that_can_be_made(keys, name, days):
    made, secret = keys.create(ADMIN, name, SCOPES, days=days)
    assert keys.check(secret).scopes == tuple(SCOPES)
    assert made.expires_at is not None


def test_a_living_keys_name_is_taken(keys, clock):
    made, _ = keys.create(ADMIN, "챗봇", ["chat"], days=1)
    with pytest.raises(AlreadyExists):
        keys.create(ADMIN, " 챗봇", ["chat"])
    keys.revoke(ADMIN, made.key_id)
    keys.create(ADMIN, "챗봇", ["chat"], days=1)
    clock.pass_(days=1)
    keys.create(ADMIN, "챗봇", ["chat"])


def test_of_many_at_once_one_gets_the_name(keys):
    def make(_: int) -> bool:
        try:
            keys.create(ADMIN, "챗봇", ["chat"])
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(make, range(16))) == 1


def test_revoking_twice_is_revoking_once(shop, keys, clock):
    made, _ = keys.create(ADMIN, "챗봇", ["chat"])
    first = keys.revoke(ADMIN, made.key_id)
    clock.pass_(minutes=5)
    assert keys.revoke(ADMIN, made.key_id) == first
    assert [row["action"] for row in events(shop, made.key_id)] == ["create", "revoke"]
    with pytest.raises(NotFound):
        keys.revoke(ADMIN, "key_none")


def test_the_audit_knows_who_and_never_the_secret(shop, keys):
    made, secret = keys.create(ADMIN, "챗봇", ["chat"], days=7)
    keys.revoke(OPERATOR, made.key_id)
    by_admin, by_operator = events(shop, made.key_id)
    assert (by_admin["actor_id"], by_admin["actor_role"]) == ("admin_001", "admin")
    assert by_admin["source"] == "page"
    assert (by_operator["actor_id"], by_operator["actor_role"]) == (None, "system")
    assert by_operator["source"] == "terminal"
    for path in Path(shop.database.path.parent).glob("sangdam.db*"):
        assert secret.removeprefix(PREFIX).encode() not in path.read_bytes()


def test_staff_read_it_in_words(shop, keys):
    made, _ = keys.create(ADMIN, "챗봇", ["chat", "act_for_customers"])
    keys.revoke(ADMIN, made.key_id)
    revoked, created = shop.tool(ADMIN, "list_audit", object_id=made.key_id).items
    assert (created.object_ko, created.action_ko) == ("API 키", "발급")
    said = {one.field_ko: one.after_ko for one in created.changes}
    assert said == {"이름": "챗봇", "권한": "상담, 고객 대신하기", "상태": "사용 중"}
    assert revoked.action_ko == "폐기"
    assert [(one.before_ko, one.after_ko) for one in revoked.changes] == [("사용 중", "폐기")]
