"""``python -m api keys``, run in this process on a data folder of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.__main__ import main
from errors import NotSignedIn
from services.keys import ApiKeys
from store import audit
from store.database import Database


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


def keys_of(folder: Path) -> ApiKeys:
    return ApiKeys(Database(folder / "sangdam.db"), lambda: datetime.now(UTC))


def test_make_list_revoke(folder, capsys):
    create = ["keys", "create", "쇼핑몰 챗봇", "--scope", "chat", "--scope", "act_for_customers"]
    assert main([*create, "--days", "30"]) == 0
    out, said = capsys.readouterr()
    secret = out.strip()
    key = keys_of(folder).check(secret)
    assert key.scopes == ("chat", "act_for_customers")
    assert key.key_id in said
    assert secret not in said
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert listed.split("\t")[:3] == [key.key_id, "active", "쇼핑몰 챗봇"]
    assert secret not in listed
    assert main(["keys", "revoke", key.key_id]) == 0
    assert "폐기했습니다" in capsys.readouterr().out
    with pytest.raises(NotSignedIn):
        keys_of(folder).check(secret)
    main(["keys", "list"])
    assert capsys.readouterr().out.split("\t")[1] == "revoked"


def test_the_audit_names_the_program_at_a_terminal(folder, capsys):
    assert main(["keys", "create", "챗봇", "--scope", "chat"]) == 0
    secret = capsys.readouterr().out.strip()
    key = keys_of(folder).check(secret)
    assert key.created_by is None
    with Database(folder / "sangdam.db").read() as tx:
        (event,) = audit.of_object(tx, "api_key", key.key_id)
    assert (event["actor_role"], event["source"]) == ("system", "terminal")
    assert secret not in str(event)


def test_no_key_yet(folder, capsys):
    assert main(["keys", "list"]) == 0
    out, said = capsys.readouterr()
    assert out == ""
    assert "API 키가 없습니다" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "챗봇", "--scope", "chat"], "같은 이름"),
        (["create", " ", "--scope", "chat"], "이름을 1자에서"),
        (["create", "둘", "--scope", "chat", "--days", "0"], "1일부터"),
        (["revoke", "key_none"], "찾을 수 없어요"),
    ],
)
def test_a_refusal_is_one_korean_line(folder, capsys, arguments, said):
    assert main(["keys", "create", "챗봇", "--scope", "chat"]) == 0
    capsys.readouterr()
    assert main(["keys", *arguments]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert said in error
    assert len(error.splitlines()) == 1


def test_a_broken_database_is_one_line(folder, capsys):
    folder.mkdir()
    (folder / "sangdam.db").write_bytes(b"not a database at all" * 100)
    assert main(["keys", "list"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["keys"], ["keys", "create", "챗봇"], ["keys", "create", "챗봇", "--scope", "root"],
     ["keys", "create", "챗봇", "--scope", "chat", "--days", "셋"], ["keys", "revoke"]],
)  # fmt: skip
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
