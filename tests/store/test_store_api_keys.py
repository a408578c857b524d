from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from store_helpers import NOW

from store import api_keys
from store.database import Database, Tx
from store.models import ApiKey, to_text

SECRET = "sk-sangdam-" + "a" * 43
KEY = ApiKey("key_1", "챗봇", ("chat", "passthrough"), "minji", to_text(NOW),
             to_text(NOW + timedelta(days=30)), None, None, "홍길동")  # fmt: skip


@pytest.fixture
def kept(tx: Tx) -> Tx:
    api_keys.add(tx, KEY, SECRET)
    return tx


def test_a_key_comes_back_by_its_secret_and_number(kept: Tx) -> None:
    assert api_keys.by_secret(kept, SECRET) == KEY
    assert api_keys.get(kept, "key_1") == KEY
    assert api_keys.by_secret(kept, SECRET + "a") is None
    assert api_keys.by_secret(kept, "\ud800") is None
    assert api_keys.get(kept, "key_2") is None


def test_the_secret_is_nowhere_in_the_file(database: Database) -> None:
    with database.write() as tx:
        api_keys.add(tx, replace(KEY, created_by=None), SECRET)
    files = database.path.parent.glob(database.path.name + "*")
    assert b"\xec\xb1\x97\xeb\xb4\x87" in (whole := b"".join(path.read_bytes() for path in files))
    assert SECRET.encode() not in whole
    assert SECRET.removeprefix("sk-sangdam-").encode() not in whole


def test_two_keys_never_share_a_secret(kept: Tx) -> None:
    with pytest.raises(Exception, match="UNIQUE"):
        api_keys.add(kept, replace(KEY, key_id="key_2", name="다른 이름"), SECRET)


def test_newest_first_and_a_terminals_key_has_no_creator(kept: Tx) -> None:
    later = to_text(NOW + timedelta(seconds=1))
    other = replace(KEY, key_id="key_0", created_at=later, created_by=None, creator_name="")
    api_keys.add(kept, other, SECRET + "b")
    assert api_keys.all_keys(kept) == [other, KEY]


def test_a_name_is_free_again_when_its_key_is_over_or_revoked(kept: Tx) -> None:
    assert api_keys.name_taken(kept, "챗봇", at=NOW)
    assert not api_keys.name_taken(kept, "챗봇2", at=NOW)
    assert not api_keys.name_taken(kept, "챗봇", at=NOW + timedelta(days=30))
    revoked = api_keys.revoke(kept, KEY, at=NOW)
    assert revoked == api_keys.get(kept, "key_1")
    assert revoked.revoked_at == to_text(NOW)
    assert not api_keys.name_taken(kept, "챗봇", at=NOW)


def test_status_by_the_clock() -> None:
    end = NOW + timedelta(days=30)
    assert KEY.status(end - timedelta(milliseconds=1)) == "active"
    assert KEY.status(end) == "expired"
    assert replace(KEY, expires_at=None).status(end) == "active"
    assert replace(KEY, revoked_at=to_text(NOW)).status(end) == "revoked"


def test_its_use_is_written_at_most_once_a_minute(kept: Tx) -> None:
    def used(seconds: float) -> str | None:
        at = NOW + timedelta(seconds=seconds)
        found = api_keys.get(kept, "key_1")
        assert found is not None
        due = api_keys.stale(found, at=at)
        api_keys.touch(kept, found, at=at)
        now = api_keys.get(kept, "key_1")
        assert now is not None
        assert (now.last_used_at == to_text(at)) == due
        return now.last_used_at

    first = used(0)
    assert first == to_text(NOW)
    assert used(59) == first
    assert used(60) == to_text(NOW + timedelta(seconds=60))
