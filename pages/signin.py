"""로그인 · 회원가입: one compact page; the demonstration accounts beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from errors import SangdamError
from services import Services, User
from ui import auth, page, session
from ui.format import plain

DEMO_PASSWORD = "sangdam-demo-2026"
HINT = {"user_001": "상태별 주문과 열린 문의가 있어요", "user_002": "다른 고객의 화면이에요"}
ROLE_HINT = {"staff": "상담원이 보는 화면이에요", "admin": "관리자가 보는 화면이에요"}


def main() -> None:
    """The forms for a guest; the way onwards for everybody else."""
    desk = page.setup("로그인", roles=page.EVERYBODY, layout="centered")
    if session.user() is not None:
        auth.settle()
        page.go(session.take_destination() or "chat")
    st.subheader("로그인하면 내 주문을 바로 볼 수 있어요", anchor=False)
    demo = desk.accounts.demo_accounts()
    if not demo:
        _forms(desk)
        return
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _forms(desk)
    with right:
        _demo(desk, demo)


def _forms(desk: Services) -> None:
    signing_in, registering = st.tabs(["로그인", "회원가입"])
    with signing_in, st.form("sign-in", border=False):
        email = st.text_input("이메일", placeholder="minji@example.com", autocomplete="username")
        password = st.text_input("비밀번호", type="password", autocomplete="current-password")
        if st.form_submit_button("로그인", type="primary", width="stretch"):
            _try(partial(auth.sign_in, desk, email, password))
    with registering, st.form("register", border=False):
        name = st.text_input("이름", placeholder="김민지", autocomplete="name")
        email = st.text_input("이메일", placeholder="minji@example.com", autocomplete="email")
        password = st.text_input(
            "비밀번호",
            type="password",
            placeholder="10자 이상, 한글 문장도 돼요",
            autocomplete="new-password",
        )
        if st.form_submit_button("가입하고 시작하기", type="primary", width="stretch"):
            _try(partial(auth.register, desk, email, password, name))


def _demo(desk: Services, accounts: list[User]) -> None:
    with st.container(border=True, key="sangdam-demo"):
        st.markdown("**데모 계정으로 둘러보기**")
        for user in accounts:
            hint = HINT.get(user.user_id) or ROLE_HINT.get(user.role, "")
            label = f"**{plain(user.name)}** {page.ROLE[user.role]}  :gray[:small[{user.email}]]"
            if st.button(label, key=f"demo-{user.user_id}", help=hint, width="stretch"):
                _try(partial(auth.sign_in, desk, user.email, DEMO_PASSWORD))
        st.caption(f"비밀번호 **{DEMO_PASSWORD}**")


def _try(attempt: Callable[[], User]) -> None:
    """Run a sign-in; its failure is said in Korean under the button."""
    try:
        with st.spinner("확인하고 있어요…"):
            attempt()
    except SangdamError as error:
        st.error(plain(error.message), icon=":material/error:")
    else:
        st.rerun()


main()
