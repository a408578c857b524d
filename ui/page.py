"""The guard every page calls first, and the few things all pages draw alike.

    desk = page.setup("주문 내역", roles=page.SIGNED_IN)

A page guards itself even when it is opened by a deep link on a fresh process: the gate in
``pages/shell.py`` decides what the menu shows, this decides what a person may see.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import streamlit as st

import services
from errors import SangdamError
from services import Services
from ui import auth, session, turns
from ui.format import plain

__all__ = ["ADMIN", "EVERYBODY", "ROLE", "SIGNED_IN", "STAFF", "error_box", "go", "ready", "setup"]

EVERYBODY = ("guest", "customer", "staff", "admin")
SIGNED_IN = ("customer", "staff", "admin")
STAFF = ("staff", "admin")
ADMIN = ("admin",)
ROLE: Mapping[str, str] = {
    "guest": "손님",
    "customer": "고객",
    "staff": "상담원",
    "admin": "관리자",
}
BRAND = "상담"
_BUBBLE = (
    '<path fill="#2f74e0" d="M9 4h14a7 7 0 0 1 7 7v6a7 7 0 0 1-7 7h-8l-6.3 5.2'
    'A1 1 0 0 1 7 28.4V23.7A7 7 0 0 1 2 17v-6a7 7 0 0 1 7-7z"/>'
    '<g fill="#fff"><circle cx="10" cy="14" r="2"/><circle cx="16" cy="14" r="2"/>'
    '<circle cx="22" cy="14" r="2"/></g>'
)
# Drawn here: an emoji or a Material symbol as page icon would ask another host for a font.
MARK = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{_BUBBLE}</svg>'
LOGO = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 92 32">{_BUBBLE}'
    '<text x="40" y="23" font-size="21" font-weight="700" fill="#2f74e0" '
    "font-family=\"'Noto Sans KR','Noto Sans CJK KR',sans-serif\">상담</text></svg>"
)
_PAGES = Path(__file__).resolve().parent.parent / "pages"
# What the steps of Services.prepare are called to a waiting person.
_STEP = {
    "데이터베이스": "데이터베이스를 만들고 있어요",
    "데모 상점": "데모 상점을 채우고 있어요",
    "정책 문서": "정책 문서를 정리하고 있어요",
    "의도 분류 모델": "말뜻을 알아듣는 연습을 하고 있어요",
    "준비 완료": "거의 다 됐어요",
}
# Korean breaks between words only; the cookie component takes no room; Streamlit's English
# "Press Enter to submit form" and its running figure with "Stop" go (each wait has words);
# who is signed in stands below what a page puts into the sidebar.
_CSS = """<style>
[data-testid="stApp"] { overflow-wrap: anywhere; }
:is([data-testid="stMarkdownContainer"], [data-testid="stCaptionContainer"]) :not(code) {
  word-break: keep-all; }
.st-key-sangdam-cookie { position: absolute; height: 0; overflow: hidden; }
[data-testid="InputInstructions"] { display: none; }
[data-testid="stStatusWidget"]:has([data-testid="stStatusWidgetRunningIcon"]) { display: none; }
[data-testid="stLayoutWrapper"]:has(> .st-key-sangdam-who) { order: 1; }
</style>"""
_log = logging.getLogger("sangdam.page")


def setup(
    title: str, *, roles: tuple[str, ...], layout: Literal["wide", "centered"] = "wide"
) -> Services:
    """Set the page up and let through only ``roles``; everybody else reads a polite notice.

    ``layout`` "centered" is a narrow reading column. Does not return when the services are
    not ready or the role is wrong (the script stops).
    """
    st.set_page_config(page_title=f"{title} · {BRAND}", page_icon=MARK, layout=layout)
    desk = ready()
    auth.restore(desk)
    _notice()
    person = session.user()
    role = "guest" if person is None else person.role
    if role not in roles:
        _refuse(title, signed_in=person is not None)
    return desk


def ready() -> Services:
    """The services, once they are ready; until then the page says what is being done."""
    st.html(_CSS)
    desk = services.get()
    if desk.ready:
        return desk
    work = _Preparation.of(desk)
    place = st.empty()
    while not work.done.wait(0.2):
        what, done, of = work.progress
        with place.container():
            st.subheader("상담 창구를 준비하고 있어요", anchor=False)
            st.progress(min(done / max(of, 1), 1.0), text=f"{_STEP.get(what, what)}…")
            st.caption("처음 한 번만 준비해요. 창을 그대로 두면 저절로 열려요.")
    place.empty()
    if work.error is not None:
        error_box(work.error)
        turns.end_page()
    return desk


def go(url_path: str) -> None:
    """Open another page by its url path ("chat", "orders", …)."""
    st.switch_page(f"{url_path}.py")


def error_box(error: BaseException, request_id: str | None = None) -> None:
    """Say what happened, what to do, and the number to quote. Unknown errors are logged."""
    request_id = request_id or new_request_id()
    if isinstance(error, SangdamError):
        text = plain(error.message)
    else:
        _log.error("request %s failed", request_id, exc_info=error)
        text = "화면을 여는 중에 문제가 생겼어요. 잠시 뒤 다시 시도해 주세요."
    st.error(text, icon=":material/error:")
    st.caption(f"계속 이러면 고객센터에 이 번호를 알려 주세요: {request_id}")


def new_request_id() -> str:
    """A short random id that ties what a person reads to a line in the log."""
    return secrets.token_hex(6)


def _notice() -> None:
    """What the page before left to say; stays through the rerun that a cookie causes."""
    if (text := session.notice()) is None:
        return
    st.info(plain(text), icon=":material/info:")
    if not auth.cookie_pending():
        session.set_notice(None)


def _here() -> str | None:
    """The url path of the page in the browser, when it is one of ours."""
    url_path = urlsplit(st.context.url or "").path.rsplit("/", 1)[-1]
    return url_path if url_path.isidentifier() and (_PAGES / f"{url_path}.py").is_file() else None


def _refuse(title: str, *, signed_in: bool) -> None:
    with st.container(key="sangdam-refused", border=True, width=640):
        if signed_in:
            st.subheader(f"{title}: 볼 수 있는 권한이 없어요", anchor=False)
            st.write("이 화면을 쓰는 계정으로 로그인하거나, 상담 채팅에서 도움을 받아 보세요.")
            if st.button("상담 채팅으로 가기", type="primary"):
                go("chat")
        else:
            st.subheader(f"{title}: 로그인이 필요해요", anchor=False)
            st.write("로그인하면 바로 이어서 볼 수 있어요. 상담과 정책 검색은 로그인 없이도 돼요.")
            if st.button("로그인하기", type="primary"):
                session.set_destination(_here())
                go("signin")
    turns.end_page()


class _Preparation:
    """The first start, done once a process, watched by every page that waits for it."""

    _lock = threading.Lock()
    _current: _Preparation | None = None

    def __init__(self, desk: Services) -> None:
        self.done = threading.Event()
        self.error: BaseException | None = None
        self.desk = desk
        self._seen = ("데이터베이스", 0, 4)

    @classmethod
    def of(cls, desk: Services) -> _Preparation:
        """The preparation under way; a failed one is tried again."""
        with cls._lock:
            current = cls._current
            if current is None or current.desk is not desk or current.error is not None:
                current = cls._current = cls(desk)
                threading.Thread(target=current._work, name="prepare", daemon=True).start()
            return current

    @property
    def progress(self) -> tuple[str, int, int]:
        """(what, done, of), from whichever thread is doing the work."""
        shared: tuple[str, int, int] | None = getattr(self.desk, "progress", None)
        return shared or self._seen

    def _work(self) -> None:
        try:
            self.desk.prepare(self._tell)
        except Exception as error:  # shown to the person by ready()
            self.error = error
        finally:
            self.done.set()

    def _tell(self, what: str, done: int, of: int) -> None:
        self._seen = (what, done, of)
