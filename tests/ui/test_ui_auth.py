"""Sign-in without a browser: the token, the form, and the end of a session."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import jwt
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import services
from services.secret import secret_key
from store import accounts
from ui import auth, page, session

PAGES = Path(__file__).resolve().parents[2] / "pages"
PASSWORD = "sangdam-demo-2026"
SESSION_KEY = "sangdam_session_id"


@pytest.fixture
def desk(shop, monkeypatch):
    """The shop as the process's one instance."""
    monkeypatch.setattr(services, "_instance", shop)
    return shop


@pytest.fixture
def tab(monkeypatch):
    """A browser tab without a script run: its state and the cookies it came with."""
    monkeypatch.setattr(st, "session_state", {})
    cookies: dict[str, str] = {}
    monkeypatch.setattr(st, "context", SimpleNamespace(cookies=cookies, ip_address=None))
    return cookies


def make_account(desk, email="kim@example.kr", password="우리집비밀번호예요", name="김"):
    with desk.database.write() as tx:
        hashed = accounts.hash_password(password, cost=4)
        return accounts.create(
            tx, email=email, name=name, role="customer", password_hash=hashed, at=desk.clock()
        )


def open_page(name: str, session_id: str | None = None) -> AppTest:
    at = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=20)
    if session_id is not None:
        at.session_state[SESSION_KEY] = session_id
    return at.run()


def text_of(at: AppTest) -> str:
    kinds = (at.markdown, at.caption, at.error, at.info, at.subheader, at.text, at.button)
    return "\n".join(str(getattr(one, "value", "")) + str(getattr(one, "label", ""))
                     for kind in kinds for one in kind)  # fmt: skip


def test_two_shops_on_one_host_have_two_cookies(tmp_path):
    first, second = (secret_key(tmp_path / name) for name in "ab")
    assert auth.cookie_name(first) != auth.cookie_name(second)
    assert first not in auth.cookie_name(first)


class TestToken:
    @pytest.fixture
    def cookie(self, desk, tab):
        """A signed-in tab's cookie; ``bring`` opens a new tab that comes with a token."""
        user = make_account(desk)
        _, session_id = desk.accounts.sign_in("kim@example.kr", "우리집비밀번호예요")
        session.start(session_id)
        cookie = auth.SessionCookie(desk)
        cookie.exp_date = 4e9
        return SimpleNamespace(
            model=cookie, token=cookie._token_encode(), user=user, session_id=session_id
        )

    def bring(self, desk, tab, cookie, token: str):
        st.session_state.clear()
        tab[cookie.model.cookie_name] = token
        auth.restore(desk)
        return session.user()

    def test_brings_its_person_back(self, desk, tab, cookie):
        assert self.bring(desk, tab, cookie, cookie.token) == cookie.user
        assert cookie.user.email not in str(jwt.decode(cookie.token, options={
            "verify_signature": False}))  # fmt: skip

    def test_is_nobody_after_signing_out(self, desk, tab, cookie):
        desk.accounts.sign_out(cookie.session_id)
        assert self.bring(desk, tab, cookie, cookie.token) is None

    def test_is_nobody_once_the_session_is_over(self, desk, tab, cookie, clock):
        clock.pass_(days=15)
        assert self.bring(desk, tab, cookie, cookie.token) is None

    @pytest.mark.parametrize(
        "change",
        [
            {"session": "x" * 43},
            {"session": None},
            {"session": ["a"]},
            {"username": "admin_001"},
            {"exp_date": 1},
            {"exp_date": "tomorrow"},
        ],
    )
    def test_is_nobody_with_a_changed_claim(self, change, desk, tab, cookie):
        claims = jwt.decode(cookie.token, options={"verify_signature": False})
        key = cookie.model.cookie_key
        token = jwt.encode({**claims, **change}, key, algorithm="HS256")
        assert self.bring(desk, tab, cookie, token) is None

    def test_is_nobody_with_another_key_or_none(self, desk, tab, cookie):
        claims = jwt.decode(cookie.token, options={"verify_signature": False})
        other = jwt.encode(claims, "some_key" * 8, algorithm="HS256")
        for token in (other, jwt.encode(claims, None, algorithm="none"), "nonsense", ""):
            assert self.bring(desk, tab, cookie, token) is None

    def test_of_the_api_is_nobody_here(self, desk, tab, cookie):
        pair = desk.accounts.log_in("kim@example.kr", "우리집비밀번호예요")
        guest, _ = desk.accounts.guest_token()
        for token in (pair.access_token, pair.refresh_token, guest):
            assert self.bring(desk, tab, cookie, token) is None

    def test_of_a_deleted_person_is_nobody(self, desk, tab, cookie):
        with desk.database.write() as tx:
            tx.execute("delete from sessions where user_id = ?", (cookie.user.user_id,))
            tx.execute("delete from users where user_id = ?", (cookie.user.user_id,))
        assert self.bring(desk, tab, cookie, cookie.token) is None


class TestSession:
    def test_a_guest_keeps_one_key_and_a_person_has_none(self, desk, tab):
        first = session.caller()
        assert first.role == "guest"
        assert len(first.guest_key) >= 32
        assert session.caller() == first
        make_account(desk)
        auth.sign_in(desk, "kim@example.kr", "우리집비밀번호예요")
        assert session.caller().name == "김"
        assert session.caller().guest_key == ""

    def test_signing_in_keeps_the_wish_and_drops_the_guests_chat(self, desk, tab):
        make_account(desk)
        session.set_conversation_id("chat-of-a-guest")
        session.set_prefill("주문 보여 주세요")
        session.set_destination("orders")
        auth.sign_in(desk, "kim@example.kr", "우리집비밀번호예요")
        assert session.conversation_id() is None
        assert session.take_prefill() == "주문 보여 주세요"
        assert session.take_prefill() is None
        assert session.take_destination() == "orders"

    def test_signing_out_leaves_nothing_of_the_person(self, desk, tab):
        make_account(desk)
        auth.sign_in(desk, "kim@example.kr", "우리집비밀번호예요")
        st.session_state["a widget"] = "20261103-0000042"
        session.set_conversation_id("chat")
        auth.sign_out(desk)
        assert session.user() is None
        assert "20261103" not in str(st.session_state)
        assert session.conversation_id() is None
        assert session.take_notice() == "로그아웃했어요."

    def test_everywhere_counts_the_sessions(self, desk, tab):
        user = make_account(desk)
        for _ in range(2):
            desk.accounts.sign_in("kim@example.kr", "우리집비밀번호예요")
        auth.sign_in(desk, "kim@example.kr", "우리집비밀번호예요")
        assert auth.sign_out_everywhere(desk, user) == 3


class TestPages:
    def test_wrong_password_is_said_in_korean(self, desk):
        make_account(desk)
        at = open_page("signin")
        at.text_input[0].input("kim@example.kr")
        at.text_input[1].input("아닌비밀번호입니다")
        at.button[0].click().run()
        assert [box.value for box in at.error] == [
            "이메일이나 비밀번호가 맞지 않아요\\. 다시 확인해 주세요\\."
        ]
        assert SESSION_KEY not in at.session_state

    def test_demo_accounts_show_only_while_they_may_sign_in(self, desk, monkeypatch):
        assert "minji@example.com" in text_of(open_page("signin"))
        public = desk.settings.replace(host="0.0.0.0")
        monkeypatch.setattr(desk.accounts, "settings", public)
        at = open_page("signin")
        assert "minji@example.com" not in text_of(at)
        assert PASSWORD not in text_of(at)

    def test_account_shows_the_person_and_a_revoked_tab_does_not(self, desk):
        _, session_id = desk.accounts.sign_in("minji@example.com", PASSWORD)
        at = open_page("account", session_id)
        assert "김민지" in text_of(at)
        desk.accounts.sign_out(session_id)
        at.run()
        assert "김민지" not in text_of(at)
        assert "내 계정: 로그인이 필요해요" in text_of(at)
        assert "로그인이 끝났어요" in text_of(at)

    def test_account_signs_out_everywhere(self, desk):
        _, session_id = desk.accounts.sign_in("minji@example.com", PASSWORD)
        at = open_page("account", session_id)
        next(one for one in at.button if one.label == "모든 기기에서 로그아웃").click().run()
        assert desk.accounts.user_of_session(session_id) is None

    def test_the_wrong_role_reads_a_polite_notice(self, desk):
        def script() -> None:
            import streamlit as st

            from ui import page

            page.setup("상담함", roles=page.STAFF)
            st.write("PRIVATE")

        _, session_id = desk.accounts.sign_in("minji@example.com", PASSWORD)
        for known in (session_id, None):
            at = AppTest.from_function(script)
            if known:
                at.session_state[SESSION_KEY] = known
            at.run()
            assert "PRIVATE" not in text_of(at)
            assert ("권한이 없어요" if known else "로그인이 필요해요") in text_of(at)

    def test_unknown_errors_keep_their_secrets(self, desk, caplog):
        def script() -> None:
            from ui import page

            page.error_box(RuntimeError("select password_hash from users"), "req-1")

        at = AppTest.from_function(script).run()
        assert "password_hash" not in text_of(at)
        assert "req\\-1" in text_of(at) or "req-1" in text_of(at)
        assert "req-1" in caplog.text

    def test_markup_in_a_name_stays_text(self, desk):
        make_account(desk, name="**굵은** :red[이름]")
        _, session_id = desk.accounts.sign_in("kim@example.kr", "우리집비밀번호예요")
        at = AppTest.from_file(str(PAGES / "shell.py"), default_timeout=20)
        at.session_state[SESSION_KEY] = session_id
        at.run()
        shown = " ".join(one.value for one in at.sidebar.caption)
        assert ":red[" not in shown.replace("\u2060", "")


def test_brand_and_roles_are_korean():
    assert set(page.ROLE) == set(page.EVERYBODY)
    assert not any(word.isascii() for word in page.ROLE.values())
