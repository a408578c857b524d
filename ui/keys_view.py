"""The API keys: one line a key, making one, its secret shown once, revoking one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import AlreadyExists, BadInput
from services import Services
from services.keys import MOST_NAME_CHARS, SCOPES
from ui import session, states
from ui.dialogs import attempt, close_when_done, flash, forget_problem, problem, show_flash
from ui.format import day, plain, when

__all__ = ["draw"]

ENDED_SHOWN = 20
LASTS: Mapping[str, int | None] = {"30일": 30, "90일": 90, "1년": 365, "만료 없음": None}
_OPEN = "sangdam_key_new"
_MADE = "sangdam_key_made"
_REVOKE = "sangdam_key_revoke"
# The copy button of a secret shows without a pointer over it, beside the text.
_CSS = """<style>
[class*="st-key-key-row-"] + [class*="st-key-key-row-"],
[data-testid="stLayoutWrapper"] + [data-testid="stLayoutWrapper"] > [class*="st-key-key-row-"] {
  border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent);
  padding-top: .6rem; }
[class*="st-key-key-row-"] p { font-size: .875rem; }
[class*="st-key-key-row-"] [data-testid="stHorizontalBlock"] { row-gap: .3rem; }
.st-key-key-secret pre { padding-right: 3.5rem; }
.st-key-key-secret pre + div { opacity: 1; visibility: visible; pointer-events: auto; }
</style>"""


def draw(desk: Services, caller: Caller) -> None:
    """The whole page."""
    st.html(_CSS)
    found = desk.keys.all(caller)
    living = [key for key in found if desk.keys.status(key) == "active"]
    ended = [key for key in found if desk.keys.status(key) != "active"]
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute",
        key="keys-top",
    ):  # fmt: skip
        st.markdown("#### API 키", anchors=False)
        st.button("새 API 키", icon=":material/add:", type="primary", key="key-new", on_click=_ask)
    st.caption("다른 프로그램이 상담 창구를 쓰게 하는 열쇠를 만들고 거둬요.")
    show_flash()
    if living:
        _list(desk, living, "living")
        with st.expander("사용 방법", icon=":material/terminal:"):
            _example()
    else:
        _empty()
    if ended:
        with st.expander(f"만료되거나 폐기한 키 {len(ended):,}개", icon=":material/inventory_2:"):
            _list(desk, ended[:ENDED_SHOWN], "ended")
            if len(ended) > ENDED_SHOWN:
                st.caption("더 오래된 키는 감사 기록에서 볼 수 있어요.")
    _dialogs(desk, found)


# ── the list ─────────────────────────────────────────────────────────────────────────────


def _list(desk: Services, keys: Sequence[Any], name: str) -> None:
    with st.container(border=name == "living", key=f"keys-{name}", gap="small"):
        for key in keys:
            with st.container(key=f"key-row-{key.key_id}"):
                _row(key, desk.keys.status(key))


def _row(key: Any, status: str) -> None:
    what, told, state = st.columns([5, 5, 3], vertical_alignment="center")
    rights = " · ".join(words.KEY_SCOPE.get(scope, plain(scope)) for scope in key.scopes)
    what.markdown(f"**{plain(key.name)}**  \n:gray[{rights}]")
    used = f"마지막 사용 {when(key.last_used_at)}" if key.last_used_at else "쓴 적 없음"
    who = plain(key.creator_name or key.created_by or "터미널")
    told.markdown(f"{used} · {_end(key, status)}  \n:gray[{who} · {when(key.created_at)} 만듦]")
    with state.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        states.badge("key", status)
        if status == "active":
            st.button("폐기", key=f"revoke-{key.key_id}", on_click=_ask_revoke, args=(key.key_id,))


def _end(key: Any, status: str) -> str:
    if status == "revoked":
        return f"{day(key.revoked_at)} 폐기"
    if key.expires_at is None:
        return "만료 없음"
    return f"{day(key.expires_at)} 만료"


def _empty() -> None:
    with st.container(border=True, key="keys-empty"):
        st.markdown("**쓰고 있는 API 키가 없어요**")
        st.caption(
            "다른 프로그램이 상담 창구를 쓸 때 내는 열쇠예요. 프로그램마다 하나씩 만들면 누가 "
            "쓰는지 알 수 있고, 하나만 골라 막을 수 있어요."
        )
        _example()


def _example() -> None:
    """How a program uses a key, at the address this page was opened by."""
    here = urlsplit(st.context.url or "")
    base = f"{here.scheme}://{here.netloc}" if here.netloc else "http://127.0.0.1:8501"
    st.markdown(
        f"OpenAI와 같은 방식으로 불러요. 기본 주소는 `{base}/v1`이고, 비밀값은 `SANGDAM_KEY` "
        "환경 변수에 넣어 두었다고 볼게요."
    )
    said = '[{"role": "user", "content": "환불은 며칠 걸려요?"}]'
    st.code(
        f"curl {base}/v1/chat/completions \\\n"
        '  -H "Authorization: Bearer $SANGDAM_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{{\"model\": \"orchestrator\", \"messages\": {said}}}'",
        language="bash", wrap_lines=True,
    )  # fmt: skip


# ── the dialogs ──────────────────────────────────────────────────────────────────────────


def _dialogs(desk: Services, keys: Sequence[Any]) -> None:
    """At most one: the secret of the key just made, a new one, a revocation."""
    wanted = st.session_state.pop(_REVOKE, None)
    if made := st.session_state.pop(_MADE, None):
        _show_secret(*made)
    elif st.session_state.pop(_OPEN, False):
        _create(desk)
    elif key := next((one for one in keys if one.key_id == wanted), None):
        _revoke(desk, key)


def _ask() -> None:
    st.session_state[_OPEN] = True
    st.session_state["key-name"] = ""
    forget_problem()


def _ask_revoke(key_id: str) -> None:
    st.session_state[_REVOKE] = key_id
    forget_problem()


@st.dialog("새 API 키", width="medium")
def _create(desk: Services) -> None:
    close_when_done()
    st.text_input(
        "이름", key="key-name", placeholder="어느 프로그램이 쓰는지 적어 주세요",
        max_chars=MOST_NAME_CHARS,
    )  # fmt: skip
    st.markdown("권한")
    with st.container(gap="xsmall", key="key-rights"):
        for scope, text in SCOPES.items():
            st.checkbox(
                f"**{words.KEY_SCOPE[scope]}**  \n:gray[{text}]", key=f"key-scope-{scope}",
                value=scope == "chat",
            )  # fmt: skip
    st.segmented_control("사용 기간", list(LASTS), default="90일", key="key-lasts", required=True)
    problem()
    st.button(
        "만들기", key="key-create", type="primary", width="stretch",
        on_click=attempt, args=(lambda: _make(desk), "API 키를 만들었어요."),
    )  # fmt: skip


def _make(desk: Services) -> None:
    """Make what the dialog says; the secret waits for one run only."""
    scopes = [scope for scope in SCOPES if st.session_state.get(f"key-scope-{scope}")]
    days = LASTS[st.session_state["key-lasts"]]
    try:  # whoever is signed in at this very click, not when the dialog was drawn
        key, secret = desk.keys.create(
            session.caller(), str(st.session_state.get("key-name") or ""), scopes, days=days
        )
    except AlreadyExists as error:  # another name mends it: the dialog stays
        raise BadInput(error.message) from error
    st.session_state[_MADE] = (key.name, secret)


@st.dialog("비밀값을 지금 복사해 주세요", width="medium", dismissible=False)
def _show_secret(name: str, secret: str) -> None:
    st.warning(
        "이 창을 닫으면 다시 볼 수 없어요. 비밀번호처럼 안전한 곳에 옮겨 주세요.",
        icon=":material/warning:",
    )
    st.markdown(f"**{plain(name)}**의 비밀값")
    with st.container(key="key-secret"):
        st.code(secret, language=None, wrap_lines=True)
    st.caption("잃어버렸거나 새어 나갔다면 이 키를 폐기하고 새로 만들면 돼요.")
    told = f"{plain(name)} 키를 만들었어요. 이제 프로그램에 넣어 쓰면 돼요."
    if st.button(
        "복사했어요", key="key-copied", type="primary", width="stretch",
        on_click=flash, args=("done", told),
    ):  # fmt: skip
        st.rerun()


@st.dialog("API 키를 폐기할까요?", width="small")
def _revoke(desk: Services, key: Any) -> None:
    close_when_done()
    st.markdown(f"**{plain(key.name)}**")
    used = f"마지막으로 쓴 때는 {when(key.last_used_at)}이에요." if key.last_used_at else ""
    st.write(f"이 키를 쓰는 프로그램은 바로 연결이 끊겨요. 되돌릴 수 없어요. {used}")
    problem()
    st.button(
        "폐기하기", key="key-revoke-yes", type="primary", width="stretch",
        on_click=attempt,
        args=(lambda: desk.keys.revoke(session.caller(), key.key_id), "API 키를 폐기했어요."),
    )  # fmt: skip
