"""The diagnostics page: the state in a line, what to look at, then one of four views.

Opening it asks no server anything: what it shows is what the desk knows already.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from agent.types import Caller
from services import Services
from services.diagnostics import Diagnostics, Notice, ProviderView
from ui import (
    diagnostics_providers,
    diagnostics_settings,
    diagnostics_trial,
    diagnostics_usage,
    url,
)
from ui.diagnostics_tables import data
from ui.format import plain

__all__ = ["draw"]

HERE = "diagnostics"
NOTICES_SHOWN = 2  # more are folded below the first, or a phone shows nothing else
VIEWS = {"models": "모델", "routes": "답변 경로", "usage": "사용량", "settings": "설정"}
_CSS = """<style>
.st-key-diag-notices p, [class*="st-key-diag-card-"] p { font-size: .9rem; }
[class*="st-key-diag-card-"] code {
  font-size: .9em; padding: 0; color: inherit; background: none; overflow-wrap: anywhere; }
[class*="st-key-diag-card-"] [data-testid="stHorizontalBlock"] { row-gap: .3rem; }
[class*="st-key-diag-text"] [data-testid="stText"] { white-space: pre-wrap; }
</style>"""


def draw(desk: Services, caller: Caller) -> None:
    """The whole page; a trial that was asked for runs last, inside its card."""
    st.html(_CSS)
    diagnostics = Diagnostics(desk)
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute",
        key="diag-head",
    ):  # fmt: skip
        st.markdown("#### 진단", anchors=False)
        st.button("새로 고침", icon=":material/refresh:", key="diag-refresh",
                  on_click=diagnostics_trial.forget)  # fmt: skip
    st.caption("답변 모델이 살아 있는지, 무엇을 얼마나 썼는지, 설정이 어떻게 되어 있는지 봐요.")
    providers = [diagnostics_trial.lit(one) for one in diagnostics.providers(caller)]
    _state(providers)
    _notices(diagnostics.notices(caller))
    view = url.give(HERE, "view", "models", st.segmented_control(
        "보기", list(VIEWS), key=url.take(HERE, "view", "models", allowed=VIEWS),
        required=True, format_func=VIEWS.__getitem__, label_visibility="collapsed",
    ))  # fmt: skip
    if view == "models":
        diagnostics_providers.draw(diagnostics, caller, providers)
    elif view == "routes":
        diagnostics_providers.draw_routes(diagnostics.routes(caller))
    elif view == "usage":
        diagnostics_usage.draw(diagnostics, caller)
    else:
        diagnostics_settings.draw(diagnostics.settings(caller))


def _state(providers: Sequence[ProviderView]) -> None:
    """How the models are, in a line; without any, what answers and how to turn one on."""
    used = [one for one in providers if one.light != "gray" and one.name != "offline"]
    if not used:
        st.markdown(
            "**모델 없이 준비된 문구로 답하고 있어요.** 상담은 모두 돼요. 모델을 켜면 문장을 더 "
            "자연스럽게 다듬어요."
        )
        with st.expander("켜는 방법", icon=":material/lightbulb:"):
            _how_to()
        return
    bad = [one for one in used if one.light in ("red", "orange")]
    if not bad:
        st.markdown(f"**모델 서버 {len(used)}곳을 쓰고 있고, 알려진 문제는 없어요.**")
        return
    names = plain(", ".join(one.name for one in bad))
    rest = len(used) - len(bad)
    tail = (
        f"나머지 {rest}곳은 괜찮아요." if rest else "그동안 준비된 문구로 답하니 상담은 계속돼요."
    )
    st.markdown(f"**모델 서버 {len(used)}곳 중 {len(bad)}곳에 문제가 있어요: {names}.** {tail}")


def _how_to() -> None:
    st.markdown("아래 가운데 하나를 `.env` 파일에 적고 다시 시작하면 돼요.")
    st.code(
        "# 이 컴퓨터의 Ollama: 먼저 ollama pull 로 모델을 받아 두세요\n"
        "SANGDAM_LLM_OLLAMA_MODEL=모델 이름\n\n"
        "# OpenAI와 같은 방식으로 답하는 서버(vLLM, llama-server 등)\n"
        "SANGDAM_LLM_VLLM_BASE_URL=http://127.0.0.1:8001/v1\n"
        "SANGDAM_LLM_VLLM_MODEL=모델 이름\n\n"
        "# Anthropic, OpenAI, OpenRouter: 이름을 바꿔 적으세요\n"
        "SANGDAM_LLM_ANTHROPIC_API_KEY=키\n"
        "SANGDAM_LLM_ANTHROPIC_MODEL=모델 이름",
        language="bash", wrap_lines=True,
    )  # fmt: skip
    st.caption("모델 서버마다 켜는 방법은 docs/llm.md에 있어요.")


def _notices(found: Sequence[Notice]) -> None:
    if not found:
        return
    with st.container(border=True, key="diag-notices", gap="xsmall"):
        st.markdown(f":orange[:material/warning:] **확인할 것 {len(found):,}가지**")
        shown = NOTICES_SHOWN if len(found) <= NOTICES_SHOWN else 1
        for one in found[:shown]:
            _notice(one)
        if rest := found[shown:]:
            with st.expander(f"{len(rest):,}가지 더 보기"):
                for one in rest:
                    _notice(one)


def _notice(one: Notice) -> None:
    st.markdown(f"**{data(one.name)}** · {data(one.text)}")
