"""Sign-in that survives a reload: streamlit-authenticator's cookie, bound to our sessions.

The authenticator's own forms are not used: they read passwords from a dict of all users
(past ``accounts.sign_in`` and its lock-out), ask a Korean for first and last name, refuse
"김" and long passphrases, and keep password managers away. Its cookie and token machinery
is used, with these cures in :class:`SessionCookie`:

- the token carries the server session's id and is checked against the sessions table, so
  a forged, replayed, revoked or orphaned cookie is simply nobody;
- the key is random, made at the first start (``secret.key``, mode 0600), never a default;
- the browser component is rendered only while there is a cookie to write, not on every
  run, so it leaves no empty band and causes no extra run of a page;
- the cookie's name holds a digest of the key: cookies know hosts, not ports, and two
  shops on one host must not sign each other out.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import extra_streamlit_components as stx
import jwt
import streamlit as st
from extra_streamlit_components.CookieManager import _component_func
from streamlit_authenticator.models import CookieModel

from services import Services, User
from services.secret import secret_key
from ui import session

__all__ = [
    "SessionCookie",
    "cookie_pending",
    "register",
    "restore",
    "settle",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "sync_cookie",
]

SIGNED_OUT_ELSEWHERE = "로그인이 끝났어요. 다시 로그인해 주세요."
_DUE = "sangdam_cookie_due"  # ("set" | "delete", number of this write)
_SETTLE_S = 3.0


def sign_in(desk: Services, email: str, password: str) -> User:
    """Sign this tab in; the cookie follows with the next run. Raises what accounts.sign_in does."""
    user, session_id = desk.accounts.sign_in(email, password, address=session.address())
    session.start(session_id)
    st.session_state[_DUE] = ("set", secrets.token_hex(4))
    return user


def register(desk: Services, email: str, password: str, name: str) -> User:
    """Make a customer's account and sign in. Raises what accounts.register does."""
    if address := session.address():
        desk.limits.registration(address)
    desk.accounts.register(email, password, name)
    return sign_in(desk, email, password)


def sign_out(desk: Services, *, notice: str = "로그아웃했어요.") -> None:
    """End this session on the server, in this tab and in the browser."""
    if (current := session.session_id()) is not None:
        desk.accounts.sign_out(current)
    _forget(notice)


def sign_out_everywhere(desk: Services, user: User) -> int:
    """End every session of the account, this one included; returns how many were open."""
    ended = desk.accounts.sign_out_everywhere(user.user_id)
    _forget(f"기기 {ended}곳에서 로그아웃했어요.")
    return ended


def restore(desk: Services) -> None:
    """Make the tab agree with the store; called on every run.

    A session that was revoked or is over is forgotten here, and a tab without one takes
    its session from the cookie the browser came with.
    """
    if session.session_id() is not None:
        if session.user() is None:
            _forget(SIGNED_OUT_ELSEWHERE)
        return
    found = SessionCookie(desk).get_cookie()
    if found:
        session.set_session_id(found["session"])


def sync_cookie(desk: Services) -> None:
    """Write or delete the browser's cookie while that is due, until the browser confirms.

    Rendered by the shell, always at the same place: a component that vanishes before the
    browser has run it (``st.rerun`` right after signing in) never sets its cookie.
    """
    due = st.session_state.get(_DUE)
    if due is None:
        return
    what, number = due
    key = f"sangdam-cookie-{number}"
    if st.session_state.get(key):
        del st.session_state[_DUE]
        return
    cookie = SessionCookie(desk, component_key=key)
    with st.container(key="sangdam-cookie"):
        cookie.set_cookie() if what == "set" else cookie.delete_cookie()


def cookie_pending() -> bool:
    """Whether the browser has yet to confirm a cookie."""
    return _DUE in st.session_state


def settle() -> None:
    """Wait for the browser's confirmation, whose rerun ends the wait; at most 3 s.

    Moving on earlier would let that rerun interrupt the page that follows.
    """
    place = st.empty()
    end = time.monotonic() + _SETTLE_S
    while cookie_pending() and time.monotonic() < end:
        place.caption("로그인하고 있어요…")
        time.sleep(0.05)


class SessionCookie(CookieModel):  # type: ignore[misc]  # the package is untyped
    """The authenticator's cookie, whose token names a row of the sessions table."""

    def __init__(self, desk: Services, *, component_key: str = "") -> None:
        # The parent's __init__ renders its component, which costs a run of the page.
        self.desk = desk
        self.cookie_key = secret_key(desk.settings.data_path)
        self.cookie_name = cookie_name(self.cookie_key)
        self.cookie_expiry_days = desk.settings.session_days
        self.component_key = component_key
        self.token: Any = None
        self.exp_date: float | None = None

    def get_cookie(self) -> dict[str, Any] | None:
        """The token's claims while its session is alive; None for anything else."""
        st.session_state.setdefault("logout", None)  # the parent reads it unasked
        return super().get_cookie() or None

    def set_cookie(self) -> None:
        """Send this tab's session to the browser. SameSite=Strict; ends with the session."""
        expires = datetime.now(UTC) + timedelta(days=self.cookie_expiry_days)
        self.exp_date = expires.timestamp()
        _Jar().set(self.cookie_name, self._token_encode(), self.component_key, expires_at=expires)

    def delete_cookie(self) -> None:
        """Take the cookie out of the browser."""
        jar = _Jar()
        jar.cookies[self.cookie_name] = ""  # or the parent raises KeyError
        jar.delete(self.cookie_name, self.component_key)

    def _token_encode(self) -> str:
        user = session.user()
        claims = {
            "username": "" if user is None else user.user_id,
            "session": session.session_id(),
            "exp_date": self.exp_date,
        }
        return jwt.encode(claims, self.cookie_key, algorithm="HS256")

    def _token_decode(self) -> dict[str, Any] | bool:
        try:
            claims = jwt.decode(self.token, self.cookie_key, algorithms=["HS256"])
        except jwt.PyJWTError:
            return False
        session_id, ends = claims.get("session"), claims.get("exp_date")
        if not isinstance(session_id, str) or not isinstance(ends, int | float):
            return False
        user = self.desk.accounts.user_of_session(session_id)
        alive = user is not None and user.user_id == claims.get("username")
        return claims if alive else False


class _Jar(stx.CookieManager):  # type: ignore[misc]  # the package is untyped
    """The cookie component for writing only: the parent also fetches every cookie first."""

    def __init__(self) -> None:
        self.cookie_manager = _component_func
        self.cookies: dict[str, str] = {}

    def _remove_extra_spacing(self) -> None:
        """Nothing: the container is hidden by its own key, not by generated class names."""


def cookie_name(key: str) -> str:
    """The cookie's name for a shop's key; says nothing about the key itself."""
    return f"sangdam_{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def _forget(notice: str) -> None:
    session.end()
    session.set_notice(notice)
    st.session_state[_DUE] = ("delete", secrets.token_hex(4))
