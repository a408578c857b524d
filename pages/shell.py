"""The gate: who is here, which pages their menu shows, and the page they asked for.

A page a role may not see is registered but hidden: opened by its address it answers with
its own polite notice (``ui.page.setup``), never with "Page not found".
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

import streamlit as st

from services import Services
from ui import auth, page, session, turns
from ui.format import plain


class Row(NamedTuple):
    """One page of the console. ``url_path`` is also the file's name in this folder."""

    path: str
    title: str
    icon: str
    url_path: str
    roles: tuple[str, ...]


NAVIGATION = (
    Row("chat.py", "상담 채팅", ":material/forum:", "chat", page.EVERYBODY),
    Row("orders.py", "주문 내역", ":material/package_2:", "orders", page.SIGNED_IN),
    Row("tickets.py", "내 문의", ":material/mark_email_unread:", "tickets", page.SIGNED_IN),
    Row("policies.py", "정책 검색", ":material/menu_book:", "policies", page.EVERYBODY),
    Row("desk.py", "티켓 처리", ":material/support_agent:", "desk", page.STAFF),
    Row("claims.py", "신청 처리", ":material/assignment_return:", "claims", page.STAFF),
    Row("defects.py", "불량 확인", ":material/image_search:", "defects", page.STAFF),
    Row("dashboard.py", "지표", ":material/bar_chart:", "dashboard", page.STAFF),
    Row("runs.py", "대화 검토", ":material/manage_search:", "runs", page.STAFF),
    Row("inspection.py", "정책 검사", ":material/rule:", "inspection", page.STAFF),
    Row("quality.py", "품질", ":material/monitoring:", "quality", page.STAFF),
    Row("audit.py", "감사 기록", ":material/history:", "audit", page.STAFF),
    Row("keys.py", "API 키", ":material/key:", "keys", page.ADMIN),
    Row("diagnostics.py", "진단", ":material/troubleshoot:", "diagnostics", page.ADMIN),
    Row("account.py", "내 계정", ":material/account_circle:", "account", page.SIGNED_IN),
    Row("signin.py", "로그인", ":material/login:", "signin", ("guest",)),
)


def main() -> None:
    """One run: restore the session, draw the menu, run the page."""
    # Before the menu: its Material icon would else be the favicon, from another host.
    st.set_page_config(page_title=page.BRAND, page_icon=page.MARK)
    st.logo(page.LOGO, size="large", icon_image=page.MARK)
    desk = page.ready()
    auth.restore(desk)
    auth.sync_cookie(desk)
    person = session.user()
    role = "guest" if person is None else person.role
    # Expanded: a menu of more than a dozen pages ends with an English "View more" otherwise.
    pages = [*(_page(row, role) for row in NAVIGATION), *_lost()]
    chosen = st.navigation(pages, expanded=True)
    _footer(desk)
    try:
        chosen.run()
    except Exception as error:  # the last stop: a person reads Korean, the log has the trace
        page.error_box(error)


def _page(row: Row, role: str) -> st.Page:
    return st.Page(
        row.path,
        title=row.title,
        icon=row.icon,
        url_path=row.url_path,
        default=row is NAVIGATION[0],
        visibility="visible" if role in row.roles else "hidden",
    )


def _lost() -> list[st.Page]:
    """A page for an address that is none of ours, or Streamlit would answer in English."""
    wanted = urlsplit(st.context.url or "").path.strip("/")
    if "/" in wanted or wanted in {"", *(row.url_path for row in NAVIGATION)}:
        return []
    return [st.Page(_answer_lost, title="없는 화면", url_path=wanted, visibility="hidden")]


def _answer_lost() -> None:
    page.setup("없는 화면", roles=page.EVERYBODY, layout="centered")
    st.subheader("찾으시는 화면이 없어요", anchor=False)
    st.write("주소가 바뀌었거나 잘못 적혔을 수 있어요. 상담 채팅에서 이어서 도와드릴게요.")
    if st.button("상담 채팅으로 가기", type="primary"):
        page.go("chat")


def _footer(desk: Services) -> None:
    """Who is signed in, and the way out."""
    person = session.user()
    with st.sidebar.container(key="sangdam-who"):
        if person is None:
            st.caption("로그인하면 내 주문도 볼 수 있어요.")
            return
        st.caption(f"**{plain(person.name)}** · {page.ROLE[person.role]}")
        if st.button("로그아웃", key="sangdam-sign-out", width="stretch"):
            auth.sign_out(desk)
            page.go("signin")


with turns.one_run():
    main()
