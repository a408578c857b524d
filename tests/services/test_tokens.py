"""Tokens of the API under attack: forged, borrowed, old, revoked, used twice."""

from __future__ import annotations

import logging
import stat
import threading
from pathlib import Path
from typing import Any

import jwt
import pytest
from accounts_helpers import MINJI, PASSWORD, Make

from agent.types import Caller
from errors import NotSignedIn, Unavailable
from services import Accounts, Identity, Tokens
from services.secret import derived_key, secret_key
from store import accounts
from tests.conftest import Clock


@pytest.fixture
def pair(people: Accounts) -> Tokens:
    return people.log_in(MINJI, PASSWORD)


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def signed(people: Accounts, claims: dict[str, Any], *, algorithm: str = "HS256") -> str:
    """A token signed with the right key: only somebody with the secret could make it."""
    return jwt.encode(claims, people._key, algorithm=algorithm)


def code_of(work: Any, *arguments: Any) -> str:
    with pytest.raises(NotSignedIn) as caught:
        work(*arguments)
    return caught.value.code


class TestSecret:
    def test_is_random_private_and_kept(self, tmp_path: Path) -> None:
        key = secret_key(tmp_path / "a")
        assert len(key) == 64
        assert secret_key(tmp_path / "a") == key
        assert secret_key(tmp_path / "b") != key
        assert stat.S_IMODE((tmp_path / "a" / "secret.key").stat().st_mode) == 0o600
        assert [path.name for path in (tmp_path / "a").iterdir()] == ["secret.key"]

    def test_threads_starting_together_agree(self, tmp_path: Path) -> None:
        keys: list[str] = []
        together = [
            threading.Thread(target=lambda: keys.append(secret_key(tmp_path))) for _ in range(16)
        ]
        for thread in together:
            thread.start()
        for thread in together:
            thread.join()
        assert len(keys) == 16
        assert len(set(keys)) == 1

    @pytest.mark.parametrize("content", ["", "some_key", "열쇠"])
    def test_a_broken_one_says_what_to_do(self, content: str, tmp_path: Path) -> None:
        (tmp_path / "secret.key").write_text(content, "utf-8")
        with pytest.raises(Unavailable, match=r"secret\.key"):
            secret_key(tmp_path)

    def test_each_purpose_has_a_key_of_its_own(self, tmp_path: Path) -> None:
        one, other = (derived_key(tmp_path, purpose) for purpose in ("one", "other"))
        assert len(one) == 32
        assert len({one, other, secret_key(tmp_path).encode()}) == 3
        assert derived_key(tmp_path, "one") == one
        assert derived_key(tmp_path / "b", "one") != one


class TestAccessToken:
    def test_names_its_person_and_its_session(self, people: Accounts, pair: Tokens) -> None:
        me = people.identify(pair.access_token)
        assert me.caller == Caller("customer", "user_a", "김민지")
        with people.database.read() as tx:
            assert tx.value("select session_hash from sessions") == me.session
        assert pair.expires_in == people.settings.access_token_minutes * 60

    def test_tells_neither_secret_nor_person(self, people: Accounts, pair: Tokens) -> None:
        claims = claims_of(pair.access_token)
        assert set(claims) == {"sub", "sid", "typ", "jti", "iat", "exp"}
        assert MINJI not in str(claims)
        assert people.user_of_session(claims["sid"]) is None  # opens no page either
        assert pair.access_token not in repr(pair)
        assert pair.refresh_token not in repr(pair)

    def test_role_and_name_are_todays(self, people: Accounts, pair: Tokens) -> None:
        with people.database.write() as tx:
            tx.update("users", {"user_id": "user_a"}, {"role": "staff", "name": "김상담"})
        assert people.identify(pair.access_token).caller == Caller("staff", "user_a", "김상담")

    def test_is_over_after_its_minutes(self, people: Accounts, pair: Tokens, clock: Clock) -> None:
        clock.pass_(minutes=people.settings.access_token_minutes, seconds=-1)
        assert people.identify(pair.access_token)
        clock.pass_(seconds=1)
        assert code_of(people.identify, pair.access_token) == "token_expired"

    def test_lasts_no_longer_than_its_session(self, people: Accounts, clock: Clock) -> None:
        pair = people.log_in(MINJI, PASSWORD)
        clock.pass_(days=people.settings.session_days, seconds=-30)
        assert people.refresh(pair.refresh_token).expires_in == 30

    @pytest.mark.parametrize("end", ["log out", "everywhere", "delete"])
    def test_ends_with_its_session(self, end: str, people: Accounts, pair: Tokens) -> None:
        if end == "log out":
            people.log_out(people.identify(pair.access_token))
        elif end == "everywhere":
            assert people.sign_out_everywhere("user_a") == 1
        else:
            with people.database.write() as tx:
                for table in ("refresh_tokens", "sessions"):
                    tx.execute(f"delete from {table}")
                tx.execute("delete from users where user_id = 'user_a'")
        assert code_of(people.identify, pair.access_token) == "token_revoked"
        assert code_of(people.refresh, pair.refresh_token) in ("token_revoked", "token_invalid")

    def test_logging_out_ends_no_other_session(self, people: Accounts, pair: Tokens) -> None:
        other = people.log_in(MINJI, PASSWORD)
        people.log_out(people.identify(other.access_token))
        people.log_out(Identity(Caller(guest_key="a-browser"), ""))
        assert people.identify(pair.access_token)


class TestForgery:
    @pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
    def test_other_algorithms_and_keys(self, people: Accounts, pair: Tokens) -> None:
        claims = claims_of(pair.access_token)
        head, body, signature = pair.access_token.split(".")
        for forged in (
            jwt.encode(claims, None, algorithm="none"),
            f"{head}.{body}.",
            f"{head}.{body}.{signature[::-1]}",
            signed(people, claims, algorithm="HS384"),
            jwt.encode(claims, "some_key" * 8, algorithm="HS256"),
            jwt.encode(claims, secret_key(people.settings.data_path), algorithm="HS256"),
            jwt.encode(claims, derived_key(people.settings.data_path, "other"), algorithm="HS256"),
        ):
            assert code_of(people.identify, forged) == "token_invalid"

    @pytest.mark.parametrize(
        "text", ["", "a", "a.b.c", "..", "열.쇠.말", "\ud800.a.b", "W" * 99999]
    )
    def test_nonsense(self, text: str, people: Accounts) -> None:
        assert code_of(people.identify, text) == "token_invalid"
        if text.isprintable():
            assert code_of(people.refresh, text) == "token_invalid"

    def test_a_consoles_cookie_is_no_token_nor_the_other_way_round(
        self, people: Accounts, pair: Tokens
    ) -> None:
        key = secret_key(people.settings.data_path)
        _, session = people.sign_in(MINJI, PASSWORD)
        cookie = {"username": "user_a", "session": session, "exp_date": 4e9}
        both = cookie | claims_of(pair.access_token)
        for claims in (cookie, both):
            assert code_of(people.identify, jwt.encode(claims, key, "HS256")) == "token_invalid"
        assert code_of(people.identify, session) == "token_invalid"
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(pair.access_token, key, algorithms=["HS256"])

    @pytest.mark.parametrize("missing", ["sub", "sid", "typ", "jti", "iat", "exp"])
    def test_every_claim_is_needed(self, missing: str, people: Accounts, pair: Tokens) -> None:
        claims = claims_of(pair.access_token)
        assert people.identify(signed(people, claims))
        del claims[missing]
        assert code_of(people.identify, signed(people, claims)) == "token_invalid"

    def test_somebody_elses_subject_or_session(self, people: Accounts, pair: Tokens) -> None:
        claims = claims_of(pair.access_token)
        jihuns = claims_of(people.log_in("jihun@example.kr", PASSWORD).access_token)
        for changed in ({"sub": "staff_a"}, {"sid": jihuns["sid"]}, {"sid": "x" * 64}):
            token = signed(people, claims | changed)
            assert code_of(people.identify, token) == "token_revoked"
        assert code_of(people.identify, signed(people, claims | {"typ": "refresh"})) == (
            "token_invalid"
        )

    def test_another_shops_token(self, people: Accounts, pair: Tokens, tmp_path: Path) -> None:
        elsewhere = Accounts(
            people.settings.replace(data_dir=str(tmp_path / "other")), people.database, people.clock
        )
        assert code_of(elsewhere.identify, pair.access_token) == "token_invalid"


class TestGuest:
    def test_a_guest_stays_the_same_guest(self, people: Accounts, clock: Clock) -> None:
        token, seconds = people.guest_token()
        me = people.identify(token)
        assert (me.caller.role, me.caller.user_id, me.session) == ("guest", None, "")
        assert len(me.caller.guest_key) >= 32
        again, _ = people.guest_token(me.caller.guest_key)
        assert people.identify(again) == me
        assert people.identify(people.guest_token()[0]) != me
        assert seconds == people.settings.guest_token_days * 86400
        clock.pass_(seconds=seconds)
        assert code_of(people.identify, token) == "token_expired"

    def test_naming_an_account_makes_no_account(self, people: Accounts) -> None:
        """A guest's key may be anything, an account's id too: it is a guest's key still."""
        caller = people.identify(people.guest_token("user_a")[0]).caller
        assert caller == Caller(guest_key="user_a")

    def test_a_guests_token_is_no_access_token(self, people: Accounts, pair: Tokens) -> None:
        guest = claims_of(people.guest_token("user_a")[0])
        assert code_of(people.identify, signed(people, guest | {"typ": "access"})) == (
            "token_revoked"
        )
        assert code_of(people.refresh, people.guest_token()[0]) == "token_invalid"


class TestRefresh:
    def test_gives_the_next_pair_of_the_same_session(
        self, people: Accounts, pair: Tokens, clock: Clock
    ) -> None:
        clock.pass_(hours=1)
        after = people.refresh(pair.refresh_token)
        assert after.refresh_token != pair.refresh_token
        assert code_of(people.identify, pair.access_token) == "token_expired"
        session = claims_of(pair.access_token)["sid"]
        assert people.identify(after.access_token).session == session

    def test_only_hashes_are_stored(self, people: Accounts, pair: Tokens) -> None:
        with people.database.read() as tx:
            kept = str(tx.rows("select * from refresh_tokens"))
        assert pair.refresh_token not in kept
        assert "token_hash" in kept

    def test_a_used_one_ends_the_family(
        self, people: Accounts, pair: Tokens, caplog: pytest.LogCaptureFixture
    ) -> None:
        second = people.refresh(pair.refresh_token)
        third = people.refresh(second.refresh_token)
        bystander = people.log_in(MINJI, PASSWORD)
        with caplog.at_level(logging.WARNING, "sangdam.accounts"):
            assert code_of(people.refresh, pair.refresh_token) == "token_revoked"
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "user_a" in caplog.text
        assert pair.refresh_token not in caplog.text
        assert code_of(people.refresh, third.refresh_token) == "token_revoked"
        for tokens in (pair, second, third):
            assert code_of(people.identify, tokens.access_token) == "token_revoked"
        assert people.identify(bystander.access_token)

    def test_ends_with_the_session(self, people: Accounts, pair: Tokens, clock: Clock) -> None:
        clock.pass_(days=people.settings.session_days, milliseconds=-1)
        last = people.refresh(pair.refresh_token)
        clock.pass_(milliseconds=1)
        assert code_of(people.refresh, last.refresh_token) == "token_expired"
        assert code_of(people.refresh, pair.refresh_token) == "token_expired"

    def test_of_parallel_ones_exactly_one_wins_and_the_family_ends(
        self, people: Accounts, pair: Tokens
    ) -> None:
        won: list[Tokens] = []
        lost: list[str] = []
        together = threading.Barrier(8)

        def refresh() -> None:
            together.wait(5)
            try:
                won.append(people.refresh(pair.refresh_token))
            except NotSignedIn as error:
                lost.append(error.code)

        threads = [threading.Thread(target=refresh) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert lost == ["token_revoked"] * 7
        assert code_of(people.identify, won[0].access_token) == "token_revoked"
        assert code_of(people.refresh, won[0].refresh_token) == "token_revoked"

    def test_an_access_token_refreshes_nothing(self, people: Accounts, pair: Tokens) -> None:
        assert code_of(people.refresh, pair.access_token) == "token_invalid"
        assert code_of(people.identify, pair.refresh_token) == "token_invalid"


def test_a_session_of_the_api_opens_no_page(people: Accounts, make_accounts: Make) -> None:
    """Its secret id was thrown away, so no cookie can name it; a page's is no token."""
    people.log_in(MINJI, PASSWORD)
    with people.database.read() as tx:
        kept = tx.value("select session_hash from sessions")
        assert accounts.user_of_session(tx, kept, at=people.clock()) is None
    _, session = people.sign_in(MINJI, PASSWORD)
    assert code_of(people.refresh, session) == "token_invalid"
