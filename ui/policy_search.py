"""Policy search: a question, how to look, and the clauses with every stage's rank."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from ui import clauses, url
from ui.format import marked, plain

__all__ = ["draw"]

HERE = "policies"
TOP_K = 6
EXCERPT = 220
MODES: Mapping[str, str] = {"hybrid": "하이브리드", "keyword": "키워드", "vector": "의미"}
_MODE_HELP = "하이브리드는 낱말과 뜻을 함께, 키워드는 낱말만, 의미는 뜻만 보고 찾아요."
_NOTICE: Mapping[str, str] = {
    "index_missing": "정책 색인이 아직 없어요. 잠시 뒤 다시 찾아 주세요.",
    "nothing_in_force": "지금 시행 중인 조항이 없어요.",
    "no_known_words": "아는 낱말이 없어서 찾지 못했어요. 다른 말로 적어 주세요.",
    "no_keyword_match": "같은 낱말이 쓰인 조항이 없어서 뜻이 가까운 조항만 찾았어요.",
    "no_vector": "뜻을 알 수 있는 낱말이 없어서 낱말이 같은 조항만 찾았어요.",
    "encoder_changed": "색인을 새로 만들기 전이라 낱말이 같은 조항만 찾았어요.",
    "vector_failed": "뜻으로 찾기를 잠시 쓸 수 없어서 낱말이 같은 조항만 찾았어요.",
}
EXAMPLES = (
    "반품은 며칠 안에 할 수 있어요?",
    "반품 배송비는 누가 내요?",
    "환불은 언제 들어와요?",
    "쿠폰 쓴 주문을 일부만 반품하면요?",
    "불량품이 왔어요",
    "배송은 얼마나 걸려요?",
)


def draw(desk: Services, caller: Caller) -> None:
    """The whole page."""
    st.markdown("#### 정책 검색", anchors=False)
    st.caption("시행 중인 정책에서 질문에 맞는 조항을 찾아 드려요. 말하듯이 물어보세요.")
    _search(desk, caller)
    if wanted := st.query_params.pop("clause", ""):  # a link of the API's: opened once
        clauses.open_clause(wanted[: url.MAX_CHARS])
    clauses.show_opened(desk, caller)


def _search(desk: Services, caller: Caller) -> None:
    query, mode = _form()
    old = caller.is_staff and st.toggle(
        "지난 정책도 찾기", key="policies-superseded", help="시행이 끝난 조항도 함께 찾아요."
    )
    if caller.is_staff:
        st.page_link("inspection.py", label="단계별 순위는 정책 검사에서", icon=":material/rule:")
    if not query.strip():
        _examples()
        return
    try:
        found = desk.tool(
            caller, "search_policies", query=query.strip(), mode=mode, top_k=TOP_K,
            include_superseded=old,
        )  # fmt: skip
    except SangdamError as error:
        st.warning(error.message, icon=":material/info:")
        return
    if not found.hits:
        _nothing(found)
        return
    _summary(found)
    for number, hit in enumerate(found.hits, 1):
        _hit(desk, query, hit, number)


def _form() -> tuple[str, str]:
    query = st.text_input(
        "질문", key=url.take(HERE, "q", ""), type="search", icon=":material/search:",
        placeholder="궁금한 점을 말하듯이 적어 주세요", label_visibility="collapsed",
        max_chars=400,
    )  # fmt: skip
    query = url.give(HERE, "q", "", query)
    mode = st.segmented_control(
        "찾는 방법", list(MODES), key=url.take(HERE, "mode", "hybrid", allowed=MODES),
        required=True, format_func=lambda name: MODES[name],
        label_visibility="collapsed", help=_MODE_HELP,
    )  # fmt: skip
    return query, url.give(HERE, "mode", "hybrid", mode)


def _examples() -> None:
    with st.container(key="policy-examples", gap="small"):
        st.caption("이런 것을 많이 물어요.")
        with st.container(horizontal=True, gap="small"):
            for number, text in enumerate(EXAMPLES):
                st.button(text, key=f"example-{number}", on_click=_ask, args=(text,))


def _ask(text: str) -> None:
    url.reset(HERE, "q", text)


def _summary(found: Any) -> None:
    line = f"조항 {len(found.hits)}개 · {found.took_ms:.0f}ms"
    if found.mode_used in MODES and found.mode_used != found.mode:
        line += f" · {MODES[found.mode]} 대신 {MODES[found.mode_used]} 방식으로 찾았어요"
    st.caption(line)
    if found.notice in _NOTICE:
        st.info(_NOTICE[found.notice], icon=":material/info:")
    elif not found.confident:
        st.info(
            "딱 맞는 조항은 찾지 못했어요. 가까운 조항을 보여 드려요. "
            "원하는 내용이 없으면 상담 채팅에서 물어봐 주세요.",
            icon=":material/info:",
        )


def _hit(desk: Services, query: str, hit: Any, number: int) -> None:
    chunk = hit.chunk
    with st.container(border=True, key=f"hit-{number}", gap="xsmall"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.caption(f"{plain(chunk.category)} › {plain(chunk.title)}", width="content")
            if chunk.audience == "staff":
                st.badge("직원용", icon=":material/lock:", color="orange")
            if chunk.effective_to is not None and chunk.effective_to < date.today():
                st.badge("지난 정책", icon=":material/history:", color="gray")
        st.markdown(f"**{number}. {plain(chunk.section)}**")
        st.markdown(_excerpt(desk, query, chunk.text))
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.caption(_ranks(hit), width="content")
            st.button(
                "조항 보기", key=f"open-{number}", type="tertiary", icon=":material/article:",
                on_click=clauses.open_clause, args=(chunk.chunk_id,),
            )  # fmt: skip


def _excerpt(desk: Services, query: str, text: str) -> str:
    flat = " ".join(text.replace("**", "").split())
    cut = flat if len(flat) <= EXCERPT else flat[: EXCERPT - 1] + "…"
    return marked(cut, desk.highlight(query, cut))


def _ranks(hit: Any) -> str:
    """Each stage's place and score in one line; a stage that did not see it is a dash."""
    stages = (
        ("키워드", hit.ranks.keyword, hit.scores.keyword),
        ("의미", hit.ranks.vector, hit.scores.vector),
        ("합계", hit.ranks.fused, hit.scores.fused),
        ("다시 매김", hit.ranks.reranked, hit.scores.reranked),
    )
    parts = [
        f"{name} {rank}위" + ("" if score is None else f" ({score:.2f})")
        for name, rank, score in stages
        if rank is not None
    ]
    return " · ".join(parts) or f"점수 {hit.score:.2f}"


def _nothing(found: Any) -> None:
    unknown = "정책에 없는 내용일 수 있어요. 다른 말로 다시 찾거나 상담 채팅에서 물어봐 주세요."
    with st.container(border=True, key="no-clauses"):
        st.markdown("**맞는 조항을 찾지 못했어요**")
        st.caption(_NOTICE.get(found.notice, unknown))
        st.page_link("chat.py", label="상담 채팅에서 묻기", icon=":material/forum:")
