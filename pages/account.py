"""내 계정: who is signed in, their address and ways to pay, another password, signing out."""

from __future__ import annotations

import streamlit as st

from ui import account, auth, page, session
from ui.dialogs import show_flash


def main() -> None:
    """Name, e-mail and role; what a customer registered; two ways out."""
    desk = page.setup("내 계정", roles=page.SIGNED_IN, layout="centered")
    person = session.user()
    if person is None:  # the session ended between the guard and here
        st.rerun()
        return
    st.subheader("내 계정", anchor=False)
    st.caption("내 정보를 보고, 비밀번호를 바꾸거나 로그아웃해요.")
    show_flash()
    with st.container(border=True, key="sangdam-account"):
        for label, value in (
            ("이름", person.name),
            ("이메일", person.email),
            ("구분", page.ROLE[person.role]),
        ):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(label, width=64)
                st.text(value, width="stretch")
    if person.role == "customer":
        account.draw(desk, session.caller())
    with st.container(border=True, key="sangdam-sessions"):
        st.markdown("**로그인 관리**")
        st.caption("잃어버린 기기나 공용 컴퓨터가 걱정되면 모든 기기에서 로그아웃해 주세요.")
        with st.container(horizontal=True):
            account.draw_password(desk, session.caller())
            if st.button("로그아웃"):
                auth.sign_out(desk)
                page.go("signin")
            if st.button("모든 기기에서 로그아웃"):
                auth.sign_out_everywhere(desk, person)
                page.go("signin")


main()
