"""The launcher: ``streamlit run Home.py`` serves pages and routes from one process.

The console is ``pages/shell.py``; it lies inside ``pages/`` so that Streamlit finds no page
by itself and none can be opened past the gate. The work of the first start (seed, index,
model) runs in the background: the server answers at once, pages say what is being done.
"""

from __future__ import annotations

import gc
import logging
import os
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

import services
from api import SafeStop, SecurityHeaders, believe_only, routes
from errors import BadSetting, SangdamError
from services import Services, logs

# The address the server really listens on decides, whichever way it was given: whether the
# demonstration accounts may sign in depends on it (no address means every network).
os.environ["SANGDAM_HOST"] = str(st.get_option("server.address") or "0.0.0.0")
os.environ["SANGDAM_PORT"] = str(st.get_option("server.port"))
try:
    services.get().llm  # noqa: B018  # its tables are read now, its models are asked later
except BadSetting as error:  # a server without settings could only answer every request with 500
    sys.exit(error.message)
_log = logging.getLogger("sangdam.home")
HOUSEKEEPING_S = 3600.0


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Start the preparation and the hourly chores; the server does not wait for them.

    At the end whatever was begun is finished: requests first, then the turns of pages. Triage
    ends with the ticket it has: the next start finds what is left.
    """
    desk = services.get()
    logs.configure(desk.settings)
    threading.Thread(target=_prepare, name="warm-up", daemon=True).start()
    threading.Thread(target=_keep_house, name="housekeeping", daemon=True).start()
    believe_only(desk.settings.trusted_proxies)
    stop = SafeStop(desk)
    yield
    desk.triage.stop(0)
    await stop.finish()


def _prepare() -> None:
    desk = services.get()
    try:
        _warn(desk)
        desk.prepare(partial(_tell, desk))
    except SangdamError as error:
        _say(f"준비하지 못했습니다: {error.message}")
        return
    except (OSError, sqlite3.Error) as error:
        _say(f"준비하지 못했습니다. {desk.settings.data_path} 폴더를 확인해 주세요: {error}")
        return
    import plotly.graph_objects  # noqa: F401  # or the first dashboard waits 0.4 s for it

    # Everything imported and built by now lives as long as the process: out of the
    # collector's sight, or every script run pays for it (streamlit.md, Speed).
    gc.collect()
    gc.freeze()
    desk.triage.start()
    _welcome(desk)


def _keep_house() -> None:
    """Once an hour for as long as the process lives; the preparation has done it first."""
    while True:
        time.sleep(HOUSEKEEPING_S)
        try:
            services.get().housekeeping()
        except (SangdamError, sqlite3.Error) as error:  # a busy or full disk: next hour again
            _log.error("housekeeping failed", exc_info=error)


def _tell(desk: Services, what: str, done: int, of: int) -> None:
    _say(f"준비 {done}/{of} · {what}")
    desk.progress = (what, done, of)  # ui.page shows it to who waits


def _warn(desk: Services) -> None:
    host = desk.settings.host
    if desk.settings.demo and not desk.settings.on_loopback:
        state = "로그인할 수 있습니다" if desk.accounts.demo_open else "로그인할 수 없게 막았습니다"
        _say(f"주의: {host}에서 듣고 있어 다른 컴퓨터에서도 열립니다. 데모 계정은 {state}.")


def _welcome(desk: Services) -> None:
    host = "127.0.0.1" if desk.settings.host in {"0.0.0.0", "::"} else desk.settings.host
    _say(f"상담 창구가 열렸습니다: http://{host}:{desk.settings.port}")
    for user in desk.accounts.demo_accounts():
        _say(f"  데모 계정 {user.email} ({user.name})")
    if desk.accounts.demo_accounts():
        _say("  비밀번호는 모두 sangdam-demo-2026 입니다.")


def _answer_error(error: Exception) -> bool:
    """What nobody caught (a button's callback, say): words for the person, the trace for us."""
    number = secrets.token_hex(6)
    _log.error("request %s failed", number, exc_info=error)
    st.error("문제가 생겼어요. 화면을 새로 고친 뒤 다시 시도해 주세요.", icon=":material/error:")
    st.caption(f"계속 이러면 고객센터에 이 번호를 알려 주세요: {number}")
    return True


def _say(text: str) -> None:
    """A plain line for people, one of the log's for a log collector."""
    if services.get().settings.log_format == "json":
        _log.info(text.strip())
    else:
        print(text, file=sys.stderr, flush=True)


app = st.App(
    Path(__file__).parent / "pages" / "shell.py",
    routes=routes,
    lifespan=lifespan,
    middleware=[Middleware(SecurityHeaders, desk_of=services.get)],
    on_script_error=_answer_error,
)
